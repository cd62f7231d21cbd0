import { expect, it } from "vitest";
import { points } from "./points";
import { randomOf } from "./random";
import { table } from "./table";

it("a table has a line for each point, with what came next, and counts what failed and what is left", () => {
  const text = table([
    { name: "install: killed", seconds: 61.4, next: "up, destroy", left: 0 },
    { name: "destroy: killed", seconds: 9, next: "", left: 2, problem: "left:\n  vpc vpc-1" },
  ]);
  expect(text.split("\n")).toEqual([
    "point            next         left  took",
    "install: killed  up, destroy  0     61 s",
    "destroy: killed  FAILED       2     9 s",
    "",
    "2 points, 1 recovered, 1 failed, 2 objects left",
  ]);
});

it("there are at least 40 points, each with a name of its own, of every stage and of the removal", () => {
  const names = points.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  expect(names.length).toBeGreaterThanOrEqual(40);
  const stages = [...new Set(names.map((name) => name.split(": ")[0]))];
  expect(stages).toEqual(["tools", "identity", "guard", "assets", "install", "access", "file system", "destroy", "account"]);
});

it("a seed gives the same numbers again, another seed others, all from 0 to 1", () => {
  const numbers = (seed: number) => Array.from({ length: 1000 }, randomOf(seed));
  expect(numbers(7)).toEqual(numbers(7));
  expect(numbers(8)).not.toEqual(numbers(7));
  expect(numbers(7).every((number) => number >= 0 && number < 1)).toBe(true);
  // Of 1000 even numbers, each tenth has about a hundred.
  const tenths = Array.from({ length: 10 }, (_, tenth) => numbers(7).filter((number) => Math.floor(number * 10) === tenth).length);
  expect(Math.min(...tenths)).toBeGreaterThan(60);
});
