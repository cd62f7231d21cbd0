import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { run } from "../machine/exec";
import { places } from "../machine/places";
import { until } from "../machine/process";
import { step, UserError } from "../machine/progress";
import { kubectl } from "../stack/environment";

/** How every container is started: by the image's own entry point, which gets only this argument. */
const args = ["--version"];

/**
 * What the examples say then, on a machine of each architecture: Node.js and Java name it by themselves, in their own words. Node.js
 * also loads a module that is compiled for each architecture, so that a foreign node_modules fails.
 */
const answers: Readonly<Record<string, Readonly<Record<string, RegExp>>>> = {
  htop: { amd64: /^htop \d/, arm64: /^htop \d/ },
  nodejs: { amd64: /"architecture":"x64","checksum":\d+/, arm64: /"architecture":"arm64","checksum":\d+/ },
  quarkus: { amd64: /, architecture amd64$/m, arm64: /, architecture aarch64$/m },
};

/** Refuses what a container has printed if it is not what the image says on a machine of this architecture. */
export function expectAnswer(name: string, architecture: string, output: string): void {
  const answer = answers[name]?.[architecture];
  if (answer && !answer.test(output)) {
    throw new UserError(`${name}: the container for ${architecture} printed ${JSON.stringify(output)}, which does not match ${answer}`);
  }
}

interface Index {
  readonly mediaType?: string;
  readonly manifests?: readonly { readonly digest: string; readonly platform?: { readonly os: string; readonly architecture: string } }[];
}

/** What was found out about one image. */
export interface Proof {
  readonly reference: string;
  readonly members: readonly { readonly platform: string; readonly digest: string; readonly node: string; readonly output: string }[];
  /** ISO 8601. */
  readonly at: string;
}

const records = join(places.run, "proof");
const namespace = "default";

/**
 * Shows for each image what its index holds, and what a container of each member prints on a node of its architecture when its own
 * entry point is asked for its version. The container is started from the index' digest: the node itself chooses the member. What was
 * proved for a digest is kept.
 *
 * @param images name of the build -> `<repository>@sha256:...`.
 */
export async function prove(images: Readonly<Record<string, string>>): Promise<void> {
  const entries = Object.entries(images);
  if (entries.length === 0) return;
  const fresh = entries.some(([name, reference]) => readRecord(name, reference) === undefined);
  const proofs = await (fresh
    ? step("proof of the images", 25, () => Promise.all(entries.map(([name, reference]) => proofOf(name, reference))))
    : Promise.all(entries.map(([name, reference]) => proofOf(name, reference))));
  for (const [index, [name]] of entries.entries()) print(name, proofs[index] as Proof);
}

const recordFile = (name: string, reference: string) =>
  join(
    records,
    `${createHash("sha256")
      .update(`${name}\0${args}\0${JSON.stringify(Object.values(answers[name] ?? {}).map(String))}\0${reference}`)
      .digest("hex")}.json`,
  );

function readRecord(name: string, reference: string): Proof | undefined {
  try {
    return JSON.parse(readFileSync(recordFile(name, reference), "utf8"));
  } catch {
    return undefined;
  }
}

async function proofOf(name: string, reference: string): Promise<Proof> {
  const known = readRecord(name, reference);
  if (known) return known;
  const raw = await run(["skopeo", "inspect", "--raw", "--no-creds", "--tls-verify=false", `docker://${reference}`]);
  const digest = `sha256:${createHash("sha256").update(raw).digest("hex")}`;
  if (!reference.endsWith(`@${digest}`)) throw new UserError(`${name}: the registry serves ${digest} for ${reference}`);
  const members = membersOf(name, JSON.parse(raw));
  const proved = await Promise.all(
    members.map(async ({ architecture, digest: member }) => ({
      platform: `linux/${architecture}`,
      digest: member,
      ...(await outputOn(name, reference, architecture)),
    })),
  );
  const proof: Proof = { reference, members: proved, at: new Date().toISOString() };
  mkdirSync(records, { recursive: true });
  writeFileSync(recordFile(name, reference), JSON.stringify(proof));
  return proof;
}

/** The members of an index, which must be one for linux/amd64 and one for linux/arm64. */
export function membersOf(name: string, index: Index): { architecture: string; digest: string }[] {
  if (!index.manifests) throw new UserError(`${name}: what was pushed is no index but ${index.mediaType ?? "something else"}`);
  const members = index.manifests.map(({ digest, platform }) => ({ os: platform?.os, architecture: platform?.architecture ?? "", digest }));
  const platforms = members.map(({ os, architecture }) => `${os}/${architecture}`).sort();
  if (platforms.join(" ") !== "linux/amd64 linux/arm64") {
    throw new UserError(`${name}: the index holds ${platforms.join(", ") || "nothing"} instead of linux/amd64 and linux/arm64`);
  }
  return members.map(({ architecture, digest }) => ({ architecture, digest }));
}

/** The pod that proves one member: nothing of the image is replaced, not even its user. */
export const proofPod = (name: string, reference: string, architecture: string) => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name: `proof-${name}-${architecture}`, namespace },
  spec: {
    restartPolicy: "Never",
    automountServiceAccountToken: false,
    nodeSelector: { "kubernetes.io/arch": architecture },
    // The control plane is a node of amd64 as well; whichever takes the pod has the right architecture.
    tolerations: [{ operator: "Exists" }],
    terminationGracePeriodSeconds: 0,
    containers: [{ name: "proof", image: reference, args }],
  },
});

/** What a container of an image prints on a node of an architecture, and which node that is. */
export async function outputOn(name: string, reference: string, architecture: string): Promise<{ node: string; output: string }> {
  const manifest = proofPod(name, reference, architecture);
  const pod = manifest.metadata.name;
  await kubectl(["delete", "pod", "--namespace", namespace, "--ignore-not-found", "--grace-period=0", "--force", pod]);
  await kubectl(["create", "-f", "-"], JSON.stringify(manifest));
  try {
    interface PodState {
      readonly spec: { readonly nodeName?: string };
      readonly status: { readonly phase: string };
    }
    let state: PodState | undefined;
    await until(`the container of ${name} on ${architecture}`, 180, async () => {
      state = JSON.parse(await kubectl(["get", "pod", "--namespace", namespace, pod, "-o", "json"]));
      return state?.status.phase === "Succeeded" || state?.status.phase === "Failed";
    });
    const output = (await kubectl(["logs", "--namespace", namespace, pod])).trim();
    if (state?.status.phase !== "Succeeded") throw new UserError(`${name}: the container for ${architecture} failed: ${output}`);
    expectAnswer(name, architecture, output);
    return { node: state.spec.nodeName ?? "", output };
  } finally {
    await kubectl(["delete", "pod", "--namespace", namespace, "--ignore-not-found", "--wait=false", pod]).catch(() => "");
  }
}

function print(name: string, { reference, members, at }: Proof): void {
  console.log(`\n${name}: ${reference} (tried ${at})`);
  for (const { platform, digest, node, output } of members) {
    console.log(`  ${platform}  ${digest}\n    on node ${node}:`);
    for (const line of output.split("\n")) console.log(`      ${line}`);
  }
}
