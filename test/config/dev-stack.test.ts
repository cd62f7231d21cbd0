import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { expect, it } from "vitest";
import { parse } from "yaml";
import { parseSettings, type RawSettings } from "../../config/settings";

const stackFile = resolve(__dirname, "../../Pulumi.dev.yaml");
const secrets = { pullSecret: '{"auths":{"quay.io":{"auth":"dTpw"}}}', registryCredentials: '{"auths":{"quay.io":{"auth":"dTpw"}}}' };

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

it("what is commented out in the example are settings, and the defaults", () => {
  const text = readFileSync(stackFile, "utf8");
  const active = text
    .replace(/^ {2}# (?=openshift-multiarch:| {2,}\S)/gm, "  ")
    .replace(/^ {4}# (?=networks:|mirror:|destroyMinutes:|protect:)/gm, "    ");
  const plain = settingsOf(text).settings;
  expect(active).not.toBe(text);
  expect(settingsOf(active).settings).toEqual(plain);
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
