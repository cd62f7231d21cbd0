import { describe, expect, it } from "vitest";
import { architectureOfInstanceType, cpusOfInstanceType, isInstanceType } from "../../config/architecture";

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
  expect(["m6a.2xlarge", "m7i-flex.2xlarge", "c7g.metal", "m7i.metal-24xl"].filter(isInstanceType)).toHaveLength(4);
  expect(["m6a", "m6a.2xl", "M6A.2xlarge", "2xlarge", "mac2.metal", "m6a.0xlarge", ""].filter(isInstanceType)).toEqual([]);
});

it("tells the number of processors by the size", () => {
  expect(["m6a.large", "m6a.xlarge", "m6a.2xlarge", "m6a.24xlarge", "m6a.metal"].map(cpusOfInstanceType)).toEqual([2, 4, 8, 96, undefined]);
});
