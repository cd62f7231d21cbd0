import { expect, it } from "vitest";
import { nameOf, plain, readEvents } from "../../review/events";
import { real } from "./real";

it("counts, changes and warnings of a real preview are those that pulumi printed", () => {
  const plan = readEvents(real("preview.events.jsonl"));
  const printed = real("preview.stdout.txt");
  const count = (pattern: RegExp) => Number(pattern.exec(printed)?.[1]);
  expect(plan.counts).toMatchObject({
    update: count(/~ (\d+) to update/),
    replace: count(/\+-(\d+) to replace/),
    same: count(/(\d+) unchanged/),
  });
  const shown = [...printed.matchAll(/^ {4}[~+-]+ ?(\S+): \((\w+)\)$(?:\n {8}.*)*?\n {8}\[urn=.*::(\S+)\]$/gm)];
  expect(plan.steps.map(({ op, type, name }) => [type, op, name])).toEqual(shown.map(([, type, op, name]) => [type, op, name]));
  expect(plan.steps).toHaveLength(5);
  expect(plan.warnings).toEqual([expect.stringMatching(/^The repository of builds\[0\].*has it\.$/)]);
  expect(plan.errors).toEqual([]);
});

it("a replacement says for which properties", () => {
  const { steps } = readEvents(real("preview.events.jsonl"));
  expect(steps.filter(({ op }) => op === "replace").map(({ name, keys }) => [name, keys])).toEqual([
    ["quarkus-suffix", ["keepers"]],
    ["quarkus-run", ["metadata.name"]],
  ]);
});

it("an update says for which properties", () => {
  const { steps } = readEvents(real("preview.events.jsonl"));
  expect(steps.filter(({ op }) => op === "update").map(({ name, keys }) => [name, keys])).toEqual([
    ["workers-arm64-eu-west-3b", ["spec.replicas"]],
    ["workers-arm64-eu-west-3b-ready", ["environment.REPLICAS"]],
    ["builds-maven-package", ["spec.steps[0].image"]],
  ]);
});

it("the error of a real preview that was refused is told whole, with its lines", () => {
  const { errors } = readEvents(real("refused.events.jsonl"));
  expect(errors).toEqual([
    [
      "The cluster keeps what it was made with:",
      '  - cluster.name is "other", the cluster was made with "multiarch"',
      "Set it back; or, for a new cluster, run pulumi destroy and then pulumi up.",
    ].join("\n"),
  ]);
});

it("what a real refresh found is a change, though the engine asked without knowing", () => {
  expect(
    readEvents(real("drift.events.jsonl"))
      .steps.map(({ op, name }) => `${op} ${name}`)
      .sort(),
  ).toEqual(["update shared", "update workers-arm64-eu-west-3b"]);
  expect(readEvents(real("refresh.events.jsonl")).steps).toEqual([]);
});

it("of a log that was cut off, the lines that are whole are read, and the counts are those of its changes", () => {
  const lines = real("preview.events.jsonl").split("\n");
  const end = lines.findIndex((line) => line.includes('"summaryEvent"'));
  const cut = `${lines.slice(0, end).join("\n")}\n${lines[end]?.slice(0, 40)}`;
  expect(readEvents(cut).counts).toEqual({ update: 3, replace: 2 });
  expect(readEvents("").counts).toEqual({});
});

it("messages are told once, with the resource that they are about; violated policies are errors or warnings by their level", () => {
  const urn = "urn:pulumi:dev::p::a:b:C$d:e:F::shared::x";
  const events = [
    { diagnosticEvent: { severity: "warning", message: "<{%fg 3%}>soon<{%reset%}>\n", urn } },
    { diagnosticEvent: { severity: "warning", message: "soon", urn } },
    { diagnosticEvent: { severity: "warning", message: "typing", ephemeral: true } },
    { diagnosticEvent: { severity: "info", message: "hello" } },
    { diagnosticEvent: { severity: "debug", message: "password" } },
    { diagnosticEvent: { severity: "error", message: "stop", urn: "urn:pulumi:dev::p::pulumi:pulumi:Stack::p-dev" } },
    { policyEvent: { enforcementLevel: "mandatory", message: "no tag", resourceUrn: urn } },
    { policyEvent: { enforcementLevel: "advisory", message: "old" } },
  ];
  const plan = readEvents(events.map((event) => JSON.stringify(event)).join("\n"));
  expect(plan).toMatchObject({ warnings: ["shared::x: soon", "old"], errors: ["stop", "shared::x: no tag"] });
});

it("a name is all behind the type of a URN", () => expect(nameOf("urn:pulumi:dev::p::t::a::b")).toBe("a::b"));

it("letters that turn the order of others round, or are not seen, are shown as numbers, in names too", () => {
  expect(plain("a\u202eb\u2066c\u200bd")).toBe("a\\u202eb\\u2066c\\u200bd");
  expect(nameOf("urn:pulumi:dev::p::t::\u202ea")).toBe("\\u202ea");
  expect(plain("Größe, \u05d0, \u0627, \ud83d\ude00")).toBe("Größe, \u05d0, \u0627, \ud83d\ude00");
});

it("plain text has no escape sequences, no marks of pulumi's and no other control characters", () => {
  expect(plain("\x1b[38;5;3ma\x1b[0m\x1b]8;;https://x\x07b\x1b]8;;\x1b\\\r\n\tc\x07\x00<{%reset%}>d")).toBe("ab\n\tcd");
});
