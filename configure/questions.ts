import * as z from "zod";
import { crossCheck } from "../config/checks";
import { keyOf } from "../config/paths";
import { awsKeys, schema, zoneName } from "../config/schema";

/** What was answered, by the name of the question, as it was typed; without those that were not asked. */
export type Answers = Readonly<Partial<Record<Name, string>>>;
export type Name = (typeof names)[number];
const names = [
  "stack",
  "region",
  "accounts",
  "name",
  "base-domain",
  "version",
  "zones",
  "build",
  "build-name",
  "repository",
  "context",
  "image",
] as const;

export interface Question {
  /** Also the name of its option. */
  readonly name: Name;
  readonly text: string;
  readonly example: string;
  /** What an empty answer means; a question without one has to be answered. */
  readonly proposal?: (answers: Answers) => string | undefined;
  readonly choices?: readonly string[];
  /** Whether it is asked, after what was answered so far. */
  readonly asked: (answers: Answers) => boolean;
  /** The part of the program's own schema that the answer has to pass. */
  readonly part: z.ZodType;
  readonly several?: boolean;
}

const { shape: cluster } = schema.shape.cluster;
const { shape: build } = schema.shape.builds.unwrap().element;
const kinds = ["none", ...build.pipeline.options];

/** The first sentence that the schema says of a setting, and its example. */
const about = (part: z.ZodType) => {
  const { description = "", examples } = z.globalRegistry.get(part) ?? {};
  return { part, text: description.replace(/\. .*|\.$/, ""), example: String((examples as unknown[])[0]) };
};
const always = () => true;
const withBuild = ({ build }: Answers) => build !== undefined && build !== "none";

export const questions: readonly Question[] = [
  {
    name: "stack",
    text: "Name of the stack; the file is Pulumi.<stack>.yaml",
    example: "prod",
    asked: always,
    // ParseStackName, sdk/go/common/tokens/stack_name.go of Pulumi.
    part: z.string().regex(/^[A-Za-z0-9_.-]{1,100}$/, "1 to 100 letters, digits, dashes, underscores and dots, without an organization"),
  },
  { name: "region", ...about(awsKeys.region), asked: always },
  { name: "accounts", ...about(awsKeys.allowedAccountIds), several: true, asked: always },
  { name: "name", ...about(cluster.name), asked: always },
  { name: "base-domain", ...about(cluster.baseDomain), asked: always },
  {
    name: "version",
    ...about(cluster.version),
    text: "Version of OpenShift that is installed",
    proposal: () => about(cluster.version).example,
    asked: always,
  },
  {
    name: "zones",
    text: "Availability zones of the nodes; the control plane and a node of each architecture are in the first",
    example: "eu-west-3a,eu-west-3b",
    proposal: ({ region }) => region && `${region}a`,
    part: z.array(zoneName),
    several: true,
    asked: always,
  },
  {
    name: "build",
    text: "First image to build: its pipeline, or none",
    example: "containerfile",
    choices: kinds,
    proposal: () => "none",
    part: z.enum(kinds, { error: `one of ${kinds.join(", ")}` }),
    asked: always,
  },
  { name: "build-name", ...about(build.name), text: "Name of the build", asked: withBuild },
  { name: "repository", ...about(build.repository), asked: withBuild },
  { name: "context", ...about(build.context), proposal: () => ".", asked: withBuild },
  {
    name: "image",
    part: build.image,
    text: "Image that is pushed, with its registry",
    example: "quay.io/example/app:latest",
    asked: withBuild,
  },
];

export const listOf = (text: string) => text.split(/[\s,]+/).filter((word) => word !== "");

/** Settings of the project, as far as they are answered; the rest have defaults. */
export function valuesOf(answers: Answers) {
  const zones = listOf(answers.zones ?? "").map((name, i) => ({ name, replicas: i === 0 ? 1 : 0 }));
  return {
    cluster: {
      name: answers.name,
      baseDomain: answers["base-domain"],
      version: answers.version,
      controlPlane: { zone: zones[0]?.name },
    },
    pools: [
      { architecture: "amd64", instanceType: "m6a.2xlarge", zones },
      { architecture: "arm64", instanceType: "m7g.2xlarge", zones },
    ],
    builds: withBuild(answers)
      ? [
          {
            name: answers["build-name"],
            pipeline: answers.build,
            repository: answers.repository,
            context: answers.context,
            image: answers.image,
          },
        ]
      : [],
  };
}

/**
 * What is wrong with an answer, in the program's words for the setting; undefined when it is right.
 * @param earlier answers that are right
 */
export function problemOf({ name, part, several }: Question, answer: string, earlier: Answers): string | undefined {
  const issue = part.safeParse(several ? listOf(answer) : answer).error?.issues[0];
  if (issue) return `expected ${issue.message}`;
  const problems: string[] = [];
  const answers = { ...earlier, [name]: answer };
  // Whatever is wrong between answers now is so by this one.
  crossCheck(valuesOf(answers), answers.region, (_, right) => problems.push(`expected ${right}`), keyOf, []);
  return problems[0];
}
