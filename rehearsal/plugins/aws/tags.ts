import { CreateTagsCommand, DeleteTagsCommand } from "@aws-sdk/client-ec2";
import { TagResourceCommand, UntagResourceCommand } from "@aws-sdk/client-efs";
import { hasUnknowns, type Properties, unknown, type Value } from "../values";
import type { Api } from "./api";
import type { AwsConfig } from "./config";

export type Tags = { [key: string]: string };
export type AwsTag = { Key?: string | undefined; Value?: string | undefined };

export const toAwsTags = (tags: Value | undefined): { Key: string; Value: string }[] =>
  Object.entries((tags ?? {}) as Tags).map(([Key, Value]) => ({ Key, Value }));
export const fromAwsTags = (tags: readonly AwsTag[] | undefined): Tags =>
  Object.fromEntries((tags ?? []).flatMap(({ Key, Value }) => (Key === undefined ? [] : [[Key, Value ?? ""]])));

const isIgnored = (key: string, { keys, keyPrefixes }: AwsConfig["ignoreTags"]): boolean =>
  keys.includes(key) || keyPrefixes.some((prefix) => key.startsWith(prefix));

/**
 * `tagsAll` of a resource: the provider's default tags below its own. `tags` stay its own alone (since version 7; the real
 * one does this in provider/tags.go of pulumi-aws).
 */
export function allTags(own: Value | undefined, { defaultTags, ignoreTags }: AwsConfig): Value {
  if (hasUnknowns(own)) return unknown;
  const tags = { ...defaultTags, ...((own ?? {}) as Tags) };
  return Object.fromEntries(Object.entries(tags).filter(([key]) => !isIgnored(key, ignoreTags)));
}

/** `tags` and `tagsAll` of an object, from what AWS has; `previous` are the resource's own tags as far as known. */
export function readTags(actual: Tags, previous: Value | undefined, { defaultTags, ignoreTags }: AwsConfig): Properties {
  const all = Object.fromEntries(Object.entries(actual).filter(([key]) => !key.startsWith("aws:") && !isIgnored(key, ignoreTags)));
  const own = Object.entries(all).filter(([key, value]) => defaultTags[key] !== value || key in ((previous ?? {}) as Tags));
  return { tags: Object.fromEntries(own), tagsAll: all };
}

/** Brings the tags of an object from `olds` to `news`. */
export async function changeTags(
  api: Api,
  service: "ec2" | "efs",
  id: string,
  olds: Value | undefined,
  news: Value | undefined,
): Promise<void> {
  const before = (olds ?? {}) as Tags;
  const after = (news ?? {}) as Tags;
  const removed = Object.keys(before).filter((key) => !(key in after));
  const set = toAwsTags(Object.fromEntries(Object.entries(after).filter(([key, value]) => before[key] !== value)));
  if (service === "ec2") {
    if (removed.length > 0) await api.ec2.send(new DeleteTagsCommand({ Resources: [id], Tags: removed.map((Key) => ({ Key })) }));
    if (set.length > 0) await api.ec2.send(new CreateTagsCommand({ Resources: [id], Tags: set }));
  } else {
    if (removed.length > 0) await api.efs.send(new UntagResourceCommand({ ResourceId: id, TagKeys: removed }));
    if (set.length > 0) await api.efs.send(new TagResourceCommand({ ResourceId: id, Tags: set }));
  }
}
