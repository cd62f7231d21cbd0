import { defaults } from "../config/defaults";
import type { Architecture } from "../config/settings";
import type { Minutes } from "./build-source";
import type { Param, PipelineTask } from "./resources";

/** Files and folders of the shared volume. */
const sources = "sources.tar.gz";
const packed = (architecture: Architecture | undefined) => `prepared${architecture ? `-${architecture}` : ""}.tar.gz`;
const members = "members";

const text = (name: string, from = name): Param => ({ name, value: `$(params.${from})` });
const list = (name: string): Param => ({ name, value: [`$(params.${name}[*])`] });
const ofClone = (name: string): Param => ({ name, value: `$(tasks.clone.results.${name})` });
/** A tag that no other run has. */
const ofRun: Param = { name: "run", value: "$(context.pipelineRun.name)" };
const bind = (...names: string[]) => names.map((name) => ({ name, workspace: name }));

/**
 * Minutes that a task may take, in each attempt, the wait for a node and for its images included. Most take a tenth of it: what takes
 * longer hangs.
 */
const usualMinutes = defaults.build.minutes;

/**
 * Only the push of the index is tried again: it costs seconds, and would else throw away all that was built because a registry hiccuped.
 * What fails in the other tasks (a wrong revision, a broken Containerfile, a test) fails again, so that a second attempt would only delay the
 * message; downloads are tried again by git-clone, npm, Maven and buildah themselves, and the push of an image by its step. A run that was lost with its node is
 * repeated by the next `pulumi up`.
 */
const retriesOfPush = 1;

/** As Go writes a duration, which is what the API gives back. */
export const duration = (total: number): string => (total < 60 ? `${total}m0s` : `${Math.floor(total / 60)}h${total % 60}m0s`);

/** Of the tasks after the clone, which has given the image its tags where it is there already. */
const unlessFound = [{ input: "$(tasks.clone.results.found)", operator: "in" as const, values: [""] }];

/**
 * The clone, which also looks whether the image of this commit is there already.
 * @param following tasks that decide what the image becomes.
 * @param version of the tasks: with another one, the image is another one.
 * @param containerfile that the repository must have; empty where it need not.
 */
export function clone(
  architectures: Architecture[],
  following: PipelineTask[],
  version: string,
  minutes: Minutes,
  containerfile: string,
): PipelineTask {
  const sourcesToo = ["submodules", "lfs", "git-folder"].map((name) => `$(params.${name})`);
  const used = [...new Set([...sourcesToo, ...(JSON.stringify(following).match(/\$\(params\.[^()]+\)/g) ?? [])])].sort();
  // None of them changes what an image is, once it is built.
  const identity = used.filter((reference) => !/\.(image|cache|rebuild|insecure-registries\[\*\])\)$/.test(reference));
  return {
    name: "clone",
    displayName: "Fetch the sources",
    taskRef: { name: "git-clone" },
    params: [
      text("url"),
      text("revision"),
      text("on-branch"),
      list("tags"),
      text("submodules"),
      text("lfs"),
      text("git-folder"),
      text("insecure"),
      // Looked for here, where a typing error costs seconds and one pod.
      text("context"),
      { name: "containerfile", value: containerfile },
      { name: "archive", value: sources },
      text("image"),
      ofRun,
      { name: "architectures", value: [...architectures] },
      // Where one list ends and the next begins, their elements alone do not say.
      { name: "identity", value: [version, ...identity.flatMap((reference) => [reference.replace(/[$()]/g, ""), reference])] },
      // A tag of the user's, which may move as a base image's does.
      ...(used.includes("$(params.prepare-image)") ? [{ name: "images", value: ["$(params.prepare-image)"] }] : []),
      text("rebuild"),
      list("insecure-registries"),
    ],
    workspaces: bind("shared", "git-credentials", "dockerconfig", "trust"),
    timeout: duration(minutes.clone ?? usualMinutes.clone),
  };
}

/** What runs before the image is built: Maven and the like once for all architectures, npm and the like on each. */
const preparations = {
  nodejs: { task: "npm-build", name: "npm", title: "Install dependencies", params: [], workspaces: ["npmrc"] },
  quarkus: { task: "maven-package", name: "package", title: "Compile", params: [], workspaces: ["maven-settings"] },
  prepared: {
    task: "prepare",
    name: "prepare",
    title: "Prepare",
    params: [text("image", "prepare-image"), text("script", "prepare-script")],
    workspaces: ["build-secrets"],
  },
};

/** @param architecture that it runs for; undefined: once for all. */
export function prepare(kind: keyof typeof preparations, architecture: Architecture | undefined, minutes: Minutes): PipelineTask {
  const { task, name, title, params, workspaces } = preparations[kind];
  return {
    name: architecture ? `${name}-${architecture}` : name,
    displayName: `${title} ${architecture ? `for ${architecture}` : "once for all architectures"}`,
    taskRef: { name: task },
    runAfter: ["clone"],
    when: unlessFound,
    params: [
      { name: "archive", value: sources },
      { name: "packed", value: packed(architecture) },
      text("context"),
      ofClone("timestamp"),
      text("rebuild"),
      list("environment"),
      ...params,
    ],
    workspaces: bind("shared", "downloads", ...workspaces, "trust"),
    timeout: duration(minutes.prepare ?? usualMinutes.prepare),
  };
}

/**
 * @param before the task that made the sources, if not the clone.
 * @param generated folder in the context that the task before has made, which a .containerignore must not leave out.
 */
export function build(architecture: Architecture, before: PipelineTask | undefined, generated: string, minutes: Minutes): PipelineTask {
  return {
    name: `build-${architecture}`,
    displayName: `Build the image for ${architecture}`,
    taskRef: { name: "buildah-build" },
    runAfter: [before?.name ?? "clone"],
    when: unlessFound,
    params: [
      { name: "architecture", value: architecture },
      { name: "archive", value: before?.params.find(({ name }) => name === "packed")?.value ?? sources },
      text("context"),
      text("containerfile"),
      text("target"),
      { name: "generated", value: generated },
      list("build-args"),
      list("labels"),
      text("cache"),
      text("rebuild"),
      list("insecure-registries"),
      { name: "member", value: `${members}/${architecture}` },
      text("image"),
      ofClone("commit"),
      ofClone("url"),
      ofClone("timestamp"),
    ],
    workspaces: bind("shared", "dockerconfig", "build-secrets", "rhel-entitlement", "trust"),
    timeout: duration(minutes.build ?? usualMinutes.build),
  };
}

export const push = (architectures: Architecture[], minutes: Minutes): PipelineTask => ({
  name: "push",
  displayName: "Push the index",
  taskRef: { name: "buildah-push" },
  runAfter: architectures.map((architecture) => `build-${architecture}`),
  when: unlessFound,
  params: [
    text("image"),
    list("tags"),
    { name: "architectures", value: [...architectures] },
    { name: "members", value: members },
    ofRun,
    ofClone("commit"),
    ofClone("branch"),
    ofClone("timestamp"),
    ofClone("key"),
    list("insecure-registries"),
  ],
  workspaces: bind("shared", "dockerconfig", "trust"),
  retries: retriesOfPush,
  timeout: duration(minutes.push ?? usualMinutes.push),
});
