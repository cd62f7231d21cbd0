const domain = "[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*";
const repositoryPath = "[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*)*";
const tag = "[A-Za-z0-9_][A-Za-z0-9._-]{0,127}";
const digest = "sha256:[0-9a-f]{64}";
/** 1 to 65535. */
const port = "[1-9]\\d{0,3}|[1-5]\\d{4}|6[0-4]\\d{3}|65[0-4]\\d{2}|655[0-2]\\d|6553[0-5]";
/** The form of github.com/distribution/reference, with a registry, which is told by its dot, its port or the name localhost. */
const name = `(?=localhost[:/]|[^/]*[.:][^/]*/)(?<host>${domain})(?::(?<port>${port}))?/(?<path>${repositoryPath})`;
const reference = new RegExp(`^${name}(?::(?<tag>${tag}))?(?:@(?<digest>${digest}))?$`);
const plain = name.replaceAll(/\?<\w+>/g, "?:");
/** distribution/reference: NameTotalLengthMax, of a name without a port. */
const length = "(?=[^:@]{1,255}(?:[:@]|$)|[^/]*:\\d+/)";
/** Docker Hub without an account, or with the one that is Docker's own: nobody else pushes there. */
const officialImage = /^(?:(?:index|registry-1)\.)?docker\.io(?::443)?\/(?:library\/)?[^/]+$/;
/** What editors know of an image to push, of one that is pinned, and of a repository. */
export const imagePatterns = {
  toPush: `^(?!${officialImage.source.slice(1)})${length}${plain}(?::${tag})?$`,
  pinned: `^${length}${plain}(?:@${digest}|:${tag}(?:@${digest})?)$`,
  repository: `^(?!${officialImage.source.slice(1)})${length}${plain}$`,
};
/** A registry, as host or host:port. */
export const registryPattern = new RegExp(`^${domain}(?::(?:${port}))?$`);

interface Image {
  readonly host: string;
  readonly port?: number;
  readonly path: string;
  readonly tag?: string;
  readonly digest?: string;
}

function parseImage(text: string): Image | undefined {
  const { host, port, path, tag, digest } = reference.exec(text)?.groups ?? {};
  // distribution/reference: NameTotalLengthMax.
  if (host === undefined || path === undefined || host.length + path.length > 254) return undefined;
  return { host, ...(port && { port: Number(port) }), path, ...(tag && { tag }), ...(digest && { digest }) };
}

/** Whether the text is an image with a registry and no digest: a digest is known only when it was pushed. */
export function isImageToPush(text: string): boolean {
  const image = parseImage(text);
  return image !== undefined && image.digest === undefined;
}

/** Whether an image or a repository is where its pushes are refused: among Docker's own on Docker Hub. */
export const isOfficial = (text: string) => officialImage.test(text);

/** Whether the text is an image with a registry that says which one it is, by tag or digest. */
export function isPinnedImage(text: string): boolean {
  const image = parseImage(text);
  return image !== undefined && (image.tag !== undefined || image.digest !== undefined);
}

/** Whether the text is a registry and a repository, without a tag or a digest. */
export function isRepository(text: string): boolean {
  const image = parseImage(text);
  return image !== undefined && image.tag === undefined && image.digest === undefined;
}

export function withTag(text: string): string {
  return parseImage(text)?.tag === undefined ? `${text}:latest` : text;
}

/** The registry of an image as credentials name it. */
const registryOf = (host: string) => (/^(?:index|registry-1)\.docker\.io$/.test(host) ? "docker.io" : host);

/** One text for all ways to write an image: Docker Hub has three names, and 443 is https anyway. */
export function normalised(text: unknown): string | undefined {
  const image = typeof text === "string" ? parseImage(text) : undefined;
  if (!image) return undefined;
  const host = registryOf(image.host) + (image.port && image.port !== 443 ? `:${image.port}` : "");
  return `${host}/${image.path}:${image.tag ?? "latest"}`;
}

/**
 * Whether an entry of a Docker config.json is for an image, as containers/image looks it up: an address counts by its host,
 * any other key for the repositories below it.
 */
export function entryServes(entry: string, text: string): boolean {
  const image = parseImage(text);
  if (!image) return false;
  const address = /^https?:\/\/([^/]+)/.exec(entry)?.[1];
  const [host = "", ...path] = (address ?? entry).split("/");
  const key = [registryOf(host), ...path].join("/");
  const name = `${registryOf(image.host)}${image.port ? `:${image.port}` : ""}/${image.path}`;
  return name === key || name.startsWith(`${key}/`);
}
