import { type Policy, type PolicyConfigSchema, type ResourceValidationPolicy, UnknownValueError } from "@pulumi/policy";

/** A value that a preview cannot know yet. */
export class NotKnown {
  constructor(readonly why: UnknownValueError) {}
}

/** Any value of a resource's inputs, as `Input` has it: JSON in which parts may be `NotKnown`. */
// biome-ignore lint/suspicious/noExplicitAny: inputs of any resource type.
export type Value = any;

/** A resource of the plan, as the rules read it. */
export interface Planned {
  /** Its token, such as `aws:efs/fileSystem:FileSystem`. */
  readonly type: string;
  readonly name: string;
  /** Its inputs. What is a secret is here in plain text: no rule may repeat a value. */
  readonly inputs: Value;
  /** The provider that acts on it; components and providers have none. */
  readonly provider?: { readonly name: string; readonly inputs: Value };
}

/** What is wrong, by path, without any value; or what must be known to tell. */
export type Finding = string | NotKnown;

/** Yields all that a rule finds in one resource; nothing where it does not apply. */
export type Check<Config> = (resource: Planned, config: Config) => Iterable<Finding>;

/** A rule's settings, with the values that it has where a policy configuration says nothing. */
export type Settings<Config> = { readonly [Key in keyof Config]: Setting & { readonly default: Config[Key] } };
type Setting = PolicyConfigSchema["properties"][string];

/**
 * The policy of one rule over single resources. What is wrong is reported with what is known, all of it. Where a value that decides is
 * not known before `pulumi up`, Pulumi says that the rule could not be tried: advice, not a violation; `up` tries it again, with the
 * value, before it makes the resource.
 */
export function rule<Config extends object>(
  about: Omit<Policy, "configSchema">,
  check: Check<Config>,
  settings?: Settings<Config>,
): ResourceValidationPolicy {
  return {
    ...about,
    ...(settings && { configSchema: { properties: { ...settings } } }),
    validateResource: ({ type, name, props, provider, getConfig }, report) => {
      const resource = {
        type,
        name,
        inputs: readable(props),
        ...(provider && { provider: { name: provider.name, inputs: readable(provider.props) } }),
      };
      let unknown: NotKnown | undefined;
      for (const finding of check(resource, { ...defaultsOf(settings), ...getConfig<Config>() })) {
        if (finding instanceof NotKnown) unknown ??= finding;
        else report(finding);
      }
      if (unknown) throw unknown.why;
    },
  };
}

function defaultsOf<Config>(settings?: Settings<Config>): Config {
  return Object.fromEntries(Object.entries<Setting>(settings ?? {}).map(([key, setting]) => [key, setting.default])) as Config;
}

/** A copy of what the SDK hands over, which itself throws at the first part that is unknown, so that nothing beside it could be looked at. */
export function readable(value: Value): Value {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return Array.from({ length: value.length }, (_, index) => part(value, index));
  return Object.fromEntries(Object.keys(value).map((key) => [key, part(value, key)]));
}

function part(holder: Value, key: string | number): Value {
  try {
    return readable(holder[key]);
  } catch (error) {
    if (error instanceof UnknownValueError) return new NotKnown(error);
    throw error;
  }
}
