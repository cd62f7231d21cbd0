import * as z from "zod";
import { type Architecture, architectures, instanceTypePattern, machineArchitecture } from "../architecture";
import { oneOf, text, when, whole } from "./parts";

/** What other tools call the architectures. */
const otherNames = { [machineArchitecture.amd64]: "amd64", "x86-64": "amd64", x64: "amd64", [machineArchitecture.arm64]: "arm64" };
export const architectureName = oneOf(architectures, undefined, otherNames);

export const instanceType = text(instanceTypePattern, 'an EC2 instance type such as "m6a.2xlarge" (amd64) or "m7g.2xlarge" (arm64)');
export const wrongArchitecture = (wanted: Architecture) =>
  wanted === "amd64"
    ? 'an amd64 (x86_64) type, such as "m6a.2xlarge": this is a Graviton type, whose processor is arm64'
    : 'an arm64 (Graviton) type, such as "m7g.2xlarge", told by the g behind the generation number: this type\'s processor is amd64';
export const controlPlaneType = 'a type with the 8 vCPUs and 16 GiB of a control plane, such as "m6a.2xlarge": this one has less';

// Names of Local Zones (us-west-2-lax-1a) and Wavelength Zones have more parts; EFS and the default volumes are not in all of them.
export const zoneName = text(
  /^[a-z]{2,4}(?:-[a-z]+)+-\d[a-z]$/,
  'the name of an availability zone such as "eu-west-3a", neither a zone id nor a Local or Wavelength Zone',
);

const volumeTypes = ["gp3", "gp2", "io1", "io2"] as const;
/** Limits of EBS, as `crossCheck` has them, but for those that depend on the size. */
const volumeRules = [
  when({ properties: { type: { enum: ["io1", "io2"] } }, required: ["type"] }, { required: ["iops"] }),
  when({ properties: { type: { const: "gp2" } }, required: ["type"] }, { properties: { iops: false } }),
  when({ properties: { type: { const: "gp3" } } }, { properties: { iops: { minimum: 3000, maximum: 16000 } } }),
];
export const rootVolume = (minimum: number) =>
  z
    .strictObject(
      {
        type: oneOf(volumeTypes)
          .default("gp3")
          .meta({ description: "Type of the EBS volume.", examples: ["io2"] }),
        size: whole(`the size in GiB, from ${minimum} to 16384`, minimum, 16384).meta({
          description: "Size of the volume. Images, logs and the layers of running builds are on it.",
          unit: "GiB",
          examples: [200],
        }),
        iops: whole("operations a second, from 100 to 64000", 100, 64000)
          .optional()
          .meta({
            description:
              "Operations that the volume is paid for: 3000 to 16000 for gp3, which has 3000 anyway; required for io1 (at most 50 for each GiB) and io2 (at most 500); not for gp2.",
            unit: "operations a second",
            examples: [4000],
          }),
      },
      { error: "an object with type, size (GiB) and iops" },
    )
    .meta({ allOf: volumeRules });
