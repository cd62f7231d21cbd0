import * as z from "zod";
import { architectures, isLargeEnoughForNode, machineArchitecture } from "../architecture";
import { instanceType, rootVolume, zoneName } from "./machines";
import { oneOf, whole } from "./parts";

/** What other tools call the architectures. */
const otherNames = { [machineArchitecture.amd64]: "amd64", "x86-64": "amd64", x64: "amd64", [machineArchitecture.arm64]: "arm64" };
export const pool = z.strictObject(
  {
    architecture: oneOf(architectures, undefined, otherNames),
    instanceType: instanceType.refine(isLargeEnoughForNode, {
      error: "a size of large or more: a node of OpenShift needs 2 vCPUs and 8 GiB",
    }),
    zones: z
      .array(
        z.strictObject(
          { name: zoneName, replicas: whole("the number of nodes in the zone, from 0 to 100", 0, 100).default(0) },
          { error: 'an object with name and replicas, such as {name: "eu-west-3a", replicas: 1}' },
        ),
        { error: "a list of objects with name and replicas" },
      )
      .min(1, { error: "at least one zone" }),
    rootVolume: rootVolume(100).optional(),
  },
  { error: "an object with architecture, instanceType and zones" },
);
