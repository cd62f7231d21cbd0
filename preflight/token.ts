import { ask, type Question } from "./http";

/** How a registry of the distribution specification hands out tokens: https://distribution.github.io/distribution/spec/auth/token/ */

/** What an entry of a Docker config.json logs in with. */
export interface Login {
  /** Empty for an identity token. */
  readonly user: string;
  /** base64 of user:password. */
  readonly basic: string;
  /** For the token server alone. */
  readonly identityToken?: string;
}

export interface Challenge {
  readonly scheme: "basic" | "bearer";
  readonly realm: string;
  readonly service?: string;
}

/** An entry of which config/secrets.ts has seen the form. */
export function loginOf({ auth, username, password, identitytoken }: Readonly<Record<string, unknown>>): Login {
  const basic = typeof auth === "string" && auth !== "" ? auth : Buffer.from(`${username}:${password}`).toString("base64");
  const identityToken = typeof identitytoken === "string" && identitytoken !== "" ? identitytoken : undefined;
  const user = identityToken === undefined ? Buffer.from(basic, "base64").toString().split(":")[0] : "";
  return { user: user ?? "", basic, ...(identityToken !== undefined && { identityToken }) };
}

/** What a 401 asks for (RFC 9110, 11.6.1): tokens, if it is given the choice. */
export function challengeOf(header: string | string[] | undefined): Challenge | undefined {
  const texts = [header ?? []].flat();
  for (const scheme of ["bearer", "basic"] as const) {
    const text = texts.map((all) => new RegExp(`\\b${scheme}\\s+(.*)`, "is").exec(all)?.[1]).find((rest) => rest !== undefined);
    if (text === undefined) continue;
    const parameter = (name: string) => new RegExp(`\\b${name}="([^"]*)"`, "i").exec(text)?.[1];
    const [realm = "", service] = [parameter("realm"), parameter("service")];
    if (scheme === "bearer" && !URL.canParse(realm)) continue;
    return { scheme, realm, ...(service !== undefined && { service }) };
  }
  return undefined;
}

/** Asks the token server for the right to push. One that gives less than that says so in the token alone, not by its status. */
export async function token(
  { realm, service = "" }: Challenge,
  name: string,
  { basic, identityToken }: Login,
  question: Question,
): Promise<{ readonly status: number; readonly token?: string }> {
  const scope = `repository:${name}:pull,push`;
  const url = new URL(realm);
  if (identityToken === undefined) {
    if (service !== "") url.searchParams.set("service", service);
    url.searchParams.set("scope", scope);
  }
  // https://distribution.github.io/distribution/spec/auth/oauth/
  const form = { grant_type: "refresh_token", service, client_id: "openshift-multiarch", scope, refresh_token: identityToken ?? "" };
  const { status, body } = await ask(
    url.href,
    identityToken === undefined ? { ...question, headers: { authorization: `Basic ${basic}` } } : { ...question, form },
  );
  if (status !== 200) return { status };
  const { token: plain, access_token: oauth } = parsed(body) as { token?: unknown; access_token?: unknown };
  const given = [plain, oauth].find((text) => typeof text === "string" && text !== "");
  return { status, ...(given !== undefined && { token: given as string }) };
}

/**
 * What a token lets its owner do with a repository: its claim `access` (https://distribution.github.io/distribution/spec/auth/jwt/).
 * Undefined for a token that is opaque, as those of some registries are.
 */
export function allows(given: string, name: string): string[] | undefined {
  const [, claims = "", ...rest] = given.split(".");
  if (rest.length !== 1) return undefined;
  const { access } = parsed(Buffer.from(claims, "base64url").toString()) as { access?: unknown };
  if (access !== null && !Array.isArray(access)) return undefined;
  const entries = (access ?? []) as { type?: unknown; name?: unknown; actions?: unknown }[];
  const own = entries.filter((entry) => entry?.type === "repository" && entry.name === name);
  return own.flatMap(({ actions }) => (Array.isArray(actions) ? actions.map(String) : []));
}

/** What JSON holds if it is an object, else an object that holds nothing. */
function parsed(text: string): object {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? value : {};
  } catch {
    return {};
  }
}
