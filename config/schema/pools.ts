import * as z from "zod";
import { architectures, nodeSizePattern, typesOf } from "../architecture";
import { architectureName, instanceType, rootVolume, wrongArchitecture, zoneName } from "./machines";
import { when, whole } from "./parts";

const zone = z.strictObject(
  {
    name: zoneName.meta({ description: "Availability zone, of the region aws:region.", examples: ["eu-west-3a"] }),
    replicas: whole("the number of nodes in the zone, from 0 to 100", 0, 100)
      .default(0)
      .meta({
        description:
          "Nodes of this architecture in the zone. With 0 in all zones, builds for arm64 wait; those for amd64 run on the control plane.",
        unit: "nodes",
        examples: [1],
      }),
  },
  { error: 'an object with name and replicas, such as {name: "eu-west-3a", replicas: 1}' },
);

export const pool = z
  .strictObject(
    {
      architecture: architectureName.meta({
        description:
          "Architecture of the pool's nodes, as Kubernetes and OCI call it. Every image is built for each architecture that has a pool.",
        examples: ["arm64"],
      }),
      instanceType: instanceType
        .regex(nodeSizePattern, {
          error: "a type with the 2 vCPUs and 8 GiB of a node: large or more, in the families c and a1 xlarge or more",
        })
        .meta({
          description: "EC2 instance type of the nodes; its processor is of the pool's architecture.",
          examples: ["m7g.2xlarge"],
        }),
      zones: z.array(zone, { error: "a list of objects with name and replicas" }).min(1, { error: "at least one zone" }).meta({
        description:
          "Zones in which the pool has a MachineSet, each once. The installer makes a subnet in every zone that is named at the install.",
      }),
      rootVolume: rootVolume(100)
        .optional()
        .meta({
          description: "Disk of each node; without it, that of the installer's own worker MachineSet.",
          examples: [{ type: "gp3", size: 120 }],
        }),
    },
    { error: "an object with architecture, instanceType and zones" },
  )
  .meta({
    // As crossCheck has it.
    allOf: architectures.map((architecture) =>
      when(
        { properties: { architecture: { const: architecture } }, required: ["architecture"] },
        { properties: { instanceType: { pattern: typesOf[architecture], errorMessage: wrongArchitecture(architecture) } } },
      ),
    ),
  });

export const pools = z
  .array(pool, { error: "a list with one object for each architecture" })
  .min(1, { error: "at least one pool" })
  .meta({
    description: "The nodes that build, one entry for each architecture. A single-node control plane was tested with two nodes.",
    allOf: architectures.map((architecture) => ({
      contains: { type: "object", properties: { architecture: { const: architecture } }, required: ["architecture"] },
      minContains: 0,
      maxContains: 1,
    })),
  });
