import * as grpc from "@grpc/grpc-js";
import { EngineClient } from "@pulumi/pulumi/proto/engine_grpc_pb";
import { LogRequest, LogSeverity } from "@pulumi/pulumi/proto/engine_pb";
import { type PluginAttach, PluginInfo } from "@pulumi/pulumi/proto/plugin_pb";
import { ResourceProviderService } from "@pulumi/pulumi/proto/provider_grpc_pb";
import * as messages from "@pulumi/pulumi/proto/provider_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { type About, type Context, PartiallyCreated, type Provider, type ResourceType } from "./provider";
import { checkResponse, diffResponse, initFailed, like, plain, plainValues, withRepeats } from "./responses";
import { fromStruct, toStruct } from "./values";

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
const about = (request: { getUrn(): string; getName(): string }): About => ({
  urn: request.getUrn(),
  name: request.getName() || (request.getUrn().split("::")[3] ?? ""),
});

function unsupported(provider: Provider, what: string, token: string, known: readonly string[]): string {
  const list = known.length === 0 ? "none" : known.join(", ");
  return `the rehearsal's stand-in of the plugin ${provider.name} does not know the ${what} ${token}; it knows: ${list}`;
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
