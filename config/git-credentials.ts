import { createPrivateKey } from "node:crypto";
import { at, isObject, objectIn } from "./paths";

/** What the secret `gitCredentials` holds. */
interface GitCredentials {
  /** Text of a .git-credentials file. */
  readonly credentials?: string;
  /** A private key without passphrase. */
  readonly sshKey?: string;
  /** Lines of a known_hosts file. */
  readonly knownHosts?: string;
}

/** Each part, and the file that the task git-clone looks for: names of Kubernetes' Secrets and of Tekton's workspaces. */
const files = { credentials: ".git-credentials", sshKey: "ssh-privatekey", knownHosts: "known_hosts" } as const;
const parts = Object.keys(files) as (keyof GitCredentials)[];

/** gitcredentials-store(7), with a password. Whatever is special in an address is encoded. */
const line = /^(https?):\/\/([^/:@\s]+):([^/@\s]+)@([^/@?#\s]+)((?:\/[^?#\s]*)?)$/;
const lines = (text: string) => text.split(/\r?\n/).map((content, i) => ({ content, number: i + 1 }));
const isIgnored = (content: string) => content === "" || content.startsWith("#");

/** What is wrong with the secret; undefined when it has the right form. Names no part of its value. */
export function gitCredentialsProblem(secret: string): string | undefined {
  if (secret.trim() === "") return "it is empty";
  if (/^\s*-----BEGIN/.test(secret)) return "it is a key alone: whom it is shown to is not checked without knownHosts";
  const read = parse(secret);
  if (typeof read === "string") return read;
  const { credentials, sshKey, knownHosts } = read;
  if (credentials === undefined && sshKey === undefined) return "it has neither credentials nor sshKey";
  if (sshKey !== undefined && knownHosts === undefined)
    return "it has an sshKey and no knownHosts: whoever answers would be taken for the server";
  if (sshKey === undefined && knownHosts !== undefined) return "it has knownHosts and no sshKey, which alone needs them";
  return (
    (credentials !== undefined ? linesProblem(credentials) : undefined) ??
    (sshKey !== undefined ? keyProblem(sshKey) : undefined) ??
    (knownHosts !== undefined ? knownHostsProblem(knownHosts) : undefined)
  );
}

/** The files of the Secret that the task git-clone gets as its workspace git-credentials. The secret has been checked. */
export function gitCredentialFiles(secret: string): Record<string, string> {
  const read = parse(secret);
  if (typeof read === "string") return {};
  return Object.fromEntries(parts.flatMap((part) => (read[part] === undefined ? [] : [[files[part], read[part]]])));
}

/** What is wrong with the secret of credentials by names of builds; undefined when it has the right form. Names no part of its value. */
export function buildGitCredentialsProblem(secret: string): string | undefined {
  const parsed = objectIn(secret);
  if (!parsed) return "it is no object";
  for (const own of Object.values(parsed)) {
    if (typeof own !== "string" && !isObject(own)) return "what it has for one of the builds is neither a text nor an object";
    const wrong = gitCredentialsProblem(asText(own));
    if (wrong) return `of what it has for one of the builds: ${wrong}`;
  }
  return undefined;
}

/** Credentials as Pulumi hands over a text and, where its parts are set one by one, an object. */
export const asText = (secret: unknown): string => (typeof secret === "string" ? secret : JSON.stringify(secret));

/** The credentials of a build: its own, else those of the stack. Undefined where there are none. */
export const credentialsOf = (values: Readonly<Record<string, unknown>>, build: unknown): unknown =>
  at(values, ["buildGitCredentials", String(build)]) ?? values.gitCredentials;

/** The parts, or what is wrong with them. */
function parse(secret: string): GitCredentials | string {
  if (!/^\s*[{["]/.test(secret)) return { credentials: secret };
  let parsed: unknown;
  try {
    parsed = JSON.parse(secret);
  } catch {
    return "it begins as JSON does, and is none";
  }
  if (!isObject(parsed)) return "it is JSON, and no object";
  if (Object.keys(parsed).some((key) => !(parts as string[]).includes(key))) return `it has other keys than ${parts.join(", ")}`;
  const empty = Object.entries(parsed).find(([, value]) => typeof value !== "string" || value.trim() === "");
  return empty ? `its ${empty[0]} is no text, or an empty one` : parsed;
}

/**
 * Whether a build can read an address for ssh: by a key, or by a token for the host, which git then uses over https. Other addresses may
 * be public.
 */
export function mayRead(secret: string, repository: string): boolean {
  const host = /^(?:ssh:\/\/)?[^/@:]+@(\[[^\]]+\]|[^/:]+)/.exec(repository)?.[1];
  const read = parse(secret);
  if (host === undefined || typeof read === "string") return true;
  return read.sshKey !== undefined || lines(read.credentials ?? "").some(({ content }) => line.exec(content)?.[4] === host);
}

/** Whether a repository is read with credentials: over ssh, or from a host that the secret has a token for. */
export function needsCredentials(secret: unknown, repository: string): boolean {
  if (!/^(?:https?|git):/.test(repository)) return true;
  const read = secret === undefined ? {} : parse(asText(secret));
  const host = /^https?:\/\/([^/]+)/.exec(repository)?.[1];
  return (
    host !== undefined && typeof read !== "string" && lines(read.credentials ?? "").some(({ content }) => line.exec(content)?.[4] === host)
  );
}

/** Lines of credentials for http:// that no build will use, by their numbers: those of hosts that are not among these. */
export function unusedLines(secret: unknown, insecure: readonly unknown[]): number[] {
  const read = secret === undefined ? {} : parse(asText(secret));
  if (typeof read === "string") return [];
  return lines(read.credentials ?? "").flatMap(({ content, number }) => {
    const [, scheme, , , host] = line.exec(content) ?? [];
    return scheme === "http" && !insecure.includes(host) ? [number] : [];
  });
}

function linesProblem(text: string): string | undefined {
  const seen = new Map<string, number>();
  for (const { content, number } of lines(text)) {
    if (isIgnored(content)) continue;
    const [, scheme, user = "", token = "", host = "", path = ""] = line.exec(content) ?? [];
    const where = `${scheme}://${host}${path.replace(/\/+$/, "")}`;
    if (!scheme || !decodes(user) || !decodes(token) || !URL.canParse(where))
      return `line ${number} of its credentials is not https://USER:TOKEN@HOST or https://USER:TOKEN@HOST/PATH, with %40 and the like for what is special in addresses`;
    const first = seen.get(where);
    if (first !== undefined) return `the lines ${first} and ${number} of its credentials are for the same: one of them would never be used`;
    seen.set(where, number);
  }
  return seen.size === 0 ? "its credentials have no line" : undefined;
}

function decodes(text: string): boolean {
  try {
    return decodeURIComponent(text) !== "";
  } catch {
    return false;
  }
}

function keyProblem(text: string): string | undefined {
  const [, type, body = ""] =
    /^-----BEGIN ((?:[A-Z]+ )?)PRIVATE KEY-----\r?\n([\s\S]+?)-----END \1PRIVATE KEY-----\s*$/.exec(text.trim()) ?? [];
  if (/^(?:ssh-|ecdsa-|sk-)/.test(text.trim())) return "its sshKey is the public half of a key";
  if (text.startsWith("PuTTY-")) return "its sshKey has PuTTY's form: export it in OpenSSH's";
  if (type === undefined) return "its sshKey is no private key, or not all of it: the lines from -----BEGIN to -----END, each by itself";
  if (type === "ENCRYPTED " || body.includes("ENCRYPTED")) return locked;
  if (type === "OPENSSH ") return openSshKeyProblem(Buffer.from(body, "base64"));
  try {
    createPrivateKey(text);
    return undefined;
  } catch {
    return damaged;
  }
}

const locked = "its sshKey has a passphrase, which nobody can type in a build: use a key without one, for this purpose alone";
const damaged = "its sshKey is damaged: it cannot be read";

/** openssh-portable, PROTOCOL.key: magic, cipher, kdf, its options, number of keys, the public ones, the private ones. */
function openSshKeyProblem(bytes: Buffer): string | undefined {
  const magic = "openssh-key-v1\0";
  let at = magic.length;
  const number = () => {
    at += 4;
    return bytes.readUInt32BE(at - 4);
  };
  const field = () => {
    const length = number();
    at += length;
    return bytes.subarray(at - length, at).toString("latin1");
  };
  if (bytes.subarray(0, at).toString("latin1") !== magic) return damaged;
  try {
    const cipher = field();
    field();
    field();
    const keys = number();
    for (let i = 0; i < keys + 1; i++) field();
    if (at !== bytes.length) return damaged;
    return cipher === "none" ? undefined : locked;
  } catch {
    return damaged;
  }
}

function knownHostsProblem(text: string): string | undefined {
  const wrong = lines(text.trim()).find(
    ({ content }) => !isIgnored(content) && !/^(?:@\S+\s+)?[^\s-]\S*\s+(?:ssh|ecdsa|sk)-\S+\s+AAAA[A-Za-z0-9+/]+=*(?:\s.*)?$/.test(content),
  );
  return wrong && `line ${wrong.number} of its knownHosts is not HOST TYPE KEY, as ssh-keyscan prints it`;
}
