import { credentials } from "@grpc/grpc-js";
import { AnalyzerClient } from "@pulumi/pulumi/proto/analyzer_grpc_pb";
import * as proto from "@pulumi/pulumi/proto/analyzer_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { Struct } from "google-protobuf/google/protobuf/struct_pb";
import { vi } from "vitest";
import type { Graph } from "../graph";

/** A resource as the engine shows it to a policy pack. */
export interface Resource {
  readonly urn: string;
  readonly type: string;
  readonly name: string;
  /** With the marks of secret and unknown values. */
  // biome-ignore lint/suspicious/noExplicitAny: inputs of any resource type.
  readonly inputs: any;
  /** Of a custom resource only. */
  readonly provider?: Resource;
  readonly propertyDependencies: Readonly<Record<string, readonly string[]>>;
}

/** What the pack says of a resource. */
export interface Said {
  readonly rule: string;
  readonly mandatory: boolean;
  readonly message: string;
  readonly urn: string;
}

/**
 * The plan of a program, with the default providers, which the engine registers for resources that name none
 * (pulumi's pkg/resource/deploy/source_eval.go) and shows to policies like any other resource.
 */
export function planOf({ resources }: Graph): Resource[] {
  const plan = new Map<string, Resource>();
  const defaultProvider = (type: string, urn: string): Resource => {
    const provider = `pulumi:providers:${type.split(":")[0]}`;
    const name = "default_1_0_0";
    const made: Resource = {
      type: provider,
      name,
      urn: `${urn.split("::").slice(0, 2).join("::")}::${provider}::${name}`,
      inputs: {},
      propertyDependencies: {},
    };
    plan.set(made.urn, made);
    return made;
  };
  for (const { type, name, urn, marked, custom, provider, propertyDependencies } of resources) {
    const explicit = [...plan.values()].find((other) => other.type.startsWith("pulumi:providers:") && other.name === provider);
    const acts = custom && !type.startsWith("pulumi:");
    plan.set(urn, {
      ...{ type, name, urn, inputs: marked, propertyDependencies },
      ...(acts && { provider: explicit ?? defaultProvider(type, urn) }),
    });
  }
  return [...plan.values()];
}

export interface Pack {
  /** Enforcement levels and settings of rules, as in the file of `--policy-pack-config`; all others are the pack's own. */
  configure(
    config?: Record<string, { enforcementLevel?: "advisory" | "mandatory" | "disabled"; [setting: string]: unknown }>,
  ): Promise<void>;
  /** What is said of each resource by itself, and of all together. */
  judge(resources: readonly Resource[]): Promise<Said[]>;
  close(): void;
}

/** Serves the pack as `pulumi` has it served: over gRPC, by the SDK's own server, of which a process can have one. */
export async function servePack(): Promise<Pack> {
  const port = await new Promise<string>((resolve) => {
    const log = vi.spyOn(console, "log").mockImplementation((text) => {
      log.mockRestore();
      resolve(text);
    });
    void import("../../policy/index");
  });
  const client = new AnalyzerClient(`127.0.0.1:${port}`, credentials.createInsecure());
  const call = <Request, Answer>(method: string, request: Request): Promise<Answer> =>
    new Promise((resolve, reject) => {
      // biome-ignore lint/suspicious/noExplicitAny: one shape for all methods of the generated client.
      (client as any)[method](request, (error: Error | null, answer: Answer) => (error ? reject(error) : resolve(answer)));
    });
  const info = await call<Empty, proto.AnalyzerInfo>("getAnalyzerInfo", new Empty());
  const pack: Pack = {
    async configure(config = {}) {
      const request = new proto.ConfigureAnalyzerRequest();
      for (const policy of info.getPoliciesList()) {
        const { enforcementLevel, ...given } = config[policy.getName()] ?? {};
        const level = enforcementLevel && proto.EnforcementLevel[enforcementLevel.toUpperCase() as keyof typeof proto.EnforcementLevel];
        const rule = new proto.PolicyConfig();
        rule.setEnforcementlevel(level ?? policy.getEnforcementlevel());
        rule.setProperties(Struct.fromJavaScript({ ...defaultsOf(policy), ...given } as never));
        request.getPolicyconfigMap().set(policy.getName(), rule);
      }
      await call("configure", request);
    },
    async judge(resources) {
      const said: Said[] = [];
      for (const resource of resources) {
        const answer = await call<proto.AnalyzeRequest, proto.AnalyzeResponse>("analyze", described(new proto.AnalyzeRequest(), resource));
        said.push(...answer.getDiagnosticsList().map((diagnostic) => read(diagnostic, resource.urn)));
      }
      const request = new proto.AnalyzeStackRequest();
      request.setResourcesList(resources.map((resource) => withDependencies(described(new proto.AnalyzerResource(), resource), resource)));
      const whole = await call<proto.AnalyzeStackRequest, proto.AnalyzeResponse>("analyzeStack", request);
      return [...said, ...whole.getDiagnosticsList().map((diagnostic) => read(diagnostic, diagnostic.getUrn()))];
    },
    close: () => client.close(),
  };
  await pack.configure();
  return pack;
}

/** What the engine passes where nothing is configured (pulumi's pkg/resource/analyzer/config.go, ReconcilePolicyPackConfig). */
function defaultsOf(policy: proto.PolicyInfo): Record<string, unknown> {
  const schema = policy.getConfigschema()?.getProperties()?.toJavaScript() ?? {};
  return Object.fromEntries(Object.entries(schema).map(([key, setting]) => [key, (setting as { default?: unknown }).default]));
}

function described<Message extends proto.AnalyzeRequest | proto.AnalyzerResource>(message: Message, resource: Resource): Message {
  message.setUrn(resource.urn);
  message.setType(resource.type);
  message.setName(resource.name);
  message.setProperties(Struct.fromJavaScript(resource.inputs));
  message.setOptions(new proto.AnalyzerResourceOptions());
  if (resource.provider) {
    const provider = new proto.AnalyzerProviderResource();
    provider.setUrn(resource.provider.urn);
    provider.setType(resource.provider.type);
    provider.setName(resource.provider.name);
    provider.setProperties(Struct.fromJavaScript(resource.provider.inputs));
    message.setProvider(provider);
  }
  return message;
}

function withDependencies(message: proto.AnalyzerResource, { propertyDependencies }: Resource): proto.AnalyzerResource {
  for (const [input, urns] of Object.entries(propertyDependencies)) {
    const dependencies = new proto.AnalyzerPropertyDependencies();
    dependencies.setUrnsList([...urns]);
    message.getPropertydependenciesMap().set(input, dependencies);
  }
  return message;
}

const read = (diagnostic: proto.AnalyzeDiagnostic, urn: string): Said => ({
  rule: diagnostic.getPolicyname(),
  mandatory: diagnostic.getEnforcementlevel() === proto.EnforcementLevel.MANDATORY,
  // The SDK puts the rule's description in front.
  message: diagnostic.getMessage(),
  urn,
});

export const nameOf = (urn: string): string => urn.split("::").at(-1) ?? "";

/** Violations of rules that must be kept, without the rules' descriptions, which stand in front. */
export const violations = (said: readonly Said[]): { rule: string; message: string }[] =>
  said.filter(({ mandatory }) => mandatory).map(({ rule, message }) => ({ rule, message: message.replace(/^.*\n/, "") }));

/** What Pulumi says where a rule needed a value that is not known. */
export const untried = (said: readonly Said[]): Said[] => said.filter(({ message }) => message.startsWith("can't run policy"));
