import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { stackFile } from "../program";
import { parts, terminal } from "./pictures/terminal";

const output = readFileSync(join(__dirname, "..", "..", "docs", "run.txt"), "utf8");

it("docs/run.svg shows docs/run.txt, the output of a run (`npx vitest run test/docs -u` writes it)", async () => {
  await expect(terminal("npm run rehearse", output)).toMatchFileSnapshot("../../docs/run.svg");
});

it("no character of a line is lost by its colours", () => {
  for (const line of output.split("\n"))
    expect(
      parts(line)
        .map(({ text }) => text)
        .join(""),
    ).toBe(line);
});

it("the run that is shown has an image of both architectures for every build of the rehearsal's stack", () => {
  const builds = stackFile("rehearsal")["openshift-multiarch:builds"].map(({ name }) => name);
  const proved = output.split(/\n(?=[a-z]+: \S+@sha256)/).slice(1);
  expect(proved.map((part) => part.split(":")[0]).sort()).toEqual([...builds].sort());
  for (const part of proved) expect(part.match(/linux\/(?:amd64|arm64)/g)).toEqual(["linux/amd64", "linux/arm64"]);
});

it("the run that is shown names no folder of a machine", () => {
  expect(output).not.toMatch(/(?:^|\s)\/(?:root|home|work|tmp|var)\b/m);
});
