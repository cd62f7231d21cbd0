/** One object that AWS still has, and how to remove it. */
export interface Leftover {
  /** As ARNs call it: `instance`, `natgateway`, `hostedzone`. */
  readonly kind: string;
  readonly id: string;
  /** Name or purpose, for people; empty where there is none. */
  readonly name: string;
  /** A state in which it is going by itself, such as `shutting-down`; undefined for what stays. */
  readonly going?: string;
  /** True where nothing says whose it is: it has a name of the cluster's, and may be of another one of that name. */
  readonly doubtful?: boolean;
  /** True for what ccoctl has made: the installer's removal does not delete it. */
  readonly ofCcoctl?: boolean;
  /** Since when it is there, where AWS tells. */
  readonly made?: Date | undefined;
  /** What it is billed by: a machine's type, GiB of a disk. */
  readonly size?: string | number | undefined;
  /** Commands of a shell with the AWS CLI, in their order. */
  readonly commands: readonly string[];
}

/** Codes of AWS for a right that is not there: each service has its own. */
const denied = /^(?:AccessDenied(?:Exception)?|UnauthorizedOperation|UnauthorizedAccess|AuthorizationError)$/;
/** Whether a right is missing. An answer to HeadBucket has no body, and so no code; the SDK has no name for it. */
export const isDenied = ({ name, $metadata }: ServiceError) =>
  denied.test(name) || ($metadata?.httpStatusCode === 403 && /^(?:Unknown|403|Forbidden)/.test(name));
/** Codes for what is not there: InvalidVolume.NotFound, LoadBalancerNotFound, NoSuchEntity, NoSuchHostedZone, NoSuchBucket. */
const missing = /NotFound|NoSuch|^404$/;

interface ServiceError extends Error {
  readonly $metadata?: { readonly httpStatusCode?: number };
}

/** The items of all pages, added to `found` as they come. */
export async function collect<Page, T>(pages: AsyncIterable<Page>, items: (page: Page) => readonly T[] | undefined, found: T[] = []) {
  for await (const page of pages) found.push(...(items(page) ?? []));
  return found;
}

/** Questions to AWS. One that is not allowed is noted and has no answer; all other errors are for the caller. */
export class Asking {
  /** IAM's names of the actions that were refused. */
  readonly refused = new Set<string>();

  /** The answer, or `otherwise` where there is no such thing or no right to ask. */
  async ask<T>(action: string, call: () => Promise<T>, otherwise: T): Promise<T> {
    try {
      return await call();
    } catch (error) {
      const { name } = error as Error;
      if (isDenied(error as ServiceError)) this.refused.add(action);
      else if (!missing.test(name)) throw error;
      return otherwise;
    }
  }

  /** All pages of a question; what was read before a refusal counts. */
  async all<Page, T>(action: string, pages: () => AsyncIterable<Page>, items: (page: Page) => readonly T[] | undefined): Promise<T[]> {
    const found: T[] = [];
    return this.ask(action, () => collect(pages(), items, found), found);
  }
}

/** A command of the AWS CLI, with its words as a shell needs them. */
export const cli = (...words: readonly string[]): string =>
  ["aws", ...words.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`))].join(" ");

interface Tag {
  readonly Key?: string | undefined;
  readonly Value?: string | undefined;
}
export const tagOf = (tags: readonly Tag[] | undefined, key: string): string | undefined => tags?.find(({ Key }) => Key === key)?.Value;

/** Keys of the tags by which the installer's destroyer knows what is the cluster's own (openshift/installer, pkg/asset/cluster/aws/aws.go). */
export const ownerKeys = (infraId: string) =>
  [`kubernetes.io/cluster/${infraId}`, `sigs.k8s.io/cluster-api-provider-aws/cluster/${infraId}`] as const;

/** Key of the tag of all that ccoctl makes (openshift/cloud-credential-operator, pkg/cmd/provisioning/aws/create_identity_provider.go). */
export const ccoctlKey = (infraId: string) => `openshift.io/cloud-credential-operator/${infraId}`;

export const isOwned = (tags: readonly Tag[] | undefined, infraId: string): boolean =>
  ownerKeys(infraId).some((key) => tagOf(tags, key) === "owned") || isOfCcoctl(tags, infraId);

export const isOfCcoctl = (tags: readonly Tag[] | undefined, infraId: string): boolean => tagOf(tags, ccoctlKey(infraId)) === "owned";
