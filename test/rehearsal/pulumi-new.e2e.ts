import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { parse } from "yaml";
import { places } from "../../rehearsal/machine/places";
import { schemaErrors } from "../config/editor";
import { credentials } from "../config/stack";

// With the engine of the rehearsal, but a backend and plugins' places of its own: nothing of the rehearsal's stack is touched.
const checkout = resolve(__dirname, "../..");
let folder: string;
let project: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "openshift-multiarch-new-"));
  project = join(folder, "project");
  mkdirSync(project);
  // As a clone has it.
  const listed = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard"], { cwd: checkout, encoding: "utf8" });
  for (const file of listed.trim().split("\n")) cpSync(join(checkout, file), join(folder, "template", file));
});
afterAll(() => rmSync(folder, { recursive: true }));

const run = (file: string, args: readonly string[], input = "") =>
  execFileSync(file, args, {
    cwd: project,
    input,
    encoding: "utf8",
    env: {
      ...process.env,
      PATH: `${places.bin}:${process.env.PATH}`,
      PULUMI_HOME: folder,
      PULUMI_BACKEND_URL: `file://${folder}`,
      PULUMI_CONFIG_PASSPHRASE: "passphrase",
      PULUMI_SKIP_UPDATE_CHECK: "true",
    },
  });
const pulumi = (args: readonly string[], input?: string) =>
  run(join(places.bin, "pulumi"), ["--non-interactive", "--color=never", ...args], input);

it("pulumi new makes a project of the repository, which keeps its name, and says what is to be done", () => {
  const said = pulumi(["new", join(folder, "template"), "--generate-only", "--yes"]);
  expect(said).toContain("npm run configure");
  const { name, template } = parse(readFileSync(join(project, "Pulumi.yaml"), "utf8"));
  expect([name, template]).toEqual(["openshift-multiarch", undefined]);
});

it("Pulumi takes the stack file that configure writes, and the file is still right when Pulumi has put secrets into it", () => {
  const answers = ["--stack=prod", "--region=eu-west-3", "--accounts=012345678901", "--name=lab", "--base-domain=example.com"];
  const configure = [join(checkout, "node_modules/tsx/dist/cjs/index.cjs"), join(checkout, "configure/main.ts")];
  run(process.execPath, ["--require", ...configure, ...answers]);
  pulumi(["stack", "init", "prod"]);
  for (const key of ["pullSecret", "registryCredentials"]) pulumi(["config", "set", "--secret", key], credentials);
  const configured = JSON.parse(pulumi(["config", "--json", "--show-secrets"]));
  expect(configured["openshift-multiarch:pullSecret"].value).toBe(credentials);
  expect(configured["aws:allowedAccountIds"].objectValue).toEqual(["012345678901"]);
  expect(configured["openshift-multiarch:cluster"].objectValue).toMatchObject({ name: "lab", version: "4.20.33" });
  const text = readFileSync(join(project, "Pulumi.prod.yaml"), "utf8");
  expect(text).toMatch(/^# yaml-language-server: .*\n(?:.*\n)+ {4}secure: v1:.*\n(?:.*\n)*encryptionsalt: /);
  expect(schemaErrors(parse(text))).toEqual([]);

  run(process.execPath, ["--require", ...configure, ...answers, "--region=us-east-1", "--force"]);
  expect(pulumi(["config", "get", "pullSecret"]).trim()).toBe(credentials);
  expect(pulumi(["config", "get", "aws:region"]).trim()).toBe("us-east-1");
});
