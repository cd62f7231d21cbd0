import { _InstanceType } from "@aws-sdk/client-ec2";
import { describe, expect, it } from "vitest";
import { architectureOfInstanceType, cpusOfInstanceType, isInstanceType, nodeSizePattern } from "../../config/architecture";

describe("the architecture of an instance type", () => {
  it.each([
    "a1.xlarge",
    "m6g.2xlarge",
    "m6gd.large",
    "m7g.metal",
    "c7gn.4xlarge",
    "c8g.xlarge",
    "r8gd.large",
    "t4g.medium",
    "x2gd.large",
    "im4gn.large",
    "is4gen.xlarge",
    "i8g.large",
    "g5g.xlarge",
    "hpc7g.4xlarge",
  ])("%s is arm64", (type) => expect(architectureOfInstanceType(type)).toBe("arm64"));
  it.each([
    "m5a.2xlarge",
    "m6a.2xlarge",
    "m7i-flex.2xlarge",
    "g4dn.xlarge",
    "g5.xlarge",
    "g6.xlarge",
    "gr6.4xlarge",
    "x2iedn.xlarge",
    "i3en.large",
    "hpc7a.12xlarge",
    "t3.2xlarge",
    "u-6tb1.56xlarge",
    "p4d.24xlarge",
  ])("%s is amd64", (type) => expect(architectureOfInstanceType(type)).toBe("amd64"));
});

it("knows the form of an instance type", () => {
  for (const type of ["m6a.2xlarge", "m7i-flex.2xlarge", "c7g.metal", "m7i.metal-24xl", "u7i-12tb.224xlarge", "t3.nano", "a1.large"])
    expect(isInstanceType(type), type).toBe(true);
  for (const type of [
    "m6a",
    "m6a.2xl",
    "M6A.2xlarge",
    "2xlarge",
    "mac2.metal",
    "m6a.0xlarge",
    "m6a.1000xlarge",
    "xm6a.large.x",
    "2m6a.large",
    " m6a.large",
    "m6a.metal-",
    "",
  ])
    expect(isInstanceType(type), type).toBe(false);
});

it("knows all types that EC2 has, but for its Macs", () => {
  const types = Object.values(_InstanceType);
  expect(types.length).toBeGreaterThan(1000);
  expect(types.filter((type) => isInstanceType(type) === /^mac/.test(type))).toEqual([]);
});

it("tells by the family which types of EC2 have an Arm processor: Graviton, and Nvidia's Grace", () => {
  const families = new Set(Object.values(_InstanceType).map((type) => type.split(".")[0] ?? ""));
  expect(
    [...families]
      .filter((family) => !/^mac/.test(family) && architectureOfInstanceType(`${family}.large`) === "arm64")
      .sort()
      .join(" "),
  ).toBe(
    [
      "a1 c6g c6gd c6gn c7g c7gd c7gn c8g c8gb c8gd c8gn c9g c9gd g5g hpc7g i4g i8g i8ge im4gn is4gen m6g m6gd m7g m7gd m8g m8gb m8gd m8gn",
      "m9g m9gd p6e-gb200 r6g r6gd r7g r7gd r8g r8gb r8gd r8gn r9g r9gd t4g x2gd x8g",
    ].join(" "),
  );
});

it("tells the number of processors by the size", () => {
  expect(
    [
      "m6a.nano",
      "m6a.micro",
      "m6a.small",
      "m6a.medium",
      "m6a.large",
      "m6a.xlarge",
      "m6a.2xlarge",
      "m6a.24xlarge",
      "u7i-12tb.224xlarge",
    ].map(cpusOfInstanceType),
  ).toEqual([2, 2, 2, 1, 2, 4, 8, 96, 896]);
  expect(["m6a.metal", "m6a", "m6a.constructor1"].map(cpusOfInstanceType)).toEqual([undefined, undefined, undefined]);
});

it("tells by the size whether a node fits", () => {
  expect(["a.nano", "a.micro", "a.small", "a.medium", "a.large", "a.xlarge", "a.metal"].map((type) => nodeSizePattern.test(type))).toEqual([
    false,
    false,
    false,
    false,
    true,
    true,
    true,
  ]);
});
