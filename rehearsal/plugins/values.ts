import { Struct } from "google-protobuf/google/protobuf/struct_pb";

/** A property value as plain JSON. Assets and archives keep the form that they have on the wire, see `signatures`. */
export type Value = null | boolean | number | string | Value[] | { [key: string]: Value };
/** Properties of a resource or arguments of a function; a property that is absent and one that is undefined are the same. */
export type Properties = { [key: string]: Value | undefined };

/** Special objects of the wire format carry one of these under `signature`: pulumi sdk/go/common/resource/properties.go. */
export const signature = "4dabf18193072939515e22adb298388d";
export const signatures = {
  secret: "1b47061264138c4ac30d75fd1eb44270",
  asset: "c44067f5952c0a294b673a41bacd8c17",
  archive: "0def7320c3a5731c473e5ecbe6d01bc7",
} as const;
/** Stands for a value that is not known yet; only a preview sends it. */
export const unknown = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

const isObject = (value: Value | undefined): value is { [key: string]: Value } =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const isSecret = (value: Value | undefined): value is { value: Value } => isObject(value) && value[signature] === signatures.secret;

/** Whether `value` is unknown or holds something unknown. */
export function hasUnknowns(value: Value | undefined): boolean {
  if (Array.isArray(value)) return value.some(hasUnknowns);
  if (isObject(value)) return Object.values(value).some(hasUnknowns);
  return value === unknown;
}

/** The same value without the marks of its secrets. */
export function reveal(value: Value): Value {
  if (isSecret(value)) return reveal(value.value);
  if (Array.isArray(value)) return value.map(reveal);
  if (isObject(value)) return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, reveal(item)]));
  return value;
}

/**
 * Marks in `value` what is secret at the same place of `model`. A property is secret if the input of its name is;
 * nothing else becomes secret because of it (pulumi-go-provider, infer/resource.go: ensureDefaultSecrets).
 */
export function conceal(value: Value, model: Value | undefined): Value {
  if (isSecret(value)) return value;
  if (isSecret(model)) return { [signature]: signatures.secret, value };
  if (Array.isArray(value) && Array.isArray(model)) return value.map((item, index) => conceal(item, model[index]));
  if (isObject(value) && isObject(model)) {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, conceal(item, model[key])]));
  }
  return value;
}

/** Whether two values are the same, whatever the order of their keys. An unknown equals nothing but itself. */
export function equal(left: Value | undefined, right: Value | undefined): boolean {
  if (Array.isArray(left) && Array.isArray(right)) {
    return left.length === right.length && left.every((item, index) => equal(item, right[index]));
  }
  if (isObject(left) && isObject(right)) {
    const keys = Object.keys(left);
    return keys.length === Object.keys(right).length && keys.every((key) => key in right && equal(left[key], right[key]));
  }
  return left === right;
}

/** The properties without those that are undefined or null. */
export function present(properties: Properties): { [key: string]: Value } {
  const entries = Object.entries(properties).filter((entry): entry is [string, Value] => entry[1] !== undefined && entry[1] !== null);
  return Object.fromEntries(entries);
}

export type Kind = "add" | "delete" | "update";
/** What differs, by property path: `tags["example.com/a"]`, `triggers[0]`, `environment.HOME`. */
export type Differences = Map<string, Kind>;

/** How `news` differ from `olds`; a path goes as deep as both sides have something. An unknown new value is an update. */
export function differences(olds: Properties, news: Properties): Differences {
  const found: Differences = new Map();
  compareMembers(olds, news, "", found);
  return found;
}

function compareMembers(olds: Properties, news: Properties, parent: string, found: Differences): void {
  for (const key of new Set([...Object.keys(olds), ...Object.keys(news)])) {
    compare(olds[key], news[key], propertyPath(parent, key), found);
  }
}

function compare(old: Value | undefined, now: Value | undefined, path: string, found: Differences): void {
  if (now !== unknown && equal(old, now)) return;
  if (old === undefined || now === undefined) {
    if (old !== now) found.set(path, old === undefined ? "add" : "delete");
  } else if (Array.isArray(old) && Array.isArray(now)) {
    for (let index = 0; index < Math.max(old.length, now.length); index++) compare(old[index], now[index], `${path}[${index}]`, found);
  } else if (isObject(old) && isObject(now) && !(signature in old) && !(signature in now)) {
    compareMembers(old, now, path, found);
  } else {
    found.set(path, "update");
  }
}

function propertyPath(parent: string, key: string): string {
  if (!/^[A-Za-z_$][\w$]*$/.test(key)) return `${parent}["${key.replaceAll('"', '\\"')}"]`;
  return parent === "" ? key : `${parent}.${key}`;
}

/** The property of the resource that a path begins with. */
export const topLevel = (path: string): string => /^(?:\["(.*?)"\]|[^.[]+)/.exec(path)?.[1] ?? path.replace(/[.[].*$/s, "");

export const toStruct = (properties: Properties): Struct => Struct.fromJavaScript(present(properties));
export const fromStruct = (struct: Struct | undefined): { [key: string]: Value } =>
  (struct?.toJavaScript() ?? {}) as { [key: string]: Value };
