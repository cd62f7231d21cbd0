import {
  type CheckRequest,
  type CheckResult,
  type Context,
  type DiffRequest,
  type DiffResult,
  type Failure,
  PartiallyCreated,
  type ResourceType,
} from "../provider";
import { differences, equal, type Properties, present, unknown, type Value } from "../values";
import { type Api, errorText, waitFor } from "./api";
import type { AwsConfig } from "./config";
import { allTags, changeTags, readTags, type Tags } from "./tags";

/** What distinguishes one type of AWS object from another; `resourceType` makes a resource type of it. */
export interface AwsType {
  /** As in messages: `EFS file system`. */
  readonly what: string;
  readonly required?: readonly string[];
  /** Properties whose change needs a new object. */
  readonly replaceOn: readonly string[];
  /** Further such properties, which depend on what the change is. */
  replaceAlsoOn?(state: Properties, news: Properties): readonly string[];
  /** Replace by deleting first, because AWS admits only one such object. */
  readonly deleteBeforeReplace?: boolean;
  /** Properties that AWS sets, known only after creation; those among them that are also inputs may be left out. */
  readonly computed: readonly string[];
  /** Lists whose order has no meaning. */
  readonly unordered?: readonly string[];
  /** Properties that are the same in more than one notation. */
  readonly same?: Readonly<Record<string, (left: Value, right: Value) => boolean>>;
  /** The service that sets the tags; untagged by default. */
  readonly tagged?: "ec2" | "efs";
  /** Defaults and names. `olds` are the inputs of the last deployment. */
  defaults?(inputs: Properties, request: CheckRequest): Properties;
  validate?(inputs: Properties): Failure[];
  /** Creates the object and returns its id at once. */
  create(api: Api, inputs: Properties, context: Context): Promise<string>;
  /** What is left to do on a new object, as waiting for it; may be done again. When it fails, the object is kept in the state. */
  complete?(api: Api, id: string, inputs: Properties, context: Context): Promise<void>;
  /** Its properties, with all its tags as `tagsAll`; undefined when it is gone. */
  read(api: Api, id: string, known: Properties): Promise<Properties | undefined>;
  /** Changes everything but tags. */
  update?(api: Api, id: string, state: Properties, news: Properties, context: Context): Promise<void>;
  /** Deletes it and waits until it is gone; nothing to do for one that is gone. */
  delete(api: Api, id: string, state: Properties, context: Context): Promise<void>;
}

/** What AWS has just created may take a moment to be seen: seconds. */
const visibleAfter = 120;

/** Inputs with defaults, the default tags of the provider, and what is wrong with them. */
export function checkAws(type: AwsType, config: AwsConfig, request: CheckRequest): CheckResult {
  let inputs = present({ ...type.defaults?.(request.news, request), ...request.news });
  const failures: Failure[] = (type.required ?? [])
    .filter((property) => inputs[property] === undefined)
    .map((property) => ({ property, reason: `Missing required property '${property}'` }));
  if (inputs.region !== undefined && inputs.region !== unknown && inputs.region !== config.region) {
    failures.push({
      property: "region",
      reason: `the stand-in works in the provider's region (${config.region}) only, not in ${inputs.region}`,
    });
  }
  failures.push(...(type.validate?.(inputs) ?? []));
  if (type.tagged) inputs = { ...inputs, tagsAll: allTags(inputs.tags, config) };
  return { inputs, failures };
}

/** New inputs against the state (which a refresh may have changed); an input that went away against its last value. */
export function diffAws(type: AwsType, { state, oldInputs, news }: DiffRequest): DiffResult {
  const before: Properties = {};
  const after: Properties = {};
  for (const key of new Set([...Object.keys(oldInputs), ...Object.keys(news)])) {
    // What AWS may choose is not taken back when the program does not say it any more.
    if (news[key] === undefined && type.computed.includes(key)) continue;
    const [old, now] = [normal(type, key, state[key]), normal(type, key, news[key])];
    if (old !== undefined && now !== undefined && now !== unknown && type.same?.[key]?.(old, now)) continue;
    before[key] = old;
    after[key] = now;
  }
  const replaceOn = [...type.replaceOn, ...(type.replaceAlsoOn?.(before, after) ?? [])];
  return { differences: differences(before, after), replaceOn, deleteBeforeReplace: type.deleteBeforeReplace };
}

/** An empty list or map is as good as none; a list without order is compared sorted. */
function normal(type: AwsType, key: string, value: Value | undefined): Value | undefined {
  if (value === null || value === "" || (typeof value === "object" && Object.keys(value).length === 0)) return undefined;
  return Array.isArray(value) && type.unordered?.includes(key) ? [...value].sort() : value;
}

/** Inputs after a refresh: what the program said, except where AWS has something else now. */
export function refreshedInputs(type: AwsType, inputs: Properties, state: Properties): Properties {
  const entries = Object.entries(inputs).map(([key, value]): [string, Value | undefined] => {
    const [said, actual] = [normal(type, key, value), normal(type, key, state[key])];
    const same = equal(said, actual) || (said !== undefined && actual !== undefined && type.same?.[key]?.(said, actual));
    return [key, same || !(key in state) ? value : state[key]];
  });
  return Object.fromEntries(entries);
}

/** The resource type; `api` is asked for when the provider has been configured. */
export function resourceType(type: AwsType, api: () => Api): ResourceType {
  const read = async (id: string, known: Properties): Promise<Properties | undefined> => {
    const found = await type.read(api(), id, known);
    if (!found) return undefined;
    const tags = type.tagged ? readTags((found.tagsAll ?? {}) as Tags, known.tags, api().config) : {};
    return present({ ...found, ...tags, region: api().region });
  };
  const attempt = async <T>(action: string, work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      if (error instanceof PartiallyCreated) throw error;
      throw new Error(`${action} ${type.what}: ${errorText(error)}`);
    }
  };
  return {
    repeats: type.tagged ? { tagsAll: "tags" } : {},
    check: (request) => checkAws(type, api().config, request),
    diff: (request) => diffAws(type, request),
    create: ({ inputs, preview, ...context }) =>
      attempt("creating", async () => {
        if (preview) {
          const unset = [...type.computed, "region"].filter((name) => inputs[name] === undefined);
          return { id: "", state: { ...inputs, ...Object.fromEntries(unset.map((name) => [name, unknown])) } };
        }
        const id = await type.create(api(), inputs, context);
        try {
          const seen = () => waitFor(`${type.what} ${id} to be seen`, visibleAfter, context.signal, () => read(id, inputs), Boolean);
          await seen();
          await type.complete?.(api(), id, inputs, context);
          return { id, state: { ...inputs, ...(await seen()) } };
        } catch (error) {
          throw new PartiallyCreated(id, inputs, `creating ${type.what} (${id}): ${errorText(error)}`);
        }
      }),
    read: ({ id, inputs, state }) =>
      attempt(`reading (${id})`, async () => {
        const found = await read(id, { ...inputs, ...state });
        return found && { state: found, inputs: refreshedInputs(type, inputs, found) };
      }),
    update: ({ id, state, news, preview, ...context }) =>
      attempt(`updating (${id})`, async () => {
        if (preview) return { ...state, ...news };
        await type.update?.(api(), id, state, news, context);
        // The update may be the second try of a creation that did not come to its end.
        await type.complete?.(api(), id, news, context);
        if (type.tagged) await changeTags(api(), type.tagged, id, state.tagsAll, news.tagsAll);
        return { ...news, ...(await read(id, news)) };
      }),
    delete: ({ id, state, ...context }) => attempt(`deleting (${id})`, () => type.delete(api(), id, state, context)),
  };
}
