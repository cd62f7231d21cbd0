import { spawnSync } from "node:child_process";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { refuseSwallowed } from "../../review/npm-options";

const checkout = join(__dirname, "..", "..");
/** With npm itself, which decides what it takes. None of them gets as far as to look for a stack. */
function npm(...words: string[]): { status: number | null; stderr: string } {
  const { status, stderr } = spawnSync("npm", ["run", "--silent", ...words], {
    cwd: checkout,
    encoding: "utf8",
    env: { PATH: `${dirname(process.execPath)}:/usr/bin:/bin`, HOME: "/nonexistent" },
    input: "",
  });
  return { status, stderr };
}

describe("an option in front of --, which npm takes, is named and nothing is done:", () => {
  it.each<[string[], string]>([
    [["build", "app", "--newest"], "--newest for an option of its own: put -- in front, as in npm run build -- --newest"],
    [["build", "app", "--no-follow"], "--no-follow for an option of its own"],
    [["build", "app", "--revision=v2", "--stack=dev"], "--revision and --stack for an option of its own"],
    [["tekton", "--task", "git-clone"], "--task for an option of its own"],
    [["preview", "--comment"], "--comment for an option of its own"],
    [["deploy", "dev", "--minutes=5"], "--minutes for an option of its own"],
    [["drift", "--out=file"], "--out for an option of its own"],
    [["orphans", "eu-west-3", "--json", "--metadata=folder"], "--metadata and --json for an option of its own"],
    [["configure", "--stack=prod", "--base-domain=example.com"], "--stack and --base-domain for an option of its own"],
  ])("npm run %j", (words, message) => {
    const { status, stderr } = npm(...words);
    expect(status).toBeGreaterThan(0);
    expect(stderr).toContain(`npm has taken ${message}`);
  });

  it("but none behind it", () => {
    expect(npm("tekton", "--", "--task", "helo").stderr).toMatch(/^--task is "helo"/);
  });
});

it("what somebody has in their settings of npm is no option, if the program got it as well", () => {
  const env = { npm_config_force: "true", npm_config_follow: "true", npm_config_save: "" };
  expect(() => refuseSwallowed("configure", ["force"], ["--force"], env)).not.toThrow();
  expect(() => refuseSwallowed("build", ["no-follow"], [], env)).not.toThrow();
  expect(() => refuseSwallowed("preview", ["save"], [], env)).not.toThrow();
  expect(() => refuseSwallowed("preview", ["save"], ["--save-as=x"], { npm_config_save: "x" })).toThrow("--save");
});
