import type { DescribeInstanceTypeOfferingsCommand } from "@aws-sdk/client-ec2";
import { describe, expect, it } from "vitest";
import type { Api } from "../../../rehearsal/plugins/aws/api";
import { functions } from "../../../rehearsal/plugins/aws/functions";

/** EC2 that answers in pages, and keeps what it was asked. */
function ec2(...pages: [string, string][][]) {
  const asked: unknown[] = [];
  const send = async ({ input }: DescribeInstanceTypeOfferingsCommand) => {
    asked.push(input);
    const page = input.NextToken ? Number(input.NextToken) : 0;
    const InstanceTypeOfferings = pages[page].map(([InstanceType, Location]) => ({
      InstanceType,
      Location,
      LocationType: input.LocationType,
    }));
    return { InstanceTypeOfferings, NextToken: page + 1 < pages.length ? String(page + 1) : undefined };
  };
  return { api: { region: "us-east-1", ec2: { send } } as unknown as Api, asked };
}

describe("getInstanceTypeOfferings", () => {
  const call = functions["aws:ec2/getInstanceTypeOfferings:getInstanceTypeOfferings"];
  const filters = [{ name: "instance-type", values: ["m6a.2xlarge", "m7g.2xlarge"] }];

  it("answers as the real provider: three lists of one order, of all pages, and the region as id", async () => {
    const { api, asked } = ec2([["m6a.2xlarge", "us-east-1a"]], [["m7g.2xlarge", "us-east-1b"]]);
    expect(await call(api, { filters, locationType: "availability-zone" })).toEqual({
      filters,
      id: "us-east-1",
      instanceTypes: ["m6a.2xlarge", "m7g.2xlarge"],
      locationType: "availability-zone",
      locationTypes: ["availability-zone", "availability-zone"],
      locations: ["us-east-1a", "us-east-1b"],
      region: "us-east-1",
    });
    expect(asked[0]).toEqual({
      Filters: [{ Name: "instance-type", Values: ["m6a.2xlarge", "m7g.2xlarge"] }],
      LocationType: "availability-zone",
      NextToken: undefined,
    });
  });

  it("refuses a type of location that EC2 does not have", async () => {
    await expect(call(ec2([]).api, { locationType: "zone" })).rejects.toThrow(/expected location_type to be one of .*"availability-zone"/);
  });
});
