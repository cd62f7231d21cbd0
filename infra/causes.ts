/** Why the installer stopped, in its log, and what would be right. */
export interface Explanation {
  /** AWS's words, or the installer's where AWS has none. */
  readonly said: string;
  readonly remedy: string;
}

export type Work = "install" | "destroy";

interface Cause {
  /** What is looked for in a line; what it finds is where AWS's words begin. */
  readonly pattern: RegExp;
  readonly remedy: string;
  /** The work that the remedy is for. @default both */
  readonly of?: Work;
  /** Whether it often goes by itself, and so explains a failure only where nothing else does. */
  readonly passing?: true;
}

/** AWS's codes, with the colon behind them that all of AWS's SDKs and Terraform write. */
const codes = (...names: readonly string[]) => new RegExp(`\\b(?:${names.join("|")}):`);

const anew = "run pulumi state unprotect --all and pulumi destroy, change it, then pulumi up";
const quota = (service: string, code: string) =>
  `delete what is not needed any more, or ask for more: aws service-quotas request-service-quota-increase --service-code ${service} --quota-code ${code} --desired-value NUMBER --region REGION; then pulumi up`;
const rights = 'give the credentials the right that is named (docs/aws.md, "Rights of the deploying user")';

/**
 * In the order in which they are tried at a line. Codes of EC2: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html;
 * of other services their API references. Which of them stop installs: openshift/hive, config/configmaps/install-log-regexes-configmap.yaml.
 * Codes of quotas: openshift/installer, pkg/asset/quota/aws/aws.go, and AWS's own list (`aws service-quotas list-service-quotas`).
 */
const causes: readonly Cause[] = [
  // An organization's policy refuses whatever the account's own policies allow, under the code of a right that is missing.
  {
    pattern: /\b(?:UnauthorizedOperation|AccessDenied(?:Exception)?): .*with an explicit deny in a service control policy/,
    remedy: "a service control policy of the account's organization forbids it: those who administer the organization can change it",
  },
  // Network load balancers need a role of the service's own, which the first one of an account makes.
  {
    pattern: /\bAccessDenied: .*iam:CreateServiceLinkedRole/,
    remedy: `${rights}; or have it made once: aws iam create-service-linked-role --aws-service-name elasticloadbalancing.amazonaws.com`,
  },
  { pattern: codes("UnauthorizedOperation", "AccessDenied", "AccessDeniedException"), remedy: rights },
  // Its own check, in whose warnings the rights are (openshift/installer, pkg/asset/installconfig/aws/permissions.go).
  {
    pattern: /current credentials insufficient for performing cluster installation/,
    remedy: 'give the credentials the rights of the warnings above (docs/aws.md, "Rights of the deploying user")',
    of: "install",
  },
  {
    pattern: codes("InsufficientInstanceCapacity", "InsufficientCapacity"),
    remedy: `AWS has no such machine free in that zone now: run pulumi up again later; or for another cluster.controlPlane.instanceType or other zones, ${anew}`,
    of: "install",
  },
  {
    pattern: /\bUnsupported: Your requested instance type/,
    remedy: `the zone does not have the instance type: ${anew}`,
    of: "install",
  },
  { pattern: codes("VcpuLimitExceeded", "InstanceLimitExceeded"), remedy: quota("ec2", "L-1216C47A"), of: "install" },
  { pattern: codes("AddressLimitExceeded"), remedy: quota("ec2", "L-0263D0A3"), of: "install" },
  { pattern: codes("VpcLimitExceeded"), remedy: quota("vpc", "L-F678F1CE"), of: "install" },
  { pattern: codes("InternetGatewayLimitExceeded"), remedy: quota("vpc", "L-A4707A72"), of: "install" },
  { pattern: codes("NatGatewayLimitExceeded"), remedy: quota("vpc", "L-FE5A380F"), of: "install" },
  { pattern: codes("SecurityGroupLimitExceeded"), remedy: quota("vpc", "L-E79EC296"), of: "install" },
  { pattern: codes("SecurityGroupsPerInterfaceLimitExceeded"), remedy: quota("vpc", "L-2AFB9258"), of: "install" },
  { pattern: codes("TooManyLoadBalancers"), remedy: quota("elasticloadbalancing", "L-69A177A2"), of: "install" },
  { pattern: codes("TooManyBuckets"), remedy: quota("s3", "L-DC2B2D3D"), of: "install" },
  { pattern: codes("VolumeLimitExceeded", "MaxStorageExceeded"), remedy: quota("ebs", "L-7A658B76"), of: "install" },
  {
    pattern: codes("LimitExceeded", "LimitsExceeded", "TooManyHostedZones"),
    remedy: "delete what is not needed any more of the kind that AWS names, or ask for more of it in Service Quotas; then pulumi up",
    of: "install",
  },
  {
    pattern: codes("PendingVerification"),
    remedy: "the account is new in this region and AWS validates it, which takes minutes, and four hours at most: run pulumi up again then",
  },
  { pattern: codes("Blocked"), remedy: "AWS has blocked the account: write to AWS's support" },
  {
    pattern: codes("OptInRequired"),
    remedy: "enable the region, or subscribe to the service, in the settings of the account; then run it again",
  },
  {
    pattern: codes("ExpiredToken", "ExpiredTokenException", "RequestExpired"),
    remedy: "the credentials have run out: get new ones and run it again",
  },
  {
    pattern: codes("InvalidClientTokenId", "UnrecognizedClientException", "AuthFailure", "SignatureDoesNotMatch", "InvalidAccessKeyId"),
    remedy:
      "AWS does not take the credentials: a wrong, deleted or deactivated key, or a clock of this machine that is wrong. Put it right and run it again",
  },
  {
    pattern: /\bClient\.(?:InternalError|InvalidKMSKey)/,
    remedy:
      "the machine could not use the key that encrypts its disk: let the account's default EBS key be used by whoever installs; then pulumi up",
    of: "install",
  },
  {
    pattern: /\bOperationNotPermitted: .*may not be (?:terminated|deleted)|\bOperationNotPermitted: .*protection/,
    remedy: "somebody has protected it against its deletion: take the protection away and run pulumi destroy again",
    of: "destroy",
  },
  {
    pattern: codes("DeleteConflict"),
    remedy: "something was attached to it that is not the cluster's own, such as a policy: detach that and run pulumi destroy again",
    of: "destroy",
  },
  {
    pattern: codes("DependencyViolation"),
    remedy:
      "something that is not the cluster's own still uses it, such as an interface, a load balancer or a rule of a security group: delete that and run pulumi destroy again",
    of: "destroy",
    passing: true,
  },
  {
    pattern: codes("VolumeInUse", "ResourceInUse", "ResourceInUseException"),
    remedy: "something still uses it: end that and run pulumi destroy again",
    of: "destroy",
    passing: true,
  },
  // okd-project/okd issue 2253: the installer looks for what the tagging API lists, which is gone.
  {
    pattern: /\bInvalid\w+\.NotFound:/,
    remedy: "AWS still lists what is gone, and forgets it within hours: run pulumi destroy again later",
    of: "destroy",
    passing: true,
  },
  {
    pattern: codes("RequestLimitExceeded", "Throttling", "ThrottlingException", "TooManyRequestsException", "SlowDown"),
    remedy: "too many requests of the account at once: run it again when there are fewer",
    passing: true,
  },
  // Not AWS's words, but those of Go's network library and of the installer.
  {
    pattern: /x509: certificate signed by unknown authority/,
    remedy: "a proxy of this network has a certificate that nobody knows: put its authority into AWS_CA_BUNDLE and run it again",
    passing: true,
  },
  {
    pattern: /proxyconnect tcp|dial tcp: lookup \S+(?: on \S+)?: no such host/,
    remedy: "this machine does not reach that address: look at its network, DNS and HTTPS_PROXY, then run it again",
    passing: true,
  },
  // openshift/installer, cmd/openshift-install/create.go, newAPIError and newBootstrapError.
  {
    pattern: /Failed waiting for Kubernetes API\./,
    remedy:
      "port 6443 of the cluster could not be reached from this machine, or the bootstrap machine had no way to the registries of the pull secret: look at VPN, proxy and DNS here, and at the log that the installer gathered",
    of: "install",
    passing: true,
  },
  {
    pattern: /Failed to wait for bootstrapping to complete\./,
    remedy:
      "the control plane had no way to the registries of the pull secret, or was too small or too slow: look at the log that the installer gathered",
    of: "install",
    passing: true,
  },
];

/** Lines of a log that name a code and are no failure: openshift/installer, pkg/asset/quota/quota.go, and the check of rights. */
const harmless = /will skip checking|Action not allowed with tested creds/;
/** What an install has behind it: AWS's refusals before such a line were got over. See lib/watch.sh. */
const milestone =
  /Network infrastructure is ready|Control-plane machines are ready|API v\S+ up|Destroying the bootstrap resources|for the cluster at \S+ to initialize/;
/** At the end of AWS's words; what follows is for AWS, or a controller's. */
const end = /\s*(?:Encoded authorization failure message|status code: \d|, request id|\\n|"? controller=|, RequestID: ).*$/s;
/** Minutes at the end of a removal in which an object must have been refused: many are at first, and go when others are gone. */
const lately = 5;

/** A line of logrus's text formatter, or of the installer's stderr. */
interface Line {
  readonly level: string;
  readonly text: string;
  readonly at: number;
  /** The object, as the destroyer has it. */
  readonly arn?: string;
}

function lineOf(line: string): Line {
  const {
    time,
    level = "",
    quoted,
    bare = line,
  } = /^(?:time="(?<time>[^"]*)"\s+)?level=(?<level>\w+)(?:\s+msg=(?:"(?<quoted>(?:[^"\\]|\\.)*)"|(?<bare>.*))|$)/.exec(line)?.groups ?? {};
  const arn = /\barn="?(arn:[^\s"]+)"?\s*/.exec(line);
  return {
    level,
    text:
      quoted?.replace(/\\([nt"\\])/g, (_, letter: string) => ({ n: " ", t: " " })[letter] ?? letter) ?? bare.replace(arn?.[0] ?? "", ""),
    at: Date.parse(time ?? ""),
    ...(arn?.[1] && { arn: arn[1] }),
  };
}

/**
 * Why a work of the installer's failed, by the codes of AWS in its log: errors first, then what it says at other levels, as what AWS
 * answers to the controllers of an installer from 4.16 on stands at the level `debug` alone (openshift/installer, pkg/clusterapi/system.go).
 * The latest first; what often goes by itself only where there is nothing else. Three at most.
 *
 * @param log all or the end of `.openshift_install.log`, or of the installer's stderr
 * @param scrub takes secrets out of a text. @default it stays as it is
 */
export function explanations(log: string, work: Work, scrub = (text: string) => text): Explanation[] {
  const lines = log
    .split("\n")
    .filter((line) => !harmless.test(line))
    .map(lineOf)
    .reverse();
  const last = lines.find(({ at }) => !Number.isNaN(at))?.at ?? Number.NaN;
  const behind = lines.findIndex(({ text }) => milestone.test(text));
  const counts =
    work === "destroy" ? lines.filter(({ at }) => !(at < last - lately * 60_000)) : lines.slice(0, behind < 0 ? lines.length : behind);
  const isError = ({ level }: Line) => level === "error" || level === "fatal";
  const found = new Map<Cause, Explanation>();
  for (const line of [...counts.filter(isError), ...counts.filter((one) => !isError(one))]) {
    const cause = causes.find(({ pattern, of }) => (of ?? work) === work && pattern.test(line.text));
    if (cause && !found.has(cause)) found.set(cause, { said: said(line, cause, scrub), remedy: cause.remedy });
  }
  const all = [...found];
  const lasting = all.filter(([{ passing }]) => !passing);
  return (lasting.length > 0 ? lasting : all).slice(0, 3).map(([, explanation]) => explanation);
}

function said({ text, arn }: Line, { pattern }: Cause, scrub: (text: string) => string): string {
  // Whole: what is cut off would hide the rest of a secret.
  const words = scrub(text.slice(pattern.exec(text)?.index).replace(end, "").trim());
  const short = words.length > 300 ? `${words.slice(0, 300)}...` : words;
  return arn === undefined ? short : `${short} (${arn})`;
}
