import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { answer, driftReport, exitCode } from "../../review/drift";
import { readEvents } from "../../review/events";

const unexpected = { code: 7, stdout: "", stderr: "error: no changes were expected for refresh but changes were proposed" };
const real = (name: string) => readFileSync(join(__dirname, "real", `${name}.events.jsonl`), "utf8");
const recorded = real("drift");
const urn = "urn:pulumi:rehearsal::openshift-multiarch::openshift-multiarch:tekton:MultiArchBuild$";
/** As the engine says of what a refresh does not find: RefreshStep.ResultOp, in the place of the recorded updates. */
const gone = (name: string, type = "kubernetes:tekton.dev/v1:PipelineRun") =>
  JSON.stringify({ resOutputsEvent: { metadata: { op: "delete", urn: `${urn}${type}::${name}`, type }, planning: true } });
const counted = (counts: object) => JSON.stringify({ summaryEvent: { resourceChanges: { same: 70, ...counts } } });
const of = (question: "state" | "program", ...lines: string[]) =>
  answer(question, "dev", { ...unexpected, plan: readEvents(lines.join("\n")) }, ["htop-run", "nodejs-run"]);
const note = "`htop-run` was pruned, as newer runs of its build have ended; the stack knows what it has built.";

describe("a run that was pruned", () => {
  it("is no drift where the stack knows its image, and is told of", () => {
    const one = of("state", gone("htop-run"), counted({ delete: 1 }));
    expect([one.verdict, one.notes]).toEqual(["same", [note]]);
    const found = [{ stack: "dev", answers: [one] }];
    expect([exitCode(found), driftReport(found)]).toEqual([0, expect.stringContaining(`compared with the state: no drift\n\n${note}`)]);
  });

  it("is drift where the stack does not know what became of it, and hides none of anything else", () => {
    expect(of("state", gone("quarkus-run"), counted({ delete: 1 }))).toMatchObject({ verdict: "differs", notes: [] });
    expect(of("state", gone("htop-run", "kubernetes:tekton.dev/v1:Pipeline"), counted({ delete: 1 })).verdict).toBe("differs");
    expect(of("state", gone("htop-run"), gone("quarkus-run"), counted({ delete: 2 }))).toMatchObject({ verdict: "differs", notes: [note] });
    expect(of("state", gone("htop-run"), recorded)).toMatchObject({ verdict: "differs", notes: [note] });
    expect(of("state", recorded)).toMatchObject({ verdict: "differs", notes: [] });
  });

  it("is what the real engine says of resources that a refresh does not find", () => {
    const ofRuns = real("gone").replaceAll("pulumi-nodejs:dynamic:Resource", "kubernetes:tekton.dev/v1:PipelineRun");
    const one = of("state", ofRuns.replaceAll("::other", "::nodejs-run"));
    expect([one.verdict, [...(one.notes ?? [])].sort()]).toEqual(["same", [note, note.replace("htop", "nodejs")]]);
    expect(of("state", ofRuns)).toMatchObject({ verdict: "differs", notes: [note] });
    expect(of("state", real("gone")).verdict).toBe("differs");
  });

  it("is none that the program wants to have deleted", () => {
    expect(of("program", gone("htop-run"), counted({ delete: 1 }))).toMatchObject({ verdict: "differs", notes: [] });
  });
});
