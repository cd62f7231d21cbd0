import * as z from "zod";
import { isInstanceType } from "../architecture";
import { oneOf, text, whole } from "./parts";

const instanceTypeText = 'an EC2 instance type such as "m6a.2xlarge" (amd64) or "m7g.2xlarge" (arm64)';
export const instanceType = z.string({ error: instanceTypeText }).refine(isInstanceType, { error: instanceTypeText });
// Names of Local Zones (us-west-2-lax-1a) and Wavelength Zones have more parts; EFS and the default volumes are not in all of them.
export const zoneName = text(
  /^[a-z]{2,4}(?:-[a-z]+)+-\d[a-z]$/,
  'the name of an availability zone such as "eu-west-3a", neither a zone id nor a Local or Wavelength Zone',
);

const volumeTypes = ["gp3", "gp2", "io1", "io2"] as const;
export const rootVolume = (minimum: number) =>
  z.strictObject(
    {
      type: oneOf(volumeTypes).default("gp3"),
      size: whole(`the size in GiB, from ${minimum} to 16384`, minimum, 16384),
      iops: whole("operations a second, from 100 to 64000", 100, 64000).optional(),
    },
    { error: "an object with type, size (GiB) and iops" },
  );
