import { entryServes } from "../config/images";
import { entriesOf } from "../config/secrets";
import type { PlainSettings } from "../config/settings";
import { type Finding, ok, problem, unchecked } from "./finding";
import { type Answer, ask, type Question } from "./http";
import { allows, challengeOf, type Login, loginOf, token } from "./token";

/** How the builds' images are pushed. */
export interface Pushes {
  readonly builds: readonly Pick<PlainSettings["builds"][number], "name" | "image">[];
  readonly namespace: Pick<PlainSettings["namespace"], "insecureRegistries" | "trustBundle">;
  /** A Docker config.json. */
  readonly registryCredentials: string;
}

/**
 * Whether the registries of the builds' images take the credentials, and for a push. Nothing is pushed, and no upload begun: the
 * registry is asked for a token as a push would (see token.ts); one that has no tokens says only whether it takes user and password.
 */
export function registries({ builds, namespace, registryCredentials }: Pushes): Promise<Finding[]> {
  const repositories = [...new Set(builds.map(({ image }) => image.replace(/[:@][^/]*$/, "")))];
  return Promise.all(repositories.map((repository) => tried(repository, loginFor(registryCredentials, repository), namespace)));
}

/** The entry that containers/image would take: the one that is most of the repository's name (containers-auth.json(5)). */
function loginFor(config: string, repository: string): Login | undefined {
  const read = entriesOf(config);
  const serving = "problem" in read ? [] : read.entries.filter(([entry]) => entryServes(entry, repository));
  const [best] = serving.sort(([a], [b]) => b.length - a.length);
  return best && loginOf(best[1]);
}

async function tried(repository: string, login: Login | undefined, namespace: Pushes["namespace"]): Promise<Finding> {
  const what = `registry of ${repository}`;
  const [host = "", ...path] = repository.split("/");
  try {
    return await judged(what, host, nameOf(host, path.join("/")), login, await door(host, namespace));
  } catch (error) {
    const { code = "", message } = error as NodeJS.ErrnoException;
    // Whether the cluster reaches it, and what builds trust, is another matter.
    return unchecked(
      what,
      `it does not answer here, as it has to in the cluster (${[code, message].filter(Boolean).join(": ")})${hint(code)}`,
    );
  }
}

const hint = (code: string) =>
  /^(?:EPROTO|ERR_SSL_WRONG_VERSION_NUMBER)$/.test(code)
    ? ": it speaks no TLS, so that builds need it in namespace.insecureRegistries"
    : /CERT|UNABLE_TO_/.test(code)
      ? ": builds need its authority in namespace.trustBundle"
      : "";

/** Docker Hub's registry and its one-part names are others than they are written. */
const isDockerHub = (host: string) => /^(?:(?:index|registry-1)\.)?docker\.io$/.test(host);
const nameOf = (host: string, path: string) => (isDockerHub(host) && !path.includes("/") ? `library/${path}` : path);

interface Door {
  readonly root: string;
  readonly first: Answer;
  readonly question: Question;
}

/** What the root of the API says; an insecure registry is asked by plain http where it speaks no TLS, as by buildah. */
async function door(host: string, { insecureRegistries, trustBundle }: Pushes["namespace"]): Promise<Door> {
  const server = isDockerHub(host) ? "registry-1.docker.io" : host;
  const insecure = insecureRegistries.includes(host);
  const question = { ...(trustBundle !== undefined && { trust: trustBundle }), anyCertificate: insecure };
  const root = (scheme: string) => `${scheme}://${server}/v2/`;
  try {
    return { root: root("https"), first: await ask(root("https"), question), question };
  } catch (error) {
    if (!insecure) throw error;
    return { root: root("http"), first: await ask(root("http"), question), question };
  }
}

async function judged(
  what: string,
  host: string,
  name: string,
  login: Login | undefined,
  { root, first, question }: Door,
): Promise<Finding> {
  if (first.status === 200) return ok(what, "it asks nobody who they are");
  const challenge = challengeOf(first.headers["www-authenticate"]);
  if (first.status !== 401 || challenge === undefined)
    return unchecked(what, `${root} answers ${first.status}, and not how to log in: is ${host} a registry?`);
  if (login === undefined) return problem(what, `it wants credentials, and registryCredentials has no entry for it: ${renew(host)}`);
  const user = login.user === "" ? "the identity token" : `the user ${login.user}`;
  const refused = (status: number) => problem(what, `it refuses ${user} of registryCredentials (${status}): ${renew(host)}`);
  if (challenge.scheme === "basic") {
    const { status } = await ask(root, { ...question, headers: { authorization: `Basic ${login.basic}` } });
    if (status === 401 || status === 403) return refused(status);
    return status === 200
      ? ok(what, `it takes ${user}; what that one may push, only a push would tell`)
      : unchecked(what, `${root} answers ${status} to ${user}`);
  }
  const given = await token(challenge, name, login, question);
  if (given.status === 401 || given.status === 403) return refused(given.status);
  if (given.token === undefined) return unchecked(what, `its token server ${challenge.realm} answers ${given.status}, and gives no token`);
  const may = allows(given.token, name);
  if (may === undefined) return ok(what, `it gives ${user} a token, which does not say what for`);
  if (may.includes("push") || may.includes("*")) return ok(what, `${user} may push`);
  return problem(
    what,
    `it knows ${user} of registryCredentials, who may not push to ${name} (${may.join(", ") || "nothing"} is allowed): give that user the right, or make the repository`,
  );
}

const renew = (host: string) =>
  `podman login --authfile=auth.json ${host}, then pulumi config set --secret registryCredentials < auth.json`;
