import { DeleteFileSystemPolicyCommand, DescribeFileSystemPolicyCommand, PutFileSystemPolicyCommand } from "@aws-sdk/client-efs";
import { equal, type Properties, unknown, type Value } from "../values";
import { type Api, unlessGone } from "./api";
import { text } from "./file-systems";
import type { AwsType } from "./type";

/** Whether two policy documents say the same: order of keys, and a list of one element or the element alone, do not count. */
export function samePolicy(left: Value, right: Value): boolean {
  const parsed = (policy: Value): Value | undefined => {
    if (typeof policy !== "string") return policy;
    try {
      return JSON.parse(policy);
    } catch {
      return undefined;
    }
  };
  const simple = (value: Value): Value => {
    if (Array.isArray(value)) return value.length === 1 ? simple(value[0] as Value) : value.map(simple);
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, simple(item)]));
  };
  const [a, b] = [parsed(left), parsed(right)];
  return a !== undefined && b !== undefined ? equal(simple(a), simple(b)) : left === right;
}

const putPolicy = (api: Api, inputs: Properties) =>
  api.efs.send(
    new PutFileSystemPolicyCommand({
      FileSystemId: text(inputs.fileSystemId),
      Policy: text(inputs.policy),
      BypassPolicyLockoutSafetyCheck: inputs.bypassPolicyLockoutSafetyCheck as boolean | undefined,
    }),
  );

/** Its id is the file system's. */
export const fileSystemPolicy: AwsType = {
  what: "EFS file system policy",
  required: ["fileSystemId", "policy"],
  replaceOn: ["fileSystemId"],
  computed: [],
  same: { policy: samePolicy },
  validate(inputs) {
    if (inputs.policy === undefined || inputs.policy === unknown) return [];
    try {
      JSON.parse(String(inputs.policy));
      return [];
    } catch (error) {
      return [{ property: "policy", reason: `not JSON: ${(error as Error).message}` }];
    }
  },
  async create(api, inputs) {
    await putPolicy(api, inputs);
    return String(inputs.fileSystemId);
  },
  async read(api, id, known) {
    const request = new DescribeFileSystemPolicyCommand({ FileSystemId: id });
    const found = await unlessGone(api.efs.send(request), "FileSystemNotFound", "PolicyNotFound");
    if (!found?.Policy) return undefined;
    // AWS writes policies down in its own order; the program's notation stays as long as the meaning does.
    const policy = known.policy && samePolicy(known.policy, found.Policy) ? known.policy : found.Policy;
    return { fileSystemId: id, policy, bypassPolicyLockoutSafetyCheck: known.bypassPolicyLockoutSafetyCheck };
  },
  async update(api, _id, _state, news) {
    await putPolicy(api, news);
  },
  async delete(api, id) {
    await unlessGone(api.efs.send(new DeleteFileSystemPolicyCommand({ FileSystemId: id })), "FileSystemNotFound", "PolicyNotFound");
  },
};
