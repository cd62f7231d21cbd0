import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { installation } from "../../../rehearsal/machine/packages";

const folder = join(__dirname, "../../../rehearsal/aws");
const requirements = readFileSync(join(folder, "requirements.txt"), "utf8")
  .replaceAll("\\\n", "")
  .split("\n")
  .filter((line) => line !== "" && !line.startsWith("#"));

describe("the emulator's Python packages", () => {
  it("are pinned to a version and to hashes, every one, and come from no named place", () => {
    expect(requirements.length).toBeGreaterThan(50);
    for (const line of requirements) expect(line).toMatch(/^[a-z0-9-]+==\S+( +--hash=sha256:[0-9a-f]{64})+$/);
  });

  it("include what is asked for", () => {
    const wanted = readFileSync(join(folder, "requirements.in"), "utf8").match(/^[a-z][a-z0-9-]*/gm);
    expect(wanted).toEqual(["moto", "regex"]);
    for (const name of wanted ?? []) expect(requirements.some((line) => line.startsWith(`${name}==`))).toBe(true);
  });

  it("are installed with their hashes checked", () => {
    expect(readFileSync(join(__dirname, "../../../rehearsal/machine/packages.ts"), "utf8")).toContain(
      '"--require-hashes", "--requirement", requirements',
    );
  });
});

describe("the installation of Debian's packages", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "packages-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  /** Runs the command with an apt-get and a systemctl that note how they are called, and end with these codes. */
  function runs(
    missing: string[],
    systemd: boolean,
    codes: { apt: number; systemctl: number },
  ): { status: number | null; calls: string[] } {
    const notes = join(folder, "calls");
    for (const [name, code] of [
      ["apt-get", codes.apt],
      ["systemctl", codes.systemctl],
    ] as const)
      writeFileSync(join(folder, name), `#!/bin/sh\necho "${name} $*" >>${notes}\nexit ${code}\n`, { mode: 0o755 });
    const [file = "", ...args] = installation(missing, ["apt-get", "-qq"], systemd);
    const { status } = spawnSync(file, args, { env: { PATH: `${folder}:${process.env.PATH}` } });
    return { status, calls: existsSync(notes) ? readFileSync(notes, "utf8").trim().split("\n") : [] };
  }
  const apt = "apt-get -qq install -y --no-install-recommends";

  it("keeps the services of what it installs from starting with the machine, also where one of them is not there", () => {
    expect(runs(["git", "nginx-light", "docker-registry"], true, { apt: 0, systemctl: 1 })).toEqual({
      status: 0,
      calls: [`${apt} git nginx-light docker-registry`, "systemctl disable nginx.service", "systemctl disable docker-registry.service"],
    });
  });

  it("leaves alone the services of what was there before, and those of a machine without systemd", () => {
    expect(runs(["git"], true, { apt: 0, systemctl: 0 }).calls).toEqual([`${apt} git`]);
    rmSync(join(folder, "calls"));
    expect(runs(["nginx-light"], false, { apt: 0, systemctl: 0 }).calls).toEqual([`${apt} nginx-light`]);
  });

  it("fails with apt's own code", () => {
    expect(runs(["nginx-light"], true, { apt: 100, systemctl: 0 })).toEqual({ status: 100, calls: [`${apt} nginx-light`] });
  });
});
