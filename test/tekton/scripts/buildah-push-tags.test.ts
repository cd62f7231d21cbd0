import { rmSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { at, read, write } from "./harness";
import { manifest, pod, push, pushIndex, pushWith, registry, repository, tags, writtenTags } from "./pushing";
import { refusal } from "./registry";

const commit = "0123456789abcdef0123456789abcdef01234567";
const key = "f".repeat(40);
const put = (method: string, path: string) => method === "PUT" && path.includes("/manifests/");
const base = (name: string, digit: string) => `${name}@sha256:${digit.repeat(64)}`;

describe("buildah-push with more tags", () => {
  it("fills in commit and branch, gives all tags the same index, and moves the wanted tag last", async () => {
    const templates = ["{commit}", "g{commit:7}-{commit:12}", "{branch}-latest", "v1", "latest", "v1"];
    expect(await pushWith({ tags: templates }, { COMMIT: commit, BRANCH: "fix-123" })).toMatchObject({ status: 0 });
    const more = [commit, "g0123456-0123456789ab", "fix-123-latest", "v1"];
    expect(writtenTags()).toEqual([tags.run, ...more, tags.wanted]);
    for (const tag of more) expect(manifest(tag)).toEqual(manifest(tags.wanted));
  });

  it("leaves out a tag of the branch where the run builds none, and says so", async () => {
    const { status, log } = await pushWith({ tags: ["{branch}", "{commit:8}"] }, { COMMIT: commit, BRANCH: "" });
    expect(status).toBe(0);
    expect(log).toContain("leaving out the tag '{branch}': this run builds no branch");
    expect(writtenTags()).toEqual([tags.run, "01234567", tags.wanted]);
  });

  it.each([
    ["a template that nothing fills in", "{date}", "'{date}' gives '{date}', which is no tag"],
    ["a character that tags cannot have", "a b", "'a b' gives 'a b', which is no tag"],
    ["a dash in front", "-x", "'-x' gives '-x', which is no tag"],
    ["more than 128 characters", "{branch}".repeat(20), "which is no tag"],
    ["a branch that is no tag", "{commit:7}/{branch}", "gives '0123456/fix-123', which is no tag"],
    ["nothing", "", "'' gives '', which is no tag"],
    ["too few digits", "{commit:6}", "asks for 6 digits of the commit: 7 to 40 are possible"],
    ["more digits than there are", "{commit:41}", "asks for 41 digits of the commit: 7 to 40 are possible"],
  ])("refuses %s before anything is pushed", async (_, template, message) => {
    const result = await pushIndex({ tags: ["v1", template] }, { COMMIT: commit, BRANCH: "fix-123" });
    expect(result.status).toBe(1);
    expect(result.log).toContain(message);
    expect(registry.requests).toEqual([]);
  });

  it("refuses a template of the commit without a commit", async () => {
    const result = await pushWith({ tags: ["{commit:7}"] });
    expect(result).toMatchObject({ status: 1 });
    expect(result.log).toContain("the tag '{commit:7}' needs the commit's id, but the param commit is ''");
  });

  it("leaves the wanted tag where it is if another one is refused", async () => {
    registry.options = {
      refuse: (method, path) => (put(method, path) && path.endsWith("/v1") ? refusal(400, "TAG", "is immutable") : undefined),
    };
    const result = await pushWith({ tags: ["v1"] });
    expect(result.status).toBe(1);
    expect(result.log).toContain(`the tag v1 is not set, so ${repository()}:latest stays what it was`);
    expect(result.log).toContain("is immutable");
    expect(writtenTags()).toEqual([tags.run]);
  });

  it("marks the index as built from a key when all else is done: who finds it builds, signs and lists nothing", async () => {
    expect(await pushWith({ tags: ["v1"] }, { KEY: key })).toMatchObject({ status: 0 });
    expect(writtenTags()).toEqual([tags.run, "v1", tags.wanted, `built-${key}`]);
  });

  it("publishes also where the mark of the key cannot be moved, with a warning", async () => {
    registry.options = {
      refuse: (method, path) => (put(method, path) && path.includes("/built-") ? refusal(400, "TAG", "is immutable") : undefined),
    };
    const { status, log } = await push(undefined, { KEY: key });
    expect(log).toContain("buildah-push: warning: a later run will not find that this commit is built");
    expect(status).toBe(0);
    expect(writtenTags()).toEqual([tags.run, tags.wanted]);
  });

  it("asks a registry by plain http only where its name is among the insecure ones", async () => {
    rmSync(at("home/.config"), { recursive: true });
    expect((await push()).log).toContain("server gave HTTP response to HTTPS client");
    expect(await pushWith({ insecureRegistries: [registry.host] })).toMatchObject({ status: 0 });
  });
});

describe("buildah-push and base images", () => {
  const bases = (architecture: string, ...lines: string[]) =>
    write(`${pod(architecture)}/image.bases`, lines.map((line) => `${line}\n`).join(""));
  const annotations = () =>
    JSON.parse((manifest(tags.wanted) as Buffer).toString()).manifests.map((member: { annotations?: object }) => member.annotations);

  it("writes down what each member was built from, in one order, so that the same bases give the same index", async () => {
    const [alpine, debian] = [base("docker.io/library/alpine:3", "a"), base("docker.io/library/debian:bookworm", "b")];
    bases("amd64", debian, alpine, debian);
    bases("arm64");
    expect(await push()).toMatchObject({ status: 0 });
    expect(annotations()).toEqual([{ "openshift-multiarch.bases": `${alpine};${debian}` }, { "openshift-multiarch.bases": "" }]);
    const first = read("results/digest");
    bases("amd64", alpine, debian);
    expect(await push(undefined, { RUN: "hello-fghij" })).toMatchObject({ status: 0 });
    expect(read("results/digest")).toBe(first);
  });

  it("says nothing of base images where nobody wrote them down, or not as names with digests", async () => {
    bases("arm64", base("quay.io/a/b:1", "a"), "quay.io/a/b:2");
    const { status, log } = await push();
    expect(status).toBe(0);
    expect(log).toContain("warning: 'members/arm64.bases' has a line that names no image: nothing is said about the base images for arm64");
    expect(annotations()).toEqual([undefined, undefined]);
  });
});
