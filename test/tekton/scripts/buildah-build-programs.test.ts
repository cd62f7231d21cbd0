import { execFileSync } from "node:child_process";
import { mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { app, build, containerfile, here, layout, other, sampleApp, withBase } from "./build";
import { at, has, write } from "./harness";
import { elf, machines, shellFiles, types, writeBlobs } from "./images";

beforeEach(sampleApp);

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
    symlinkSync("../usr/bin/../bin/wrong", at("sources/tree/app/link/relative"));
    symlinkSync("/app", at("sources/tree/app/link/opt"));
    symlinkSync("loop", at("sources/tree/app/link/loop"));
    mkdirSync(at("files/usr"), { recursive: true });
    for (const [from, to] of [
      ["bin", "files/usr/bin"],
      ["app", "files/app"],
    ])
      execFileSync("cp", ["-a", at("sources/tree/app", from), at(to)]);
    execFileSync("cp", ["-a", `${at("sources/tree/app/link")}/.`, at("files")]);
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
    expect(has(layout)).toBe(false);
  });

  /** What is found for a command line, without building an image for each. */
  function found(argv: string[], folder = "/", path = "/usr/local/bin:/usr/bin") {
    const sources = ["lib.sh", "buildah-build/programs.sh"].map((file) => `source ${join(__dirname, "../../../tekton/steps", file)}`);
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
