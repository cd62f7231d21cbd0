import { randomBytes, randomInt } from "node:crypto";
import type { CheckRequest, CheckResult, DiffRequest, DiffResult, Failure, Provider, ResourceType } from "../provider";
import { differences, type Properties, unknown } from "../values";

const classes = {
  lower: "abcdefghijklmnopqrstuvwxyz",
  upper: "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
  numeric: "0123456789",
  special: "!@#$%&*()-_=+[]{}<>:?",
} as const;
type Class = keyof typeof classes;
const classNames = Object.keys(classes) as Class[];
const minimumOf: Record<Class, string> = { lower: "minLower", upper: "minUpper", numeric: "minNumeric", special: "minSpecial" };

/** Anything that changes, `keepers` above all, makes a new value: no random value is ever updated. */
export function diffRandom({ oldInputs, news }: DiffRequest): DiffResult {
  return { differences: differences(oldInputs, news), replaceOn: Object.keys({ ...oldInputs, ...news }) };
}

/** All properties of a RandomString with their defaults; `number` is the old name of `numeric`. */
export function stringSettings(inputs: Properties): Properties & { length: number } {
  const numeric = inputs.numeric ?? inputs.number ?? true;
  return {
    lower: true,
    upper: true,
    special: true,
    minLower: 0,
    minUpper: 0,
    minNumeric: 0,
    minSpecial: 0,
    ...inputs,
    numeric,
    number: numeric,
    length: Number(inputs.length),
  };
}

/** Text of the classes that the settings allow, with at least as many of each as they ask for. */
export function randomText(settings: Properties & { length: number }): string {
  const characters = { ...classes, special: (settings.overrideSpecial as string | undefined) || classes.special };
  const pick = (from: string) => from[randomInt(from.length)] ?? "";
  const all = classNames.map((name) => (settings[name] === false ? "" : characters[name])).join("");
  const text = classNames.flatMap((name) => Array.from({ length: Number(settings[minimumOf[name]]) }, () => pick(characters[name])));
  while (text.length < settings.length) text.push(pick(all));
  // The required characters must not all stand in front.
  for (let last = text.length - 1; last > 0; last--) {
    const other = randomInt(last + 1);
    [text[last], text[other]] = [text[other] ?? "", text[last] ?? ""];
  }
  return text.join("");
}

/** The forms in which a RandomId shows its bytes. The id itself has no prefix. */
export function idForms(bytes: Buffer, prefix = ""): { id: string; outputs: Properties } {
  const id = bytes.toString("base64url");
  return {
    id,
    outputs: {
      b64Url: prefix + id,
      b64Std: prefix + bytes.toString("base64"),
      hex: prefix + bytes.toString("hex"),
      dec: prefix + BigInt(`0x${bytes.toString("hex")}`).toString(),
    },
  };
}

function requireNumber(property: string, { news }: CheckRequest): Failure[] {
  const value = news[property];
  if (value === unknown || (typeof value === "number" && Number.isInteger(value) && value >= 1)) return [];
  return [{ property, reason: `${property} must be a whole number, at least 1` }];
}

/** A length is needed, and must have room for the characters that are asked for. */
export function checkString(request: CheckRequest): CheckResult {
  const failures = requireNumber("length", request);
  const settings = stringSettings(request.news);
  const wanted = classNames.reduce((sum, name) => sum + Number(settings[minimumOf[name]]), 0);
  if (failures.length === 0 && wanted > settings.length) {
    failures.push({ property: "length", reason: `length is ${settings.length}, but the minimums of the classes add up to ${wanted}` });
  }
  return { inputs: request.news, failures };
}

const randomString: ResourceType = {
  check: checkString,
  diff: diffRandom,
  async create({ inputs, preview }) {
    const settings = stringSettings(inputs);
    if (preview) return { id: "", state: { ...settings, result: unknown } };
    const result = randomText(settings);
    return { id: result, state: { ...settings, result } };
  },
};

const randomId: ResourceType = {
  check: (request) => ({ inputs: request.news, failures: requireNumber("byteLength", request) }),
  diff: diffRandom,
  async create({ inputs, preview }) {
    if (preview) return { id: "", state: { ...inputs, b64Url: unknown, b64Std: unknown, hex: unknown, dec: unknown } };
    const { id, outputs } = idForms(randomBytes(Number(inputs.byteLength)), inputs.prefix as string | undefined);
    return { id, state: { ...inputs, ...outputs } };
  },
};

/** As a RandomString, but that the whole of it is secret, which the SDK sees to. Its `bcryptHash` is not made: nothing here asks for it. */
const randomPassword: ResourceType = {
  ...randomString,
  async create(request) {
    const { state } = await randomString.create(request);
    // The plugin's own id of a password, which is in plain text everywhere (pulumi-random, RandomPassword).
    return { id: request.preview ? "" : "none", state };
  },
};

/** Stand-in of the plugin `random`: only `RandomString`, `RandomPassword` and `RandomId`. */
export const randomProvider = (version: string): Provider => ({
  name: "random",
  version,
  resources: {
    "random:index/randomString:RandomString": randomString,
    "random:index/randomPassword:RandomPassword": randomPassword,
    "random:index/randomId:RandomId": randomId,
  },
});
