import { DescribeInstanceTypesCommand, EC2Client, type InstanceTypeInfo, paginateDescribeInstanceTypeOfferings } from "@aws-sdk/client-ec2";
import { type Architecture, cpusOfInstanceType } from "../config/architecture";
import type { PlainSettings } from "../config/settings";
import { missingTypes, wantedTypes } from "../infra/offerings";
import { clientSettings } from "../infra/stages/aws-client";
import { answered } from "./aws";
import { type Finding, ok, problem } from "./finding";

const what = "instance types";

/** vCPUs by instance type; of a type that AWS does not know none. */
export type Cpus = ReadonlyMap<string, number>;

/** What EC2 calls an architecture (DescribeInstanceTypes, ProcessorInfo.SupportedArchitectures). */
const named = { amd64: "x86_64", arm64: "arm64" } as const satisfies Record<Architecture, string>;

type Machines = Pick<PlainSettings, "cluster" | "pools">;

/** Each instance type with the architecture that it has to have, and the setting that says so. */
export const wantedArchitectures = ({ cluster, pools }: Machines): { setting: string; type: string; architecture: Architecture }[] => [
  { setting: "cluster.controlPlane.instanceType", type: cluster.controlPlane.instanceType, architecture: "amd64" },
  ...pools.map(({ instanceType: type, architecture }, i) => ({ setting: `pools[${i}].instanceType`, type, architecture })),
];

/** Whether every zone has the types that it is to have, and each is of the architecture that it is for. */
export async function instanceTypes(settings: Machines): Promise<Finding[]> {
  const client = new EC2Client(clientSettings("ec2"));
  const wanted = wantedTypes(settings);
  const values = [...new Set(wanted.map(({ type }) => type))].sort();
  const [infos, offerings] = await Promise.all([describe(client, values), offered(client, values)]);
  const missing = missingTypes(wanted, offerings);
  const wrong = wantedArchitectures(settings).flatMap(({ setting, type, architecture }) => {
    const has = infos.get(type)?.ProcessorInfo?.SupportedArchitectures;
    return has === undefined || has.includes(named[architecture])
      ? []
      : [`${setting}: ${type} is ${has.join(", ")}; expected a type that is ${named[architecture]}`];
  });
  if (missing.length + wrong.length > 0) return [...missing, ...wrong].map((says) => problem(what, says));
  return [
    ok(
      what,
      `${values.join(", ")}: offered in ${[...new Set(wanted.map(({ zone }) => zone))].sort().join(", ")}, of the right architecture`,
    ),
  ];
}

/** vCPUs of instance types, as AWS says; else as their names do. */
export async function cpusOf(client: EC2Client, types: readonly string[]): Promise<Cpus> {
  const infos = await describe(client, types).catch(() => new Map<string, InstanceTypeInfo>());
  return new Map(
    types.flatMap((type) => {
      const cpus = infos.get(type)?.VCpuInfo?.DefaultVCpus ?? cpusOfInstanceType(type);
      return cpus === undefined ? [] : [[type, cpus]];
    }),
  );
}

/** By a filter, which passes over what is not there; the list InstanceTypes would be refused as a whole. */
async function describe(client: EC2Client, types: readonly string[]): Promise<Map<string, InstanceTypeInfo>> {
  const found = new Map<string, InstanceTypeInfo>();
  // A filter has 200 values at most (API_Filter of EC2), and a page of these 100 types.
  for (let from = 0; from < types.length; from += 100) {
    const Filters = [{ Name: "instance-type", Values: types.slice(from, from + 100) }];
    const { InstanceTypes = [] } = await answered(
      "ec2:DescribeInstanceTypes",
      client.send(new DescribeInstanceTypesCommand({ Filters, MaxResults: 100 })),
    );
    for (const info of InstanceTypes) found.set(info.InstanceType ?? "", info);
  }
  return found;
}

async function offered(client: EC2Client, types: string[]): Promise<{ instanceTypes: string[]; locations: string[] }> {
  const all: { instanceTypes: string[]; locations: string[] } = { instanceTypes: [], locations: [] };
  const pages = paginateDescribeInstanceTypeOfferings(
    { client },
    { LocationType: "availability-zone", Filters: [{ Name: "instance-type", Values: types }] },
  );
  await answered(
    "ec2:DescribeInstanceTypeOfferings",
    (async () => {
      for await (const { InstanceTypeOfferings = [] } of pages) {
        for (const { InstanceType = "", Location = "" } of InstanceTypeOfferings) {
          all.instanceTypes.push(InstanceType);
          all.locations.push(Location);
        }
      }
    })(),
  );
  return all;
}
