import { createServer, type IncomingMessage, type Server } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import { afterEach, describe, expect, it, vi } from "vitest";
import { connection } from "../../cluster/kubeconfig";
import { ApiError, KubernetesApi, UnreachableError } from "../../cluster/kubernetes-api";
import { type Answers, type ApiServer, apiServer, authority, clientCertificate, kubeconfig } from "./api-server";

const ca = authority();
const otherCa = authority();
const identity = ca.sign("api", "IP:127.0.0.1,DNS:api.cluster.test");
const named = ca.sign("api", "DNS:api.cluster.test");

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  vi.unstubAllEnvs();
  await Promise.all(closing.splice(0).map((close) => close()));
});

async function serve(answers: Answers, as = identity, clients = ca): Promise<ApiServer> {
  const server = await apiServer(answers, as, clients);
  closing.push(server.close);
  return server;
}

const url = ({ port }: ApiServer) => `https://127.0.0.1:${port}`;
const pods = { body: { items: ["pod"] } };

describe("a call of the API", () => {
  it("shows the token of the current context and asks for the path below the server's own", async () => {
    const server = await serve({ "GET /base/api/v1/pods": pods });
    const api = new KubernetesApi(kubeconfig(`${url(server)}/base/`, ca));
    expect(await api.get("/api/v1/pods?limit=1")).toEqual({ items: ["pod"] });
    expect(server.calls).toEqual(["GET /base/api/v1/pods?limit=1"]);
    expect(server.asked[0].headers).toMatchObject({ authorization: "Bearer t0ken", accept: "*/*" });
    expect(server.asked[0].headers["content-type"]).toBeUndefined();
    expect(server.asked[0].client).toBeUndefined();
  });

  it("shows the client certificate when there is no token", async () => {
    const server = await serve({ "GET /x": pods });
    const api = new KubernetesApi(kubeconfig(url(server), ca, { user: clientCertificate(ca.sign("administrator")) }));
    await api.get("/x");
    expect(server.asked[0].client).toBe("administrator");
    expect(server.asked[0].headers.authorization).toBeUndefined();
  });

  it("sends what is to be created as JSON and gives the answer", async () => {
    const server = await serve({ "POST /runs": { status: 201, body: { metadata: { name: "run-1" } } } });
    const api = new KubernetesApi(kubeconfig(url(server), ca));
    expect(await api.create("/runs", { kind: "Run" })).toEqual({ metadata: { name: "run-1" } });
    expect(server.asked[0].body).toBe('{"kind":"Run"}');
    expect(server.asked[0].headers["content-type"]).toBe("application/json");
  });

  it("changes fields by a merge patch", async () => {
    const server = await serve({ "PATCH /runs/a": { body: { spec: { status: "Cancelled" } } } });
    expect(await new KubernetesApi(kubeconfig(url(server), ca)).patch("/runs/a", { spec: { status: "Cancelled" } })).toEqual({
      spec: { status: "Cancelled" },
    });
    expect(server.asked[0].body).toBe('{"spec":{"status":"Cancelled"}}');
    expect(server.asked[0].headers["content-type"]).toBe("application/merge-patch+json");
  });

  it("gives logs as they are", async () => {
    const server = await serve({ "GET /log": { body: "line 1\nline 2\n" } });
    expect(await new KubernetesApi(kubeconfig(url(server), ca)).text("/log")).toBe("line 1\nline 2\n");
  });

  it("deletes with DELETE; what is gone already is no error, what is refused is", async () => {
    const server = await serve({ "DELETE /a": {}, "DELETE /forbidden": { status: 403, body: { message: "you may not" } } });
    const api = new KubernetesApi(kubeconfig(url(server), ca));
    await api.delete("/a?gracePeriodSeconds=0");
    await api.delete("/gone");
    expect(server.calls).toEqual(["DELETE /a?gracePeriodSeconds=0", "DELETE /gone"]);
    await expect(api.delete("/forbidden")).rejects.toThrow("you may not");
  });

  it("finds nothing where the API server knows nothing, and throws any other refusal", async () => {
    const server = await serve({ "GET /there": pods, "GET /secret": { status: 401, body: { message: "Unauthorized" } } });
    const api = new KubernetesApi(kubeconfig(url(server), ca));
    expect(await api.find("/there")).toEqual({ items: ["pod"] });
    expect(await api.find("/not-there")).toBeUndefined();
    await expect(api.find("/secret")).rejects.toMatchObject({ status: 401, message: "Unauthorized" });
  });

  it("names request and status when a refusal gives no reason", async () => {
    const server = await serve({ "GET /a": { status: 503, body: "no healthy upstream" } });
    const error = await new KubernetesApi(kubeconfig(url(server), ca)).get("/a").catch((thrown) => thrown);
    expect(error).toBeInstanceOf(ApiError);
    expect(error).toMatchObject({ status: 503, message: "GET /a was answered with 503" });
  });

  it("keeps its connection for the next call", async () => {
    const server = await serve({ "GET /a": pods });
    const api = new KubernetesApi(kubeconfig(url(server), ca));
    for (let count = 0; count < 3; count += 1) await api.get("/a");
    expect(new Set(server.asked.map(({ from }) => from)).size).toBe(1);
  });
});

describe("a server that cannot be reached", () => {
  const unreachable = async (server: string, seconds?: number) => {
    const error = await new KubernetesApi(kubeconfig(server, ca), seconds).get("/a").catch((thrown) => thrown);
    expect(error).toBeInstanceOf(UnreachableError);
    return (error as Error).message;
  };

  it("is one that refuses connections", async () => {
    const server = await serve({});
    await server.close();
    expect(await unreachable(url(server))).toMatch(`the API server 127.0.0.1:${server.port} cannot be reached: connect ECONNREFUSED`);
  });

  it("is one whose name nobody knows", async () => {
    expect(await unreachable("https://api.nowhere.invalid:6443")).toMatch(/api\.nowhere\.invalid:6443 cannot be reached: getaddrinfo E/);
  });

  it.each(["hang up", "half"] as const)("is one that ends the connection (%s)", async (answer) => {
    const server = await serve({ "GET /a": answer });
    expect(await unreachable(url(server))).toMatch(/cannot be reached: (socket hang up|aborted|read ECONNRESET)/);
  });

  it("is one that does not answer in time", async () => {
    const server = await serve({ "GET /a": "hang" });
    expect(await unreachable(url(server), 0.3)).toBe(`the API server 127.0.0.1:${server.port} does not answer within 0.3 s`);
  });
});

describe("the server's certificate", () => {
  const error = (text: string) => new KubernetesApi(text).get("/a").catch((thrown: Error) => thrown);
  const refused = expect.objectContaining({ message: expect.stringMatching(/cannot be talked to: .*(certificate|altnames)/) });

  it("has to come from the authority of the kubeconfig: anything else is an answer, not an absence", async () => {
    const server = await serve({ "GET /a": pods });
    for (const text of [kubeconfig(url(server), otherCa), kubeconfig(url(server), undefined)]) {
      const thrown = await error(text);
      expect(thrown).toEqual(refused);
      expect(thrown).not.toBeInstanceOf(UnreachableError);
    }
    expect(server.calls).toEqual([]);
  });

  it("is not checked if the kubeconfig says so, and only then", async () => {
    const server = await serve({ "GET /a": pods });
    const insecure = (value: unknown) => kubeconfig(url(server), otherCa, { cluster: { "insecure-skip-tls-verify": value } });
    expect(await new KubernetesApi(insecure(true)).get("/a")).toEqual({ items: ["pod"] });
    for (const value of [false, "true", 1, null]) expect(await error(insecure(value))).toEqual(refused);
  });

  it("has to be for the server's name, or for the one that the kubeconfig gives", async () => {
    const server = await serve({ "GET /a": pods }, named);
    expect(await error(kubeconfig(url(server), ca))).toEqual(refused);
    const text = kubeconfig(url(server), ca, { cluster: { "tls-server-name": "api.cluster.test" } });
    expect(await new KubernetesApi(text).get("/a")).toEqual({ items: ["pod"] });
    expect(server.asked[0].servername).toBe("api.cluster.test");
  });
});

describe("a proxy", () => {
  /** An HTTP proxy that knows CONNECT; what it is told to refuse, it refuses with that status. */
  async function proxy(refuse?: number) {
    const connects: string[] = [];
    const credentials: (string | undefined)[] = [];
    const sockets: Socket[] = [];
    const server: Server = createServer();
    server.on("connect", (request: IncomingMessage, socket: Socket) => {
      connects.push(request.url ?? "");
      credentials.push(request.headers["proxy-authorization"]);
      if (refuse) return socket.end(`HTTP/1.1 ${refuse} Refused\r\ncontent-length: 0\r\n\r\n`);
      // The proxy knows the cluster's name, this machine need not.
      const upstream = connect(Number(request.url?.split(":")[1]), "127.0.0.1", () => {
        socket.write("HTTP/1.1 200 Connection established\r\n\r\n");
        upstream.pipe(socket).pipe(upstream);
      });
      sockets.push(upstream, socket);
      for (const one of [upstream, socket]) one.on("error", () => {});
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    closing.push(() => {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => server.close(resolve));
    });
    return { address: `127.0.0.1:${(server.address() as AddressInfo).port}`, connects, credentials };
  }
  const without = () => {
    for (const name of ["HTTPS_PROXY", "https_proxy", "NO_PROXY", "no_proxy", "ALL_PROXY", "all_proxy"]) vi.stubEnv(name, "");
  };

  it.each(["HTTPS_PROXY", "https_proxy"])("is used when %s names it, with its credentials and the cluster's TLS", async (name) => {
    without();
    const server = await serve({ "GET /a": pods }, named);
    const { address, connects, credentials } = await proxy();
    vi.stubEnv(name, `http://user:word@${address}`);
    const text = kubeconfig(`https://api.cluster.test:${server.port}`, ca);
    expect(await new KubernetesApi(text).get("/a")).toEqual({ items: ["pod"] });
    expect(connects).toEqual([`api.cluster.test:${server.port}`]);
    expect(credentials).toEqual([`Basic ${Buffer.from("user:word").toString("base64")}`]);
    expect(server.asked[0].headers["proxy-authorization"]).toBeUndefined();
    await expect(new KubernetesApi(kubeconfig(`https://api.other.test:${server.port}`, ca)).get("/a")).rejects.toThrow(
      "cannot be talked to",
    );
    await expect(new KubernetesApi(kubeconfig(`https://api.cluster.test:${server.port}`, otherCa)).get("/a")).rejects.toThrow(
      "cannot be talked to",
    );
  });

  it("leads to servers that have an address for a name", async () => {
    without();
    const server = await serve({ "GET /a": pods });
    const { address, connects } = await proxy();
    vi.stubEnv("HTTPS_PROXY", `http://${address}`);
    expect(await new KubernetesApi(kubeconfig(url(server), ca)).get("/a")).toEqual({ items: ["pod"] });
    expect(connects).toEqual([`127.0.0.1:${server.port}`]);
  });

  it("is not used for what NO_PROXY names", async () => {
    without();
    const server = await serve({ "GET /a": pods });
    const { address, connects } = await proxy();
    vi.stubEnv("HTTPS_PROXY", `http://${address}`);
    vi.stubEnv("NO_PROXY", "example.com,127.0.0.1");
    expect(await new KubernetesApi(kubeconfig(url(server), ca)).get("/a")).toEqual({ items: ["pod"] });
    expect(connects).toEqual([]);
  });

  it("that refuses is told with its status; one that is not there makes the server unreachable", async () => {
    without();
    const server = await serve({ "GET /a": pods });
    const { address } = await proxy(502);
    vi.stubEnv("HTTPS_PROXY", `http://${address}`);
    await expect(new KubernetesApi(kubeconfig(url(server), ca)).get("/a")).rejects.toMatchObject({ status: 502 });
    vi.stubEnv("HTTPS_PROXY", "http://127.0.0.1:1");
    await expect(new KubernetesApi(kubeconfig(url(server), ca)).get("/a")).rejects.toThrow("cannot be reached: connect ECONNREFUSED");
  });

  it("that says nothing is not waited for longer than a server would be", async () => {
    without();
    const sockets: Duplex[] = [];
    const server = createServer().on("connect", (_, socket) => sockets.push(socket));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    closing.push(() => {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => server.close(resolve));
    });
    vi.stubEnv("HTTPS_PROXY", `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    await expect(new KubernetesApi(kubeconfig("https://api.cluster.test:6443", ca), 0.3).get("/a")).rejects.toThrow(
      "the API server api.cluster.test:6443 does not answer within 0.3 s",
    );
  }, 5000);
});

describe("a kubeconfig", () => {
  it("is that of the current context, or of the first if none is current", () => {
    const text = kubeconfig("https://api:6443", ca);
    expect(connection(text).server).toBe("https://api:6443");
    expect(connection(text.replace('"current-context":"admin",', "")).server).toBe("https://192.0.2.1:6443");
  });

  it.each([
    ["", "the kubeconfig has no current context with a cluster and a user"],
    [kubeconfig("https://api", ca).replace('"user":"u"', '"user":"x"'), "the kubeconfig has no current context with a cluster and a user"],
    [kubeconfig("https://api", ca, { user: { exec: {} } }), "the kubeconfig holds neither a token nor a client certificate"],
  ])("that lacks something is refused (%#)", (text, message) => {
    expect(() => connection(text)).toThrow(message);
  });
});
