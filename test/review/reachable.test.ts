import { createServer } from "node:https";
import { type AddressInfo, type Server, createServer as silentServer } from "node:net";
import { afterEach, expect, it } from "vitest";
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

it("neither does a port that nobody listens on, nor a name that is not known", async () => {
  const server = silentServer();
  const url = await listening(server);
  await new Promise((resolve) => server.close(resolve));
  expect(await answers(url)).toBe(false);
  expect(await answers("https://api.nowhere.invalid:6443")).toBe(false);
});
