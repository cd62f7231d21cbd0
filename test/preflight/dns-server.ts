import { createSocket } from "node:dgram";
import { promises as dns } from "node:dns";
import type { AddressInfo } from "node:net";

/** What a resolver answers for a name: its name servers, its addresses, or a code of RFC 1035 (4.1.1: 2 SERVFAIL, 3 NXDOMAIN, 5 REFUSED). */
export interface Answers {
  readonly ns?: readonly string[];
  readonly a?: readonly string[];
  readonly code?: number;
}

const types = { 2: "ns", 1: "a" } as const;

const encoded = (name: string) =>
  Buffer.concat([...name.split(".").map((label) => Buffer.from([label.length, ...Buffer.from(label)])), Buffer.from([0])]);

/** The answer to a question of RFC 1035, section 4: header, question, resource records. */
function answer(question: Buffer, zone: Readonly<Record<string, Answers>>): Buffer {
  const labels: string[] = [];
  let at = 12;
  while (question[at]) {
    labels.push(question.subarray(at + 1, at + 1 + question[at]).toString());
    at += question[at] + 1;
  }
  const type = question.readUInt16BE(at + 1);
  const found = zone[labels.join(".").toLowerCase()] ?? { code: 3 };
  const kind = types[type as 1 | 2];
  const records = ((kind && found[kind]) ?? []).map((value) => {
    const data = kind === "ns" ? encoded(value) : Buffer.from(value.split(".").map(Number));
    const head = Buffer.alloc(12);
    // A pointer to the name of the question.
    head.writeUInt16BE(0xc00c, 0);
    head.writeUInt16BE(type, 2);
    head.writeUInt16BE(1, 4);
    head.writeUInt32BE(60, 6);
    head.writeUInt16BE(data.length, 10);
    return Buffer.concat([head, data]);
  });
  const header = Buffer.alloc(12);
  question.copy(header, 0, 0, 2);
  header.writeUInt16BE(0x8180 | (found.code ?? 0), 2);
  header.writeUInt16BE(1, 4);
  header.writeUInt16BE(records.length, 6);
  return Buffer.concat([header, question.subarray(12, at + 5), ...records]);
}

/** node:dns's own resolver, which asks a server on loopback that knows these names alone; without names the server is silent. */
export async function resolverOf(zone?: Readonly<Record<string, Answers>>): Promise<{ resolver: dns.Resolver; close(): void }> {
  const socket = createSocket("udp4");
  socket.on("message", (question, { port, address }) => {
    if (zone) socket.send(answer(question, zone), port, address);
  });
  await new Promise<void>((done) => socket.bind(0, "127.0.0.1", done));
  const resolver = new dns.Resolver({ timeout: 200, tries: 1 });
  resolver.setServers([`127.0.0.1:${(socket.address() as AddressInfo).port}`]);
  return { resolver, close: () => socket.close() };
}
