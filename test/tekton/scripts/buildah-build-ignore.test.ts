import { execFileSync } from "node:child_process";
import { beforeEach, describe, expect, it } from "vitest";
import { app, build, containerfile, paths, sampleApp } from "./build";
import { at } from "./harness";

beforeEach(sampleApp);

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
      execFileSync("rm", [at("sources/tree/app", file)]);
    }
  });

  it("lets the file rule alone where the pipeline has made nothing", async () => {
    app(".dockerignore", "node_modules");
    expect(await build({ GENERATED: "" })).toMatchObject({ status: 0 });
    expect(paths().filter((path) => path?.includes("node_modules/dep"))).toEqual([]);
  });
});
