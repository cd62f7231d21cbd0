import { randomBytes } from "node:crypto";
import { beforeEach, describe, expect, it } from "vitest";
import { app, build, buildah, containerfile, here, layout, makeImage, other, sampleApp, withBase, withRegistry } from "./build";
import { has, misbehaves, rights } from "./harness";
import { shellFiles } from "./images";
import { refusal } from "./registry";

beforeEach(sampleApp);

describe("buildah-build with a buildah that misbehaves", () => {
  it.each([
    ["builds nothing and says it did", "*' build --isolation '*", "exit 0"],
    ["lists no images", "*' images '*", "exit 0"],
    ["cannot list images", "*' images '*", "exit 1"],
    ["knows no architecture", "*' inspect '*Architecture*", "exit 0"],
    ["writes no layout", "*' push '*", "exit 0"],
    [
      "writes half a layout",
      "*' push '*",
      `d=\${!#}; d=\${d#oci:}; d=\${d%:result}; mkdir -p "$d"; echo '{"manifests":[{"dig' >"$d/index.json"`,
    ],
    ["cannot write the layout", "*' push '*", "echo 'no space left on device' >&2; exit 125"],
    [
      "gives half a layer",
      "*' push '*",
      `"$real" "$@"; d=\${!#}; d=\${d#oci:}; d=\${d%:result}; f=$(find "$d/blobs" -type f -printf '%s %p\\n' | sort -n | tail -n 1 | cut -d ' ' -f 2); truncate -s 20 "$f"`,
      `buildah-build: the image for ${here} cannot be read`,
    ],
  ])("fails with a message if it %s", async (_, when, body, message = "buildah-build: ") => {
    app("big", randomBytes(4000));
    containerfile("FROM scratch", "COPY big /big", 'CMD ["/big"]');
    misbehaves("buildah", when, body);
    const { status, log } = await build();
    expect(status).not.toBe(0);
    expect(log).toMatch(/^buildah-build: /m);
    expect(log).toContain(message);
    expect(has(layout)).toBe(false);
  });
});

describe("buildah-build of a Containerfile that fails", () => {
  const lastLines = (log: string) => log.trim().split("\n").slice(-3);
  const fails = (command: string) =>
    containerfile("FROM scratch", "COPY root /", `RUN ["/bin/bash", "-c", "${command}"]`, "COPY file /never");
  beforeEach(() => shellFiles("sources/tree/app/root"));

  it("ends with buildah's last words, the architecture and the instruction", async () => {
    fails("echo what the command says; exit 3");
    const { status, log } = await build();
    expect(status).toBe(1);
    expect(log).toContain("what the command says");
    expect(lastLines(log).at(-2)).toMatch(/^buildah-build: cause: .*exit status 3$/);
    expect(lastLines(log).at(-1)).toBe(
      `buildah-build: the build of 'app/Containerfile' for ${here} failed at: RUN ["/bin/bash", "-c", "echo what the command says; exit 3"]`,
    );
  });

  it.each([
    ["killed", "kill -9 $$", "a process was killed, as the kernel does at the step's memory limit"],
    ["told that the volume is full", "echo 'write: No space left on device' >&2; exit 1", "a volume of the build is full"],
    ["stopped as its file grows beyond the storage, holes included", "truncate -s 2G /lastlog", "a file grew beyond 1073741824 bytes"],
  ])("says what to do where a command is %s", async (_, command, message) => {
    fails(command);
    const { status, log } = await build({ FILE_LIMIT: "1073741824" }, { as: rights.build });
    expect(status).toBe(1);
    expect(lastLines(log).at(-2)).toContain(message);
    expect(lastLines(log).at(-1)).toContain("failed at: RUN");
    expect(has(layout)).toBe(false);
  });

  it("says so when buildah itself is killed", async () => {
    misbehaves("buildah", "*' build --isolation '*", "kill -9 $$");
    expect((await build()).log).toContain("a process was killed, as the kernel does at the step's memory limit");
  });
});

describe("buildah-build of a Containerfile that asks for what there is not", () => {
  const failed = async (more: Record<string, string> = {}) => {
    const { status, log } = await build(more);
    expect(status).toBe(1);
    return log;
  };

  it("names the stages that there are where the target is none of them", async () => {
    containerfile(
      "FROM scratch AS builder",
      "COPY file /file",
      "from scratch as run-time",
      "COPY file /file",
      "FROM scratch",
      "COPY file /",
    );
    expect(await failed({ TARGET: "runtime" })).toContain(
      "buildah-build: the Containerfile has no stage 'runtime', but builder run-time: change the build's target\n",
    );
    containerfile("FROM scratch", "COPY file /file");
    expect(await failed({ TARGET: "runtime" })).toContain("has no stage 'runtime', but names none (FROM ... AS NAME)");
  });

  it("says what to do where the base image's index lacks the architecture", async () => {
    await withRegistry(async (host) => {
      makeImage("localhost/part", other, []);
      await buildah("manifest", "create", "list");
      await buildah("manifest", "add", "list", "containers-storage:localhost/part");
      for (const format of ["oci", "v2s2"]) {
        await buildah("manifest", "push", "--all", "--tls-verify=false", "--format", format, "list", `docker://${host}/base:${format}`);
        containerfile(`FROM ${host}/base:${format}`, "COPY file /file");
        expect(await failed()).toContain(`buildah-build: name a base image in FROM that exists for ${here} too, a tag that is an index`);
      }
    });
  });

  it.each([
    ["wants a user", refusal(401, "UNAUTHORIZED", "authentication required"), "does not give a base image to this build: its name in FROM"],
    ["refuses the user", refusal(403, "DENIED", "requested access to the resource is denied"), "does not give a base image to this build"],
    ["does not have it", refusal(404, "MANIFEST_UNKNOWN", "manifest unknown"), "a base image does not exist under the name"],
  ])("says what to do where the base image's registry %s", async (_, answer, message) => {
    await withBase(here, [], async (base, registry) => {
      registry.options = { refuse: (_method, path) => (path.includes("/manifests/") ? answer : undefined) };
      containerfile(`FROM ${base}`, "COPY file /file");
      expect(await failed()).toContain(message);
    });
  });

  it("says what to do where a registry has counted enough", async () => {
    // docker.io's words; buildah itself waits for minutes between its tries.
    const last = "toomanyrequests: You have reached your unauthenticated pull rate limit. https://www.docker.com/increase-rate-limit";
    const words = `Error: initializing source docker://alpine:3.19: reading manifest 3.19 in docker.io/library/alpine: ${last}`;
    misbehaves("buildah", "*' build --isolation '*", `echo '${words}' >&2; exit 125`);
    expect(await failed()).toContain("give it an entry in the registry credentials");
  });

  it("blames no registry for what a command says", async () => {
    shellFiles("sources/tree/app/root");
    containerfile("FROM scratch", "COPY root /", 'RUN ["/bin/bash", "-c", "echo reading manifest: access denied >&2; exit 1"]');
    expect(await failed()).not.toMatch(/a base image/);
  });
});
