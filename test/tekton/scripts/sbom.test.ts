import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { places } from "../../../rehearsal/machine/places";
import { at, calls, has, program, read, run, write } from "./harness";
import { writeLayout } from "./images";

const sbom = (more: Record<string, string> = {}) =>
  run("sbom", { LAYOUT: "layouts/amd64", IMAGE: "registry.example.com:5000/team/hello:1.0", TIMESTAMP: "1714979289", ...more });
const file = "shared/layouts/amd64.sbom.json";

/** What syft 1.57.1 prints, shortened: one line, a number by chance in the namespace, the time of now. A package has a time of its own. */
const printed = (uuid: string, created: string) =>
  `{"spdxVersion":"SPDX-2.3","name":"hello","documentNamespace":"https://anchore.com/syft/image/hello-${uuid}","creationInfo":{"creators":["Tool: syft-1.57.1"],"created":"${created}"},"packages":[{"name":"a","comment":"\\"created\\":\\"2001-01-01T00:00:00Z\\""}]}`;

let digest: string;
beforeEach(() => {
  digest = writeLayout("shared/layouts/amd64", "amd64");
});

describe("sbom", () => {
  it("writes the image's digest and the commit's time in place of what is by chance, and nothing else", async () => {
    program("syft", `printf '%s\\n' '${printed("a0b51099-7aa3-452d-889b-1bde822a31d5", "2026-11-29T15:06:45Z")}'`);
    expect(await sbom()).toMatchObject({ status: 0, log: "layouts/amd64.sbom.json lists what is in the image\n" });
    const expected = printed("x", "2024-05-06T07:08:09Z").replace(
      "https://anchore.com/syft/image/hello-x",
      `https://spdx.org/spdxdocs/hello-${digest.slice(7)}`,
    );
    expect(read(file)).toBe(`${expected}\n`);
    expect(calls()).toEqual([`syft scan --quiet --source-name hello --output spdx-json oci-dir:${at("shared/layouts/amd64")}`]);
  });

  it.each([
    ["fails", "exit 1"],
    ["is missing", "exit 127"],
    ["fails after half of a document", `printf '%s' '${printed("a", "b").slice(0, 150)}'; exit 2`],
    ["prints nothing", "exit 0"],
    ["prints another format", `echo '{"bomFormat":"CycloneDX"}'`],
  ])("warns and leaves no document if syft %s", async (_, body) => {
    write(file, "of an earlier try");
    program("syft", body);
    const { status, log } = await sbom();
    expect(log).toContain("sbom: warning: syft cannot list what is in 'layouts/amd64': the image has no SBOM");
    expect(status).toBe(0);
    expect([has(file), has(`${file}.tmp`)]).toEqual([false, false]);
  });

  it("refuses a layout without exactly one image", async () => {
    write("shared/layouts/amd64/index.json", "{}");
    expect(await sbom()).toEqual({ status: 1, log: "sbom: 'layouts/amd64' holds not exactly one image\n" });
  });

  // The toolchain of the rehearsal has syft.
  it.skipIf(!existsSync(join(places.bin, "syft")))(
    "makes the same document twice with the real syft, and one that it can read",
    async () => {
      program("syft", `exec ${join(places.bin, "syft")} "$@"`);
      expect(await sbom()).toMatchObject({ status: 0 });
      const first = read(file);
      expect(JSON.parse(first)).toMatchObject({
        name: "hello",
        documentNamespace: `https://spdx.org/spdxdocs/hello-${digest.slice(7)}`,
        creationInfo: { created: "2024-05-06T07:08:09Z" },
        packages: [{ name: "hello", versionInfo: digest }],
      });
      expect(await sbom()).toMatchObject({ status: 0 });
      expect(read(file)).toBe(first);
      const converted = execFileSync(join(places.bin, "syft"), ["convert", at(file), "-o", "cyclonedx-json"], { encoding: "utf8" });
      expect(JSON.parse(converted).bomFormat).toBe("CycloneDX");
    },
  );
});
