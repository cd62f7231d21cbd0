import { of, type Point } from "../point";

/** Whose credentials they are, once there are some of another account: see machine.ts. */
const other = { otherAccount: true } as const;

const refused = /the credentials are for the AWS account 210987654321, the cluster is in 123456789012/;

/** Commands with credentials of another account. */
export const account: readonly Point[] = [
  of("account", "named", "up")("of somebody else, update before the install", other, refused, "up"),
  of("account", "whole", "up")("of somebody else, update of a cluster", other, refused, "destroy", { few: true }),
  of("account", "named", "destroy")(
    "of somebody else, removal before the install",
    other,
    /Nothing was deleted: use credentials of 123456789012/,
    "destroy",
  ),
  of("account", "whole", "destroy")(
    "of somebody else, removal of a cluster",
    other,
    /Nothing was deleted: use credentials of 123456789012/,
    "destroy",
  ),
];
