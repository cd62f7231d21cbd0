import { expect } from "vitest";
import { UserMistake } from "../../config/mistake";
import { parseSettings } from "../../config/settings";
import { entitlement } from "./certificates";
import { expectAgreement } from "./editor";
import { credentials, pullSecret, put, type Values } from "./stack";

export type { Values } from "./stack";

/** A configuration with a value for every object in it. */
export const base = (): Values => ({
  cluster: {
    name: "multiarch",
    baseDomain: "example.com",
    version: "4.19.42",
    controlPlane: { instanceType: "m6a.2xlarge", zone: "eu-west-3a", rootVolume: { type: "io1", size: 1000, iops: 1000 } },
    networks: { machine: "10.0.0.0/16", cluster: "10.128.0.0/14", hostPrefix: 23, service: "172.30.0.0/16" },
    serviceEndpoints: [{ name: "ec2", url: "https://ec2.example.com" }],
    tags: {},
  },
  pools: [
    {
      architecture: "amd64",
      instanceType: "m6a.2xlarge",
      zones: [{ name: "eu-west-3a", replicas: 0 }],
      rootVolume: { type: "io1", size: 1000, iops: 1000 },
    },
    { architecture: "arm64", instanceType: "m7g.2xlarge", zones: [{ name: "eu-west-3b", replicas: 1 }] },
  ],
  fileSystem: {},
  pipelines: {},
  namespace: { taskImages: {} },
  builds: [
    {
      name: "htop",
      pipeline: "containerfile",
      repository: "https://github.com/example/htop.git",
      image: "quay.io/example/htop:1",
    },
  ],
  pullSecret,
  registryCredentials: credentials,
  rhelEntitlement: entitlement.whole,
});
/** Not for every pipeline, so not in every configuration. */
const prepare = { image: "docker.io/library/golang:1.26", script: "go build" };

/** That configuration with one other value. */
export function withValue(key: string, value: unknown): Values {
  const values = base();
  if (key.startsWith("builds[0].prepare.")) values.builds[0].prepare = { ...prepare };
  put(values, key, value);
  return values;
}

/** The lines of the message, each one problem. The JSON schema is asked as well. */
export function problems(values: Values, region: unknown = "eu-west-3"): string[] {
  const lines: string[] = [];
  try {
    parseSettings({ region, values });
  } catch (error) {
    expect(error).toBeInstanceOf(UserMistake);
    const [, ...indented] = (error as Error).message.split("\n");
    lines.push(...indented.map((line) => line.replace(/^ {2}- /, "")));
  }
  expectAgreement({ region, values }, lines);
  return lines;
}
