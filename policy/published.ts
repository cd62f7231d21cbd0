import { objects } from "./kubernetes";
import { type Finding, NotKnown, rule, type Value } from "./rule";

/** Kinds whose only purpose is to be reached from outside: Ingress, OpenShift's Route, and those of the Gateway API. */
const doors: Readonly<Record<string, RegExp>> = {
  Ingress: /^(?:networking\.k8s\.io|extensions)\//,
  Route: /^route\.openshift\.io\//,
  Gateway: /^gateway\.networking\.k8s\.io\//,
  HTTPRoute: /^gateway\.networking\.k8s\.io\//,
  GRPCRoute: /^gateway\.networking\.k8s\.io\//,
  TLSRoute: /^gateway\.networking\.k8s\.io\//,
  TCPRoute: /^gateway\.networking\.k8s\.io\//,
  UDPRoute: /^gateway\.networking\.k8s\.io\//,
};

/**
 * The one door: webhooks of Git servers, to Tekton's listener, which asks for a secret. Never without TLS, as a token of GitLab is sent as
 * it is.
 */
function* webhooks(path: string, { to, tls }: Value): Generator<Finding> {
  const values = [to, to?.kind, to?.name, tls, tls?.termination, tls?.insecureEdgeTerminationPolicy];
  for (const value of values) if (value instanceof NotKnown) yield value;
  if (values.some((value) => value instanceof NotKnown)) return;
  if (to?.kind !== "Service" || to.name !== "el-builds") yield `${path}spec.to: it publishes a service other than that of the webhooks`;
  else if (tls?.termination !== "edge" || !["None", undefined].includes(tls.insecureEdgeTerminationPolicy))
    yield `${path}spec.tls: the webhooks can be reached without TLS`;
}

/** Builds offer nothing to anybody. What the cluster itself publishes, its API and console, is the installer's. */
export const nothingPublished = rule(
  {
    name: "nothing-published",
    description: "Nothing that the program makes in the cluster can be reached from outside of it, but for the webhooks of Git servers.",
    enforcementLevel: "mandatory",
    severity: "high",
  },
  function* (resource) {
    for (const { path, object } of objects(resource)) {
      if (object instanceof NotKnown) yield object;
      else if (object.kind === "Route" && doors.Route.test(object.apiVersion)) {
        if (object.spec instanceof NotKnown) yield object.spec;
        else yield* webhooks(path, object.spec ?? {});
      } else if (Object.hasOwn(doors, object.kind) && doors[object.kind].test(object.apiVersion))
        yield `${path}kind: it publishes a service outside of the cluster`;
      if (object?.kind !== "Service") continue;
      const spec = object.spec;
      const [type, addresses] = [spec?.type, spec?.externalIPs];
      for (const value of [spec, type, addresses]) if (value instanceof NotKnown) yield value;
      if (type === "LoadBalancer" || type === "NodePort") yield `${path}spec.type: the service can be reached from outside of the cluster`;
      if (Array.isArray(addresses) && addresses.length > 0)
        yield `${path}spec.externalIPs: the service can be reached from outside of the cluster`;
    }
  },
);
