import { execFileSync } from "node:child_process";
import { rmSync } from "node:fs";
import { beforeEach, describe, expect, it } from "vitest";
import { at, misbehaves, program, read, rights, run, write } from "./harness";
import { writeLayout } from "./images";
import { digests, manifest, pod, pushWith, registry, repository, tags } from "./pushing";
import { refusal, sha256 } from "./registry";

const commit = "0123456789abcdef0123456789abcdef01234567";
const settings = { URL: "https://git.example.com/hello.git" };
const identity = ["params.containerfile", "Containerfile"];

const find = (
  more: Record<string, string> = {},
  architectures = ["amd64", "arm64"],
  as?: readonly string[],
  decides = identity,
  images: string[] = [],
  templates: string[] = [],
) =>
  run(
    "find-built",
    {
      ...settings,
      IMAGE: `${repository()}:${tags.wanted}`,
      RUN: "hello-fghij",
      RESULT_COMMIT: at("results/commit"),
      RESULT_BRANCH: at("results/branch"),
      RESULT_KEY: at("results/key"),
      RESULT_FOUND: at("results/found"),
      RESULT_FOUND_MEMBERS: at("results/found-members"),
      ...more,
    },
    [
      ...["--architectures", ...architectures, "--identity", ...decides, "--images", ...images, "--tags", ...templates],
      ...["--insecure-registries", registry.host],
    ],
    60,
    as,
  );
const baseName = (name: string) => `${registry.host}/library/${name}`;
const index = (...layers: string[]) =>
  Buffer.from(
    JSON.stringify(
      { schemaVersion: 2, mediaType: "application/vnd.oci.image.index.v1+json", manifests: layers.map((digest) => ({ digest, size: 2 })) },
      null,
      2,
    ),
  );
/** Puts a manifest in the registry, as somebody else's push does, and gives its digest. */
function publish(name: string, content: Buffer, type = "application/vnd.oci.image.index.v1+json"): string {
  const [repositoryName, tag] = name.split(":");
  const digest = sha256(content);
  for (const reference of [tag, digest]) registry.manifests.set(`library/${repositoryName}:${reference}`, { type, content });
  return digest;
}
/** A base that is one image and no index. */
function publishImage(name: string, content: string): string {
  const digest = writeLayout("base", "amd64", content);
  const blob = (hex: string) => Buffer.from(read(`base/blobs/sha256/${hex.slice(7)}`));
  const image = blob(digest);
  const { config } = JSON.parse(image.toString());
  registry.blobs.set(config.digest, blob(config.digest));
  return publish(name, image, "application/vnd.oci.image.manifest.v1+json");
}

const found = () => ["found", "found-members"].map((name) => read(`results/${name}`));
const pushed = () => ["image", "members"].map((name) => read(`results/${name}`));

/** Builds and pushes, as a run does that found nothing. */
async function build() {
  await find();
  expect(await pushWith({}, { KEY: read("results/key") })).toMatchObject({ status: 0 });
  registry.requests.length = 0;
  registry.written.length = 0;
}
const expectNothing = async (result: Promise<{ status: number | null; log: string }>, line: RegExp) => {
  const { status, log } = await result;
  expect(log).toMatch(line);
  expect(log.trim().split("\n")).toHaveLength(1);
  expect(status).toBe(0);
  expect(found()).toEqual(["", ""]);
};

let debian: string;
beforeEach(() => {
  write("results/commit", `${commit}\n`);
  write("results/branch", "main");
  debian = publish("debian:bookworm", index(`sha256:${"1".repeat(64)}`));
  const alpine = publishImage("alpine:3", "one");
  write("pods/amd64/image.bases", `${baseName("debian:bookworm")}@${debian}\n${baseName("alpine:3")}@${alpine}\n`);
  write("pods/arm64/image.bases", `${baseName("debian:bookworm")}@${debian}\n${baseName("pinned")}@sha256:${"2".repeat(64)}\n`);
});

describe("find-built", () => {
  it("finds the index of an earlier run, by the digest that it has in the registry, and gives it this run's tags, the wanted one last, without sending a layer", async () => {
    await build();
    registry.manifests.delete("team/hello:latest");
    const { status, log } = await find({}, undefined, undefined, identity, [], ["v2", "{commit:7}-{branch}"]);
    expect(status).toBe(0);
    expect(log).toMatch(new RegExp(`find-built: commit ${commit} is built already: ${repository()}@${read("results/digest")}\n$`));
    expect(found()).toEqual(pushed());
    expect(registry.written).toEqual(["hello-fghij", "v2", "0123456-main", "latest"]);
    for (const tag of registry.written) expect(sha256(manifest(tag) as Buffer)).toBe(read("results/digest"));
    expect(registry.requests.filter((request) => request.startsWith("POST"))).toEqual([]);
  });

  it("writes nothing where the tags are there already", async () => {
    await build();
    const { status } = await find({ RUN: "" });
    expect(status).toBe(0);
    expect(found()).toEqual(pushed());
    expect(registry.requests.filter((request) => !/^(GET|HEAD) /.test(request))).toEqual([]);
  });

  it.each([
    ["a tag is refused", ["v2"], /^find-built: building: it is built already, but the registry does not take the tag v2$/m],
    ["a template gives no tag", ["v2/{branch}"], /^find-built: building: 'v2\/\{branch\}' gives 'v2\/main', which is no tag/m],
  ])("finds nothing when %s, and leaves the wanted tag as it is", async (_, templates, line) => {
    await build();
    registry.options = {
      refuse: (method, path) => (method === "PUT" && path.endsWith("/manifests/v2") ? refusal(403, "DENIED", "not for you") : undefined),
    };
    registry.manifests.delete("team/hello:latest");
    const { status, log } = await find({}, undefined, undefined, identity, [], templates);
    expect(log).toMatch(line);
    expect(status).toBe(0);
    expect(found()).toEqual(["", ""]);
    expect(registry.written).not.toContain("latest");
  });

  it.each([
    ["the task image's buildah", ""],
    ["Debian's buildah 1.28, which has its storage elsewhere then if it is not told twice", "CONTAINERS_CONF= exec /usr/bin/buildah"],
  ])("needs no right: a user without a capability looks, with %s", async (_, other) => {
    await build();
    if (other) program("buildah", `${other} "$@"`);
    rmSync(at("home"), { recursive: true }); // of root's push
    write("home/.keep", "");
    execFileSync("chown", ["-R", "65534:65534", at("home"), at("results")]);
    execFileSync("chmod", ["a+rx", at()]);
    const { log } = await find({}, undefined, rights.push);
    expect(log).toContain("is built already");
    expect(found()).toEqual(pushed());
  });

  it("finds nothing before the commit was built", async () => {
    await expectNothing(
      find(),
      /^find-built: building: commit 0123456789abcdef0123456789abcdef01234567 is not built with these settings yet\n$/,
    );
    expect(read("results/key")).toMatch(/^[0-9a-f]{40}$/);
  });

  describe("with an image that a step of the user's own runs in", () => {
    const keyWith = async (...images: string[]) => {
      const { log } = await find({}, undefined, undefined, identity, images);
      return { key: read("results/key"), log };
    };
    const golang = () => baseName("golang:1");

    it.each([
      ["an index", (content: string) => publish("golang:1", index(`sha256:${content.repeat(64)}`))],
      ["a single image", (content: string) => publishImage("golang:1", content)],
    ])("has another key when its tag names another one now, as %s", async (_, put) => {
      const none = (await keyWith()).key;
      put("3");
      const before = await keyWith(golang());
      expect(before.log).not.toContain("not known");
      expect((await keyWith(golang())).key).toBe(before.key);
      put("4");
      const after = await keyWith(golang());
      expect(new Set([none, before.key, after.key]).size).toBe(3);
    });

    it("finds nothing, and lets nothing be found, where the registry does not say what it is; of a digest it does not ask", async () => {
      const { key, log } = await keyWith(golang());
      expect(log).toBe(`find-built: building: what ${golang()} is today is not known\n`);
      registry.requests.length = 0;
      const pinned = await keyWith(`${baseName("golang")}@sha256:${"5".repeat(64)}`);
      expect(registry.requests.filter((request) => request.includes("golang"))).toEqual([]);
      expect(pinned.log).not.toContain("not known");
      expect([key, pinned.key]).toEqual(["", expect.stringMatching(/^[0-9a-f]{40}$/)]);
    });
  });

  it("finds nothing when the image is to be built anew, and gives the key under which the next run will find it", async () => {
    await build();
    const key = read("results/key");
    await expectNothing(find({ REBUILD: "2026-11-29" }), /^find-built: building: anew, as is asked for\n$/);
    expect(read("results/key")).toBe(key);
  });

  it("finds nothing where the sources keep their .git, which changes with every tag", async () => {
    await build();
    await expectNothing(
      find({ GIT_FOLDER: "true" }),
      /^find-built: building: the sources keep their \.git, which changes with every tag\n$/,
    );
  });

  it("looks for nothing where nobody asks: without an image, or without what decides what becomes of it", async () => {
    for (const nobody of [() => find({ IMAGE: "" }), () => find({}, undefined, undefined, [])]) {
      expect(await nobody()).toEqual({ status: 0, log: "" });
      expect([read("results/key"), ...found()]).toEqual(["", "", ""]);
    }
    expect(registry.requests).toEqual([]);
  });

  it("has another key for another commit, repository, setting or list of architectures, and the same for the same", async () => {
    const keys: string[] = [];
    const key = async (more?: Record<string, string>, architectures?: string[], decides?: string[]) => {
      await find(more, architectures, undefined, decides);
      keys.push(read("results/key"));
    };
    await key();
    await key({ URL: `${settings.URL}2` });
    await key(undefined, undefined, [...identity, ""]);
    await key(undefined, ["amd64"]);
    write("results/commit", "f".repeat(40));
    await key();
    expect(new Set(keys).size).toBe(5);
    write("results/commit", commit);
    await key({ IMAGE: `${repository()}:other` });
    expect(keys[5]).toBe(keys[0]);
  });

  it.each([
    ["index", () => publish("debian:bookworm", index(`sha256:${"3".repeat(64)}`)), "debian:bookworm"],
    ["image", () => publishImage("alpine:3", "two"), "alpine:3"],
    ["base that is gone", () => registry.manifests.delete("library/debian:bookworm"), "debian:bookworm"],
    ["index where an image was", () => publish("alpine:3", index()), "alpine:3"],
  ])("builds again when a base image is another one: %s", async (_, change, name) => {
    await build();
    change();
    await expectNothing(find(), new RegExp(`^find-built: building: the base image ${baseName(name)} is another one now`));
  });

  it("builds again when nobody knows what the image was built from", async () => {
    rmSync(at("pods/arm64/image.bases"));
    await build();
    await expectNothing(find(), /:built-\w+ lacks an image, or what it was built from$/m);
  });

  it("takes an image of no base at all", async () => {
    for (const architecture of ["amd64", "arm64"]) write(`${pod(architecture)}/image.bases`, "");
    await build();
    await find();
    expect(found()).toEqual(pushed());
  });

  it("builds again when a member is gone", async () => {
    await build();
    registry.manifests.delete(`team/hello:${digests.arm64}`);
    await expectNothing(find(), /:built-\w+ lacks an image/);
  });

  it("builds again when the index is for other architectures", async () => {
    await find();
    const key = read("results/key");
    expect(await pushWith({ architectures: ["amd64"] }, { KEY: key })).toMatchObject({ status: 0 });
    await expectNothing(find(), /:built-\w+ is for other architectures than amd64 arm64$/m);
  });

  it("builds again when an index claims a platform that its image does not have", async () => {
    await build();
    const tag = `team/hello:built-${read("results/key")}`;
    const lie = JSON.parse((registry.manifests.get(tag)?.content ?? "").toString());
    lie.manifests[1].digest = lie.manifests[0].digest;
    const content = Buffer.from(JSON.stringify(lie));
    for (const name of [tag, `team/hello:${sha256(content)}`]) registry.manifests.set(name, { type: lie.mediaType, content });
    await expectNothing(find(), /:built-\w+ (is not what its images make|lacks an image)/);
  });

  it.each([
    ["nobody answers", { IMAGE: "127.0.0.1:9/team/hello:latest" }, undefined, /connection refused/],
    [
      "the registry asks for a password",
      {},
      () => refusal(401, "UNAUTHORIZED", "who?", { "WWW-Authenticate": 'Basic realm="r"' }),
      /unauthorized|authentication required/i,
    ],
    ["the registry has trouble", {}, () => ({ status: 500, body: "disk on fire" }), /disk on fire|500/],
    [
      "the registry answers with a page",
      {},
      () => ({ status: 200, body: "<html>", headers: { "Content-Type": "text/html" } }),
      /building: /,
    ],
    ["the registry answers with nothing", {}, () => ({ status: 200, body: "{}" }), /building: /],
    ["there are no credentials where some should be", { DOCKERCONFIG: "/nowhere" }, undefined, /holds neither config.json/],
    ["the image has no tag", { IMAGE: "hello" }, undefined, /'hello' is not of the form repository:tag/],
    ["a variable is missing", { URL: "" }, undefined, /URL/],
  ])("finds nothing and fails nothing when %s", async (_, more, refuse, line) => {
    await build();
    registry.options = { refuse };
    const { status, log } = await find(more);
    expect(log).toMatch(line);
    expect(status).toBe(0);
    expect(found()).toEqual(["", ""]);
  });

  it.each([
    ["buildah is missing", () => program("buildah", "exit 127")],
    ["buildah says nothing", () => program("buildah", "exit 0")],
    ["a registry never answers", () => misbehaves("buildah", "*' manifest inspect '*", "sleep 600")],
    ["a storage cannot be written", () => misbehaves("buildah", "*' manifest create '*", "exit 125")],
    ["the commit is unknown", () => write("results/commit", "main")],
    ["sha256sum is missing", () => program("sha256sum", "exit 127")],
  ])("finds nothing and fails nothing when %s", async (_, spoil) => {
    await build();
    spoil();
    const { status, log } = await find({ PATIENCE: "2" });
    expect(log).toMatch(/^find-built: building: /m);
    expect(status).toBe(0);
    expect(found()).toEqual(["", ""]);
  });
});
