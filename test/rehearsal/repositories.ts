import { expect, it } from "vitest";
import type { Document } from "yaml";
import { membersOf, outputOn } from "../../rehearsal/commands/proof";
import { registry } from "../../rehearsal/machine/places";
import { kubectl, pulumi } from "../../rehearsal/stack/environment";
import { stackOutputs } from "../../rehearsal/stack/state";
import { buildLabel, type TaskRun } from "../../tekton/following";
import { contentOf, manifest, tagsOf } from "./image-content";
import { failures } from "./repository-failures";
import { buildOf, repositories, repositoryOf, secretsOfRepositories } from "./repository-list";
import { publishRepository } from "./repository-sources";

/** What the end-to-end test has of its own. */
interface Stack {
  /** A copy of the stack's configuration with a change. */
  readonly changedConfig: (change: (config: Document) => void) => string;
  readonly up: (file: string, ...options: string[]) => Promise<{ code: number | null; output: string }>;
}

const namespace = "build-multiarch";
const json = async (...args: string[]) => JSON.parse(await kubectl([...args, "--namespace", namespace, "--output=json"]));

const withBuilds =
  (builds: readonly object[]) =>
  (config: Document): void => {
    for (const build of builds) config.addIn(["config", "openshift-multiarch:builds"], config.createNode(build));
  };

/** In the running rehearsal: what people have is built by one update, and each image is what its author means. */
export function repositorySteps({ changedConfig, up }: Stack): void {
  const commits = new Map<string, string>();

  it("builds what people have, all in one update", async () => {
    for (const repository of repositories) commits.set(repository.name, await publishRepository(repository.name, repository));
    const file = changedConfig(withBuilds(repositories.map((repository) => buildOf(repository))));
    for (const [build, secrets] of Object.entries(secretsOfRepositories))
      for (const [name, text] of Object.entries(secrets))
        await pulumi(["config", "set", "--secret", "--path", `buildSecrets.${build}.${name}`, "--config-file", file], text);
    const { code, output } = await up(file);
    expect(output).not.toContain(Object.values(secretsOfRepositories.secret ?? {})[0]);
    expect(code).toBe(0);
    const { images } = (await stackOutputs()) as { images: Record<string, string> };
    for (const { name } of repositories) expect(images[name]).toMatch(new RegExp(`^${registry}/${repositoryOf(name)}@sha256:`));
  });

  it.each(repositories.map((repository) => [repository.name, repository] as const))(
    "the image of %s is what its Containerfile says, for both architectures and under each of its tags",
    async (name, { tags, holds }) => {
      const commit = commits.get(name) ?? "";
      const digests = (index: { manifests: { digest: string }[] }) => index.manifests.map(({ digest }) => digest);
      const index = await manifest(repositoryOf(name), "latest");
      for (const { architecture, digest } of membersOf(name, index)) {
        const content = await contentOf(repositoryOf(name), digest);
        expect({ architecture: content.architecture, os: content.os }).toEqual({ architecture, os: "linux" });
        expect(content.config.Labels).toMatchObject({ "org.opencontainers.image.revision": commit });
        await holds({ ...content, commit });
      }
      const wanted = tags?.(commit) ?? [];
      // Beside them are those of the run and of signatures.
      expect(await tagsOf(repositoryOf(name))).toEqual(expect.arrayContaining(["latest", ...wanted]));
      for (const tag of wanted) expect(digests(await manifest(repositoryOf(name), tag))).toEqual(digests(index));
    },
  );

  const printing = repositories.flatMap(({ name, prints }) =>
    Object.entries(prints ?? {}).map(([architecture, text]) => ({ name, architecture, text })),
  );
  it.each(printing)("the image of $name prints on a node of $architecture: $text", async ({ name, architecture, text }) => {
    const { images } = (await stackOutputs()) as { images: Record<string, string> };
    expect((await outputOn(name, images[name] ?? "", architecture)).output).toBe(text);
  });

  it("fails once where somebody must do something, says what, and publishes nothing", async () => {
    for (const { name, sources } of failures) if (sources) await publishRepository(name, sources);
    const file = changedConfig(withBuilds(failures.map((failure) => buildOf(failure, failure.source))));
    // Each of them is to be seen.
    const { code, output } = await up(file, "--continue-on-error");
    expect(code).not.toBe(0);
    // As a terminal shows it: lines of the log have the build's name in front.
    const said = output.replaceAll(/\s+/g, " ");
    for (const { says } of failures) for (const text of says) expect(said).toContain(text);
    for (const { name } of failures) {
      expect(await tagsOf(repositoryOf(name)), name).toEqual([]);
      const runs = (await json("get", "pipelineruns", "--selector", `${buildLabel}=${name}`)).items;
      expect(runs, name).toHaveLength(1);
      const { items: tasks }: { items: TaskRun[] } = await json("get", "taskruns", "--selector", `${buildLabel}=${name}`);
      const failed = tasks.filter(({ status }) => status?.conditions?.some((condition) => condition.status === "False"));
      expect(failed.length, name).toBeGreaterThan(0);
      for (const task of tasks) expect(task.status?.retriesStatus ?? [], name).toEqual([]);
    }
  });
}
