import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

let work: string;
const at = (...parts: string[]) => join(work, ...parts);
const write = (path: string, content: string) => {
  mkdirSync(dirname(at(path)), { recursive: true });
  writeFileSync(at(path), content);
};
const read = (path: string) => readFileSync(at(path), "utf8");

/** A program that stands first on PATH; every call is added to the file `calls`. */
function stub(name: string, body: string): void {
  write(`bin/${name}`, `#!/usr/bin/env bash\necho "${name} $*" >>"${at("calls")}"\n${body}\n`);
  chmodSync(at("bin", name), 0o755);
}
const calls = () => (existsSync(at("calls")) ? read("calls").trim().split("\n") : []);

/** Runs the script of a task with only what the Task gives it in its environment. */
function run(task: string, environment: Record<string, string>, args: string[] = []) {
  const script = join(__dirname, "../../tekton/tasks", task, `${task}.sh`);
  const result = spawnSync("bash", [script, ...args], {
    encoding: "utf8",
    env: { PATH: `${at("bin")}:${process.env.PATH}`, HOME: at("home"), SHARED: at("shared"), ...environment },
  });
  return { status: result.status, log: result.stdout + result.stderr };
}

beforeEach(() => {
  work = mkdtempSync(join(tmpdir(), "tasks-"));
  for (const folder of ["bin", "home", "shared", "results"]) mkdirSync(at(folder));
});
afterEach(() => rmSync(work, { recursive: true, force: true }));

describe("git-clone", () => {
  const git = (...args: string[]) =>
    execFileSync("git", ["-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false", ...args], {
      cwd: at("origin"),
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, GIT_CONFIG_GLOBAL: "/dev/null", GIT_COMMITTER_DATE: "2024-05-02T10:00:00Z" },
    }).trim();
  const commit = (text: string) => {
    write("origin/app/file", text);
    git("add", "-A");
    git("commit", "-q", "-m", text);
    return git("rev-parse", "HEAD");
  };
  const clone = (revision: string, folders: string[], url = `file://${at("origin")}`) =>
    run(
      "git-clone",
      {
        URL: url,
        REVISION: revision,
        RESULT_COMMIT: at("results/commit"),
        RESULT_URL: at("results/url"),
        RESULT_TIMESTAMP: at("results/timestamp"),
      },
      folders,
    );
  let first: string;
  let second: string;

  beforeEach(() => {
    mkdirSync(at("origin"));
    git("init", "-q", "-b", "main");
    first = commit("one");
    git("tag", "v1");
    second = commit("two");
  });

  it("lays the same commit into every folder, without the history", () => {
    expect(clone("main", ["source/amd64", "source/arm64"])).toMatchObject({ status: 0 });
    for (const architecture of ["amd64", "arm64"]) {
      expect(read(`shared/source/${architecture}/app/file`)).toBe("two");
      expect(existsSync(at("shared/source", architecture, ".git"))).toBe(false);
    }
    expect(read("results/commit")).toBe(second);
    expect(read("results/url")).toBe(`file://${at("origin")}`);
    expect(read("results/timestamp")).toBe("1714644000");
  });

  it.each([
    ["a tag", () => "v1"],
    ["a commit", () => first],
    ["a short commit id", () => first.slice(0, 10)],
  ])("takes %s as revision", (_, revision) => {
    expect(clone(revision(), ["source"])).toMatchObject({ status: 0 });
    expect(read("results/commit")).toBe(first);
    expect(read("shared/source/app/file")).toBe("one");
  });

  it("clears what an earlier try has left", () => {
    write("shared/source/stale", "");
    write("shared/source.tmp/half", "");
    expect(clone("main", ["source"])).toMatchObject({ status: 0 });
    expect(existsSync(at("shared/source/stale"))).toBe(false);
    expect(existsSync(at("shared/source.tmp"))).toBe(false);
  });

  it("names an unknown revision, and leaves no source folder", () => {
    const result = clone("nowhere", ["source"]);
    expect(result.status).toBe(1);
    expect(result.log).toContain("has no branch, tag or commit 'nowhere'");
    expect(existsSync(at("shared/source"))).toBe(false);
  });

  it("names a repository that cannot be reached", () => {
    expect(clone("main", ["source"], `file://${at("nothing")}`).log).toContain(`cannot fetch from file://${at("nothing")}`);
  });

  it.each(["--upload-pack=touch pwned", "a..b", "", "a b"])("refuses the revision %j", (revision) => {
    expect(clone(revision, ["source"])).toMatchObject({ status: 1 });
  });

  it.each(["../outside", "/absolute", "a/../../b", ""])("refuses the folder %j", (folder) => {
    expect(clone("main", [folder]).log).toContain("not a plain path");
  });

  it("does not execute what a parameter holds", () => {
    expect(clone(`$(touch ${at("pwned")})`, ["source"]).status).toBe(1);
    expect(existsSync(at("pwned"))).toBe(false);
  });
});

describe("npm-build", () => {
  const environment = { SOURCE: "source/arm64", CONTEXT: "app" };
  beforeEach(() => {
    stub("npm", `env | grep -i '^npm_config\\|^NODE_ENV' | sort >"${at("settings")}"; pwd >"${at("folder")}"`);
    write("shared/source/arm64/app/package-lock.json", "{}");
  });

  it("installs the locked run-time dependencies in the context of its source folder", () => {
    expect(run("npm-build", environment)).toMatchObject({ status: 0 });
    expect(calls()).toEqual(["npm ci --omit=dev --no-audit --no-fund"]);
    expect(read("folder").trim()).toBe(at("shared/source/arm64/app"));
    expect(read("settings")).toContain("NODE_ENV=production");
    expect(read("settings")).not.toContain("USERCONFIG");
  });

  it("uses the .npmrc of the workspace, if there is one", () => {
    write("npmrc/.npmrc", "");
    expect(run("npm-build", { ...environment, NPMRC: at("npmrc") })).toMatchObject({ status: 0 });
    expect(read("settings")).toContain(`NPM_CONFIG_USERCONFIG=${at("npmrc/.npmrc")}`);
  });

  it("refuses a context without a lock file, a missing context, and a workspace without .npmrc", () => {
    rmSync(at("shared/source/arm64/app/package-lock.json"));
    expect(run("npm-build", environment).log).toContain("has no package-lock.json");
    expect(run("npm-build", { ...environment, CONTEXT: "nowhere" }).log).toContain("no folder 'nowhere'");
    write("shared/source/arm64/app/package-lock.json", "{}");
    expect(run("npm-build", { ...environment, NPMRC: at("home") }).log).toContain("no file .npmrc");
    expect(calls()).toEqual([]);
  });
});

describe("maven-package", () => {
  const environment = { SOURCE: "source", CONTEXT: "." };
  beforeEach(() => {
    stub("mvn", "");
    write("shared/source/pom.xml", "");
  });

  it("packages with a repository in the writable home", () => {
    expect(run("maven-package", environment)).toMatchObject({ status: 0 });
    expect(calls()).toEqual([
      `mvn --batch-mode --no-transfer-progress -Duser.home=${at("home")} -Dmaven.repo.local=${at("home")}/.m2/repository package`,
    ]);
  });

  it("uses the settings.xml of the workspace, if there is one", () => {
    write("settings/settings.xml", "");
    expect(run("maven-package", { ...environment, MAVEN_SETTINGS: at("settings") })).toMatchObject({ status: 0 });
    expect(calls()[0]).toContain(`--settings ${at("settings/settings.xml")} package`);
  });

  it("refuses a folder without pom.xml", () => {
    rmSync(at("shared/source/pom.xml"));
    expect(run("maven-package", environment).log).toContain("has no pom.xml");
  });
});

describe("buildah-build", () => {
  const environment = () => ({
    SOURCE: "source",
    CONTEXT: "app",
    CONTAINERFILE: "Containerfile",
    ARCHITECTURE: "arm64",
    LAYOUT: "layouts/arm64",
    COMMIT: "c0ffee",
    URL: "https://example.com/hello.git",
    TIMESTAMP: "1714644000",
    CONTAINERS: at("containers"),
  });
  /** buildah with a storage of one base image and the result. */
  const buildah = ({ overlay = true, base = "arm64", build = 0, help = "" } = {}) =>
    stub(
      "buildah",
      `case $1 in
      from) echo working-container ;;
      copy) [[ $STORAGE_DRIVER == vfs ]] || exit ${overlay ? 0 : 1} ;;
      images) echo sha256:base; echo sha256:result ;;
      inspect) if [[ \${!#} == sha256:base ]]; then echo "${base} example.com/base:1"; else echo "arm64 "; fi ;;
      build) if [[ $2 == --help ]]; then echo "${help}"; else echo "driver $STORAGE_DRIVER auth \${REGISTRY_AUTH_FILE:-none}" >>"${at("calls")}"; exit ${build}; fi ;;
      push) d=\${4#oci:}; d=\${d%:result}; mkdir -p "$d/blobs"; echo '{}' >"$d/index.json" ;;
      esac`,
    );
  const build = (more: Record<string, string> = {}) => run("buildah-build", { ...environment(), ...more });
  const buildCall = () => calls().find((call) => call.startsWith("buildah build --isolation"));

  beforeEach(() => write("shared/source/app/Containerfile", "FROM base"));

  it("builds for the platform it is told, unprivileged and reproducibly, with the Containerfile of the context", () => {
    buildah();
    expect(build()).toMatchObject({ status: 0 });
    const call = buildCall();
    for (const part of ["--isolation chroot", "--platform linux/arm64", "--timestamp 1714644000"]) expect(call).toContain(part);
    expect(call).toContain(`--file ${at("shared/source/app/Containerfile")}`);
    expect(call).toContain("--label org.opencontainers.image.revision=c0ffee");
    expect(call?.endsWith(at("shared/source/app"))).toBe(true);
    expect(call).not.toContain("--retry");
  });

  it("leaves a whole layout and no trace of an unfinished one", () => {
    buildah();
    write("shared/layouts/arm64.tmp/half", "");
    write("shared/layouts/arm64/stale", "");
    expect(build()).toMatchObject({ status: 0 });
    expect(calls()).toContain(`buildah push --quiet result oci:${at("shared/layouts/arm64.tmp")}:result`);
    expect(existsSync(at("shared/layouts/arm64/index.json"))).toBe(true);
    expect(existsSync(at("shared/layouts/arm64/stale"))).toBe(false);
    expect(existsSync(at("shared/layouts/arm64.tmp"))).toBe(false);
  });

  it("stores with overlay where it can be mounted, else with vfs", () => {
    buildah();
    build();
    expect(calls()).toContain("driver overlay auth none");
    buildah({ overlay: false });
    expect(build().log).toContain("storage: vfs");
    expect(calls()).toContain("driver vfs auth none");
  });

  it("lets newer buildahs retry", () => {
    buildah({ help: "--retry int" });
    build();
    expect(buildCall()).toContain("--retry 3");
  });

  it("refuses a base image of another architecture, and leaves no layout", () => {
    buildah({ base: "amd64" });
    write("shared/layouts/arm64/index.json", "of an earlier try");
    const result = build();
    expect(result.status).toBe(1);
    expect(result.log).toContain("image example.com/base:1 is for amd64, not for arm64");
    expect(existsSync(at("shared/layouts/arm64"))).toBe(false);
  });

  it("says so if a failed build had a base image of another architecture", () => {
    buildah({ base: "amd64", build: 1 });
    const result = build();
    expect(result.status).toBe(1);
    expect(result.log).toContain("is for amd64, not for arm64");
    expect(result.log).toContain("the build of 'app/Containerfile' for arm64 failed");
  });

  it.each(["config.json", ".dockerconfigjson"])("takes registry credentials from the key %s", (key) => {
    buildah();
    write(`credentials/${key}`, "{}");
    expect(build({ DOCKERCONFIG: at("credentials") })).toMatchObject({ status: 0 });
    expect(calls()).toContain(`driver overlay auth ${at("credentials", key)}`);
  });

  it("names what is missing: the context, the Containerfile, the credentials' file", () => {
    buildah();
    expect(build({ CONTEXT: "nowhere" }).log).toContain("no folder 'nowhere'");
    expect(build({ CONTAINERFILE: "Other" }).log).toContain("no file 'Other'");
    expect(build({ DOCKERCONFIG: at("home") }).log).toContain("neither config.json nor .dockerconfigjson");
    expect(buildCall()).toBeUndefined();
  });
});

describe("buildah-push", () => {
  const digest = (letter: string) => `sha256:${letter.repeat(64)}`;
  const layout = (architecture: string, letter: string) =>
    write(`shared/layouts/${architecture}/index.json`, `{"schemaVersion":2,"manifests":[{"digest":"${digest(letter)}","size":1}]}`);
  /** buildah whose index takes its platforms from the files `platform-<layout>`; the registry shows `remote` if given. */
  const buildah = ({ remote = "", failPushOf = "" } = {}) =>
    stub(
      "buildah",
      `shift 2; printf '%s\\n' "\${REGISTRY_AUTH_FILE:-none}" >"${at("auth")}"
      entry() { printf '        {\\n "digest": "x",\\n "platform": {\\n "architecture": "%s",\\n "os": "linux"\\n }\\n },\\n' "$1"; }
      case "$1 $2" in
      "manifest rm") rm -f "${at("list")}" ;;
      "manifest create") : >"${at("list")}" ;;
      "manifest add") l=\${4#oci:}; l=\${l%:result}; cat "${work}/platform-\${l##*/}" >>"${at("list")}" ;;
      "manifest inspect")
        if [[ $3 == *@* && -n "${remote}" ]]; then for p in ${remote}; do entry "$p"; done
        else while read -r p; do entry "$p"; done <"${at("list")}"; fi ;;
      "manifest push")
        [[ \${!#} != *"${failPushOf || "nothing"}" ]] || exit 1
        while [[ $1 != --digestfile ]]; do shift; done; printf '${digest("d")}' >"$2" ;;
      esac`,
    );
  const push = (architectures = ["amd64", "arm64"], more: Record<string, string> = {}) =>
    run(
      "buildah-push",
      {
        LAYOUTS: "layouts",
        IMAGE: "registry.example.com:5000/team/hello:latest",
        RUN: "hello-abcde",
        RESULT_IMAGE_URL: at("results/url"),
        RESULT_IMAGE_DIGEST: at("results/digest"),
        RESULT_IMAGES: at("results/images"),
        ...more,
      },
      architectures,
    );
  const pushes = () =>
    calls()
      .filter((call) => call.includes("manifest push"))
      .map((call) => call.split(" ").at(-1));

  beforeEach(() => {
    layout("amd64", "a");
    layout("arm64", "b");
    write("platform-amd64", "amd64\n");
    write("platform-arm64", "arm64\n");
  });

  it("pushes one index, under the run's own tag first and the wanted tag last, and reports digests", () => {
    buildah();
    expect(push()).toMatchObject({ status: 0 });
    expect(pushes()).toEqual([
      "docker://registry.example.com:5000/team/hello:hello-abcde",
      "docker://registry.example.com:5000/team/hello:latest",
    ]);
    expect(read("results/url")).toBe("registry.example.com:5000/team/hello:latest");
    expect(read("results/digest")).toBe(digest("d"));
    expect(read("results/images")).toBe(
      `registry.example.com:5000/team/hello@${digest("a")},registry.example.com:5000/team/hello@${digest("b")}`,
    );
  });

  it("publishes nothing if a layout holds another architecture's image", () => {
    buildah();
    write("platform-arm64", "amd64\n");
    expect(push().log).toContain("'layouts/arm64' is for linux/amd64, not for linux/arm64");
    expect(pushes()).toEqual([]);
  });

  it("publishes nothing if a layout is missing or holds more than one image", () => {
    buildah();
    write("shared/layouts/arm64/index.json", `{"manifests":[{"digest":"${digest("a")}"},{"digest":"${digest("b")}"}]}`);
    expect(push().log).toContain("not exactly one image");
    rmSync(at("shared/layouts/arm64"), { recursive: true });
    expect(push().log).toContain("no image for arm64");
    expect(pushes()).toEqual([]);
  });

  it("does not move the wanted tag if the registry gives back other platforms, or the first push fails", () => {
    buildah({ remote: "amd64" });
    expect(push()).toMatchObject({ status: 1 });
    expect(pushes()).toEqual(["docker://registry.example.com:5000/team/hello:hello-abcde"]);
    buildah({ failPushOf: "hello-abcde" });
    expect(push()).toMatchObject({ status: 1 });
    expect(pushes().filter((reference) => reference?.endsWith(":latest"))).toEqual([]);
    expect(existsSync(at("results/digest"))).toBe(false);
  });

  it.each(["config.json", ".dockerconfigjson"])("takes registry credentials from the key %s", (key) => {
    buildah();
    write(`credentials/${key}`, "{}");
    expect(push(undefined, { DOCKERCONFIG: at("credentials") })).toMatchObject({ status: 0 });
    expect(read("auth").trim()).toBe(at("credentials", key));
  });

  it.each(["registry.example.com:5000/hello", "hello@sha256:abc"])("refuses %s, which has no tag", (image) => {
    buildah();
    expect(push(undefined, { IMAGE: image }).log).toContain("not of the form repository:tag");
  });
});
