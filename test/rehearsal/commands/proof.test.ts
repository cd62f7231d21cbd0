import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { expectAnswer, membersOf, proofPod } from "../../../rehearsal/commands/proof";

describe("proof", () => {
  const member = (os: string, architecture: string) => ({ digest: `sha256:${architecture}`, platform: { os, architecture } });

  it("takes an index of exactly the two architectures", () => {
    expect(membersOf("x", { manifests: [member("linux", "arm64"), member("linux", "amd64")] })).toEqual([
      { architecture: "arm64", digest: "sha256:arm64" },
      { architecture: "amd64", digest: "sha256:amd64" },
    ]);
  });

  it.each([
    ["a single image", { mediaType: "application/vnd.oci.image.manifest.v1+json" }],
    ["one architecture", { manifests: [member("linux", "amd64")] }],
    ["one architecture twice", { manifests: [member("linux", "amd64"), member("linux", "amd64")] }],
  ])("refuses %s", (_, index) => expect(() => membersOf("x", index)).toThrow(/x: /));

  it("starts the image's own entry point as its own user, with nothing but --version", () => {
    const { spec } = proofPod("nodejs", "registry/nodejs@sha256:abc", "arm64");
    expect(spec.containers).toEqual([{ name: "proof", image: "registry/nodejs@sha256:abc", args: ["--version"] }]);
    expect(spec.nodeSelector).toEqual({ "kubernetes.io/arch": "arm64" });
  });

  it("takes only what an example prints on a machine of the member's architecture", () => {
    const node = (architecture: string) => JSON.stringify({ application: "a", version: "1", node: "v22", architecture, checksum: 7 });
    const java = (architecture: string) => `hello-quarkus on Java 21.0.9, architecture ${architecture}`;
    for (const [name, architecture, output] of [
      ["nodejs", "amd64", node("x64")],
      ["nodejs", "arm64", node("arm64")],
      ["quarkus", "amd64", `a warning\n${java("amd64")}`],
      ["quarkus", "arm64", java("aarch64")],
      ["htop", "arm64", "htop 3.2.2"],
    ]) {
      expect(() => expectAnswer(name, architecture, output)).not.toThrow();
    }
    for (const [name, architecture, output] of [
      ["nodejs", "arm64", node("x64")],
      ["nodejs", "amd64", node("arm64")],
      ["nodejs", "amd64", "v22.1.0"],
      ["quarkus", "arm64", java("amd64")],
      ["quarkus", "amd64", "openjdk version 21"],
      ["htop", "amd64", ""],
    ]) {
      expect(() => expectAnswer(name, architecture, output)).toThrow(`${name}: the container for ${architecture} printed`);
    }
  });

  it("knows an answer of every example: none passes by saying nothing", () => {
    for (const name of readdirSync(join(__dirname, "../../../examples"))) {
      for (const architecture of ["amd64", "arm64"]) expect(() => expectAnswer(name, architecture, "")).toThrow();
    }
  });
});
