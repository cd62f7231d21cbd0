import { createPrivateKey, createPublicKey } from "node:crypto";
import type { Look } from "./patience";

/**
 * What the operator writes to Chains' ConfigMap. The provenance is of the run as a whole, in the format of SLSA 1.0, and lies beside the
 * image in its repository, as signatures do. Each task has an account of its own, so the provenance of single tasks, most of which push
 * nothing, is left out. No log of signatures is told: names of private repositories would be public there.
 *
 * Switched off, Chains stays and signs nothing: runs have a finalizer of it, and could not be deleted if it went
 * (tektoncd/chains, pkg/reconciler/pipelinerun/pipelinerun.go).
 */
export const chainsConfig = (sign: boolean, domain: string) => ({
  "artifacts.taskrun.storage": "",
  "artifacts.pipelinerun.format": "slsa/v2alpha3",
  "artifacts.pipelinerun.storage": sign ? "oci" : "",
  "artifacts.oci.format": "simplesigning",
  "artifacts.oci.storage": sign ? "oci" : "",
  "transparency.enabled": "false",
  "builder.id": `https://${domain}/openshift-pipelines`,
});

/**
 * Has the operator make a key where there is none; also where nothing is signed, or where the user brings one: to take that back would
 * take the key away, and later ones of its images would have another.
 */
export const makesKey = { generateSigningSecret: true } as const;

/** Where Chains looks for its key; one under `ownKey` goes before the operator's (tektoncd/chains, pkg/chains/signing/x509/x509.go). */
export const signingSecret = "signing-secrets";
export const ownKey = "x509.pem";

/** The public half of a private key, both as PEM. */
export const publicKeyOf = (privateKey: string): string =>
  createPublicKey(createPrivateKey(privateKey)).export({ type: "spki", format: "pem" }).toString();

/** A Secret as the API gives it, and what is read of Chains besides. */
export interface SigningState {
  readonly secret?: {
    readonly data?: Readonly<Record<string, string>>;
    readonly metadata: { readonly managedFields?: { time?: string }[] };
  };
  readonly config?: { readonly data?: Readonly<Record<string, string>> };
  readonly pods: readonly {
    readonly metadata: { readonly name: string; readonly deletionTimestamp?: string };
    readonly status?: { readonly startTime?: string; readonly conditions?: { type: string; status: string }[] };
  }[];
}

const decoded = (text: string | undefined) => (text ? Buffer.from(text, "base64").toString() : undefined);

/** Whether Chains has its settings and a key; the public half when it has. */
function keyOf(wanted: Readonly<Record<string, string>>, own: string | undefined, { secret, config }: SigningState): Look<string> {
  const waiting = (why: string): Look<string> => ({ kind: "waiting", why });
  const other = Object.keys(wanted).filter((name) => config?.data?.[name] !== wanted[name]);
  if (other.length > 0) return waiting(`its settings are not ${other.join(", ")} as wanted yet: the operator is at work`);
  const has = (name: string) => decoded(secret?.data?.[name]);
  const brought = has(ownKey);
  // Up to 1.19 the operator made its key in the form that a user's has.
  const key = brought ? publicKeyOf(brought) : own === undefined && has("cosign.key") ? has("cosign.pub") : undefined;
  if (!key) return waiting(`it has no key in the Secret ${signingSecret} yet${own === undefined ? ": the operator makes one" : ""}`);
  if (own !== undefined && key !== own) return waiting(`its key in the Secret ${signingSecret} is not the one that was given`);
  return { kind: "ready", value: key };
}

/**
 * Whether Chains signs as it should; the public key when it does. Without a key it would call a run signed that it has not signed
 * (tektoncd/chains, pkg/chains/signing.go: "No signer configured"), so no run may start before.
 *
 * @param own the public half of the key that the user brings.
 * @returns with it the pods of the controller that are to start anew, as they are older than the key. The kubelet would bring it to them
 * within two minutes, and nobody would know when.
 */
export function signingVerdict(
  wanted: Readonly<Record<string, string>>,
  own: string | undefined,
  state: SigningState,
): { readonly look: Look<string>; readonly restart: readonly string[] } {
  const key = keyOf(wanted, own, state);
  if (key.kind !== "ready") return { look: key, restart: [] };
  const changed = Math.max(0, ...(state.secret?.metadata.managedFields ?? []).map(({ time }) => Date.parse(time ?? "") || 0));
  const pods = state.pods.filter(({ metadata }) => !metadata.deletionTimestamp);
  // Times are of whole seconds.
  const older = pods.filter(({ status }) => status?.startTime !== undefined && Date.parse(status.startTime) <= changed);
  if (older.length > 0) {
    const look: Look<string> = { kind: "waiting", why: "its controller starts anew, with the key" };
    return { look, restart: older.map(({ metadata }) => metadata.name) };
  }
  const ready = pods.some(({ status }) => status?.conditions?.some(({ type, status: is }) => type === "Ready" && is === "True"));
  return { look: ready ? key : { kind: "waiting", why: "its controller does not run yet" }, restart: [] };
}
