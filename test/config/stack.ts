import { expect } from "vitest";
import { UserMistake } from "../../config/mistake";
import { parseSettings, type RawSettings } from "../../config/settings";
import { expectAgreement } from "./editor";

export const auth = Buffer.from("user:secret-password").toString("base64");
export const credentials = JSON.stringify({ auths: { "quay.io": { auth } } });
export const pullSecret = JSON.stringify({ auths: { "quay.io": { auth }, "registry.redhat.io": { auth } } });

// biome-ignore lint/suspicious/noExplicitAny: the tests break this object on purpose.
export type Values = Record<string, any>;

/** The smallest configuration that is right, with changes. */
export function raw(change: (values: Values) => void = () => {}, region: unknown = "eu-west-3"): RawSettings {
  const values: Values = {
    cluster: { name: "multiarch", baseDomain: "example.com", version: "4.19.42" },
    pools: [
      { architecture: "amd64", instanceType: "m6a.2xlarge", zones: [{ name: "eu-west-3a" }] },
      { architecture: "arm64", instanceType: "m7g.2xlarge", zones: [{ name: "eu-west-3b", replicas: 1 }] },
    ],
    builds: [
      { name: "htop", pipeline: "containerfile", repository: "https://github.com/example/htop.git", image: "quay.io/example/htop:1" },
    ],
    pullSecret,
    registryCredentials: credentials,
  };
  change(values);
  return { region, values };
}

/** Puts a value at a path such as `pools[0].zones`; undefined removes what is there. */
export function put(values: Values, path: string, value: unknown): void {
  const keys = path.split(/[.[\]]+/).filter(Boolean);
  const last = keys.pop() ?? "";
  let inside = values;
  for (const [i, key] of keys.entries()) {
    inside[key] ??= /^\d+$/.test(keys[i + 1] ?? last) ? [] : {};
    inside = inside[key];
  }
  if (value === undefined) delete inside[last];
  else Object.defineProperty(inside, last, { value, enumerable: true, configurable: true, writable: true });
}

/** The smallest right configuration with other values at some paths. */
export const withValues = (changes: Record<string, unknown>, region?: unknown) =>
  raw((values) => {
    for (const [path, value] of Object.entries(changes)) put(values, path, value);
  }, region);

/** The whole refusal; "no mistake" if there is none. */
export function refusal(input: RawSettings): string {
  try {
    parseSettings(input);
  } catch (error) {
    expect(error).toBeInstanceOf(UserMistake);
    return (error as Error).message;
  }
  return "no mistake";
}

/** Its lines, one a problem; the heading has their number. The JSON schema is asked as well. */
export function problems(input: RawSettings): string[] {
  const [heading = "", ...indented] = refusal(input).split("\n");
  const lines = indented.map((line) => line.replace(/^ {2}- /, ""));
  expectAgreement(input, lines);
  if (heading === "no mistake") return [];
  expect(heading).toBe(`The stack's configuration has ${lines.length === 1 ? "a problem" : `${lines.length} problems`}:`);
  return lines;
}
