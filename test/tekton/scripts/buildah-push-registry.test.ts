import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { createServer } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { at, read, run, write } from "./harness";
import { pod, pushWith } from "./pushing";

/** Debian's registry, as the rehearsal has it: without the referrers API. */
let registry: ChildProcess;
let host: string;
const freePort = () =>
  new Promise<number>((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
const get = async (path: string) =>
  fetch(`http://${host}/v2/${path}`, {
    headers: { Accept: "application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json" },
  });
const tagsOf = async () => ((await (await get("team/hello/tags/list")).json()) as { tags: string[] }).tags.toSorted();

beforeEach(async () => {
  host = `127.0.0.1:${await freePort()}`;
  write("registry.yml", `version: 0.1\nlog: {level: error}\nstorage: {inmemory: {}}\nhttp: {addr: "${host}"}\n`);
  registry = spawn("docker-registry", ["serve", at("registry.yml")], { stdio: "ignore" });
  for (let tries = 0; tries < 100; tries++) {
    if (
      await get("").then(
        ({ ok }) => ok,
        () => false,
      )
    )
      return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error("the registry does not start");
});
afterEach(() => registry.kill());

const missing = (() => {
  try {
    execFileSync("docker-registry", ["--help"], { stdio: "ignore" });
    return false;
  } catch {
    return true;
  }
})();

describe.skipIf(missing)("buildah-push and find-built with Debian's registry", () => {
  const commit = "0123456789abcdef0123456789abcdef01234567";
  const environment = () => ({ IMAGE: `${host}/team/hello:latest`, COMMIT: commit, BRANCH: "main" });

  it("pushes, and finds the commit again with the same digest", async () => {
    write("results/commit", commit);
    write("results/branch", "main");
    for (const architecture of ["amd64", "arm64"]) {
      write(`${pod(architecture)}/image.bases`, "");
    }
    const find = (...tags: string[]) =>
      run(
        "find-built",
        {
          ...environment(),
          URL: "https://git.example.com/hello.git",
          RUN: "hello-fghij",
          ...{ RESULT_COMMIT: at("results/commit"), RESULT_BRANCH: at("results/branch"), RESULT_KEY: at("results/key") },
          ...{ RESULT_FOUND: at("results/found"), RESULT_FOUND_MEMBERS: at("results/found-members") },
        },
        ["--architectures", "amd64", "arm64", "--identity", "all", "--tags", ...tags, "--insecure-registries", host],
      );
    expect((await find()).log).toContain("is not built with these settings yet");
    const key = read("results/key");
    const lists = { tags: ["{commit:7}", "{branch}"], insecureRegistries: [host] };
    expect(await pushWith(lists, { ...environment(), KEY: key })).toMatchObject({ status: 0 });
    const digest = read("results/digest");
    expect(await tagsOf()).toEqual(["0123456", `built-${key}`, "hello-abcde", "latest", "main"].toSorted());

    await find("v2");
    expect(["found", "found-members"].map((name) => read(`results/${name}`))).toEqual(
      ["image", "members"].map((name) => read(`results/${name}`)),
    );
    for (const tag of ["hello-fghij", "v2"])
      expect((await get(`team/hello/manifests/${tag}`)).headers.get("docker-content-digest")).toBe(digest);
  });
});
