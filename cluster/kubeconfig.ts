import type { RequestOptions } from "node:https";
import { parse } from "yaml";

interface Kubeconfig {
  "current-context"?: string;
  clusters?: { name: string; cluster: Record<string, string | boolean> }[];
  contexts?: { name: string; context: { cluster: string; user: string } }[];
  users?: { name: string; user: Record<string, string> }[];
}

/** How to reach an API server and as whom. */
export interface Connection {
  server: string;
  options: Pick<RequestOptions, "ca" | "cert" | "key" | "headers" | "rejectUnauthorized" | "servername">;
}

/**
 * Reads a kubeconfig that holds everything itself: certificates or a token, as `openshift-install` writes it.
 * @throws Error if it names files or a program to run, or has no current context.
 */
export function connection(kubeconfig: string): Connection {
  const config = parse(kubeconfig) as Kubeconfig | null;
  const context = config?.contexts?.find(({ name }) => name === config["current-context"])?.context ?? config?.contexts?.[0]?.context;
  const cluster = config?.clusters?.find(({ name }) => name === context?.cluster)?.cluster;
  const user = config?.users?.find(({ name }) => name === context?.user)?.user;
  if (typeof cluster?.server !== "string" || !user) throw new Error("the kubeconfig has no current context with a cluster and a user");
  if (!user.token && !user["client-certificate-data"]) throw new Error("the kubeconfig holds neither a token nor a client certificate");
  const decode = (value: unknown) => (typeof value === "string" ? Buffer.from(value, "base64") : undefined);
  return {
    server: cluster.server,
    options: {
      ca: decode(cluster["certificate-authority-data"]),
      cert: decode(user["client-certificate-data"]),
      key: decode(user["client-key-data"]),
      rejectUnauthorized: cluster["insecure-skip-tls-verify"] !== true,
      ...(typeof cluster["tls-server-name"] === "string" && { servername: cluster["tls-server-name"] }),
      headers: user.token ? { authorization: `Bearer ${user.token}` } : {},
    },
  };
}
