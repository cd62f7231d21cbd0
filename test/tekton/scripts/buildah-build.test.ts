import { execFile, execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { beforeEach, describe, expect, it } from "vitest";
import { asVolumeOfFsGroup, at, calls, has, misbehaves, noted, rights, run, setgid, write } from "./harness";
import { type Architecture, elf, insecure, layoutOf, machines, shellFiles, types, writeBlobs } from "./images";
import { Registry } from "./registry";

/** The architecture that a RUN of these tests can be run on. */
const here: Architecture = process.arch === "arm64" ? "arm64" : "amd64";
const other: Architecture = here === "amd64" ? "arm64" : "amd64";
const app = (file: string, content: string | Buffer, mode?: number) => write(`shared/source/app/${file}`, content, mode);
const containerfile = (...lines: string[]) => app("Containerfile", `${lines.join("\n")}\n`);

const build = (more: Record<string, string> = {}, as?: readonly string[]) =>
  run(
    "buildah-build",
    {
      SOURCE: "source",
      CONTEXT: "app",
      CONTAINERFILE: "Containerfile",
      ARCHITECTURE: here,
      LAYOUT: `layouts/${here}`,
      COMMIT: "c0ffee",
      URL: "https://example.com/hello.git",
      TIMESTAMP: "1714644000",
      CONTAINERS: at("containers"),
      ...more,
    },
    [],
    60,
    as,
  );
const layout = (architecture: string = here) => `shared/layouts/${architecture}`;
const result = () => layoutOf(layout());
/** Paths of the image's files; folders end with a slash. */
const paths = () => result().files.map((line) => line.split(" ").at(-1));

/** A base to build from: a registry's image of one architecture. */
async function withBase(architecture: Architecture, lines: string[], work: (base: string) => Promise<void>): Promise<void> {
  const registry = new Registry();
  await registry.start();
  try {
    insecure(registry.host);
    const base = `${registry.host}/base:1`;
    write("base/Containerfile", ["FROM scratch", "COPY Containerfile /base", ...lines].join("\n"));
    const storage = ["--root", at("base-storage"), "--runroot", at("base-run"), "--storage-driver", "vfs"];
    const image = ["--format", "docker", "--platform", `linux/${architecture}`, "--tag", base];
    execFileSync("buildah", [...storage, "build", "--isolation", "chroot", ...image, at("base")], { stdio: "pipe" });
    // Not execFileSync: the registry is in this process.
    await promisify(execFile)("buildah", [...storage, "push", "--tls-verify=false", base]);
    await work(base);
  } finally {
    await registry.stop();
  }
}

beforeEach(() => {
  app("file", "content");
  containerfile("FROM scratch", "COPY file /file");
});

describe("buildah-build", () => {
  it("writes a whole OCI layout for the platform it is told, with labels and the commit's time, and no trace of an earlier try", async () => {
    write(`${layout(other)}.tmp/half`, "");
    write(`${layout(other)}/stale`, "");
    const { status, log } = await build({ ARCHITECTURE: other, LAYOUT: `layouts/${other}` });
    expect(status).toBe(0);
    expect(log).toMatch(new RegExp(`^building for linux/${other} with buildah version \\d`, "m"));
    expect(log).toMatch(new RegExp(`^wrote layouts/${other} \\(\\d+K\\)$`, "m"));
    const { manifest, config, files } = layoutOf(layout(other));
    expect(manifest.config.mediaType).toBe("application/vnd.oci.image.config.v1+json");
    expect(config).toMatchObject({ os: "linux", architecture: other, created: "2024-05-02T10:00:00Z" });
    expect(config.config.Labels).toMatchObject({
      "org.opencontainers.image.revision": "c0ffee",
      "org.opencontainers.image.source": "https://example.com/hello.git",
    });
    expect(files.filter((line) => line.endsWith(" file"))).toEqual([expect.stringContaining("2024-05-02 10:00 file")]);
    expect(has(`${layout(other)}/stale`)).toBe(false);
    expect(has(`${layout(other)}.tmp`)).toBe(false);
  });

  it("lets the push task's user read the layout, whatever umask the pod has", async () => {
    misbehaves("buildah", "*' push '*", `umask 077; exec "$real" "$@"`);
    expect(await build()).toMatchObject({ status: 0 });
    expect(execFileSync("find", [at(layout()), "!", "-perm", "-o=r"], { encoding: "utf8" })).toBe("");
  });

  it("gives the same image in a pod with an fsGroup as without one: no folder is setgid", async () => {
    shellFiles("shared/source/app/root");
    containerfile("FROM scratch", "COPY root /", "COPY file /copied/file", 'RUN ["/bin/mkdir", "-p", "/made/below", "/bin/below"]');
    expect(await build()).toMatchObject({ status: 0 });
    const { digest } = result();
    asVolumeOfFsGroup("volume");
    asVolumeOfFsGroup("home");
    expect(await build({ CONTAINERS: at("volume") })).toMatchObject({ status: 0 });
    expect(result().files.filter((line) => /^...[sS]|^......[sS]/.test(line))).toEqual([]);
    expect(result().digest).toBe(digest);
    expect(setgid("volume").filter((path) => path === at("volume"))).toEqual([]);
  });

  it("gives the same image with just the rights of its pod on OpenShift", async () => {
    shellFiles("shared/source/app/root");
    containerfile("FROM scratch", "COPY root /", 'RUN ["/bin/mkdir", "/made"]', 'CMD ["/bin/bash"]');
    expect(await build()).toMatchObject({ status: 0 });
    const { digest } = result();
    asVolumeOfFsGroup("volume");
    const { status, log } = await build({ CONTAINERS: at("volume") }, rights.build);
    expect(log).not.toContain("warning:");
    expect(status).toBe(0);
    expect(result().digest).toBe(digest);
  });

  it("runs a RUN in a pod that may open fewer files than buildah asks for", async () => {
    shellFiles("shared/source/app/root");
    containerfile("FROM scratch", "COPY root /", 'RUN ["/bin/bash", "-c", "(( $(ulimit -Hn) <= 4096 ))"]');
    const { status, log } = await build({ CONTAINERS_CONF: "/dev/null" }, [
      "prlimit",
      "--nofile=4096:4096",
      "--nproc=60000:60000",
      ...rights.build,
    ]);
    expect(log).not.toContain("operation not permitted");
    expect(status).toBe(0);
  });

  it("keeps SHELL in force: a broken pipe under pipefail fails the build", async () => {
    shellFiles("shared/source/app/root");
    const shell = ["FROM scratch", "COPY root /", 'SHELL ["/bin/bash", "-o", "pipefail", "-c"]'];
    containerfile(...shell, "RUN exit 3 | cat");
    const broken = await build();
    expect(broken.status).toBe(1);
    expect(broken.log).toContain(`the build of 'app/Containerfile' for ${here} failed`);
    expect(has(layout())).toBe(false);
    containerfile(...shell, "RUN exit 0 | cat");
    expect(await build()).toMatchObject({ status: 0 });
  });

  it("warns of what an OCI image cannot hold, in the Containerfile or inherited, and of nothing else", async () => {
    containerfile("FROM scratch", "COPY file /", "HEALTHCHECK CMD true", "ONBUILD RUN true");
    const { log } = await build();
    expect(log).toContain("buildah-build: warning: HEALTHCHECK is not in the image");
    expect(log).toContain("buildah-build: warning: ONBUILD is not in the image");
    containerfile("FROM scratch", "COPY file /");
    expect((await build()).log).not.toContain("warning:");
    await withBase(here, ["HEALTHCHECK CMD true"], async (base) => {
      containerfile(`FROM ${base}`, "COPY file /");
      expect((await build()).log).toContain("warning: HEALTHCHECK is not in the image");
    });
  });

  it("stores with overlay where it can be mounted, else with vfs", async () => {
    misbehaves("buildah", "*' from scratch '*", '[[ $STORAGE_DRIVER == vfs ]] && exec "$real" "$@"; echo "no overlay here" >&2; exit 125');
    const { status, log } = await build();
    expect(status).toBe(0);
    expect(log).toContain("storage: vfs (overlay: no overlay here)");
    expect(has("containers/vfs")).toBe(true);
  });

  it("refuses a base image of another architecture, and leaves no layout", async () => {
    await withBase(other, [], async (base) => {
      containerfile(`FROM ${base}`, "COPY file /");
      write(`${layout()}/index.json`, "of an earlier try");
      const { status, log } = await build();
      expect(status).toBe(1);
      expect(log).toContain(`image ${base} is for ${other}, not for ${here}`);
      expect(has(layout())).toBe(false);

      containerfile(`FROM ${base}`, "RUN true");
      const failed = await build();
      expect(failed.log).toContain(`image ${base} is for ${other}, not for ${here}`);
      expect(failed.log).toContain(`the build of 'app/Containerfile' for ${here} failed`);
    });
  });

  it("names what is missing, and a name that is meant: the context, the Containerfile, the credentials' file", async () => {
    noted("buildah");
    app("Dockerfile", "FROM scratch");
    expect((await build({ CONTEXT: "nowhere" })).log).toContain("the repository has no folder 'nowhere'");
    expect((await build({ CONTEXT: "App" })).log).toContain("the repository has no folder 'App', but 'app'");
    expect((await build({ CONTAINERFILE: "Other" })).log).toContain("no file 'Other', but 'Containerfile' 'Dockerfile'");
    expect((await build({ DOCKERCONFIG: at("home") })).log).toContain("neither config.json nor .dockerconfigjson");
    expect(calls()).toEqual([]);
  });

  it("does not build from what a link of the repository leads to in the pod", async () => {
    noted("buildah");
    write("secret/config.json", "FROM hunter2");
    symlinkSync(at("secret"), at("shared/source/out"));
    symlinkSync(at("secret/config.json"), at("shared/source/app/Linked"));
    const outsides: Record<string, string>[] = [
      { CONTEXT: "out", CONTAINERFILE: "config.json" },
      { CONTAINERFILE: "Linked" },
      { CONTEXT: "../../secret", CONTAINERFILE: "config.json" },
    ];
    for (const outside of outsides) {
      const { status, log } = await build(outside);
      expect(status).toBe(1);
      expect(log).toContain("leads out of the repository");
      expect(log).not.toContain("hunter2");
    }
    expect(calls()).toEqual([]);
    symlinkSync("Containerfile", at("shared/source/app/Inside"));
    expect(await build({ CONTAINERFILE: "Inside" })).toMatchObject({ status: 0 });
  });

  it.each(["config.json", ".dockerconfigjson"])("takes registry credentials from the key %s", async (key) => {
    write(`credentials/${key}`, "{}");
    misbehaves("buildah", "*' build --isolation '*", `echo "auth $REGISTRY_AUTH_FILE" >&2; exec "$real" "$@"`);
    expect((await build({ DOCKERCONFIG: at("credentials") })).log).toContain(`auth ${at("credentials", key)}`);
  });
});

describe("buildah-build and the ignore file", () => {
  beforeEach(() => {
    app("node_modules/dep/index.js", "");
    app("node_modules/dep/dist/deep.js", "");
    app("node_modules/dep/README.md", "");
    app("secret.env", "");
    app("notes.md", "");
    containerfile("FROM scratch", "COPY . /app/");
  });
  const generated = { GENERATED: "node_modules" };
  const installed = ["app/node_modules/dep/index.js", "app/node_modules/dep/dist/deep.js", "app/node_modules/dep/README.md"];

  it.each([
    [".dockerignore", "node_modules\n*.env\n**/*.md\n**/dist"],
    [".containerignore", "**/node_modules/**\n*.env\n**/*.md"],
    ["Containerfile.dockerignore", "/node_modules/\nsecret.env\n*.md"],
    ["Containerfile.containerignore", "node_modules\n*\n!file"],
  ])("keeps what the pipeline has installed, and leaves out the rest of what %s names", async (file, patterns) => {
    app(file, patterns);
    const { status, log } = await build(generated);
    expect(status).toBe(0);
    expect(log).toContain(`${file} does not hold for node_modules`);
    expect(paths()).toEqual(expect.arrayContaining([...installed, "app/file"]));
    expect(paths()).not.toContain("app/secret.env");
    expect(paths()).not.toContain("app/notes.md");
  });

  it("takes the same file as buildah does when there are several", async () => {
    const files = ["Containerfile.dockerignore", "Containerfile.containerignore", ".containerignore", ".dockerignore"];
    for (const [index, file] of files.entries()) {
      for (const later of files.slice(index)) app(later, later === file ? "secret.env" : "file");
      // Without GENERATED, buildah chooses by itself.
      expect(await build()).toMatchObject({ status: 0 });
      const own = paths().filter((path) => !path?.includes("ignore"));
      expect(own).not.toContain("app/secret.env");
      expect(await build(generated)).toMatchObject({ status: 0 });
      expect(paths().filter((path) => !path?.includes("ignore"))).toEqual(own);
      execFileSync("rm", [at("shared/source/app", file)]);
    }
  });

  it("lets the file rule alone where the pipeline has made nothing", async () => {
    app(".dockerignore", "node_modules");
    expect(await build({ GENERATED: "" })).toMatchObject({ status: 0 });
    expect(paths().filter((path) => path?.includes("node_modules/dep"))).toEqual([]);
  });
});

describe("buildah-build and programs for another machine", () => {
  const starts = (...lines: string[]) => containerfile("FROM scratch", "COPY bin /usr/bin/", "COPY app /app/", "COPY link /", ...lines);
  const wrong = elf(machines[other]);
  const right = elf(machines[here]);

  beforeEach(() => {
    app("bin/right", right, 0o755);
    app("bin/wrong", wrong, 0o755);
    app("bin/sh", right, 0o755);
    app("bin/env", right, 0o755);
    app("app/server", wrong, 0o755);
    app("app/start.sh", "#!/usr/bin/sh\nexec right", 0o755);
    app("app/by-wrong", "#! /usr/bin/wrong -x\n", 0o755);
    app("app/by-env", "#!/usr/bin/env -S A=b wrong --flag\n", 0o755);
    app("app/by-script", "#!/app/by-wrong\n", 0o755);
    app("app/data", "text");
    app("app/filter.o", elf(machines.ebpf, false, types.relocatable));
    app("app/big-endian.o", elf(machines.s390x, true, types.relocatable));
    app("link/keep", "");
    symlinkSync("../usr/bin/../bin/wrong", at("shared/source/app/link/relative"));
    symlinkSync("/app", at("shared/source/app/link/opt"));
    symlinkSync("loop", at("shared/source/app/link/loop"));
    mkdirSync(at("files/usr"), { recursive: true });
    for (const [from, to] of [
      ["bin", "files/usr/bin"],
      ["app", "files/app"],
    ])
      execFileSync("cp", ["-a", at("shared/source/app", from), at(to)]);
    execFileSync("cp", ["-a", `${at("shared/source/app/link")}/.`, at("files")]);
    execFileSync("ln", [at("files/app/server"), at("files/app/hard")]);
    write("files/usr/bin/replaced", wrong);
    write("files/usr/bin/removed", wrong);
    write("files/usr/local/bin/removed", right);
    write("upper/usr/bin/replaced", right);
    write("upper/usr/bin/.wh.removed", "");
    write("upper/opt2/server", wrong);
  });

  it("fails the build, with the program's name, where the image's own PATH and WORKDIR lead to one", async () => {
    starts("ENV PATH=/nowhere:bin", "WORKDIR /usr", 'ENTRYPOINT ["right"]', 'CMD ["../app/server"]');
    const { status, log } = await build();
    expect(log).toContain(`buildah-build: /app/server is a program for ${other}`);
    expect(log).toContain(`the image starts a program that is not for ${here}`);
    expect(status).toBe(1);
    expect(has(layout())).toBe(false);
  });

  /** What is found for a command line, without building an image for each. */
  function found(argv: string[], folder = "/", path = "/usr/local/bin:/usr/bin") {
    const sources = ["lib.sh", "buildah-build/programs.sh"].map((file) => `source ${join(__dirname, "../../../tekton/tasks", file)}`);
    const check = `check_programs "$@" && printf '%s\\n' "\${wrong[@]}"`;
    const layer = execFileSync("tar", ["--create", "--gzip", "--directory", at("files"), "."], { encoding: "buffer" });
    const upper = execFileSync("tar", ["--create", "--gzip", "--directory", at("upper"), "opt2", "usr"], { encoding: "buffer" });
    const [manifest] = writeBlobs("layout", [layer, upper]);
    return execFileSync(
      "bash",
      ["-euo", "pipefail", "-c", `task=t; ${sources.join("; ")}; ${check}`, "check", at("layout"), manifest, here, folder, path, ...argv],
      { encoding: "utf8", env: { PATH: process.env.PATH, HOME: at("home") }, stdio: ["ignore", "pipe", "pipe"] },
    ).trim();
  }
  it.each<[string, string[], string, string?, string?]>([
    ["an absolute path", ["/app/server"], "/app/server is"],
    ["a name on PATH", ["wrong"], "/usr/bin/wrong is"],
    ["a name on a PATH of its own", ["server"], "/app/server is", "/", "/nowhere:/app"],
    ["a name on a relative PATH", ["server"], "/app/server is", "/app", "."],
    ["a path relative to WORKDIR", ["./server"], "/app/server is", "/app"],
    ["a command behind a right entry point", ["right", "/app/server", "--port=80"], "/app/server is"],
    ["a link", ["/relative"], "/usr/bin/wrong is"],
    ["a hard link", ["/app/hard"], "/app/hard is"],
    ["a folder that is a link", ["/opt/server"], "/app/server is"],
    ["a file of the layer above", ["/opt2/server"], "/opt2/server is"],
    ["a script's interpreter", ["/app/by-wrong"], "/usr/bin/wrong (for /app/by-wrong) is"],
    ["a script's interpreter by env", ["/app/by-env"], "/usr/bin/wrong (for /app/by-env) is"],
    ["a script's script", ["/app/by-script"], "/usr/bin/wrong (for /app/by-wrong) (for /app/by-script) is"],
    ["a shell's command line", ["/usr/bin/sh", "-c", "A=b exec ./server --port $PORT"], "/app/server is", "/app"],
    ["another shell's command line", ["sh", "-o", "pipefail", "-ec", "wrong | cat"], "/usr/bin/wrong is"],
  ])("finds it as %s", (_, argv, message, folder, path) => {
    const output = found(argv, folder, path);
    if (argv[0] === "/app/hard") expect(output).toMatch(new RegExp(`^/app/(hard|server) is a program for ${other}$`));
    else expect(output).toBe(`${message} a program for ${other}`);
  });

  it.each<[string, string[]]>([
    ["a right program", ["right"]],
    ["a script with a right interpreter", ["/app/start.sh", "serve"]],
    ["a file without a machine", ["/app/data"]],
    ["files that are no programs, such as those of eBPF", ["right", "/app/filter.o", "/app/big-endian.o"]],
    ["a link to itself", ["/loop"]],
    ["wrong programs that are not started", ["right", "--", "/app"]],
    ["a wrong program that a layer above has replaced", ["/usr/bin/replaced"]],
    ["a wrong program that a layer above has removed", ["removed"]],
    ["a shell's own word", ["sh", "-c", '"$X" && cd /app; wrong']],
  ])("finds nothing in %s", (_, argv) => {
    expect(found(argv, "/", "/usr/bin:/usr/local/bin")).toBe("");
  });

  it("builds an image that starts nothing, and one with a right program", async () => {
    for (const line of ['CMD ["right"]', "LABEL a=b"]) {
      starts(line);
      const { status, log } = await build();
      expect(log).not.toContain("warning");
      expect(status).toBe(0);
    }
  });

  it("finds programs in layers below, and what a layer above has put in their place or removed", async () => {
    shellFiles("base/root");
    await withBase(here, ["COPY root /", 'RUN ["/bin/mkdir", "/gone"]'], async (base) => {
      containerfile(`FROM ${base}`, "COPY app/server /bin/cat", 'ENTRYPOINT ["/bin/bash"]');
      expect(await build()).toMatchObject({ status: 0 });
      containerfile(`FROM ${base}`, "COPY app/server /bin/cat", 'ENTRYPOINT ["/bin/cat"]');
      expect((await build()).log).toContain(`/bin/cat is a program for ${other}`);
    });
  });

  it.each([
    [386, here === "amd64" ? "" : "386"],
    ["arm", "arm"],
    ["s390x", "s390x"],
  ] as const)("knows programs for %s", (machine, name) => {
    write("files/usr/bin/right", elf(machines[machine], machine === "s390x"));
    expect(found(["right"])).toBe(name && `/usr/bin/right is a program for ${name}`);
  });

  it("warns if the image does not have what it starts", async () => {
    starts('ENTRYPOINT ["rihgt"]', 'CMD ["serve"]');
    const { status, log } = await build();
    expect(log).toContain("warning: the image has no file 'rihgt', which it starts");
    expect(status).toBe(0);
  });
});

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
      "buildah-build: the image in 'layouts/",
    ],
  ])("fails with a message if it %s", async (_, when, body, message = "buildah-build: ") => {
    app("big", randomBytes(4000));
    containerfile("FROM scratch", "COPY big /big", 'CMD ["/big"]');
    misbehaves("buildah", when, body);
    const { status, log } = await build();
    expect(status).not.toBe(0);
    expect(log).toMatch(/^buildah-build: /m);
    expect(log).toContain(message);
    expect(has(layout())).toBe(false);
  });
});
