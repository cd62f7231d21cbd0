import { createPrivateKey } from "node:crypto";
import { entitlementProblem } from "./certificates";
import { buildGitCredentialsProblem, gitCredentialsProblem } from "./git-credentials";
import { isObject, objectIn } from "./paths";
import { Redactor } from "./redact";

type Entry = Record<string, unknown>;
type Entries = { readonly problem: string } | { readonly entries: [registry: string, entry: Entry][] };

const filled = (value: unknown): value is string => typeof value === "string" && value !== "";

/** The registries of a Docker config.json. */
export function entriesOf(config: string): Entries {
  let parsed: unknown;
  try {
    parsed = JSON.parse(config);
  } catch {
    return { problem: "it is not JSON" };
  }
  if (isObject(parsed)) {
    for (const [of, part] of [["it", parsed], ...Object.entries(isObject(parsed.auths) ? parsed.auths : {})] as const) {
      for (const helper of ["credsStore", "credHelpers"]) {
        if (isObject(part) && part[helper] !== undefined) {
          return {
            problem: `${of === "it" ? of : entryName(of)} has ${helper}: the passwords are with a program of the machine that wrote it`,
          };
        }
      }
    }
  }
  const auths = isObject(parsed) ? parsed.auths : undefined;
  if (!isObject(auths) || Object.keys(auths).length === 0) return { problem: 'it has no registries under "auths"' };
  const entries = Object.entries(auths);
  for (const [registry, entry] of entries) if (!isObject(entry)) return { problem: `${entryName(registry)} is no object` };
  return { entries: entries as [string, Entry][] };
}

/** A key is no secret, but what was put in its place by mistake may be one. */
const entryName = (registry: string) => {
  const shown = new Redactor([]).key(registry);
  return /^[a-z0-9.:/_*-]+$/.test(shown) && /[.:]|^localhost/.test(shown) ? `its entry for ${shown}` : "one of its entries";
};

/** User and password of an `auth`, which Go's decoder takes only with its padding; undefined when it holds no such thing. */
function decoded(auth: unknown): { readonly user: string; readonly password: string } | undefined {
  if (!filled(auth)) return undefined;
  const bytes = Buffer.from(auth, "base64");
  const [, user, password] = /^([^:]+):(.*)$/s.exec(bytes.toString()) ?? [];
  return bytes.toString("base64") === auth && user !== undefined && password !== undefined ? { user, password } : undefined;
}

/** What is wrong with the pull secret of console.redhat.com; undefined when it has the right form. Names no part of its value. */
function pullSecretProblem(secret: string): string | undefined {
  const read = entriesOf(secret);
  if ("problem" in read) return read.problem;
  const wrong = read.entries.find(([, entry]) => !decoded(entry.auth));
  return wrong && `${entryName(wrong[0])} has no "auth" (base64 of user:password)`;
}

/** What is wrong with registry credentials; undefined when they have the right form. Names no part of their value. */
function registryCredentialsProblem(secret: string): string | undefined {
  const read = entriesOf(secret);
  if ("problem" in read) return read.problem;
  for (const [registry, entry] of read.entries) {
    const name = entryName(registry);
    const { auth, username, password, identitytoken } = entry;
    if (auth === undefined || auth === "") {
      if (!filled(username) || !filled(password)) {
        return `${name} has neither "auth" (base64 of user:password) nor "username" and "password"`;
      }
      if (username.includes(":")) return `${name} has a "username" with a colon, which ends the name of a user`;
    } else {
      const pair = decoded(auth);
      if (!pair) return `${name} has an "auth" that is not the base64 of user:password`;
      if (pair.password === "" && !filled(identitytoken)) return `${name} has an "auth" without a password`;
    }
  }
  return undefined;
}

/**
 * Registry credentials as buildah and Kubernetes read them: containers/image and the kubelet's keyring look at `auth`, and buildah
 * at nothing else. Right credentials come back as they were, so that nothing changes for whoever has them.
 */
export function withAuth(config: string): string {
  const read = entriesOf(config);
  if ("problem" in read || read.entries.every(([, entry]) => filled(entry.auth))) return config;
  const auths = read.entries.map(([registry, { auth, username, password, ...rest }]) => [
    registry,
    { ...rest, auth: filled(auth) ? auth : Buffer.from(`${username}:${password}`).toString("base64") },
  ]);
  return JSON.stringify({ ...JSON.parse(config), auths: Object.fromEntries(auths) });
}

/** What is wrong with the secrets of builds; undefined when they have the right form. Names no part of their values. */
function buildSecretsProblem(value: string): string | undefined {
  const parsed = objectIn(value);
  if (!parsed) return "it is no object";
  for (const secrets of Object.values(parsed)) {
    if (!isObject(secrets) || Object.keys(secrets).length === 0) return "what it has for one of the builds is no object of secrets";
    for (const [id, text] of Object.entries(secrets)) {
      // What Kubernetes takes as a key of a Secret, and buildah as an id.
      if (!/^(?!__proto__$)[A-Za-z0-9_][A-Za-z0-9._-]{0,200}$/.test(id))
        return "one of its secrets has a name that is too long, or has other characters than A-Z a-z 0-9 . _ -";
      if (!filled(text)) return "one of its secrets is no text, or empty";
    }
  }
  return undefined;
}

/**
 * The curves by OpenSSL's names that both sides know: Go's crypto/x509 reads no others but P-224, which cosign takes for too weak
 * (sigstore/sigstore, pkg/cryptoutils/publickey.go, ValidatePubKey).
 */
const curves: Readonly<Record<string, string>> = { prime256v1: "P-256", secp384r1: "P-384", secp521r1: "P-521" };

/** What is wrong with a key for signatures; undefined when it has the right form. Chains takes ECDSA alone (pkg/chains/signing/x509/x509.go). */
function signingKeyProblem(pem: string): string | undefined {
  if (/BEGIN ENCRYPTED (?:SIGSTORE|COSIGN) PRIVATE KEY/.test(pem)) return "it is a key of cosign, which only cosign can open";
  if (/ENCRYPTED/.test(pem)) return "it is encrypted with a password";
  try {
    const key = createPrivateKey(pem);
    if (key.asymmetricKeyType !== "ec") return "it is not a key of an elliptic curve (ECDSA)";
    const { namedCurve = "" } = key.asymmetricKeyDetails ?? {};
    return curves[namedCurve]
      ? undefined
      : `its curve is ${namedCurve || "one without a name"}, not one of ${Object.values(curves).join(", ")}`;
  } catch {
    return "it is no private key in PEM";
  }
}

/**
 * A private key in the only form that Chains reads, as the first block of a PEM and in PKCS#8; one that has it already comes back as it
 * was, so that nothing changes.
 */
export function asPkcs8(pem: string): string {
  const text = createPrivateKey(pem).export({ type: "pkcs8", format: "pem" }).toString();
  return pem.trim() === text.trim() ? pem : text;
}

/** Settings that are secret: what each is and is for, and what is wrong with a value. */
export const secretKeys = {
  pullSecret: {
    required: true,
    description: "The pull secret of the cluster: what the nodes pull OpenShift's own images with.",
    right: "the pull secret of console.redhat.com/openshift/install/pull-secret, whole",
    problem: pullSecretProblem,
  },
  registryCredentials: {
    required: true,
    description: "Credentials of the registries: builds push with them, and pull private base images and task images.",
    right:
      "a Docker config.json with the registries that builds push to, as podman login --authfile=FILE REGISTRY or oc registry login --to=FILE write it",
    problem: registryCredentialsProblem,
  },
  npmrc: {
    required: false,
    description: "What npm takes as .npmrc in nodejs builds: private registries and their tokens.",
    right: "the text of an .npmrc file",
    problem: (value: string) => {
      if (value.trim() === "") return "it is empty";
      return /\$\{\w+\??\}/.test(value) ? "it takes a value from an environment variable, which a build does not have" : undefined;
    },
  },
  mavenSettings: {
    required: false,
    description: "What Maven takes as settings.xml in quarkus builds: private repositories and their passwords.",
    right: "the text of a settings.xml file",
    problem: (value: string) => {
      if (!/<settings[\s/>]/.test(value)) return "it has no <settings> element";
      return /\$\{env\./.test(value) ? "it takes a value from an environment variable, which a build does not have" : undefined;
    },
  },
  buildSecrets: {
    required: false,
    description:
      "Secrets of each build, which RUN --mount=type=secret,id=NAME of its Containerfile and the prepare step get as files; one of them is set with pulumi config set --secret --path buildSecrets.BUILD.NAME < FILE.",
    right: "an object that has, by name of the build, an object of names of secrets and their texts",
    problem: buildSecretsProblem,
  },
  rhelEntitlement: {
    required: false,
    description: "Subscription of RHEL: what RUN instructions of builds with entitlement: true install packages with.",
    right: "a certificate of /etc/pki/entitlement and its private key, as cat ID.pem ID-key.pem prints them",
    problem: entitlementProblem,
  },
  gitCredentials: {
    required: false,
    description: "What builds read private repositories and submodules with: tokens for hosts over https, a key for ssh.",
    right:
      "the text of a .git-credentials file, lines https://USER:TOKEN@HOST, or an object with credentials (such a text), sshKey and knownHosts",
    problem: gitCredentialsProblem,
  },
  buildGitCredentials: {
    required: false,
    description:
      "The same for single builds, which have them in the place of gitCredentials; those of one are set with pulumi config set --secret --path buildGitCredentials.BUILD < FILE.",
    right: "an object that has, by name of the build, what gitCredentials may be",
    problem: buildGitCredentialsProblem,
  },
  signingPrivateKey: {
    required: false,
    description: "The key that images are signed with, so that it outlives the cluster; the cluster makes one of its own otherwise.",
    right: "an ECDSA private key in PEM without a password, as openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 writes it",
    problem: signingKeyProblem,
  },
} as const;
