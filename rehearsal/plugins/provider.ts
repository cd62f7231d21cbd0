import type { Differences, Properties } from "./values";

/** What a resource type can do. Everything it receives is without marks of secrets; they are put back on what it returns. */
export interface ResourceType {
  /** Properties that repeat what an input says, by its name: they are secret where it is. */
  readonly repeats?: Readonly<Record<string, string>>;
  /** Inputs as they are kept: defaults and names filled in. Pure. Default: the inputs as they came. */
  check?(request: CheckRequest): CheckResult;
  /** What an update would change. Pure. */
  diff(request: DiffRequest): DiffResult;
  create(request: CreateRequest): Promise<Created>;
  /** The state of the object, or undefined when it is gone. Default: the state as it was, for what cannot be read. */
  read?(request: ReadRequest): Promise<ReadResult | undefined>;
  /** Default: not updatable; `diff` must then ask for a replacement. */
  update?(request: UpdateRequest): Promise<Properties>;
  /** Default: nothing has to be done. */
  delete?(request: DeleteRequest): Promise<void>;
}

/** A provider plugin: resource types and functions by their tokens. */
export interface Provider {
  /** Name of the package. */
  readonly name: string;
  readonly version: string;
  readonly resources: Readonly<Record<string, ResourceType>>;
  readonly functions?: Readonly<Record<string, (args: Properties, context: Context) => Promise<Properties>>>;
  /** Problems of a provider's configuration, by property. */
  checkConfig?(config: Properties): Failure[];
  /** Takes the configuration over (`region`, not `aws:config:region`); values may be text that holds JSON. */
  configure?(config: Properties): Promise<void>;
}

/** What a running operation may use. */
export interface Context {
  /** Aborted when the engine cancels, or when the time-out of the operation (customTimeouts) is over. */
  readonly signal: AbortSignal;
  /** Shows a line beside the resource while the operation runs; it is not kept. */
  log(line: string): void;
}

export interface About {
  readonly urn: string;
  /** Logical name of the resource. */
  readonly name: string;
}
export interface CheckRequest extends About {
  /** Inputs of the last deployment; empty for a new resource. */
  readonly olds: Properties;
  readonly news: Properties;
}
export interface CheckResult {
  readonly inputs: Properties;
  readonly failures?: readonly Failure[];
}
export interface Failure {
  readonly property: string;
  readonly reason: string;
}
export interface DiffRequest {
  readonly state: Properties;
  readonly oldInputs: Properties;
  readonly news: Properties;
}
export interface DiffResult {
  readonly differences: Differences;
  /** Properties (not paths) whose change needs a new object. */
  readonly replaceOn: readonly string[];
  readonly deleteBeforeReplace?: boolean;
}
export interface CreateRequest extends About, Context {
  readonly inputs: Properties;
  readonly preview: boolean;
}
export interface Created {
  readonly id: string;
  readonly state: Properties;
}
export interface ReadRequest extends Context {
  readonly id: string;
  readonly inputs: Properties;
  readonly state: Properties;
}
export interface ReadResult {
  readonly inputs: Properties;
  readonly state: Properties;
}
export interface UpdateRequest extends About, Context {
  readonly id: string;
  readonly state: Properties;
  readonly oldInputs: Properties;
  readonly news: Properties;
  readonly preview: boolean;
}
export interface DeleteRequest extends Context {
  readonly id: string;
  readonly state: Properties;
}

/** The object exists but is not as it should be: it is kept in the state, and the next `up` goes on with it. */
export class PartiallyCreated extends Error {
  constructor(
    readonly id: string,
    readonly state: Properties,
    message: string,
  ) {
    super(message);
  }
}
