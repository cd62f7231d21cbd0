import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { places } from "../../../rehearsal/machine/places";
import { sources } from "../../../tekton/steps/shared";
import { defaultTaskImages } from "../../../tekton/task-images";
import { tasks } from "../../../tekton/tasks";
import { at, read, rights, write } from "./harness";
import { type Architecture, writeImage } from "./images";
import { attachedTo, digests, pod, pushIndex, pushMember, repository } from "./pushing";

/** The toolchain of the rehearsal has the version that the default image has. */
const syft = join(places.bin, "syft");
const step = tasks(defaultTaskImages)
  .flatMap(({ spec }) => spec.steps)
  .find(({ name }) => name === "sbom");

/** Runs the step's command, with its environment alone, and the rights that it has on OpenShift. */
function scan(architecture: Architecture) {
  const filled = (text: string) =>
    [
      ["$(params.member)", `members/${architecture}`],
      ["$(workspaces.shared.path)", at("shared")],
      [sources.mountPath, at(pod(architecture))],
    ].reduce((filled, [from, to]) => filled.replaceAll(from, to), text);
  const [, ...words] = [...(step?.command ?? []), ...(step?.args ?? [])].map(filled);
  const env = Object.fromEntries((step?.env ?? []).map(({ name, value }) => [name, filled(value).replace("/home/build", at("home"))]));
  const [program = "", ...before] = process.getuid?.() === 0 ? [...rights.push, syft] : [syft];
  execFileSync(program, [...before, ...words], { env, stdio: "pipe" });
}

interface Package {
  readonly name: string;
  readonly versionInfo: string;
}
const packagesOf = (document: string): string[] =>
  JSON.parse(document).packages.map(({ name, versionInfo }: Package) => `${name} ${versionInfo}`);

/** The step that makes the folder of the lists runs as the same user. */
const asPushed = process.getuid?.() === 0 ? rights.push : undefined;

/** What Debian's and npm's programs leave of what they install. */
function writeFiles(): void {
  write("files/etc/os-release", 'ID=debian\nVERSION_ID="12"\n');
  write("files/var/lib/dpkg/status", "Package: htop\nStatus: install ok installed\nArchitecture: amd64\nVersion: 3.2.2-2\n\n");
  write("files/app/node_modules/ms/package.json", JSON.stringify({ name: "ms", version: "2.1.3", license: "MIT" }));
}

describe.skipIf(!existsSync(syft))("the step sbom with the real syft", () => {
  beforeEach(() => {
    writeFiles();
    const layer = execFileSync("tar", ["--create", "--sort=name", "--mtime=@0", "--directory", at("files"), "."]);
    digests.amd64 = writeImage("pods/amd64/image", "amd64", layer);
    for (const folder of ["", "home", "shared", "results"]) execFileSync("chmod", ["0777", at(folder)]);
    if (asPushed) execFileSync("chown", ["-R", "65534:65534", at("home")]);
  });

  it("lists packages of the image, and the push attaches the list as it is under the image's name", async () => {
    expect(await pushMember("amd64", {}, {}, asPushed)).toMatchObject({ status: 0 });
    scan("amd64");
    const written = read("shared/members/amd64.sbom.json");
    expect(packagesOf(written)).toEqual(expect.arrayContaining(["htop 3.2.2-2", "ms 2.1.3", `members/amd64 ${digests.amd64}`]));
    expect(await pushIndex({ architectures: ["amd64"] }, { SBOM: "true" }, asPushed)).toMatchObject({ status: 0 });
    const attached = attachedTo(digests.amd64);
    expect(JSON.parse(attached)).toEqual({
      ...JSON.parse(written),
      name: repository(),
      documentNamespace: expect.stringMatching(/^https:\/\/spdx\.org\/spdxdocs\/hello-[0-9a-f]{64}$/),
      creationInfo: { ...JSON.parse(written).creationInfo, created: "2024-05-06T07:08:09Z" },
      packages: JSON.parse(written).packages.map((one: Package) => (one.name === "members/amd64" ? { ...one, name: repository() } : one)),
    });
  });

  it("attaches one document for an image that is looked at twice", async () => {
    for (const _ of ["first", "second"]) {
      expect(await pushMember("amd64", {}, {}, asPushed)).toMatchObject({ status: 0 });
      scan("amd64");
      expect(await pushIndex({ architectures: ["amd64"] }, { SBOM: "true" }, asPushed)).toMatchObject({ status: 0 });
    }
    expect(packagesOf(attachedTo(digests.amd64))).toContain("htop 3.2.2-2");
  });

  it("leaves an empty file, or none, of what is no image", () => {
    write("pods/arm64/image/index.json", "{}");
    expect(() => scan("arm64")).toThrow("pods/arm64/image");
    const file = at("shared/members/arm64.sbom.json");
    expect(existsSync(file) ? readFileSync(file, "utf8") : "").toBe("");
  });
});
