import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseAllDocuments } from "yaml";
import { places, registry } from "../../machine/places";
import type { Manifest } from "./bundle";
import type { Offer } from "./catalog";

/** Program of the toolchain, and the name of its image below `tekton/`. */
const operatorPrograms = ["operator-operator", "operator-webhook", "operator-proxy-webhook"] as const;

/**
 * Where the operator finds the images of what it installs: variables of its own Deployment (pkg/reconciler/common/transformers.go), by
 * the container or the argument that they are for; operatorhub/openshift/config.yaml has them for Red Hat's release.
 */
const images: Readonly<Record<string, string>> = {
  PIPELINES_TEKTON_PIPELINES_CONTROLLER: "controller",
  PIPELINES_WEBHOOK: "webhook",
  PIPELINES_CONTROLLER: "resolvers",
  PIPELINES_TEKTON_EVENTS_CONTROLLER: "events",
  PIPELINES_ARG__ENTRYPOINT_IMAGE: "entrypoint",
  PIPELINES_ARG__NOP_IMAGE: "nop",
  PIPELINES_ARG__WORKINGDIRINIT_IMAGE: "workingdirinit",
  PIPELINES_ARG__SIDECARLOGRESULTS_IMAGE: "sidecarlogresults",
  PIPELINES_PROXY: "operator-proxy-webhook",
  TRIGGERS_TEKTON_TRIGGERS_CONTROLLER: "triggers-controller",
  TRIGGERS_WEBHOOK: "triggers-webhook",
  TRIGGERS_TEKTON_TRIGGERS_CORE_INTERCEPTORS: "triggers-interceptors",
  TRIGGERS_ARG__EL_IMAGE: "triggers-eventlistenersink",
  CHAINS_TEKTON_CHAINS_CONTROLLER: "chains-controller",
  JOB_PRUNER_TKN: "tkn",
};

/** Steps that are scripts: of Tekton's pods, and of the server of downloads. */
const scripts = ["PIPELINES_ARG__SHELL_IMAGE", "ADDONS_TKN_CLI_SERVE_INIT_CONFIG"];

/** A shell with the usual small programs. */
export const shellImage = { repository: "tekton/shell", tag: "1" } as const;

/** Servers of the web console's pages and of downloads: nobody looks at them, so nothing serves. */
const idle = ["PIPELINES_CONSOLE_PLUGIN", "ADDONS_TKN_CLI_SERVE"];

/** Programs of the toolchain that have an image each. */
export const tektonPrograms = [...new Set([...operatorPrograms, ...Object.values(images)])];

/** What `share/versions` of the cluster's toolchain says of a module, for example of `operator`: `v0.81.0`. */
export function versionOf(module: string): string {
  const file = join(places.share, "cluster", "versions");
  const found = new RegExp(`^${module} (\\S+)$`, "m").exec(readFileSync(file, "utf8"))?.[1];
  if (!found) throw new Error(`${file} has no version of ${module}`);
  return found;
}

/** Reference of a program's image. */
export const tektonImage = (program: string): string => `${registry}/tekton/${program}:${versionOf("operator")}`;

const imageVariables = () => [
  ...Object.entries(images).map(([name, image]) => ({ name: `IMAGE_${name}`, value: tektonImage(image) })),
  ...scripts.map((name) => ({ name: `IMAGE_${name}`, value: `${registry}/${shellImage.repository}:${shellImage.tag}` })),
  ...idle.map((name) => ({ name: `IMAGE_${name}`, value: `${registry}/pause:1` })),
];

interface Container {
  name: string;
  image: string;
  env?: { name: string; value?: string }[];
}

/**
 * The OpenShift Pipelines operator as Red Hat's catalog offers it. Versions: openshift-pipelines/hack, config/downstream/releases;
 * whatever the channel, the rehearsal installs the one Tekton of its toolchain.
 */
export function pipelinesOffer(): Offer {
  const text = readFileSync(join(places.share, "cluster", "operator", "operator.yaml"), "utf8");
  const objects = parseAllDocuments(text).map((document) => document.toJS() as Manifest);
  return {
    name: "openshift-pipelines-operator-rh",
    displayName: "Red Hat OpenShift Pipelines",
    defaultChannel: "latest",
    channels: {
      latest: "1.24.0",
      "pipelines-1.20": "1.20.5",
      "pipelines-1.21": "1.21.4",
      "pipelines-1.22": "1.22.5",
      "pipelines-1.23": "1.23.1",
      "pipelines-1.24": "1.24.0",
    },
    manifests: (version) => objects.map((object) => (object.kind === "Deployment" ? placed(object, version) : object)),
  };
}

function placed(deployment: Manifest, version: string): Manifest {
  const copy = structuredClone(deployment) as Manifest & { spec: { template: { spec: { containers: Container[] } } } };
  for (const container of copy.spec.template.spec.containers) {
    const program = container.image.replace("ko://github.com/tektoncd/operator/cmd/openshift/", "operator-");
    container.image = tektonImage(program);
    const own = program === "operator-operator" ? imageVariables() : [];
    const replaced = own.map(({ name }) => name);
    container.env = [
      ...(container.env ?? [])
        .filter(({ name }) => !replaced.includes(name))
        .map((variable) => (variable.name === "VERSION" ? { ...variable, value: version } : variable)),
      ...own,
    ];
  }
  return copy;
}
