import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { run } from "../../rehearsal/machine/exec";
import { places } from "../../rehearsal/machine/places";
import { forms } from "../leaks";
import { eventually } from "./operators";

const kubectl = async (...args: string[]) => {
  const env = { KUBECONFIG: places.adminKubeconfig };
  return run([join(places.path, "kubectl"), ...args], { env });
};

/** Values of Secrets that anybody may see: certificates, public keys, names, what a machine is started with (it says where to ask for the rest). */
const open =
  /\.(?:crt|pub)$|-cert(?:\.pem)?$|^(?:ca|cert|olmCAKey|namespace|username|known_hosts|userData|disableTemplating|aws_access_key_id)$/;

const printable = (bytes: Buffer) =>
  bytes.length > 0 && bytes.every((byte) => byte === 9 || byte === 10 || byte === 13 || (byte >= 32 && byte < 127));
const longestWord = (text: string) => text.split(/[\s"'=:,;@{}<>]+/).sort((a, b) => b.length - a.length)[0] ?? "";

/** What would give a value away: the longest word of it, but for addresses and certificates, and of what that is when it is base64, as in credentials of registries. */
function wordsOf(value: Buffer): string[] {
  if (!printable(value)) return [];
  const word = longestWord(value.toString().replace(/-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----/gs, ""));
  const inner = Buffer.from(word, "base64");
  return [word, ...(printable(inner) ? [longestWord(inner.toString())] : [])].filter((part) => part.length >= 12 && !part.startsWith("//"));
}

/** What the Secrets of the cluster hold, whoever has made them: by namespace, name and key. */
async function secretsOfCluster(): Promise<Record<string, string>> {
  const { items } = JSON.parse(await kubectl("get", "secrets", "--all-namespaces", "--output=json"));
  const found: Record<string, string> = {};
  for (const { metadata, data = {} } of items as { metadata: { namespace: string; name: string }; data?: Record<string, string> }[]) {
    for (const [key, value] of Object.entries(data).filter(([key]) => !open.test(key))) {
      for (const [i, word] of wordsOf(Buffer.from(value, "base64")).entries())
        found[`${metadata.namespace}/${metadata.name}: ${key} ${i}`] = word;
    }
  }
  return found;
}

/** All objects of the cluster but Secrets, in a file for each resource. */
async function writeObjects(folder: string): Promise<void> {
  const names = (await kubectl("api-resources", "--verbs=list", "--output=name")).trim().split("\n");
  for (const name of names.filter((resource) => resource !== "secrets")) {
    writeFileSync(join(folder, name), await kubectl("get", name, "--all-namespaces", "--output=json"));
  }
}

/** Arguments of every process of the machine, and the environment of those in containers, in a file each. Pulumi gives its own programs secrets by theirs. */
function writeProcesses(folder: string): void {
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    try {
      const inContainer = readFileSync(join("/proc", pid, "cgroup"), "utf8").includes("/k8s.io/");
      for (const what of inContainer ? ["cmdline", "environ"] : ["cmdline"])
        writeFileSync(join(folder, `${what} of ${pid}`), readFileSync(join("/proc", pid, what)));
    } catch {} // It has ended.
  }
}

/** Layers, configurations and manifests of what the builds have pushed, layers that are kept included: files of the registry. */
function blobs(): string[] {
  const storage = join(places.run, "registry/docker/registry/v2");
  const links = readdirSync(join(storage, "repositories/builds"), { recursive: true, encoding: "utf8" }).filter((file) =>
    file.endsWith("/link"),
  );
  const digests = new Set(links.map((link) => readFileSync(join(storage, "repositories/builds", link), "utf8").replace("sha256:", "")));
  const files = [...digests].map((digest) => join(storage, "blobs/sha256", digest.slice(0, 2), digest, "data"));
  return files.filter((file) => existsSync(file));
}

/** Which secrets stand in which of the files, unpacked: `FILE has SECRET`, each once. */
async function inFiles(files: readonly string[], secrets: Readonly<Record<string, string>>): Promise<string[]> {
  const names = new Map(Object.entries(secrets).flatMap(([name, secret]) => forms(secret).map(([, needle]) => [needle, name] as const)));
  const script = `for file; do gzip -dcf "$file" 2>/dev/null | { grep -oaFf "$0" || true; } | sort -u | sed "s|^|\${file##*/} |"; done`;
  return inFolder(async (folder) => {
    const patterns = join(folder, "patterns");
    writeFileSync(patterns, `${[...names.keys()].join("\n")}\n`, { mode: 0o600 });
    const found = (await run(["bash", "-c", script, patterns, ...files])).trim().split("\n").filter(Boolean);
    return [...new Set(found.map((line) => line.replace(/ (\S+)$/, (_, form) => ` has ${names.get(form)}`)))].sort();
  });
}

async function inFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), "openshift-multiarch-test-"));
  try {
    return await work(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/**
 * What the operator of OpenShift Pipelines shows of the key that it makes itself: it keeps the manifests that it applies in objects of its own, the
 * key's Secret among them (docs/security.md).
 */
const byTheOperator = ["cosign.key", "cosign.password"].map(
  (key) => `tektoninstallersets.operator.tekton.dev has openshift-pipelines/signing-secrets: ${key} 0`,
);

/** Steps of the end-to-end test while private repositories and signed images are there. */
export function secretsSteps(): void {
  it("has no value of a Secret in another object of the cluster, but for the key that the operator makes, nor in the arguments of a process or the environment of a container", async () => {
    const secrets = await secretsOfCluster();
    for (const known of ["build-multiarch/registry-credentials", "openshift-config/pull-secret", "openshift-pipelines/signing-secrets"])
      expect(Object.keys(secrets).filter((name) => name.startsWith(`${known}: `))).not.toEqual([]);
    await inFolder(async (folder) => {
      // A server behind the API, as that of packages, may begin anew.
      await eventually(60, "all resources can be listed", () => writeObjects(folder).then(() => true));
      writeProcesses(folder);
      expect(readdirSync(folder).filter((file) => file.startsWith("environ of ")).length).toBeGreaterThan(10);
      expect(readdirSync(folder).filter((file) => !/^(?:environ|cmdline) of /.test(file)).length).toBeGreaterThan(100);
      // What is looked for would be found.
      const [[name, secret]] = Object.entries(secrets);
      writeFileSync(join(folder, "canary"), JSON.stringify({ env: Buffer.from(`:${secret}`).toString("base64") }));
      const files = readdirSync(folder).map((file) => join(folder, file));
      expect(await inFiles(files, secrets)).toEqual([`canary has ${name}`, ...byTheOperator].sort());
    });
  });

  it("has no value of a Secret of the builds in an image that they have pushed, nor in a layer that is kept", async () => {
    const secrets = Object.fromEntries(Object.entries(await secretsOfCluster()).filter(([name]) => name.startsWith("build-multiarch/")));
    const files = blobs();
    expect(files.length).toBeGreaterThan(20);
    expect(await inFiles(files, secrets)).toEqual([]);
    // A name that each image's configuration has is found.
    expect(await inFiles(files, { known: "org.opencontainers.image.revision" })).not.toEqual([]);
  });
}
