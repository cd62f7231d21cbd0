import { type Architecture, architectures } from "./architecture";
import { defaults } from "./defaults";
import { asText, credentialsOf, mayRead, unusedLines } from "./git-credentials";
import { entryServes, normalised } from "./images";
import { at, isObject, keyOf, list, unique } from "./paths";
import { asTag } from "./revision";
import { noBranch } from "./schema";
import { entriesOf } from "./secrets";

export type Problem = (path: PropertyKey[], right: string) => void;
/** A path as it may be shown. */
export type Shown = (path: PropertyKey[]) => string;

const each = (values: unknown[], path: PropertyKey[]): [PropertyKey[], unknown][] => values.map((value, i) => [[...path, i], value]);

/** Rules between the settings of builds, and between them and other settings. */
export function checkBuilds(values: Readonly<Record<string, unknown>>, problem: Problem): void {
  const builds = list(values.builds);
  unique(
    builds.map((candidate, i) => [["builds", i, "name"], at(candidate, ["name"])]),
    (path, first) => problem(path, `a name that no other build has (${keyOf(first)})`),
  );
  unique(
    [
      ...builds.map((candidate, i): [PropertyKey[], unknown] => [["builds", i, "image"], normalised(at(candidate, ["image"]))]),
      ...builds.flatMap((candidate, i) => each(imagesOfTags(candidate), ["builds", i, "tags"])),
    ],
    (path, first) => problem(path, path[2] === "tags" ? tagAgain(path, first) : `an image that no other build pushes (${keyOf(first)})`),
  );
  builds.forEach((candidate, i) => {
    checkBuild(candidate, ["builds", i], values, problem);
  });
  unique(each(list(at(values.namespace, ["insecureRegistries"])), ["namespace", "insecureRegistries"]), (path, first) =>
    problem(path, `a registry that is not in the list yet (${keyOf(first)})`),
  );
  const names = builds.map((candidate) => at(candidate, ["name"]));
  for (const key of ["buildSecrets", "buildGitCredentials"])
    for (const name of isObject(values[key]) ? Object.keys(values[key]) : [])
      if (!names.includes(name)) problem([key, name], "the name of a build (builds[].name) in front of its secrets");
}

/** A template counts as what it is: two builds of one commit would push to the same tag. */
const imagesOfTags = (build: unknown): unknown[] =>
  list(at(build, ["tags"])).map((tag) => {
    const image = at(build, ["image"]);
    const name = normalised(typeof image === "string" ? image : undefined)?.replace(/:[^:/]+$/, "");
    return name && typeof tag === "string" ? `${name}:${tag}` : undefined;
  });

const tagAgain = (path: PropertyKey[], first: PropertyKey[]) =>
  path[1] === first[1] ? `a tag that the image does not have yet (${keyOf(first)})` : `a tag that no other build pushes (${keyOf(first)})`;

function checkBuild(build: unknown, path: PropertyKey[], { pools, rhelEntitlement }: Readonly<Record<string, unknown>>, problem: Problem) {
  const pipeline = at(build, ["pipeline"]);
  if (at(build, ["prepare"]) !== undefined && (pipeline === "nodejs" || pipeline === "quarkus"))
    problem([...path, "prepare"], `nothing: ${pipeline} has a step of its own; containerfile takes any other`);
  const revision = at(build, ["revision"]);
  if (at(build, ["trigger"]) !== undefined && revision !== undefined && noBranch.test(String(revision)))
    problem([...path, "revision"], "a branch, as pushes to it start the build");
  checkTags(list(at(build, ["tags"])), revision ?? defaults.build.revision, [...path, "tags"], problem);
  if (at(build, ["entitlement"]) === true && rhelEntitlement === undefined)
    problem([...path, "entitlement"], "false, or a subscription: pulumi config set --secret rhelEntitlement < FILE");
  const wanted = each(list(at(build, ["architectures"])), [...path, "architectures"]);
  unique(wanted, (path, first) => problem(path, `an architecture that is not in the list yet (${keyOf(first)})`));
  for (const [path, architecture] of wanted)
    if (architectures.includes(architecture as Architecture) && !list(pools).some((pool) => at(pool, ["architecture"]) === architecture))
      problem(path, "an architecture of a pool (pools[].architecture)");
  // The schema does not see it.
  for (const key of ["buildArgs", "environment"])
    if (at(build, [key, "__proto__"]) !== undefined) problem([...path, key, "__proto__"], "another name");
}

/** That a branch's name leaves room for the rest of a tag. The default branch of a repository is not known here: the clone looks again. */
function checkTags(tags: unknown[], revision: unknown, path: PropertyKey[], problem: Problem): void {
  if (typeof revision !== "string" || (noBranch.test(revision) && !revision.includes("/"))) return;
  const branch = asTag(revision.replace(/^refs\//, "").replace(/^(?:heads|tags)\//, ""));
  for (const [at, tag] of each(tags, path)) {
    if (typeof tag !== "string" || !tag.includes("{branch}")) continue;
    const { length } = tag.replaceAll("{commit}", "c".repeat(40)).replaceAll("{branch}", branch);
    if (length === 0 || length > 128) problem(at, `a tag of 1 to 128 characters together with the branch, which has ${branch.length}`);
  }
}

const secretName = /TOKEN|PASSW|SECRET|CREDENTIAL|(?:API|ACCESS|PRIVATE)_?KEY/i;

/** @param shown names a path: a key may hold by mistake what no log may */
export function warnAboutSecretNames(builds: unknown[], shown: Shown, warnings: string[]): void {
  const where = {
    buildArgs: "the stack's file, the cluster and the image's history: buildSecrets and RUN --mount=type=secret are for secrets.",
    environment: "the stack's file and the cluster: buildSecrets, npmrc and mavenSettings are for secrets.",
  };
  builds.forEach((candidate, i) => {
    for (const [key, places] of Object.entries(where)) {
      const values = at(candidate, [key]);
      for (const name of isObject(values) ? Object.keys(values) : [])
        if (secretName.test(name))
          warnings.push(`${shown(["builds", i, key, name])} has the name of a secret, and is in plain text in ${places}`);
    }
  });
}

export function warnAboutRepositories(builds: unknown[], warnings: string[]): void {
  const open = builds.flatMap((candidate, i) => (/^(?:http|git):/.test(String(at(candidate, ["repository"]))) ? [`builds[${i}]`] : []));
  if (open.length > 0) {
    warnings.push(
      `The repository of ${open.join(", ")} is read over http:// or git://: whoever is on the way can change what is built. Use https:// where the server has it.`,
    );
  }
}

export function warnAboutKeys(values: Readonly<Record<string, unknown>>, builds: unknown[], warnings: string[]): void {
  builds.forEach((candidate, i) => {
    const [name, repository] = [at(candidate, ["name"]), at(candidate, ["repository"])];
    if (typeof repository === "string" && !mayRead(asText(credentialsOf(values, name) ?? {}), repository)) {
      const secret = at(values, ["buildGitCredentials", String(name)]) === undefined ? "gitCredentials" : `buildGitCredentials.${name}`;
      warnings.push(
        `builds[${i}].repository is read over ssh, for which ${secret} has neither an sshKey nor a line of its host: its builds will fail.`,
      );
    }
  });
}

/** The host of a line is not named, as what stands there by mistake may be a password. */
export function warnAboutOpenTokens(values: Readonly<Record<string, unknown>>, warnings: string[]): void {
  const insecure = list(at(values.namespace, ["insecureRegistries"]));
  const own = isObject(values.buildGitCredentials) ? Object.entries(values.buildGitCredentials) : [];
  const all: [string, unknown][] = [
    ["gitCredentials", values.gitCredentials],
    ...own.map(([build, secret]) => [`buildGitCredentials.${build}`, secret] as [string, unknown]),
  ];
  for (const [key, secret] of all)
    for (const number of unusedLines(secret, insecure))
      warnings.push(
        `${key} has a line for http:// (line ${number}), which nothing uses: everybody on the way could read it. Write https://, or name its host in namespace.insecureRegistries.`,
      );
}

export function warnAboutRegistries(credentials: unknown, builds: unknown[], warnings: string[]): void {
  const read = typeof credentials === "string" ? entriesOf(credentials) : undefined;
  if (!read || "problem" in read) return;
  builds.forEach((candidate, i) => {
    for (const [key, loss] of [
      ["image", "the push will be anonymous"],
      ["cache", "layers will be kept there anonymously"],
    ] as const) {
      const image = at(candidate, [key]);
      if (typeof image === "string" && normalised(image) && !read.entries.some(([entry]) => entryServes(entry, image)))
        warnings.push(`builds[${i}].${key} goes to ${image.split("/")[0]}, for which registryCredentials has no entry: ${loss}.`);
    }
  });
}
