import type { PlainSettings } from "../config/settings";

/** An instance type that nodes of a zone are to have, and the setting that says so. */
export interface WantedType {
  readonly setting: string;
  readonly type: string;
  readonly zone: string;
}

/** Answer of EC2's DescribeInstanceTypeOfferings with `availability-zone` as location type, as pulumi-aws gives it: lists of one length. */
export interface Offerings {
  readonly instanceTypes: readonly string[];
  readonly locations: readonly string[];
}

/** What is wanted where. Zones with no replica count: a later change of replicas is a change of the MachineSet alone. */
export function wantedTypes({ cluster, pools }: Pick<PlainSettings, "cluster" | "pools">): WantedType[] {
  const { instanceType: type, zone } = cluster.controlPlane;
  return [
    { setting: "cluster.controlPlane", type, zone },
    ...pools.flatMap(({ instanceType, zones }, i) =>
      zones.map(({ name }, j) => ({ setting: `pools[${i}].zones[${j}]`, type: instanceType, zone: name })),
    ),
  ];
}

/** A line for each zone that lacks a type: AWS would say so when the first machine is made, after the install. */
export function missingTypes(wanted: readonly WantedType[], { instanceTypes, locations }: Offerings): string[] {
  const zonesOf = (type: string) => locations.filter((_, i) => instanceTypes[i] === type).sort();
  return wanted.flatMap(({ setting, type, zone }) => {
    const zones = zonesOf(type);
    if (zones.includes(zone)) return [];
    const others = zones.length > 0 ? `the zones that have it: ${zones.join(", ")}` : "no zone of the region has it: choose another type";
    return [`${setting}: AWS has no ${type} in ${zone}; ${others}`];
  });
}
