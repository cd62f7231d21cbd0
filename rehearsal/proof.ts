import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { kubectl } from "./environment";
import { run } from "./exec";
import { places } from "./places";
import { until } from "./process";
import { step, UserError } from "./progress";

/** What a container of each example prints; other images just name their machine. */
const questions: Readonly<Record<string, string>> = {
  htop: "uname -m; htop --version",
  nodejs: "uname -m; node -p 'process.version + \" for \" + process.arch'",
  quarkus: "uname -m; java -version 2>&1",
};

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

/**
 * Shows for each image what its index holds, and what a container of each member prints on a node of its architecture. The
 * container is started from the index' digest: the node itself chooses the member. What was proved for a digest is kept.
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
      .update(`${name}\0${questions[name] ?? ""}\0${reference}`)
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

async function outputOn(name: string, reference: string, architecture: string): Promise<{ node: string; output: string }> {
  const pod = `proof-${name}-${architecture}`;
  const namespace = "default";
  await kubectl(["delete", "pod", "--namespace", namespace, "--ignore-not-found", "--grace-period=0", "--force", pod]);
  const manifest = {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: pod, namespace },
    spec: {
      restartPolicy: "Never",
      automountServiceAccountToken: false,
      nodeSelector: { "kubernetes.io/arch": architecture },
      // The control plane is a node of amd64 as well; whichever takes the pod has the right architecture.
      tolerations: [{ operator: "Exists" }],
      terminationGracePeriodSeconds: 0,
      containers: [{ name: "proof", image: reference, command: ["/bin/sh", "-c", questions[name] ?? "uname -m"] }],
    },
  };
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
