import { mkdirSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { typescriptCommand } from "../machine/exec";
import { checkout, network, places, ports } from "../machine/places";
import { stop } from "../machine/process";
import { startAndWait } from "../machine/programs";
import type { KubeObject } from "./objects";

const name = "api-alone";
const folder = join(places.run, name);
/** What the server reads: see api-alone-main.ts. */
export const files = { objects: join(folder, "objects.json"), tls: join(folder, "tls.json") };

export interface ApiAlone {
  /** CA (PEM) of the client certificates that are accepted; others are refused in the handshake. */
  readonly clientCa: string;
  readonly certificate: string;
  readonly key: string;
  /** All that the cluster holds. */
  readonly objects: readonly KubeObject[];
}

/**
 * Starts the API of a cluster that is nothing else: it shows these objects to who has a certificate, and takes no changes. For runs that try
 * the install and the removal, which read the API and need no node.
 */
export async function startApiAlone({ objects, ...tls }: ApiAlone): Promise<void> {
  await stop(name);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  writeFileSync(files.objects, JSON.stringify(objects));
  writeFileSync(files.tls, JSON.stringify(tls), { mode: 0o600 });
  await resumeApiAlone();
}

/** Starts it again after `stopApiAlone`, with what it had. */
export const resumeApiAlone = (): Promise<void> =>
  startAndWait({ name, command: typescriptCommand(join(__dirname, "api-alone-main.ts")), directory: checkout }, 30, listens);

/** Ends it, if it runs. */
export const stopApiAlone = (): Promise<void> => stop(name);

function listens(): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: network.host, port: ports.api, timeout: 1000 });
    const end = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.on("connect", () => end(true));
    socket.on("timeout", () => end(false));
    socket.on("error", () => end(false));
  });
}
