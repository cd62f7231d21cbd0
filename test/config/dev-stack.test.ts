import { execFileSync, spawnSync } from "node:child_process";
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { expect, it } from "vitest";
import { parse } from "yaml";
import { parseSettings, type RawSettings } from "../../config/settings";
import { stackFile as configured } from "../../configure/stack-file";
import { home } from "../../rehearsal/machine/places";

const stackFile = resolve(__dirname, "../../Pulumi.dev.yaml");
const secrets = {
  pullSecret: '{"auths":{"quay.io":{"auth":"dTpw"},"registry.redhat.io":{"auth":"dTpw"}}}',
  registryCredentials: '{"auths":{"quay.io":{"auth":"dTpw"}}}',
};

function settingsOf(text: string, { aws, values }: Partial<RawSettings> = {}) {
  const { config } = parse(text) as { config: Record<string, unknown> };
  const own = Object.entries(config).filter(([key]) => key.startsWith("openshift-multiarch:"));
  return parseSettings({
    region: config["aws:region"],
    aws,
    values: { ...secrets, ...values, ...Object.fromEntries(own.map(([key, value]) => [key.split(":")[1] ?? "", value])) },
  });
}

it("the example of a stack on real AWS is right as it stands", () => {
  const { settings, warnings } = settingsOf(readFileSync(stackFile, "utf8"));
  expect(warnings).toEqual([]);
  expect(settings.architectures).toEqual(["amd64", "arm64"]);
  expect(settings.builds.map((build) => build.pipeline)).toEqual(["containerfile", "nodejs", "quarkus"]);
});

/** With the `#` taken away in front of what is commented out and has a default, at whatever depth it stands. */
const uncommented = (text: string) =>
  text.replace(
    /^( *)# (?=openshift-multiarch:|(?:networks|credentialsMode|mirror|destroyMinutes|protect): | {2,}(?:name|taskImages|buildah|nodejs|maven|syft|insecureRegistries):)/gm,
    "$1",
  );

it("what is commented out in the example are settings, and the defaults", () => {
  const text = readFileSync(stackFile, "utf8");
  const active = uncommented(text);
  expect(active.split("\n").filter((line, i) => line !== text.split("\n")[i])).toHaveLength(15);
  expect(settingsOf(active).settings).toEqual(settingsOf(text).settings);
});

it("the build of docs/builds.md is right as it stands", () => {
  const page = readFileSync(resolve(__dirname, "../../docs/builds.md"), "utf8");
  const builds = parse(/```yaml\n(.*?)```/s.exec(page)?.[1] ?? "")["openshift-multiarch:builds"];
  const { settings } = settingsOf(readFileSync(stackFile, "utf8").replace(/^ {2}openshift-multiarch:builds:[\s\S]*/m, ""), {
    values: { builds },
  });
  expect(settings.builds).toMatchObject([{ name: "app", target: "runtime", cache: "quay.io/example/layers" }]);
});

const pulumi = [join(home, "path", "pulumi"), "pulumi"].find((program) => spawnSync(program, ["version"]).error === undefined);

/** The file of a stack after pulumi has written a secret into it. */
function writtenByPulumi(text: string): string {
  const folder = mkdtempSync(join(tmpdir(), "stack-"));
  const env = {
    ...process.env,
    PULUMI_BACKEND_URL: `file://${folder}`,
    PULUMI_HOME: folder,
    PULUMI_CONFIG_PASSPHRASE: "x",
    PULUMI_SKIP_UPDATE_CHECK: "true",
  };
  const run = (args: string[], input = "") => execFileSync(pulumi ?? "", args, { cwd: folder, env, input, stdio: "pipe" });
  try {
    const file = join(folder, "Pulumi.dev.yaml");
    writeFileSync(file, text);
    copyFileSync(resolve(__dirname, "../../Pulumi.yaml"), join(folder, "Pulumi.yaml"));
    run(["stack", "init", "dev"]);
    run(["config", "set", "--secret", "npmrc"], "x");
    return readFileSync(file, "utf8");
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const answers = { stack: "dev", region: "eu-west-3", accounts: "123456789012", name: "multiarch", "base-domain": "example.com" };
it.skipIf(pulumi === undefined).each([
  ["in the example", readFileSync(stackFile, "utf8")],
  ["by npm run configure", configured({ ...answers, version: "4.20.33", zones: "eu-west-3a", build: "none" })],
])("what is commented out %s is still in its place when pulumi has written a secret into the file", (_, text) => {
  const comments = (text: string) => text.split("\n").filter((line) => /^ *#/.test(line));
  const written = writtenByPulumi(text);
  expect(written).toMatch(/^ {2}openshift-multiarch:npmrc:\n {4}secure: v1:/m);
  expect(comments(written)).toEqual(comments(text));
  const active = uncommented(written).replace(/^ {2}openshift-multiarch:npmrc:\n.*\n/m, "");
  expect(settingsOf(active).settings).toEqual(settingsOf(text).settings);
});

it("the rehearsal's stack is right, and warned of only for what a real one should not have", () => {
  const text = readFileSync(resolve(__dirname, "../../Pulumi.rehearsal.yaml"), "utf8");
  const { config } = parse(text) as { config: Record<string, unknown> };
  const aws = Object.fromEntries(
    Object.entries(config).flatMap(([key, value]) => (/^aws:(?!region)/.test(key) ? [[key.slice(4), value]] : [])),
  );
  const image = { registryCredentials: '{"auths":{"10.213.0.1:5000":{"auth":"dTpw"}}}' };
  expect(settingsOf(text, { aws, values: image }).warnings).toEqual([
    expect.stringMatching(/^The repository of builds\[0\], builds\[1\], builds\[2\] is read over http:\/\/ or git:\/\//),
  ]);
});
