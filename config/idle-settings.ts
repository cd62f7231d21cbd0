import { defaults, mostVolumes } from "./defaults";
import { at, isObject, list } from "./paths";
import { branchOf } from "./revision";
import { makesKeys } from "./schema/pipelines";

/** Settings that are right, and do not do what whoever has written them may expect. */
export function warnAboutIdleSettings(values: Readonly<Record<string, unknown>>, warnings: string[]): void {
  list(values.builds).forEach((build, i) => {
    warnAboutBuild(build, `builds[${i}]`, values.buildSecrets, warnings);
  });
  warnAboutSignatures(values, warnings);
  warnAboutVolumes(values, warnings);
}

function warnAboutBuild(build: unknown, path: string, buildSecrets: unknown, warnings: string[]): void {
  const [name, cache, revision] = [at(build, ["name"]), at(build, ["cache"]), at(build, ["revision"])];
  if (at(build, ["pipeline"]) === "containerfile" && at(build, ["prepare"]) === undefined) {
    const environment = at(build, ["environment"]);
    if (isObject(environment) && Object.keys(environment).length > 0)
      warnings.push(
        `${path}.environment is read by nothing: it is for npm, Maven and a prepare step. For the Containerfile there is buildArgs.`,
      );
    if (at(build, ["minutes", "prepare"]) !== undefined)
      warnings.push(`${path}.minutes.prepare is the limit of nothing: nothing runs before the image is built.`);
  }
  if ((cache === true || typeof cache === "string") && at(buildSecrets, [String(name)]) !== undefined)
    warnings.push(`${path}.cache keeps no layers: a build with secrets (buildSecrets) takes and leaves none.`);
  if (at(build, ["trigger"]) !== undefined && typeof revision === "string" && looksLikeNoBranch.test(branchOf(revision)))
    warnings.push(
      `${path}.trigger waits for pushes to a branch of the name in revision. If that is a tag or a commit, no push starts the build: name a branch.`,
    );
}

/** A version, as tags have it, or the beginning of a commit. */
const looksLikeNoBranch = /^(?:v?\d+(?:\.\d+)+(?:[-+].*)?|(?=.*\d)[0-9a-f]{7,39})$/;

function warnAboutSignatures({ pipelines, signingPrivateKey }: Readonly<Record<string, unknown>>, warnings: string[]): void {
  const [channel, sign] = [at(pipelines, ["channel"]), at(pipelines, ["sign"])];
  const brought = signingPrivateKey !== undefined;
  if (sign === false) {
    if (brought) warnings.push("signingPrivateKey signs nothing: pipelines.sign is false.");
  } else if (typeof channel === "string" && !makesKeys(channel)) {
    warnings.push(
      brought
        ? `Images will not be signed, and signingPrivateKey is ignored: the program signs from pipelines-1.17 on, pipelines.channel is ${channel}. pipelines.sign false says that it is meant.`
        : `Images will not be signed: the operator of ${channel} makes no key; from pipelines-1.17 on it does. pipelines.sign false says that it is meant.`,
    );
  }
}

/**
 * Runs that a push or the clock has started keep their volume until somebody follows one of the build, or they are pruned, once a day:
 * a fifth of what there may be is left for what comes until then.
 */
function warnAboutVolumes({ pipelines, builds }: Readonly<Record<string, unknown>>, warnings: string[]): void {
  const keep = at(pipelines, ["keep"]) ?? defaults.pipelines.keep;
  const started = list(builds).filter((build) => at(build, ["trigger"]) !== undefined || at(build, ["rebuild"]) !== undefined).length;
  if (typeof keep !== "number" || started * keep <= mostVolumes * 0.8) return;
  warnings.push(
    `pipelines.keep is ${keep}, and a push or the clock starts ${started} ${started === 1 ? "build" : "builds"}, whose finished runs keep a volume each: ${started * keep} of the ${mostVolumes} that the namespace may have. Without one left no build of any kind runs: at most ${Math.floor((mostVolumes * 0.8) / started)} is safe.`,
  );
}
