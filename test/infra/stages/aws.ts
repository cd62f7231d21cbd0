import { createServer, type IncomingMessage, type Server } from "node:http";

/** A machine of the account. */
export interface Machine {
  readonly id: string;
  readonly name: string;
  readonly state: string;
  readonly owner?: string;
}
export interface SecurityGroup {
  readonly id: string;
  readonly owner?: string;
  readonly rules: readonly { readonly protocol: string; readonly from?: number; readonly to?: number; readonly cidr: string }[];
}

/** A rule by which a security group lets another one in, or out to it. */
export interface GroupRule {
  readonly id: string;
  readonly group: string;
  readonly source: string;
  readonly port: number;
  readonly egress?: true;
}

/** What AWS answers: STS's GetCallerIdentity, and the questions of machines.ts and leftovers.ts, filters applied. */
export interface Account {
  /** Empty: the credentials are not valid. */
  id: string;
  arn: string;
  machines: Machine[];
  groups: SecurityGroup[];
  /** Between security groups. */
  rules: GroupRule[];
  /** Networks of the cluster. */
  networks: string[];
  /** Answer of EC2 in place of one: a refusal, an answer that breaks off, or none at all. */
  ec2: "right" | "denied" | "half" | "hang";
  sts: "right" | "half" | "empty";
  /** Volumes of the cluster, by the number of further looks at them after which they are gone. */
  volumes: Record<string, number>;
  /** Names of buckets. */
  buckets: string[];
  /** Whether GetResources is allowed, and lists what is gone. */
  tagging: "right" | "denied" | "late";
  /** Of all requests: service and region as signed, and the access key. */
  readonly requests: { readonly action: string; readonly scope: string; readonly key: string }[];
}

export const account = (): Account => ({
  id: "123456789012",
  arn: "arn:aws:iam::123456789012:user/builder",
  machines: [],
  groups: [],
  rules: [],
  networks: [],
  ec2: "right",
  sts: "right",
  volumes: {},
  buckets: [],
  tagging: "right",
  requests: [],
});

const owned = "kubernetes.io/cluster/lab-x1y2z";
const set = (name: string, items: readonly string[]) => `<${name}>${items.map((item) => `<item>${item}</item>`).join("")}</${name}>`;
const tags = (values: Record<string, string>) =>
  set(
    "tagSet",
    Object.entries(values).map(([key, value]) => `<key>${key}</key><value>${value}</value>`),
  );
const ec2 = (action: string, body: string) =>
  `<${action}Response xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><requestId>r</requestId>${body}</${action}Response>`;
const failure = (code: string) =>
  `<Response><Errors><Error><Code>${code}</Code><Message>no</Message></Error></Errors><RequestID>r</RequestID></Response>`;

/** Whether an object passes the filters of a request; EC2 refuses a filter that it does not know (InvalidParameterValue). */
function passes(form: URLSearchParams, values: Readonly<Record<string, string | undefined>>): boolean {
  for (let n = 1; form.has(`Filter.${n}.Name`); n++) {
    const name = form.get(`Filter.${n}.Name`) ?? "";
    if (!name.startsWith("tag:") && !(name in values)) throw new Error(`no filter ${name}`);
    const wanted: string[] = [];
    for (let m = 1; form.has(`Filter.${n}.Value.${m}`); m++) wanted.push(form.get(`Filter.${n}.Value.${m}`) ?? "");
    if (!wanted.includes(values[name] ?? "")) return false;
  }
  return true;
}

/** The body of an answer; a number is an HTTP status with an error's code. */
function answer(now: Account, form: URLSearchParams): string | [number, string] {
  const action = form.get("Action") ?? "";
  if (action === "GetCallerIdentity") {
    if (now.sts === "half") return "<GetCallerIdentityResponse><GetCall";
    if (now.sts === "empty") return "";
    if (now.id === "") {
      return [
        403,
        "<ErrorResponse><Error><Type>Sender</Type><Code>InvalidClientTokenId</Code><Message>no such token</Message></Error></ErrorResponse>",
      ];
    }
    return `<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult><Arn>${now.arn}</Arn><UserId>u</UserId><Account>${now.id}</Account></GetCallerIdentityResult></GetCallerIdentityResponse>`;
  }
  if (now.ec2 === "denied") return [403, failure("UnauthorizedOperation")];
  if (now.ec2 === "half") return "<DescribeInstancesResponse><reservationSet><item>";
  if (action === "DescribeInstances") {
    const found = now.machines.filter(({ owner = "owned", state }) =>
      passes(form, { [`tag:${owned}`]: owner, "instance-state-name": state }),
    );
    // One a page: EC2 gives no more than 1000, which are never there; who reads only the first page is seen.
    const page = Number(form.get("NextToken") ?? "0");
    const items = found
      .slice(page, page + 1)
      .map(({ id, name, state, owner = "owned" }) =>
        set("instancesSet", [
          `<instanceId>${id}</instanceId><instanceState><name>${state}</name></instanceState>${tags({ Name: name, [owned]: owner })}`,
        ]),
      );
    return ec2(action, `${set("reservationSet", items)}${page + 1 < found.length ? `<nextToken>${page + 1}</nextToken>` : ""}`);
  }
  if (action === "DescribeSecurityGroups") {
    const items = now.groups
      .filter(({ owner = "owned" }) => passes(form, { [`tag:${owned}`]: owner }))
      .map(({ id, rules }) => {
        const permissions = rules.map(
          ({ protocol, from, to, cidr }) =>
            `<ipProtocol>${protocol}</ipProtocol>${from === undefined ? "" : `<fromPort>${from}</fromPort><toPort>${to}</toPort>`}${set("ipRanges", [`<cidrIp>${cidr}</cidrIp>`])}`,
        );
        return `<groupId>${id}</groupId><groupName>${id}</groupName>${set("ipPermissions", permissions)}${tags({ Name: id })}`;
      });
    return ec2(action, set("securityGroupInfo", items));
  }
  if (action === "DescribeSecurityGroupRules") {
    const items = now.rules
      .filter(({ group }) => passes(form, { "group-id": group }))
      .map(
        ({ id, group, source, port, egress = false }) =>
          `<securityGroupRuleId>${id}</securityGroupRuleId><groupId>${group}</groupId><isEgress>${egress}</isEgress><ipProtocol>tcp</ipProtocol><fromPort>${port}</fromPort><toPort>${port}</toPort><referencedGroupInfo><groupId>${source}</groupId></referencedGroupInfo>`,
      );
    return ec2(action, set("securityGroupRuleSet", items));
  }
  if (action === "RevokeSecurityGroupIngress") {
    const ids = [...form].flatMap(([name, value]) => (/^SecurityGroupRuleId\.\d+$/.test(name) ? [value] : []));
    const found = now.rules.filter(({ id, group, egress }) => ids.includes(id) && group === form.get("GroupId") && !egress);
    if (found.length < ids.length || ids.length === 0) return [400, failure("InvalidSecurityGroupRuleId.NotFound")];
    now.rules = now.rules.filter((rule) => !found.includes(rule));
    return ec2(action, "<return>true</return>");
  }
  if (action === "DescribeVpcs") {
    const items = now.networks.filter(() => passes(form, { [`tag:${owned}`]: "owned" })).map((id) => `<vpcId>${id}</vpcId>`);
    return ec2(action, set("vpcSet", items));
  }
  if (action === "DescribeTags") {
    const items = Object.keys(present(now)).map(
      (id) => `<resourceId>${id}</resourceId><resourceType>volume</resourceType><key>${owned}</key><value>owned</value>`,
    );
    return ec2(action, set("tagSet", form.get("Filter.1.Value.1") === owned ? items : []));
  }
  if (action === "DescribeVolumes") {
    const items = Object.entries(present(now))
      .filter(([id]) => passes(form, { "volume-id": id }))
      .map(([id]) => `<volumeId>${id}</volumeId><status>available</status>`);
    for (const id of Object.keys(now.volumes)) now.volumes[id] = (now.volumes[id] ?? 0) - 1;
    return ec2(action, set("volumeSet", items));
  }
  return [400, failure("InvalidAction")];
}

const present = ({ volumes }: Account) => Object.fromEntries(Object.entries(volumes).filter(([, looks]) => looks > 0));

/** Answers of the other services, in which the cluster has nothing; of the tagging API, what is left in EC2. */
function elsewhere(now: Account, service: string, path: string, form: URLSearchParams, body: string): string | [number, string] {
  const action = form.get("Action") ?? "";
  if (service === "tagging") {
    if (now.tagging === "denied") return [400, JSON.stringify({ __type: "AccessDeniedException", message: "no" })];
    const wanted = (JSON.parse(body) as { TagFilters: { Key: string }[] }).TagFilters[0]?.Key === owned;
    const ids = wanted ? Object.keys(now.tagging === "late" ? now.volumes : present(now)) : [];
    const arns = ids.map((id) => ({ ResourceARN: `arn:aws:ec2:eu-west-3:${now.id}:volume/${id}`, Tags: [{ Key: owned, Value: "owned" }] }));
    return JSON.stringify({ PaginationToken: "", ResourceTagMappingList: arns });
  }
  if (service === "elasticfilesystem") return '{"AccessPoints":[],"FileSystems":[],"MountTargets":[]}';
  if (service === "s3") return now.buckets.includes(path.split(/[/?]/)[1] ?? "") ? "" : [404, ""];
  if (service === "route53")
    return "<ListHostedZonesByNameResponse><HostedZones/><IsTruncated>false</IsTruncated></ListHostedZonesByNameResponse>";
  return `<${action}Response><${action}Result/></${action}Response>`;
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let body = "";
  for await (const chunk of request) body += chunk;
  return body;
}

/** A server of all services at one address; `now` may change between requests. */
export async function awsServer(now: () => Account): Promise<Server> {
  const server = createServer(async (request, response) => {
    const body = await bodyOf(request);
    const form = new URLSearchParams(body);
    const [, key = "", scope = ""] = /Credential=([^/]+)\/\d+\/([^/]+\/[^/]+)\//.exec(request.headers.authorization ?? "") ?? [];
    now().requests.push({ action: form.get("Action") ?? "", scope, key });
    const service = scope.split("/")[1] ?? "";
    if (now().ec2 === "hang" && form.get("Action") !== "GetCallerIdentity") return;
    response.setHeader("content-type", /tagging|elasticfilesystem/.test(service) ? "application/x-amz-json-1.1" : "text/xml");
    try {
      const text = /^(?:sts|ec2)$/.test(service) ? answer(now(), form) : elsewhere(now(), service, request.url ?? "", form, body);
      if (typeof text !== "string") response.statusCode = text[0];
      response.end(typeof text === "string" ? text : text[1]);
    } catch {
      response.statusCode = 400;
      response.end(failure("InvalidParameterValue"));
    }
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  return server;
}
