import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { places } from "./places";

/** What the rehearsal changed on the machine outside its own folder, so that it can be put back. */
export interface HostState {
  /** `net.ipv4.ip_forward` before it was switched on. */
  readonly ipForward?: string;
  /** Whether binfmt_misc was mounted by the rehearsal. */
  readonly binfmtMounted?: boolean;
  /** Name of the binfmt_misc entry for arm64 that the rehearsal registered. */
  readonly binfmtEntry?: string;
  /** Kubernetes node whose name kube-proxy has taken. */
  readonly proxyNode?: string;
}

const file = join(places.run, "host.json");

/** The changes that are recorded; none when nothing runs. */
export function hostState(): HostState {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch {
    return {};
  }
}

/** Records changes beside those that are recorded already. Call it before the change is made: a crash in between must not lose it. */
export function recordHostState(change: HostState): void {
  mkdirSync(places.run, { recursive: true });
  writeFileSync(`${file}.new`, JSON.stringify({ ...hostState(), ...change }));
  renameSync(`${file}.new`, file);
}
