import { asTag, branchOf } from "../config/revision";
import { takesListenersContext } from "../config/schema/pipelines";
import type { Architecture } from "../config/settings";
import type { BuildSource } from "./build-source";
import { buildLabel } from "./following";
import { type RunEnvironment, runTemplate } from "./runs";
import { unprivilegedReader } from "./steps/shared";
import { verbatim } from "./verbatim";

/**
 * Runs that a push to Git starts: the objects of Tekton Triggers, as pure functions. Fields:
 * https://github.com/tektoncd/triggers/blob/main/docs/eventlisteners.md
 */

/** Whose events start a build: `github` is what Forgejo and Gitea send as well, signature included. */
export type GitServer = "github" | "gitlab";

/** A build that pushes to its branch start. */
export interface TriggeredBuild extends BuildSource {
  trigger: GitServer;
  architectures: readonly Architecture[];
}

/** Label of a run that the stack has not made: `push` or `schedule`. What the stack follows has none. */
export const startedByLabel = "openshift-multiarch/started-by";

/** Name of the EventListener; Tekton calls its Deployment and Service `el-<name>`. */
export const listenerName = "builds";
/** Account of the listener's pod. */
export const listenerAccount = "build-trigger";
/** Secret that both the Git server and the listener know, and its key. */
export const webhookSecret = { secretName: "webhook", secretKey: "token" } as const;

/** Names by which a server is reached over ssh on the port of https alone: "Using SSH over the HTTPS port" at GitHub, "Use SSH on port 443" at GitLab. */
const usualNames: Readonly<Record<string, string>> = { "ssh.github.com": "github.com", "altssh.gitlab.com": "gitlab.com" };

/** Where a repository is, apart from how it is spoken to: neither scheme, user, port, `.git` nor a slash at the end makes another one of it. */
export function placeOf(repository: string): { host: string; path: string } {
  const [, host = "", path = ""] =
    /^[a-z][a-z+]*:\/\/(?:[^/@]*@)?(\[[^\]]+\]|[^/:]+)(?::\d*)?\/+(.*)$/i.exec(repository) ??
    /^(?:[^/@]*@)?(\[[^\]]+\]|[^/:]+):\/*(.*)$/.exec(repository) ??
    [];
  return { host: usualNames[host.toLowerCase()] ?? host, path: path.replace(/\/+$/, "").replace(/\.git$/i, "") };
}

const literally = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

/**
 * Addresses of the same repository, as an expression of RE2. Letters may be large or small: GitHub and GitLab know no difference.
 * @param repository as a build names it: a URL, or user@host:path.
 */
export function sameRepository(repository: string): string {
  const { host, path } = placeOf(repository);
  const user = "(?:[^/@ ]*@)?";
  // As a URL, and as ssh has it.
  const prefix = `(?:[a-z][a-z+]*://${user}${literally(host)}(?::[0-9]+)?/+|${user}${literally(host)}:/*)`;
  return `(?i)^${prefix}${literally(path)}(?:\\.git)?/*$`;
}

/** What each server sends: its interceptor checks what proves the sender, and the fields are those of its documentation. */
const servers = {
  // https://docs.github.com/en/webhooks/webhook-events-and-payloads#push
  github: { event: "push", repository: ["body.repository.clone_url", "body.repository.ssh_url"] },
  // https://docs.gitlab.com/user/project/integrations/webhook_events/#push-events
  gitlab: { event: "Push Hook", repository: ["body.project.git_http_url", "body.project.git_ssh_url"] },
} as const satisfies Record<GitServer, object>;

/** A text of CEL. Its escapes are those of JSON (https://github.com/google/cel-spec/blob/master/doc/langdef.md#string-and-bytes-values). */
const cel = (text: string) => JSON.stringify(text);

/** True for a push of a commit to the branch of the build. A deleted branch has a commit of zeros alone. */
export const wantedPush = ({ trigger, repository, revision }: Pick<TriggeredBuild, "trigger" | "repository" | "revision">): string =>
  [
    `body.ref == ${cel(`refs/heads/${branchOf(revision)}`)}`,
    // A server of one's own may have another host for ssh.
    `(${servers[trigger].repository.map((field) => `${field}.matches(${cel(sameRepository(repository))})`).join(" || ")})`,
    `body.after.matches("^([0-9a-f]{40}|[0-9a-f]{64})$")`,
    `!body.after.matches("^0+$")`,
  ].join(" && ");

/**
 * A run that something else than the stack starts, still without a name. Its Pipeline holds what the build is, so that it names nothing
 * but what differs.
 */
export function startedRun(
  source: BuildSource,
  architectures: readonly Architecture[],
  environment: RunEnvironment,
  storageClass: string,
  { by, params }: { by: "push" | "schedule"; params: { name: string; value: string | string[] }[] },
) {
  const { metadata, spec, ...run } = runTemplate(source, architectures, environment, storageClass);
  return {
    ...run,
    metadata: { ...metadata, labels: { [buildLabel]: source.name, [startedByLabel]: by } },
    spec: { ...spec, params },
  };
}

/** What a run of a pushed commit is told. @param commit as who makes the run writes it. */
export function paramsOfPush({ revision, tags = [] }: Pick<BuildSource, "revision" | "tags">, commit: string) {
  // A commit has no branch; which one it was pushed to is known here.
  const named = tags.map((tag) => tag.replaceAll("{branch}", asTag(branchOf(revision))));
  return [
    { name: "revision", value: commit },
    // Who says that it was pushed there may be wrong, or another than the server.
    { name: "on-branch", value: verbatim(branchOf(revision)) },
    ...(named.length > 0 ? [{ name: "tags", value: named }] : []),
  ];
}

/** The spec of a build's TriggerTemplate: the run of a pushed commit. @param storageClass as of `runTemplate`. */
export function templateSpec(build: TriggeredBuild, environment: RunEnvironment, storageClass: string) {
  const params = paramsOfPush(build, "$(tt.params.commit)");
  const { metadata, ...run } = startedRun(build, build.architectures, environment, storageClass, { by: "push", params });
  return {
    params: [{ name: "commit", description: "Commit that was pushed" }],
    resourcetemplates: [{ ...run, metadata: { ...metadata, generateName: `${build.name}-push-` } }],
  };
}

/** What is taken out of an event. Both servers name the commit alike. */
export const triggerBinding = (namespace: string) => ({
  apiVersion: "triggers.tekton.dev/v1beta1",
  kind: "TriggerBinding",
  metadata: { name: "pushed", namespace },
  spec: { params: [{ name: "commit", value: "$(body.after)" }] },
});

const interceptor = (name: string, params: Record<string, unknown>) => ({
  ref: { name, kind: "ClusterInterceptor" },
  params: Object.entries(params).map(([key, value]) => ({ name: key, value })),
});

/**
 * The listener: a trigger for each build, which asks for the proof of the sender before it looks at what was sent.
 * @param channel of OpenShift Pipelines: with an older one, Tekton Triggers itself says what the listener's container may do.
 */
export function eventListener(builds: readonly TriggeredBuild[], namespace: string, channel: string) {
  return {
    apiVersion: "triggers.tekton.dev/v1beta1",
    kind: "EventListener",
    metadata: { name: listenerName, namespace },
    spec: {
      serviceAccountName: listenerAccount,
      triggers: builds.map((build) => ({
        name: build.name,
        interceptors: [
          interceptor(build.trigger, { secretRef: webhookSecret, eventTypes: [servers[build.trigger].event] }),
          interceptor("cel", { filter: wantedPush(build) }),
        ],
        bindings: [{ ref: "pushed", kind: "TriggerBinding" }],
        template: { ref: build.name },
      })),
      resources: {
        kubernetesResource: {
          serviceType: "ClusterIP",
          spec: {
            template: {
              spec: {
                containers: [
                  {
                    // It waits for events, and anybody may send them.
                    resources: { requests: { cpu: "10m", memory: "64Mi" }, limits: { cpu: "500m", memory: "256Mi" } },
                    ...(takesListenersContext(channel) && { securityContext: unprivilegedReader }),
                  },
                ],
              },
            },
          },
        },
      },
    },
  };
}

/**
 * What the listener's pod may do. Narrower than Tekton's own roles for it: those let it read the Secrets of all namespaces and act as any
 * account of this one.
 */
export const listenerRules = {
  inNamespace: [
    {
      apiGroups: ["triggers.tekton.dev"],
      resources: ["eventlisteners", "triggers", "triggerbindings", "triggertemplates", "interceptors"],
      verbs: ["get", "list", "watch"],
    },
    { apiGroups: ["tekton.dev"], resources: ["pipelineruns"], verbs: ["create"] },
    { apiGroups: [""], resources: ["events"], verbs: ["create", "patch"] },
  ],
  inCluster: [
    { apiGroups: ["triggers.tekton.dev"], resources: ["clusterinterceptors", "clustertriggerbindings"], verbs: ["get", "list", "watch"] },
  ],
};
