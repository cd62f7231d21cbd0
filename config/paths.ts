export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** The object that a text is as JSON; undefined if it is none. */
export function objectIn(text: string): Record<string, unknown> | undefined {
  try {
    const parsed: unknown = JSON.parse(text);
    return isObject(parsed) ? parsed : undefined;
  } catch {
    return undefined;
  }
}
export const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);

/** The value at a path; undefined where there is none. */
export function at(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    // Object.hasOwn: every object also has `constructor` and `toString`.
    (inside, key) =>
      typeof inside === "object" && inside !== null && Object.hasOwn(inside, key)
        ? (inside as Record<PropertyKey, unknown>)[key]
        : undefined,
    value,
  );
}

/** Calls `found` for every value that is there for the second time. */
export function unique(entries: [PropertyKey[], unknown][], found: (path: PropertyKey[], first: PropertyKey[]) => void): void {
  const seen = new Map<unknown, PropertyKey[]>();
  for (const [path, value] of entries) {
    const first = seen.get(value);
    if (value !== undefined && first) found(path, first);
    else seen.set(value, path);
  }
}

/** A path as users write it, such as `pools[0].zones`. */
export const keyOf = (path: readonly PropertyKey[], name: (part: string) => string = String) =>
  path.reduce<string>(
    (key, part) => (typeof part === "number" ? `${key}[${part}]` : key === "" ? name(String(part)) : `${key}.${name(String(part))}`),
    "",
  );
