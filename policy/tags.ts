import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { NotKnown, rule, type Value } from "./rule";

/** What says whose a resource is, and where its cost belongs. */
export const requiredTags = rule<{ keys: string[]; atLeast: number }>(
  {
    name: "required-tags",
    description: "Every AWS resource that can have tags has those that the account's owner looks for.",
    enforcementLevel: "mandatory",
    severity: "medium",
  },
  function* ({ type, inputs, provider }, { keys, atLeast }) {
    if (!type.startsWith("aws:") || !takesTags(type)) return;
    const byProvider = provider?.inputs.defaultTags;
    for (const tags of [inputs.tags, byProvider]) if (tags instanceof NotKnown) return yield tags;
    const given = new Set([...keysOf(inputs.tags), ...keysOf(tagsOf(byProvider))]);
    for (const key of keys) if (!given.has(key)) yield `tags: no ${key}`;
    if (given.size < atLeast)
      yield `tags: fewer than ${atLeast}; openshift-multiarch:cluster.tags and fileSystem.tags say what they are to be`;
  },
  {
    keys: { type: "array", items: { type: "string" }, default: ["Name"], description: "Tags that every resource has" },
    atLeast: { type: "integer", minimum: 0, default: 2, description: "How many tags every resource has, those of `keys` counted" },
  },
);

/** An object, or a list of objects with keys as Auto Scaling groups have it. The value of a tag does not count. */
const keysOf = (tags: Value): string[] => (Array.isArray(tags) ? tags.map((tag) => String(tag?.key)) : Object.keys(tags ?? {}));

/** Providers get nested settings as JSON. */
function tagsOf(settings: Value): Value {
  const { tags } = typeof settings === "string" ? JSON.parse(settings) : (settings ?? {});
  return tags;
}

/** Whether a resource type has tags, as the AWS package that the program uses says it. */
function takesTags(type: string): boolean {
  const [, folder = "", name = ""] = /^aws:([^/:]+)\/([^:]+):/.exec(type) ?? [];
  const place = join(dirname(require.resolve("@pulumi/aws/package.json")), folder);
  // Some files have other capitals than their token: guardduty/ipset.js is aws:guardduty/iPSet:IPSet.
  const file = readdirSync(place).find((one) => one.toLowerCase() === `${name}.js`.toLowerCase());
  return file !== undefined && /resourceInputs\["tags"\] = args/.test(readFileSync(join(place, file), "utf8"));
}
