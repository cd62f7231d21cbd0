import * as grpc from "@grpc/grpc-js";
import { EngineClient } from "@pulumi/pulumi/proto/engine_grpc_pb";
import { LogRequest, LogSeverity } from "@pulumi/pulumi/proto/engine_pb";
import { type PluginAttach, PluginInfo } from "@pulumi/pulumi/proto/plugin_pb";
import { ResourceProviderService } from "@pulumi/pulumi/proto/provider_grpc_pb";
import * as messages from "@pulumi/pulumi/proto/provider_pb";
import { Status } from "@pulumi/pulumi/proto/status_pb";
import { Any } from "google-protobuf/google/protobuf/any_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import type { Struct } from "google-protobuf/google/protobuf/struct_pb";
import {
  conceal,
  type Differences,
  fromStruct,
  type Kind,
  type Properties,
  present,
  reveal,
  topLevel,
  toStruct,
  type Value,
} from "./values";

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

interface About {
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

/** Longest line that is shown; a longer one is cut. Messages of the engine are for people. */
const longestLine = 4096;
/** Lines that wait for the engine at most. */
const mostLines = 200;
/** As in the engine: sdk/go/common/util/rpcutil/serve.go. */
const largestMessage = 400 * 1024 * 1024;

/** Serves a provider to the engine: writes its port on stdout and runs until the engine ends it. */
export function serve(provider: Provider): void {
  const cancellation = new AbortController();
  let engine = connect(process.argv[2]);

  // Unary calls may overtake each other, so each line waits for the one before it. When lines come faster than the engine
  // takes them, the oldest ones are left out: a command must not wait for its display.
  const lines: LogRequest[] = [];
  let logged: Promise<void> | undefined;
  const drain = async () => {
    for (let line = lines.shift(); line; line = lines.shift()) {
      const request = line;
      await new Promise<void>((resolve) => (engine ? engine.log(request, () => resolve()) : resolve()));
    }
    logged = undefined;
  };
  const logger = (urn: string) => (line: string) => {
    const request = new LogRequest();
    request.setSeverity(LogSeverity.INFO);
    request.setMessage(line.length > longestLine ? `${line.slice(0, longestLine)}...` : line);
    request.setUrn(urn);
    request.setEphemeral(true);
    lines.push(request);
    if (lines.length > mostLines) lines.shift();
    logged ??= drain();
  };
  const context = (urn: string, timeoutSeconds = 0): Context => ({
    signal: timeoutSeconds > 0 ? AbortSignal.any([cancellation.signal, AbortSignal.timeout(timeoutSeconds * 1000)]) : cancellation.signal,
    log: logger(urn),
  });

  const type = (urn: string): ResourceType => {
    const token = urn.split("::")[2]?.split("$").pop() ?? "";
    const known = provider.resources[token];
    if (!known) throw new Error(unsupported(provider, "resource type", token, Object.keys(provider.resources)));
    return known;
  };

  const handlers = {
    getSchema: handler(async () => {
      const response = new messages.GetSchemaResponse();
      response.setSchema(JSON.stringify({ name: provider.name, version: provider.version }));
      return response;
    }),
    getPluginInfo: handler(async () => {
      const info = new PluginInfo();
      info.setVersion(provider.version);
      return info;
    }),
    attach: handler(async (request: PluginAttach) => {
      engine = connect(request.getAddress());
      return new Empty();
    }),
    checkConfig: handler(async (request: messages.CheckRequest) => {
      const failures = provider.checkConfig?.(plain(request.getNews())) ?? [];
      return checkResponse(request.getNews(), failures);
    }),
    diffConfig: handler(async (request: messages.DiffRequest) => {
      const response = new messages.DiffResponse();
      const changed = JSON.stringify(plain(request.getOldInputs() ?? request.getOlds())) !== JSON.stringify(plain(request.getNews()));
      response.setChanges(changed ? messages.DiffResponse.DiffChanges.DIFF_SOME : messages.DiffResponse.DiffChanges.DIFF_NONE);
      return response;
    }),
    configure: handler(async (request: messages.ConfigureRequest) => {
      const variables: [string, string][] = request.getVariablesMap().toArray();
      const prefix = `${provider.name}:config:`;
      await provider.configure?.(Object.fromEntries(variables.map(([key, value]) => [key.replace(prefix, ""), value])));
      const response = new messages.ConfigureResponse();
      response.setAcceptsecrets(true);
      response.setSupportspreview(true);
      return response;
    }),
    invoke: handler(async (request: messages.InvokeRequest) => {
      const token = request.getTok();
      const call = provider.functions?.[token];
      if (!call) throw new Error(unsupported(provider, "function", token, Object.keys(provider.functions ?? {})));
      const response = new messages.InvokeResponse();
      response.setReturn(toStruct(await call(plain(request.getArgs()), context(""))));
      return response;
    }),
    check: handler(async (request: messages.CheckRequest) => {
      const news = fromStruct(request.getNews());
      // The names of defaulted properties, which some SDKs send along, are no property.
      delete news.__defaults;
      const known = type(request.getUrn());
      const result = known.check?.({ ...about(request), olds: plain(request.getOlds()), news: plainValues(news) });
      return checkResponse(result ? like(result.inputs, withRepeats(news, known)) : toStruct(news), result?.failures ?? []);
    }),
    diff: handler(async (request: messages.DiffRequest) => {
      const state = plain(request.getOlds());
      const oldInputs = request.getOldInputs() ? plain(request.getOldInputs()) : state;
      const result = type(request.getUrn()).diff({ state, oldInputs, news: plain(request.getNews()) });
      return diffResponse(result, request.getIgnorechangesList());
    }),
    create: handler(async (request: messages.CreateRequest) => {
      const known = type(request.getUrn());
      const given = fromStruct(request.getProperties());
      const model = withRepeats(given, known);
      try {
        const created = await known.create({
          ...about(request),
          ...context(request.getUrn(), request.getTimeout()),
          inputs: plainValues(given),
          preview: request.getPreview(),
        });
        const response = new messages.CreateResponse();
        response.setId(created.id);
        response.setProperties(like(created.state, model));
        return response;
      } catch (error) {
        throw error instanceof PartiallyCreated ? initFailed(error, given, model) : error;
      } finally {
        await logged;
      }
    }),
    read: handler(async (request: messages.ReadRequest) => {
      const response = new messages.ReadResponse();
      const known = type(request.getUrn());
      if (!known.read) {
        response.setId(request.getId());
        response.setProperties(request.getProperties());
        response.setInputs(request.getInputs());
        return response;
      }
      const result = await known.read({
        ...context(request.getUrn()),
        id: request.getId(),
        inputs: plain(request.getInputs()),
        state: plain(request.getProperties()),
      });
      if (!result) return response;
      response.setId(request.getId());
      response.setProperties(like(result.state, withRepeats(fromStruct(request.getProperties()), known)));
      response.setInputs(like(result.inputs, withRepeats(fromStruct(request.getInputs()), known)));
      return response;
    }),
    update: handler(async (request: messages.UpdateRequest) => {
      const known = type(request.getUrn());
      const given = fromStruct(request.getNews());
      const model = withRepeats(given, known);
      const state = plain(request.getOlds());
      if (!known.update) throw new Error(`${request.getUrn()}: resources of this type cannot be updated`);
      try {
        const properties = await known.update({
          ...about(request),
          ...context(request.getUrn(), request.getTimeout()),
          id: request.getId(),
          state,
          oldInputs: request.getOldInputs() ? plain(request.getOldInputs()) : state,
          news: plainValues(given),
          preview: request.getPreview(),
        });
        const response = new messages.UpdateResponse();
        response.setProperties(like(properties, model));
        return response;
      } finally {
        await logged;
      }
    }),
    delete: handler(async (request: messages.DeleteRequest) => {
      try {
        await type(request.getUrn()).delete?.({
          ...context(request.getUrn(), request.getTimeout()),
          id: request.getId(),
          state: plain(request.getProperties()),
        });
        return new Empty();
      } finally {
        await logged;
      }
    }),
    cancel: handler(async () => {
      cancellation.abort();
      return new Empty();
    }),
  };

  const limits = { "grpc.max_receive_message_length": largestMessage, "grpc.max_send_message_length": largestMessage };
  const server = new grpc.Server(limits);
  // What is missing here (handshake, parameterize, construct, call, mappings, list) answers "unimplemented", which the engine expects.
  server.addService(ResourceProviderService as unknown as grpc.ServiceDefinition, handlers);
  server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, port) => {
    if (error) throw error;
    process.stdout.write(`${port}\n`);
  });

  const end = () => {
    cancellation.abort();
    process.exit(0);
  };
  process.on("SIGINT", end);
  process.on("SIGTERM", end);
  endWithParent(end);
}

/** An engine that was killed cannot cancel: what runs for it is ended as if it had. */
function endWithParent(end: () => void): void {
  const parent = process.ppid;
  setInterval(() => {
    if (process.ppid !== parent) end();
  }, 1000).unref();
}

const connect = (address: string | undefined): EngineClient | undefined =>
  address === undefined ? undefined : new EngineClient(address, grpc.credentials.createInsecure());

const plainValues = (values: { [key: string]: Value }): Properties => reveal(values) as Properties;
const plain = (struct: Struct | undefined): Properties => plainValues(fromStruct(struct));
const like = (properties: Properties, model: { [key: string]: Value }): Struct =>
  toStruct(conceal(present(properties), model) as Properties);
/** What properties are concealed like: the inputs, and those under the names that repeat them. */
const withRepeats = (values: { [key: string]: Value }, { repeats }: ResourceType): { [key: string]: Value } => ({
  ...values,
  ...present(Object.fromEntries(Object.entries(repeats ?? {}).map(([name, input]) => [name, values[input]]))),
});
const about = (request: { getUrn(): string; getName(): string }): About => ({
  urn: request.getUrn(),
  name: request.getName() || (request.getUrn().split("::")[3] ?? ""),
});

function unsupported(provider: Provider, what: string, token: string, known: readonly string[]): string {
  const list = known.length === 0 ? "none" : known.join(", ");
  return `the rehearsal's stand-in of the plugin ${provider.name} does not know the ${what} ${token}; it knows: ${list}`;
}

function checkResponse(inputs: Struct | undefined, failures: readonly Failure[]): messages.CheckResponse {
  const response = new messages.CheckResponse();
  response.setInputs(inputs);
  response.setFailuresList(
    failures.map(({ property, reason }) => {
      const failure = new messages.CheckFailure();
      failure.setProperty(property);
      failure.setReason(reason);
      return failure;
    }),
  );
  return response;
}

const kinds: Record<Kind, [messages.PropertyDiff.Kind, messages.PropertyDiff.Kind]> = {
  add: [messages.PropertyDiff.Kind.ADD, messages.PropertyDiff.Kind.ADD_REPLACE],
  delete: [messages.PropertyDiff.Kind.DELETE, messages.PropertyDiff.Kind.DELETE_REPLACE],
  update: [messages.PropertyDiff.Kind.UPDATE, messages.PropertyDiff.Kind.UPDATE_REPLACE],
};

function diffResponse({ differences, replaceOn, deleteBeforeReplace }: DiffResult, ignored: readonly string[]): messages.DiffResponse {
  const paths = [...differences].filter(([path]) => !ignored.includes(path) && !ignored.includes(topLevel(path)));
  const response = new messages.DiffResponse();
  response.setChanges(paths.length > 0 ? messages.DiffResponse.DiffChanges.DIFF_SOME : messages.DiffResponse.DiffChanges.DIFF_NONE);
  response.setDiffsList([...new Set(paths.map(([path]) => topLevel(path)))]);
  response.setReplacesList([...new Set(paths.map(([path]) => topLevel(path)).filter((property) => replaceOn.includes(property)))]);
  for (const [path, kind] of paths) {
    const difference = new messages.PropertyDiff();
    difference.setKind(kinds[kind][replaceOn.includes(topLevel(path)) ? 1 : 0]);
    difference.setInputdiff(true);
    response.getDetaileddiffMap().set(path, difference);
  }
  response.setHasdetaileddiff(true);
  response.setDeletebeforereplace(deleteBeforeReplace ?? false);
  return response;
}

/** The engine finds the object that a failed create left in the details of the error. */
function initFailed(
  error: PartiallyCreated,
  inputs: { [key: string]: Value },
  model: { [key: string]: Value },
): Partial<grpc.StatusObject> {
  const detail = new messages.ErrorResourceInitFailed();
  detail.setId(error.id);
  detail.setReasonsList([error.message]);
  detail.setProperties(like(error.state, model));
  detail.setInputs(toStruct(inputs));
  const any = new Any();
  any.pack(detail.serializeBinary(), "pulumirpc.ErrorResourceInitFailed");
  const status = new Status();
  status.setCode(grpc.status.UNKNOWN);
  status.setMessage(error.message);
  status.addDetails(any);
  const metadata = new grpc.Metadata();
  metadata.add("grpc-status-details-bin", Buffer.from(status.serializeBinary()));
  return { code: grpc.status.UNKNOWN, details: error.message, metadata };
}

function handler<Request, Response>(work: (request: Request) => Promise<Response>): grpc.handleUnaryCall<Request, Response> {
  return (call, callback) => {
    // Not `work(...).then(...)` alone: an error that `work` throws at once must reach the engine too.
    (async () => work(call.request))().then(
      (response) => callback(null, response),
      (error: unknown) => {
        if (error instanceof Error) callback({ code: grpc.status.UNKNOWN, details: error.message });
        else callback(error as Partial<grpc.StatusObject>);
      },
    );
  };
}
