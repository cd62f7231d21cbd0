import { describe, expect, it } from "vitest";
import { frontConfig, machineImages } from "../../../rehearsal/aws";

const stream = {
  architectures: {
    x86_64: { images: { aws: { regions: { "eu-west-3": { release: "9.6", image: "ami-1" } } } } },
    aarch64: { images: { aws: { regions: { "eu-west-3": { release: "9.6", image: "ami-2" } } } } },
    s390x: { images: {} },
  },
};

describe("the account's machine images", () => {
  it("are the region's, with EC2's names of the architectures", () => {
    expect(machineImages(stream, "eu-west-3")).toMatchObject([
      { ami_id: "ami-1", architecture: "x86_64" },
      { ami_id: "ami-2", architecture: "arm64" },
    ]);
  });

  it("are none in a region that the stream does not have", () => {
    expect(machineImages(stream, "eu-west-9")).toEqual([]);
  });
});

describe("the TLS front", () => {
  it("listens on loopback only and keeps the host that the client signed", () => {
    const text = frontConfig("/home/run/aws", "/home/pki");
    expect(text.match(/listen .*/g)).toEqual(["listen 127.0.0.1:5243 ssl;"]);
    expect(text).toContain("proxy_set_header Host $http_host;");
  });
});
