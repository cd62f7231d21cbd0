import { mayRead } from "./git-credentials";
import { entryServes, normalised } from "./images";
import { at, isObject, keyOf, list, unique } from "./paths";
import { entriesOf } from "./secrets";

export type Problem = (path: PropertyKey[], right: string) => void;

/** Rules between the settings of builds, and between them and other settings. */
export function checkBuilds(values: Readonly<Record<string, unknown>>, problem: Problem): void {
  const builds = list(values.builds);
  unique(
    builds.map((candidate, i) => [["builds", i, "name"], at(candidate, ["name"])]),
    (path, first) => problem(path, `a name that no other build has (${keyOf(first)})`),
  );
  unique(
    builds.map((candidate, i) => [["builds", i, "image"], normalised(at(candidate, ["image"]))]),
    (path, first) => problem(path, `an image that no other build pushes (${keyOf(first)})`),
  );
  builds.forEach((candidate, i) => {
    const wrong = (key: string, right: string, ...more: number[]) => problem(["builds", i, key, ...more], right);
    if (at(candidate, ["prepare"]) !== undefined && at(candidate, ["pipeline"]) !== "containerfile") {
      wrong("prepare", "nothing: nodejs and quarkus have a step of their own before the build, only containerfile takes another");
    }
    if (at(candidate, ["entitlement"]) === true && values.rhelEntitlement === undefined) {
      wrong("entitlement", "false, or a subscription: pulumi config set --secret rhelEntitlement < FILE");
    }
    list(at(candidate, ["architectures"])).forEach((architecture, j) => {
      if (!list(values.pools).some((pool) => at(pool, ["architecture"]) === architecture)) {
        wrong("architectures", "an architecture that a pool has", j);
      }
    });
  });
  const names = builds.map((candidate) => at(candidate, ["name"]));
  for (const name of isObject(values.buildSecrets) ? Object.keys(values.buildSecrets) : []) {
    if (!names.includes(name)) problem(["buildSecrets", name], "secrets of a build that there is");
  }
}

export function warnAboutRepositories(builds: unknown[], warnings: string[]): void {
  const open = builds.flatMap((candidate, i) => (/^(?:http|git):/.test(String(at(candidate, ["repository"]))) ? [`builds[${i}]`] : []));
  if (open.length > 0) {
    warnings.push(
      `The repository of ${open.join(", ")} is read over http:// or git://: whoever is on the way can change what is built. Use https:// where the server has it.`,
    );
  }
}

export function warnAboutKeys(credentials: unknown, builds: unknown[], warnings: string[]): void {
  const secret = typeof credentials === "string" ? credentials : JSON.stringify(credentials ?? {});
  builds.forEach((candidate, i) => {
    const repository = at(candidate, ["repository"]);
    if (typeof repository === "string" && !mayRead(secret, repository)) {
      warnings.push(
        `builds[${i}].repository is read over ssh, for which gitCredentials has neither an sshKey nor a line of its host: its builds will fail.`,
      );
    }
  });
}

export function warnAboutRegistries(credentials: unknown, builds: unknown[], warnings: string[]): void {
  const read = typeof credentials === "string" ? entriesOf(credentials) : undefined;
  if (!read || "problem" in read) return;
  builds.forEach((candidate, i) => {
    const image = at(candidate, ["image"]);
    if (typeof image === "string" && normalised(image) && !read.entries.some(([entry]) => entryServes(entry, image))) {
      warnings.push(
        `builds[${i}].image goes to ${image.split("/")[0]}, for which registryCredentials has no entry: the push will be anonymous.`,
      );
    }
  });
}
