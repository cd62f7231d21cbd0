import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { mayWrite, problems } from "./workflow-rules";

const checkout = join(__dirname, "..", "..");
const folder = join(checkout, ".github", "workflows");
const files = readdirSync(folder);
/** As workflows write them. */
const expression = (content: string) => ["$", "{{ ", content, " }}"].join("");
const matrix = expression("matrix.stack");
const text = (file: string) => readFileSync(join(folder, file), "utf8");

it("there are workflows for preview, deployment and drift", () => expect(files.sort()).toEqual(["deploy.yml", "drift.yml", "preview.yml"]));

for (const file of files) it(`${file} keeps every rule`, () => expect(problems(file, text(file))).toEqual([]));

it("the exceptions from reading alone are of jobs that are there", () => {
  for (const job of Object.keys(mayWrite)) {
    const [file = "", name = ""] = job.split("/");
    expect(text(file)).toMatch(new RegExp(`^  ${name}:$`, "m"));
  }
});

it("the engine is the one that the rehearsal tries", () => {
  const rehearsed = /pulumi\/pkg\/v3 v(\S+)/.exec(readFileSync(join(checkout, "rehearsal", "toolchain", "pulumi", "go.mod"), "utf8"))?.[1];
  const installed = files.flatMap((file) => [...text(file).matchAll(/pulumi-version: (\S+)/g)].map(([, version]) => version));
  expect(installed).toEqual([rehearsed, rehearsed, rehearsed]);
});

describe("each rule notices a workflow that breaks it", () => {
  const fork = /\s*github\.event\.pull_request\.head\.repo\.full_name == github\.repository &&/;
  const broken: [file: string, what: string, from: string | RegExp, to: string, problem: string][] = [
    ["preview.yml", "the base's secrets for everybody", "  pull_request:", "  pull_request_target:", "is triggered by pull_request_target"],
    [
      "deploy.yml",
      "a trigger of strangers",
      "  workflow_dispatch:",
      "  issue_comment:\n  workflow_dispatch:",
      "is triggered by issue_comment",
    ],
    ["drift.yml", "rights for all jobs", "permissions: {}", "permissions:\n  contents: write", "has permissions for all of its jobs"],
    ["drift.yml", "no word of rights", "permissions: {}\n", "", "has permissions for all of its jobs"],
    [
      "drift.yml",
      "a secret for all jobs",
      "permissions: {}\n",
      `permissions: {}\nenv: { A: '${expression("secrets.A")}' }\n`,
      "gives a secret to all",
    ],
    ["drift.yml", "a tag", /setup-node@\w+ # v7\.0\.0/, "setup-node@v7", "uses actions/setup-node@v7, not a commit"],
    ["drift.yml", "a commit without its version", / # v7\.0\.0/, "", "not a commit with its version"],
    ["drift.yml", "a short commit", "@82076278", "@", "not a commit with its version"],
    ["drift.yml", "no limit of time", "    timeout-minutes: 60\n", "", "drift: has no timeout-minutes"],
    [
      "deploy.yml",
      "more time than there is",
      "timeout-minutes: 360",
      "timeout-minutes: 400",
      "deploy: has no timeout-minutes from 1 to 360",
    ],
    ["drift.yml", "whatever runner there is", "ubuntu-24.04", "ubuntu-latest", "does not name the version of its runner"],
    [
      "drift.yml",
      "a job without rights of its own",
      "    permissions:\n      contents: read\n    outputs",
      "    outputs",
      "has no permissions of its own",
    ],
    [
      "drift.yml",
      "a job that may write",
      "      contents: read\n    outputs",
      "      contents: write\n    outputs",
      "stacks: may write contents",
    ],
    [
      "deploy.yml",
      "a role for the deployment",
      "      contents: read\n    # Its",
      "      id-token: write\n    # Its",
      "deploy: may write id-token",
    ],
    [
      "drift.yml",
      "all rights in one word",
      "    permissions:\n      contents: read\n    outputs",
      "    permissions: write-all\n    outputs",
      "no permissions of its own",
    ],
    ["drift.yml", "other things to read", "      contents: read\n    outputs", "      actions: read\n    outputs", "may read actions"],
    ["drift.yml", "a token that stays", "persist-credentials: false", "fetch-tags: true", "leaves its token in the checkout"],
    [
      "preview.yml",
      "text of a stranger in a script",
      'npm run -s preview -- "$STACK"',
      `npm run -s preview -- "${expression("github.head_ref")}"`,
      "expression in a script",
    ],
    ["deploy.yml", "scripts of packages", "npm ci --ignore-scripts", "npm ci", "runs the scripts of packages"],
    ["preview.yml", "an artifact that is there", "          overwrite: true\n", "", "preview: cannot be run again"],
    ["preview.yml", "secrets for forks", fork, "", "preview: has a secret and runs for forks"],
    ["preview.yml", "an environment for forks", fork, "", "preview: has an environment"],
    ["preview.yml", "a role for forks", fork, "", "preview: may write and runs for forks"],
    [
      "preview.yml",
      "a way around the guard",
      "vars.PULUMI_BACKEND_URL != ''",
      "vars.A != '' || true",
      "preview: has a secret and runs for forks",
    ],
    ["deploy.yml", "no reviewers", `    environment: ${matrix}\n`, "", "outside of the environment of its stack"],
    ["deploy.yml", "cancelled half-way", "cancel-in-progress: false", "cancel-in-progress: true", "may be ended for another deployment"],
    ["deploy.yml", "all stacks in one queue", `group: deploy-${matrix}`, "group: deploy", "may be ended for another deployment"],
    [
      "deploy.yml",
      "the whole workflow in a queue",
      "permissions: {}\n",
      "permissions: {}\nconcurrency: deploy\n",
      "waits for, or is ended for",
    ],
    ["deploy.yml", "another stack's failure", "fail-fast: false", "fail-fast: true", "is ended when another stack fails"],
    ["deploy.yml", "no time to end in", "--minutes 330", "--minutes 350", "is ended by force"],
    ["deploy.yml", "an install without a limit", " --minutes 330", "", "is ended by force"],
    ["deploy.yml", "a log of none but good installs", expression("always()"), expression("success()"), "deploy: loses the installer's log"],
    ["deploy.yml", "a log in another folder", "path: install-logs", "path: logs", "deploy: loses the installer's log"],
    ["deploy.yml", "a log that is not kept", "OPENSHIFT_MULTIARCH_LOGS", "LOGS", "deploy: loses the installer's log"],
    ["preview.yml", "a plan that no policy judges", " -- --policy-pack policy", "", "preview: plans without the policy pack"],
    ["deploy.yml", "an update that no policy judges", " -- --policy-pack policy", "", "deploy: plans without the policy pack"],
    ["deploy.yml", "less than an install", "--minutes 330", "--minutes 120", "less than the 300 minutes that an install may take"],
  ];
  for (const [file, what, from, to, problem] of broken) {
    it(`${file}: ${what}`, () => {
      const changed = text(file).replace(from, () => to);
      expect(changed).not.toBe(text(file));
      expect(problems(file, changed).join("\n")).toContain(problem);
    });
  }
});
