import { createServer as createProxy } from "node:http";
import { createServer } from "node:https";
import { type AddressInfo, connect, type Server, createServer as silentServer } from "node:net";
import { afterEach, expect, it, vi } from "vitest";
import { answers } from "../../review/reachable";
import { authority } from "../cluster/api-server";

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

async function listening(server: Server): Promise<string> {
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

it("a server that refuses a stranger answers, whoever signed its certificate", async () => {
  const { key, certificate: cert } = authority().sign("api.example.com");
  const server = createServer({ key, cert }, (_, response) => response.writeHead(401).end());
  expect(await answers(await listening(server))).toBe(true);
});

it("a server that takes connections and says nothing does not answer, and is not waited for", async () => {
  const sockets: { destroy(): void }[] = [];
  const url = await listening(silentServer((socket) => sockets.push(socket)));
  const started = Date.now();
  expect(await answers(url, 0.3)).toBe(false);
  expect(Date.now() - started).toBeLessThan(3_000);
  for (const socket of sockets) socket.destroy();
});

it("a proxy that does not get through is no answer, one that does is none of its own", async () => {
  const { key, certificate: cert } = authority().sign("api.example.com");
  const port = Number(new URL(await listening(createServer({ key, cert }, (_, response) => response.end()))).port);
  const proxy = createProxy();
  proxy.on("connect", (request, socket) => {
    if (request.url !== `api.example.com:${port}`) return socket.end("HTTP/1.1 503 Service Unavailable\r\n\r\n");
    socket.write("HTTP/1.1 200 OK\r\n\r\n");
    socket.pipe(connect(port, "127.0.0.1")).pipe(socket);
  });
  vi.stubEnv("https_proxy", (await listening(proxy)).replace("https:", "http:"));
  vi.stubEnv("no_proxy", "");
  expect(await answers(`https://api.example.com:${port}`)).toBe(true);
  expect(await answers("https://api.nowhere.invalid:6443")).toBe(false);
  vi.unstubAllEnvs();
});

it("neither does a port that nobody listens on, nor a name that is not known", async () => {
  const server = silentServer();
  const url = await listening(server);
  await new Promise((resolve) => server.close(resolve));
  expect(await answers(url)).toBe(false);
  expect(await answers("https://api.nowhere.invalid:6443")).toBe(false);
});
