import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { places } from "../../../rehearsal/machine/places";
import { type Emulator, python, region } from "./emulator";

const requirements = join(__dirname, "requirements.txt");
const digest = createHash("sha256").update(readFileSync(requirements)).digest("hex").slice(0, 12);
const folder = join(places.cache, `awscli-${digest}`);

/** AWS's own command line, in an environment of its own: it takes another botocore than moto. Made once. */
export function installAwsCli(): void {
  if (existsSync(join(folder, "installed"))) return;
  for (const command of [
    [python, "-m", "venv", folder],
    [join(folder, "bin", "pip"), "install", "--quiet", "--disable-pip-version-check", "--require-hashes", "--requirement", requirements],
    ["touch", join(folder, "installed")],
  ]) {
    const { status, stderr } = spawnSync(command[0] ?? "", command.slice(1), { encoding: "utf8" });
    if (status !== 0) throw new Error(`${command.join(" ")}: ${stderr}`);
  }
}

/** Of the one account of an emulator. */
export const credentials = ({ endpoint }: Pick<Emulator, "endpoint">) => ({
  AWS_ACCESS_KEY_ID: "test",
  AWS_SECRET_ACCESS_KEY: "test",
  AWS_DEFAULT_REGION: region,
  AWS_ENDPOINT_URL: endpoint,
  AWS_CONFIG_FILE: "/dev/null",
  AWS_SHARED_CREDENTIALS_FILE: "/dev/null",
  AWS_EC2_METADATA_DISABLED: "true",
});

/** Runs a line of a shell in which `aws` speaks to an emulator: exit code, what it printed, its errors. */
export function shell(line: string, emulator: Pick<Emulator, "endpoint">, environment: Readonly<Record<string, string>> = {}) {
  // A wait's pause is for the real AWS.
  return spawnSync("bash", ["--norc", "-c", `sleep() { command sleep 0.2; }\n${line}`], {
    encoding: "utf8",
    env: { PATH: `${join(folder, "bin")}:/usr/bin:/bin`, ...credentials(emulator), ...environment },
  });
}
