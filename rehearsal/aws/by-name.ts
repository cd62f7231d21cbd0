import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, request } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { selfSigned } from "../machine/self-signed";

/** A way to an emulator under AWS's own names. */
export interface ByName {
  /** What a program has to be started with. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  stop(): void;
}

/**
 * A proxy that leads to an emulator whatever name of AWS is asked for, for programs that know no other address: AWS's SDK for Go before
 * version 2 does not read AWS_ENDPOINT_URL. Nothing else is reached through it. The authority that it signs with is its own, and gone with it.
 *
 * @param endpoint of the emulator, which finds service and bucket in the name
 */
export async function awsByName(endpoint: string): Promise<ByName> {
  const folder = mkdtempSync(join(tmpdir(), "aws-by-name-"));
  // A wildcard stands for one label (RFC 9525, 6.3): a bucket in a region is three below amazonaws.com.
  const region = process.env.AWS_REGION ?? process.env.AWS_DEFAULT_REGION ?? "us-east-1";
  const names = ["*.amazonaws.com", `*.${region}.amazonaws.com`, `*.s3.${region}.amazonaws.com`];
  const { key, certificate } = selfSigned(join(folder, "front"), "amazonaws.com", names);
  const front = createTlsServer({ key: readFileSync(key), cert: readFileSync(certificate) }, (asked, answer) => {
    const forwarded = request(new URL(asked.url ?? "/", endpoint), { method: asked.method, headers: asked.headers }, (answered) => {
      answer.writeHead(answered.statusCode ?? 502, answered.headers);
      answered.pipe(answer);
    });
    forwarded.on("error", () => answer.destroy());
    asked.pipe(forwarded);
  });
  const proxy = createServer((_, answer) => answer.writeHead(403).end()).on("connect", (asked, socket) => {
    socket.on("error", () => socket.destroy());
    if (!/\.amazonaws\.com:443$/.test(asked.url ?? "")) {
      socket.end("HTTP/1.1 403 Forbidden\r\n\r\n");
      return;
    }
    socket.write("HTTP/1.1 200 Connection established\r\n\r\n");
    front.emit("connection", socket);
  });
  await new Promise<void>((listening) => proxy.listen(0, "127.0.0.1", listening));
  const address = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
  return {
    environment: {
      HTTPS_PROXY: address,
      https_proxy: address,
      NO_PROXY: undefined,
      no_proxy: undefined,
      // Go's own name for the file, and the AWS SDK's.
      SSL_CERT_FILE: certificate,
      AWS_CA_BUNDLE: certificate,
      AWS_ENDPOINT_URL: undefined,
    },
    stop: () => {
      proxy.close();
      proxy.closeAllConnections();
      front.closeAllConnections();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
