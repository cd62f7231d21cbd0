import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import * as ec2 from "@aws-sdk/client-ec2";
import * as efs from "@aws-sdk/client-efs";
import * as elb from "@aws-sdk/client-elastic-load-balancing";
import * as elbv2 from "@aws-sdk/client-elastic-load-balancing-v2";
import * as iam from "@aws-sdk/client-iam";
import * as tag from "@aws-sdk/client-resource-groups-tagging-api";
import * as route53 from "@aws-sdk/client-route-53";
import * as servicequotas from "@aws-sdk/client-service-quotas";
import * as sts from "@aws-sdk/client-sts";
import { expect, it } from "vitest";
import { program } from "../program";

/** The IAM policies of docs/aws.md against what is called in the program, in the plugin of the rehearsal, and in AWS's own SDK. */

const root = join(__dirname, "..", "..");

interface Statement {
  readonly Effect: string;
  readonly Action: readonly string[];
}
const statements = (policy: string): Statement[] => JSON.parse(readFileSync(join(root, "docs", "aws", `${policy}.json`), "utf8")).Statement;
const actions = (policy: string): string[] => statements(policy).flatMap(({ Action }) => Action);

/** IAM's names of the services, and their clients. A command of the SDK is an operation of the service, which has the name of its action. */
const services = {
  ec2,
  elasticfilesystem: efs,
  elasticloadbalancing: { ...elb, ...elbv2 },
  iam,
  route53,
  servicequotas,
  sts,
  tag,
} as const;

/** IAM's names by those of the clients' packages, where they differ. */
const prefixes: Readonly<Record<string, string>> = {
  efs: "elasticfilesystem",
  "elastic-load-balancing": "elasticloadbalancing",
  "elastic-load-balancing-v2": "elasticloadbalancing",
  "resource-groups-tagging-api": "tag",
  "route-53": "route53",
  "service-quotas": "servicequotas",
};

/** Actions that no operation has the name of: Service Authorization Reference, Amazon S3. */
const ofOperation: Readonly<Record<string, string>> = { "s3:HeadBucket": "s3:ListBucket" };

/** Actions of what the modules of a folder import from the SDK: commands, and calls of several pages. */
function called(...folder: string[]): string[] {
  const directory = join(root, ...folder);
  const sources = readdirSync(directory).filter((file) => file.endsWith(".ts"));
  const imports = sources.flatMap((file) => [
    ...readFileSync(join(directory, file), "utf8").matchAll(/import \{([^}]*)\} from "@aws-sdk\/client-([\w-]+)"/g),
  ]);
  const found = imports.flatMap(([, names, client]) =>
    [...names.matchAll(/\b(?:(\w+)Command|paginate(\w+))\b/g)].map(
      ([, command, paged]) => `${prefixes[client] ?? client}:${command ?? paged}`,
    ),
  );
  return [...new Set(found.map((action) => ofOperation[action] ?? action))];
}

it.each(["deploy", "preview"])("docs/aws/%s.json allows only operations that AWS has", (policy) => {
  const unknown = actions(policy).filter((action) => {
    const [service, operation] = action.split(":");
    return !Object.values(ofOperation).includes(action) && !(`${operation}Command` in (services[service as keyof typeof services] ?? {}));
  });
  expect(unknown).toEqual([]);
  expect(statements(policy).every(({ Effect }) => Effect === "Allow")).toBe(true);
});

it("docs/aws/deploy.json allows what the stages, the look for leftovers and npm run orphans ask AWS beside the installer", () => {
  const asked = [...called("infra", "stages"), ...called("infra", "leftovers"), ...called("orphans")];
  expect(asked).toEqual(
    expect.arrayContaining([
      "ec2:DescribeInstances",
      "tag:GetResources",
      "tag:GetTagKeys",
      "iam:ListUsers",
      "elasticfilesystem:DeleteAccessPoint",
    ]),
  );
  expect(asked.filter((action) => !actions("deploy").includes(action))).toEqual([]);
});

it.each(["deploy", "preview"])("docs/aws/%s.json allows what the preflight asks AWS", (policy) => {
  const asked = called("preflight");
  expect(asked).toEqual(expect.arrayContaining(["route53:ListHostedZonesByName", "servicequotas:GetServiceQuota", "ec2:DescribeVpcs"]));
  expect(asked.filter((action) => !actions(policy).includes(action))).toEqual([]);
});

it("the preflight names the right that each of its questions needs", () => {
  const folder = join(root, "preflight");
  const text = readdirSync(folder).map((file) => readFileSync(join(folder, file), "utf8"));
  expect(called("preflight").filter((action) => !text.some((source) => source.includes(`"${action}"`)))).toEqual([]);
});

it("docs/aws/deploy.json allows every call of the rehearsal's AWS plugin, which has the resources of the program and no other", () => {
  const asked = called("rehearsal", "plugins", "aws");
  expect(asked.length).toBeGreaterThan(25);
  expect(asked.filter((action) => !actions("deploy").includes(action))).toEqual([]);
});

it("docs/aws/preview.json only reads", () => {
  expect(actions("preview").filter((action) => !/^\w+:(?:Describe|Get|List)[A-Z]/.test(action))).toEqual([]);
});

it("docs/aws/preview.json allows what the functions of a preview ask", async () => {
  const tokens = new Set<string>();
  await program("dev", "running", {}, (token) => tokens.add(token));
  const asks: Record<string, readonly string[]> = {
    getCallerIdentity: ["sts:GetCallerIdentity"],
    getInstanceTypeOfferings: ["ec2:DescribeInstanceTypeOfferings"],
    getSecurityGroup: ["ec2:DescribeSecurityGroups"],
    getSubnet: ["ec2:DescribeSubnets"],
    getVpc: ["ec2:DescribeVpcs", "ec2:DescribeVpcAttribute", "ec2:DescribeRouteTables"],
  };
  const called = [...tokens].filter((token) => token.startsWith("aws:")).map((token) => token.split(":").at(-1) ?? "");
  expect(called.sort()).toEqual(Object.keys(asks).sort());
  expect(
    Object.values(asks)
      .flat()
      .filter((action) => !actions("preview").includes(action)),
  ).toEqual([]);
});
