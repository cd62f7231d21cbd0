export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
export const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);

/** The value at a path; undefined where there is none. */
export function at(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (inside, key) => (typeof inside === "object" && inside !== null ? (inside as Record<PropertyKey, unknown>)[key] : undefined),
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
export const keyOf = (path: readonly PropertyKey[]) =>
  path.reduce<string>(
    (key, part) => (typeof part === "number" ? `${key}[${part}]` : key === "" ? String(part) : `${key}.${String(part)}`),
    "",
  );

export function show(value: unknown): string {
  const shown = JSON.stringify(value) ?? String(value);
  return shown.length > 80 ? `${shown.slice(0, 77)}...` : shown;
}

/** What stands at a path, for a message. */
export function valueAt(values: unknown, path: readonly PropertyKey[]): string {
  const value = at(values, path);
  return value === undefined ? "is missing" : `is ${show(value)}`;
}
