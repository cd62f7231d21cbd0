import { generateKeyPairSync } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { run } from "../../rehearsal/machine/exec";
import { gitRepository, places, registry } from "../../rehearsal/machine/places";
import { registryCredentials } from "../../rehearsal/services/registry";
import { stackOutputs } from "../../rehearsal/stack/state";
import { eventually, json } from "./operators";

interface Built {
  readonly image: string;
  readonly members: readonly string[];
  readonly commit: string;
  readonly run: string;
}
interface Outputs {
  readonly signingKey: string;
  readonly builds: Readonly<Record<string, Built>>;
}

/** in-toto's Statement with the predicate of SLSA 1.0, as far as it is looked at. */
interface Statement {
  readonly predicateType: string;
  readonly subject: readonly { readonly name: string; readonly digest: { readonly sha256: string } }[];
  readonly predicate: {
    readonly buildDefinition: {
      readonly externalParameters: object;
      readonly resolvedDependencies: readonly { readonly uri: string; readonly digest: Readonly<Record<string, string>> }[];
    };
    readonly runDetails: { readonly builder: { readonly id: string } };
  };
}

interface Pod {
  readonly metadata: { readonly labels: Readonly<Record<string, string>> };
  readonly spec: { readonly containers: readonly { readonly args?: readonly string[] }[] };
}

const outputs = async () => (await stackOutputs()) as unknown as Outputs;
const [repositoryOf, digestOf] = [0, 1].map((part) => (reference: string) => reference.split("@")[part] ?? "") as [
  (reference: string) => string,
  (reference: string) => string,
];

/** What cosign's own verification says, with a public key: the payloads of the signatures, or of the attestations of a type. */
async function verify(key: string, image: string, type?: string): Promise<string[]> {
  const folder = mkdtempSync(join(tmpdir(), "rehearsal-key-"));
  try {
    const file = join(folder, "cosign.pub");
    writeFileSync(file, key);
    const lines = await run([join(places.bin, "cosign-verify"), file, image, ...(type ? [type] : [])]);
    return lines.trim().split("\n");
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
const provenance = async (key: string, image: string): Promise<Statement[]> =>
  (await verify(key, image, "slsaprovenance1")).map((line) => JSON.parse(line));

/** The tag at which cosign looks for what belongs to a digest. */
const beside = (digest: string, kind: "sig" | "att") => `${digest.replace(":", "-")}.${kind}`;

const indexType = "application/vnd.oci.image.index.v1+json";

/** A repository of the registry's, by its API (https://github.com/opencontainers/distribution-spec). */
function repository(name: string) {
  const { username, password } = registryCredentials();
  const url = `http://${registry}/v2/${name}`;
  const ask = async (path: string, init: RequestInit = {}) => {
    const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
    const target = new URL(path, `${url}/`);
    const answer = await fetch(target, { ...init, headers: { authorization, ...init.headers } });
    if (!answer.ok) throw new Error(`${init.method ?? "GET"} ${target.pathname}: ${answer.status} ${await answer.text()}`);
    return answer;
  };
  const text = async (path: string, accept = "application/vnd.oci.image.manifest.v1+json") =>
    (await ask(path, { headers: { accept } })).text();
  return {
    manifest: (reference: string, type?: string) => text(`manifests/${reference}`, type),
    blob: (digest: string) => text(`blobs/${digest}`),
    /** @returns its digest. */
    put: async (reference: string, manifest: string): Promise<string> => {
      const headers = { "content-type": "application/vnd.oci.image.manifest.v1+json" };
      const answer = await ask(`manifests/${reference}`, { method: "PUT", body: manifest, headers });
      return answer.headers.get("docker-content-digest") ?? "";
    },
    upload: async (content: string): Promise<string> => {
      const digest = `sha256:${(await run(["sha256sum"], { input: content })).split(" ")[0]}`;
      const session = (await ask("blobs/uploads/", { method: "POST" })).headers.get("location") ?? "";
      await ask(`${session}${session.includes("?") ? "&" : "?"}digest=${digest}`, { method: "PUT", body: content });
      return digest;
    },
  };
}

interface Attached {
  readonly digest: string;
  readonly artifactType?: string;
}

/**
 * `repository@digest` of the one SPDX document that is attached to an image, as a client without the referrers API finds it
 * (https://github.com/opencontainers/distribution-spec/blob/main/spec.md#unavailable-referrers-api).
 */
async function sbomOf(image: string): Promise<string> {
  const { manifest } = repository(repositoryOf(image).replace(`${registry}/`, ""));
  const { manifests }: { manifests: Attached[] } = JSON.parse(await manifest(digestOf(image).replace(":", "-"), indexType));
  const found = manifests.filter(({ artifactType }) => artifactType === "application/spdx+json");
  expect([image, found]).toEqual([image, [expect.anything()]]);
  return `${repositoryOf(image)}@${found[0]?.digest}`;
}

interface Package {
  readonly name: string;
  readonly versionInfo: string;
}

/** What an SPDX document lists, by its `repository@digest`. */
async function listedBy(sbom: string): Promise<Package[]> {
  const { manifest, blob } = repository(repositoryOf(sbom).replace(`${registry}/`, ""));
  const { layers } = JSON.parse(await manifest(digestOf(sbom)));
  return JSON.parse(await blob(layers[0].digest)).packages;
}

/** A text with one letter or digit changed, in the middle of what a pattern finds. */
function oneByteChanged(text: string, pattern: RegExp): string {
  const found = pattern.exec(text)?.[1];
  if (found === undefined) throw new Error(`nothing to change in ${text.slice(0, 200)}`);
  const at = text.indexOf(found) + Math.floor(found.length / 2);
  const changed = `${text.slice(0, at)}${text[at] === "1" ? "2" : "1"}${text.slice(at + 1)}`;
  expect([...changed].filter((letter, index) => letter !== text[index])).toHaveLength(1);
  return changed;
}

/** Another image: its manifest has one byte changed. Both its signature and its provenance are those of the original. */
async function changedImage(name: string, digest: string): Promise<string> {
  const { manifest, put } = repository(name);
  const changed = await put("changed", oneByteChanged(await manifest(digest), /"size":\s*(\d+)/));
  for (const kind of ["sig", "att"] as const) await put(beside(changed, kind), await manifest(beside(digest, kind)));
  return changed;
}

/** The same image with another signature, or provenance: what was signed has one byte changed. Resolves to what puts it back. */
async function changeSigned(name: string, digest: string, kind: "sig" | "att", pattern: RegExp): Promise<() => Promise<string>> {
  const { manifest, blob, put, upload } = repository(name);
  const before = await manifest(beside(digest, kind));
  const layers: { digest: string }[] = JSON.parse(before).layers;
  let after = before;
  for (const { digest: layer } of layers) after = after.replaceAll(layer, await upload(oneByteChanged(await blob(layer), pattern)));
  await put(beside(digest, kind), after);
  return () => put(beside(digest, kind), before);
}

/** In the running cluster: what Tekton Chains signs and attests, as cosign's own code finds it in the registry. */
export function signatureSteps(): void {
  it("calls every run signed, a minute after its end at the latest", async () => {
    const { builds } = await outputs();
    const signed = async (name: string) => {
      const { metadata } = await json("get", "pipelinerun", name, "--namespace=build-multiarch");
      return metadata.annotations?.["chains.tekton.dev/signed"];
    };
    for (const { run: name } of Object.values(builds)) {
      const said = await eventually(60, `${name} is signed or failed to be`, () => signed(name));
      expect([name, said]).toEqual([name, "true"]);
    }
  });

  it("has signed the index and both members of every image, with the key of the stack's output", async () => {
    const { signingKey, builds } = await outputs();
    expect(signingKey).toMatch(/^-----BEGIN PUBLIC KEY-----/);
    for (const { image, members } of Object.values(builds)) {
      expect(members).toHaveLength(2);
      for (const reference of [image, ...members]) {
        for (const payload of await verify(signingKey, reference)) {
          const { critical } = JSON.parse(payload);
          expect(critical.image["docker-manifest-digest"]).toBe(digestOf(reference));
          expect(critical.identity["docker-reference"]).toBe(repositoryOf(reference));
        }
      }
    }
  });

  it("has attached to each of them where it comes from: the commit, the pipeline's parameters and the cluster that built it", async () => {
    const { signingKey, builds } = await outputs();
    for (const { image, members, commit } of Object.values(builds)) {
      for (const reference of [image, ...members]) {
        const found = await provenance(signingKey, reference);
        expect(found).toHaveLength(1);
        for (const { predicateType, subject, predicate } of found) {
          expect(predicateType).toBe("https://slsa.dev/provenance/v1");
          const subjects = [image, ...members, ...(await Promise.all([image, ...members].map(sbomOf)))];
          expect(subject.map(({ name, digest }) => `${name}@sha256:${digest.sha256}`).sort()).toEqual(subjects.sort());
          expect(predicate.runDetails.builder.id).toBe("https://multiarch.rehearsal.test/openshift-pipelines");
          expect(predicate.buildDefinition.resolvedDependencies).toContainEqual(
            expect.objectContaining({ uri: `git+${gitRepository}`, digest: { sha1: commit } }),
          );
          expect(JSON.stringify(predicate.buildDefinition.externalParameters)).toContain(repositoryOf(image));
        }
      }
    }
  });

  it("has attached to each of them a signed list of what is in it: the package that the image is for, in each member; the members, in the index", async () => {
    const { signingKey, builds } = await outputs();
    const wanted = { htop: "htop", nodejs: "express", quarkus: "quarkus-rest" };
    for (const [name, { image, members }] of Object.entries(builds)) {
      for (const reference of [image, ...members]) {
        const sbom = await sbomOf(reference);
        for (const payload of await verify(signingKey, sbom))
          expect(JSON.parse(payload).critical.image["docker-manifest-digest"]).toBe(digestOf(sbom));
        const packages = await listedBy(sbom);
        const versions = packages.map(({ versionInfo }) => versionInfo);
        expect(versions).toContain(digestOf(reference));
        if (reference === image) expect(versions.slice(1)).toEqual(members.map(digestOf));
        else expect(packages.map((one) => one.name.split(":").at(-1))).toContain(wanted[name as keyof typeof wanted]);
      }
    }
  });

  it("has no signature for another key, nor for an image or a provenance with one byte changed", async () => {
    const { signingKey, builds } = await outputs();
    const { image, members } = builds.htop as Built;
    const name = repositoryOf(image).replace(`${registry}/`, "");
    const [member = ""] = members;

    const other = generateKeyPairSync("ec", { namedCurve: "P-256" }).publicKey.export({ type: "spki", format: "pem" }).toString();
    await expect(verify(other, member)).rejects.toThrow("invalid signature when validating");
    await expect(provenance(other, member)).rejects.toThrow("accepted signatures do not match threshold");

    const changed = `${repositoryOf(image)}@${await changedImage(name, digestOf(member))}`;
    expect(changed).not.toBe(member);
    await expect(verify(signingKey, changed)).rejects.toThrow("invalid or missing digest in claim");
    await expect(provenance(signingKey, changed)).rejects.toThrow("no matching attestations");

    const signature = await changeSigned(name, digestOf(member), "sig", /sha256:([0-9a-f]+)/);
    await expect(verify(signingKey, member)).rejects.toThrow("invalid signature when validating");
    await signature();
    const attestation = await changeSigned(name, digestOf(member), "att", /"payload":\s*"([^"]+)"/);
    await expect(provenance(signingKey, member)).rejects.toThrow("accepted signatures do not match threshold");
    await attestation();
    expect((await verify(signingKey, member)).length + (await provenance(signingKey, member)).length).toBeGreaterThan(1);
  });

  it("gives the credentials for signatures to pods that push, and to no other", async () => {
    const { items } = await json("get", "pods", "--namespace=build-multiarch", "--selector=tekton.dev/pipelineRun");
    const task = ({ metadata }: Pod) => metadata.labels["tekton.dev/pipelineTask"];
    // What Tekton has its entry point write into the home directory of a step.
    const given = (pod: Pod) => pod.spec.containers.flatMap(({ args = [] }) => args.filter((argument) => argument.startsWith("-docker-")));
    expect([...new Set(items.map(task))].sort()).toContain("build-amd64");
    expect([...new Set(items.filter((pod: Pod) => given(pod).length > 0).map(task))]).toEqual(["push"]);
    for (const pod of items.filter((pod: Pod) => task(pod) === "push")) expect(given(pod)).toEqual(["-docker-config=registry-credentials"]);
  });
}
