import * as z from "zod";
import { otherPartition } from "../aws";
import { text } from "./parts";

const account = /^\d{12}$/;

/** Keys of Pulumi's AWS provider that this program looks at, or that every stack should have; the provider knows many more. */
export const awsKeys = {
  /** The prefix of a region's name tells its partition. */
  region: text(/^[a-z]{2,4}(?:-[a-z]+)+-\d$/, 'a region such as "eu-west-3": pulumi config set aws:region eu-west-3').meta({
    description: "Region of the cluster and of everything else.",
    not: { pattern: otherPartition },
    examples: ["eu-west-3"],
  }),
  allowedAccountIds: z
    .array(text(account, 'the twelve digits of an account of AWS, in quotes, such as "123456789012"'), {
      error: 'a list of accounts of AWS, such as ["123456789012"]',
    })
    .min(1, { error: "at least one account" })
    .optional()
    .meta({
      description: "Accounts that the credentials may be of; Pulumi and the stages stop before they touch any other.",
      examples: [["123456789012"]],
    }),
  profile: z
    .string({ error: "the name of a profile" })
    .optional()
    .meta({
      description:
        "Profile of the credentials, for Pulumi's AWS provider and for openshift-install; without it both take those of the environment.",
      examples: ["build"],
    }),
} as const;
