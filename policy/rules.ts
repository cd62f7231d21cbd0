import type { Policies } from "@pulumi/policy";
import { encryptedFileSystems, fileSystemPolicies, privateFileSystems, tlsToFileSystems } from "./file-systems";
import { defaultImagesByDigest, imagesByDigest } from "./images";
import { noPrivilegedPods } from "./pods";
import { explicitKubernetesProvider } from "./provider";
import { nothingPublished } from "./published";
import { closedSecurityGroups } from "./security-groups";
import { requiredTags } from "./tags";

/** All rules of the pack. A rule that another file adds is listed here; test/policy wants one that breaks it. */
export const rules: Policies = [
  noPrivilegedPods,
  imagesByDigest,
  defaultImagesByDigest,
  explicitKubernetesProvider,
  nothingPublished,
  closedSecurityGroups,
  encryptedFileSystems,
  fileSystemPolicies,
  tlsToFileSystems,
  privateFileSystems,
  requiredTags,
];
