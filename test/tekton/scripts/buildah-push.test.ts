import { execFileSync } from "node:child_process";
import { readFileSync, rmSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { at, calls, has, misbehaves, noted, read, rights, write } from "./harness";
import { insecure, writeLayout } from "./images";
import { digests, manifest, push, pushIndex, pushMember, registry, repository, tags, writtenTags } from "./pushing";
import { Registry, refusal, sha256 } from "./registry";

describe("buildah-push", () => {
  it("pushes one OCI index with all members, under the run's own tag first and the wanted tag last, and reports digests", async () => {
    expect(await push()).toMatchObject({ status: 0 });
    expect(writtenTags()).toEqual([tags.run, tags.wanted]);
    const index = manifest(tags.wanted) as Buffer;
    expect(JSON.parse(index.toString())).toMatchObject({
      mediaType: "application/vnd.oci.image.index.v1+json",
      manifests: [
        { digest: digests.amd64, platform: { architecture: "amd64", os: "linux" } },
        { digest: digests.arm64, platform: { architecture: "arm64", os: "linux" } },
      ],
    });
    expect(manifest(tags.run)).toEqual(index);
    for (const architecture of ["amd64", "arm64"]) expect(manifest(digests[architecture])).toBeDefined();
    expect(read("results/url")).toBe(`${repository()}:latest`);
    expect(read("results/digest")).toBe(sha256(index));
    expect(read("results/images")).toBe(`${repository()}@${digests.amd64},${repository()}@${digests.arm64}`);
  });

  it("needs no right: a user without a capability pushes", async () => {
    execFileSync("chown", ["-R", "65534:65534", at("home"), at("results"), at("shared")]);
    execFileSync("chmod", ["a+rx", at()]);
    const { status, log } = await push(undefined, {}, rights.push);
    expect(log).toContain(`${repository()}:latest is sha256:`);
    expect(status).toBe(0);
    expect(writtenTags()).toEqual([tags.run, tags.wanted]);
  });

  it("publishes nothing if the image for an architecture is another one's", async () => {
    writeLayout("pods/arm64/image", "amd64");
    expect((await push()).log).toContain("the image in 'members/arm64' is for linux/amd64, not for linux/arm64");
    expect(writtenTags()).toEqual([]);
  });

  it.each([
    ["was never pushed", () => rmSync(at("shared/members/arm64"), { recursive: true }), "there is no image for arm64 in 'members/arm64'"],
    ["is none", () => write("shared/members/arm64/index.json", ""), "'members/arm64' holds not exactly one image"],
    [
      "is cut off",
      () => write(`shared/members/arm64/blobs/sha256/${digests.arm64.slice(7)}`, '{"schema'),
      "the image in 'members/arm64' cannot be read",
    ],
  ])("publishes nothing if the image for an architecture %s", async (_, spoil, message) => {
    for (const architecture of ["amd64", "arm64"]) expect(await pushMember(architecture)).toMatchObject({ status: 0 });
    spoil();
    const result = await pushIndex({});
    expect(result).toMatchObject({ status: 1 });
    expect(result.log).toContain(message);
    expect(writtenTags()).toEqual([]);
    expect(has("results/digest")).toBe(false);
  });

  const put = (method: string, path: string) => method === "PUT" && path.includes("/manifests/");
  it.each([
    [
      "a wrong password",
      () => refusal(401, "UNAUTHORIZED", "invalid username or password", { "WWW-Authenticate": 'Basic realm="r"' }),
      /unauthorized|authentication required|invalid username/i,
    ],
    [
      "a right that is missing",
      (method: string) => (method === "POST" ? refusal(403, "DENIED", "requested access to the resource is denied") : undefined),
      /403|denied/,
    ],
    [
      "a full quota",
      (method: string, path: string) => (put(method, path) ? refusal(413, "QUOTA", "quota exceeded: 10.0 GiB of 10 GiB") : undefined),
      /quota exceeded: 10.0 GiB of 10 GiB/,
    ],
    [
      "an error of the server",
      (method: string) => (method === "PUT" || method === "POST" ? { status: 503, body: "storage backend is away" } : undefined),
      /503|storage backend is away/,
    ],
    [
      "an immutable tag",
      (method: string, path: string) =>
        put(method, path) && !path.includes("sha256:")
          ? refusal(400, "TAG_INVALID", "cannot be overwritten because the tag is immutable")
          : undefined,
      /the tag is immutable/,
    ],
  ])("shows the registry's own words about %s", async (_, refuse, words) => {
    registry.options = { refuse };
    const result = await push();
    expect(result.status).toBe(1);
    expect(result.log).toMatch(words);
    expect(result.log).toMatch(/^(?:push-member: cannot push the image for|buildah-push: the run's own tag is not set)/m);
    expect(writtenTags()).toEqual([]);
    expect(has("results/digest")).toBe(false);
  });

  it("shows that nobody answers, and that a certificate is not trusted", async () => {
    const away = new Registry();
    await away.start();
    const { host } = away;
    await away.stop();
    insecure(host);
    const refused = await push(undefined, { IMAGE: `${host}/team/hello:latest` });
    expect(refused.status).toBe(1);
    expect(refused.log).toContain("connection refused");

    const files = ["-keyout", at("key.pem"), "-out", at("cert.pem"), "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"];
    execFileSync("openssl", ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "1", ...files], {
      stdio: "pipe",
    });
    const secure = new Registry({ tls: { key: readFileSync(at("key.pem"), "utf8"), cert: readFileSync(at("cert.pem"), "utf8") } });
    await secure.start();
    const distrusted = await push(undefined, { IMAGE: `${secure.host}/team/hello:latest` });
    await secure.stop();
    expect(distrusted.status).toBe(1);
    expect(distrusted.log).toMatch(/x509: /);
  });

  it("goes on when the registry refuses once", async () => {
    let left = 1;
    registry.options = { refuse: (method) => (method === "POST" && left-- > 0 ? { status: 503, body: "busy" } : undefined) };
    expect(await push()).toMatchObject({ status: 0 });
    expect(read("results/digest")).toBe(sha256(manifest(tags.wanted) as Buffer));
  });

  it("succeeds when tried again in a registry with immutable tags, keeping the tags that have the digest", async () => {
    registry.options = {
      immutable: true,
      refuse: (method, path) => (put(method, path) && path.endsWith("/latest") ? { status: 503 } : undefined),
    };
    expect(await push()).toMatchObject({ status: 1 });
    expect(writtenTags()).toEqual([tags.run]);
    registry.options = { immutable: true };
    const again = await push();
    expect(again).toMatchObject({ status: 0 });
    expect(again.log).toContain(`${repository()}:${tags.run} has this image already`);
    expect(writtenTags()).toEqual([tags.run, tags.wanted]);
    expect(await push()).toMatchObject({ status: 0 });
    expect(writtenTags()).toEqual([tags.run, tags.wanted]);
  });

  it("does not take a tag that has another image for its own", async () => {
    expect(await push()).toMatchObject({ status: 0 });
    const first = read("results/digest");
    digests.arm64 = writeLayout("pods/arm64/image", "arm64", "other");
    expect(await push(undefined, { RUN: "hello-fghij" })).toMatchObject({ status: 0 });
    expect(read("results/digest")).not.toBe(first);
    expect(sha256(manifest("latest") as Buffer)).toBe(read("results/digest"));
    expect(sha256(manifest(tags.run) as Buffer)).toBe(first);
  });

  it.each([
    [
      "other platforms",
      `printf '{"manifests":[{"digest":"x","platform":{"architecture":"amd64","os":"linux"}}]}'`,
      "with the platforms linux/amd64, not linux/amd64 linux/arm64",
    ],
    ["other images", `"$real" "$@" | sed 's/${"sha256:"}[0-9a-f]\\{8\\}/sha256:00000000/'`, "with other images than"],
    ["nothing", "exit 0", "with the platforms , not"],
    ["an error", "echo gone >&2; exit 125", "does not give back"],
  ])("does not move the wanted tag if the registry gives back %s", async (_, body, message) => {
    misbehaves("buildah", "*' manifest inspect '*@*", body);
    const result = await push();
    expect(result).toMatchObject({ status: 1 });
    expect(result.log).toContain(message);
    expect(writtenTags()).toEqual([tags.run]);
  });

  it.each([
    [
      "a push that says nothing and pushes nothing",
      "*' --digestfile '*docker://*",
      "exit 0",
      "the run's own tag is not set, so nothing is published",
    ],
    [
      "half a digest",
      "*' --digestfile '*docker://*",
      `while [[ $1 != --digestfile ]]; do shift; done; printf sha256:ab >"$2"`,
      " got the digest sha256:ab, not sha256:",
    ],
    ["an index that cannot be made", "*' manifest create '*", "exit 1", ""],
    ["an image that is not added", "*' manifest add '*", "exit 0", "is for nothing, not for linux/amd64"],
    ["an empty inspection", "*' manifest inspect '*", "exit 0", "is for nothing, not for linux/amd64"],
    ["an inspection that fails", "*' manifest inspect '*", "exit 1", "buildah-push: the index cannot be read\n"],
  ])("never reports success after %s", async (_, when, body, message) => {
    for (const architecture of ["amd64", "arm64"]) expect(await pushMember(architecture)).toMatchObject({ status: 0 });
    misbehaves("buildah", when, body);
    const result = await pushIndex({});
    expect(result.status).toBe(1);
    expect(result.log).toMatch(/^buildah-push: /m);
    expect(result.log).toContain(message);
    expect(has("results/digest")).toBe(false);
  });

  it.each(["config.json", ".dockerconfigjson"])("takes registry credentials from the key %s", async (key) => {
    const auth = Buffer.from("builder:hunter2").toString("base64");
    registry.options = {
      refuse: (_method, _path, headers) =>
        headers.authorization === `Basic ${auth}`
          ? undefined
          : refusal(401, "UNAUTHORIZED", "who?", { "WWW-Authenticate": 'Basic realm="r"' }),
    };
    expect(await push()).toMatchObject({ status: 1 });
    write(`credentials/${key}`, JSON.stringify({ auths: { [registry.host]: { auth } } }));
    const result = await push(undefined, { DOCKERCONFIG: at("credentials") });
    expect(result).toMatchObject({ status: 0 });
    expect(result.log).not.toContain(auth);
  });

  it("refuses a workspace of credentials without them, or with an empty file", async () => {
    expect((await push(undefined, { DOCKERCONFIG: at("home") })).log).toContain("holds neither config.json nor .dockerconfigjson");
    write("credentials/config.json", "");
    expect((await push(undefined, { DOCKERCONFIG: at("credentials") })).log).toContain(
      "config.json of the workspace dockerconfig is empty",
    );
  });

  it.each(["registry.example.com:5000/hello", "hello@sha256:abc"])("refuses %s, which has no tag", async (image) => {
    noted("buildah");
    expect((await push(undefined, { IMAGE: image })).log).toContain("not of the form repository:tag");
    expect(calls()).toEqual([]);
  });

  it("takes the architectures in any order, but not none", async () => {
    expect(await push(["arm64", "amd64"])).toMatchObject({ status: 0 });
    expect(await push([])).toEqual({ status: 1, log: "buildah-push: no architecture given\n" });
  });

  it("makes the index without asking for images that no tag leads to yet, which OpenShift's own registry gives to nobody", async () => {
    const tagged = () => registry.written.some((name) => !name.startsWith("sha256:"));
    registry.options = {
      refuse: (method, path) =>
        /^(?:GET|HEAD)$/.test(method) && path.includes("/manifests/sha256:") && !tagged()
          ? refusal(404, "MANIFEST_UNKNOWN", "manifest unknown")
          : undefined,
    };
    expect(await push()).toMatchObject({ status: 0 });
    expect(writtenTags()).toEqual([tags.run, tags.wanted]);
  });

  it("asks the registry, not its own storage, for what was pushed", async () => {
    registry.options = {
      refuse: (method, path) =>
        method !== "PUT" && path.endsWith(`manifests/${index()}`) ? refusal(404, "MANIFEST_UNKNOWN", "gone") : undefined,
    };
    const index = () => (registry.written.includes(tags.run) ? sha256(manifest(tags.run) as Buffer) : "");
    const result = await push();
    expect(result).toMatchObject({ status: 1 });
    expect(result.log).toContain(`the registry does not give back ${repository()}@${index()}`);
    expect(writtenTags()).toEqual([tags.run]);
  });
});
