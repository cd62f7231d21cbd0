import { isObject } from "./paths";

const base64 = /^[A-Za-z0-9+/]+=*$/;
type Parsed = { readonly problem: string } | { readonly value: Record<string, Record<string, unknown>> };
/** The registries of a Docker config.json. */
export function authsOf(secret: string): Parsed {
  let parsed: unknown;
  try {
    parsed = JSON.parse(secret);
  } catch {
    return { problem: "it is not JSON" };
  }
  const auths = isObject(parsed) ? parsed.auths : undefined;
  if (!isObject(auths) || Object.keys(auths).length === 0) return { problem: 'it has no registries under "auths"' };
  for (const [registry, entry] of Object.entries(auths)) {
    if (!isObject(entry)) return { problem: `its entry for ${registry} is no object` };
  }
  return { value: auths as Record<string, Record<string, unknown>> };
}

/** What is wrong with the pull secret of console.redhat.com; undefined when it has the right form. Names no part of its value. */
function pullSecretProblem(secret: string): string | undefined {
  const parsed = authsOf(secret);
  if ("problem" in parsed) return parsed.problem;
  for (const [registry, entry] of Object.entries(parsed.value)) {
    const valid = (typeof entry.auth === "string" && base64.test(entry.auth)) || typeof entry.credsStore === "string";
    if (!valid) return `its entry for ${registry} has no base64 "auth"`;
  }
  return undefined;
}

/** What is wrong with a `kubernetes.io/dockerconfigjson`; undefined when it has the right form. Names no part of its value. */
function registryCredentialsProblem(secret: string): string | undefined {
  const parsed = authsOf(secret);
  if ("problem" in parsed) return parsed.problem;
  for (const [registry, entry] of Object.entries(parsed.value)) {
    const pair = typeof entry.username === "string" && typeof entry.password === "string";
    const encoded = typeof entry.auth === "string" && base64.test(entry.auth) && Buffer.from(entry.auth, "base64").includes(":");
    if (!pair && !encoded) return `its entry for ${registry} has neither "auth" (base64 of user:password) nor "username" and "password"`;
  }
  return undefined;
}

/** Settings that are secret: what each is, and what is wrong with a value. */
export const secretKeys = {
  pullSecret: {
    required: true,
    right: "the pull secret of console.redhat.com/openshift/install/pull-secret, whole",
    problem: pullSecretProblem,
  },
  registryCredentials: {
    required: true,
    right: "a Docker config.json with the registries that builds push to",
    problem: registryCredentialsProblem,
  },
  npmrc: {
    required: false,
    right: "the text of an .npmrc file",
    problem: (value: string) => (value.trim() === "" ? "it is empty" : undefined),
  },
  mavenSettings: {
    required: false,
    right: "the text of a settings.xml file",
    problem: (value: string) => (/<settings[\s>]/.test(value) ? undefined : "it has no <settings> element"),
  },
} as const;
