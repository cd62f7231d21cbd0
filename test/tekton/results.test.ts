import { expect, it } from "vitest";
import { type Built, lastBuilt, lostArchitectures, resultOf } from "../../tekton/results";

const built: Built = { run: "r", image: "i@sha256:a", members: ["m"], commit: "c", uid: "u", architectures: ["amd64", "arm64"] };

it("knows the newest image of a build from the last update, be the last run of it a success or not", () => {
  expect(lastBuilt({ hello: built, other: { ...built, image: "o" } }, "hello")).toEqual(built);
  expect(lastBuilt({ hello: { uid: "v", failure: "no", last: built } }, "hello")).toEqual(built);
});

it("knows none of a build that is new, never succeeded, or whose output says too little", () => {
  for (const results of [{}, { hello: null }, { hello: { uid: "v", failure: "no" } }]) expect(lastBuilt(results, "hello")).toBeUndefined();
  for (const missing of ["image", "uid", "architectures"] as const) {
    const { [missing]: _, ...rest } = built;
    expect(lastBuilt({ hello: rest }, "hello")).toBeUndefined();
    expect(lastBuilt({ hello: { uid: "v", failure: "no", last: rest } }, "hello")).toBeUndefined();
  }
});

it("takes a run for known by its uid alone", () => {
  expect(resultOf(built, "u")).toBe(built);
  expect(resultOf(built, "v")).toBeUndefined();
  expect(resultOf(undefined, "u")).toBeUndefined();
});

it("counts as lost what the last image has and the next has not, and nothing without a last image", () => {
  expect(lostArchitectures(built, ["amd64"])).toEqual(["arm64"]);
  expect(lostArchitectures(built, ["arm64", "amd64"])).toEqual([]);
  expect(lostArchitectures({ ...built, architectures: ["amd64"] }, ["amd64", "arm64"])).toEqual([]);
  expect(lostArchitectures(undefined, ["amd64"])).toEqual([]);
});
