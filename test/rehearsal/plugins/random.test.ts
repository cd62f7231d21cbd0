import { describe, expect, it } from "vitest";
import { checkString, diffRandom, idForms, randomProvider, randomText, stringSettings } from "../../../rehearsal/plugins/random/provider";
import { unknown } from "../../../rehearsal/plugins/values";

const about = { urn: "urn:pulumi:dev::p::random:index/randomString:RandomString::r", name: "r" };

describe("RandomString", () => {
  it("uses the allowed classes and as many of each as asked for", () => {
    const text = randomText(stringSettings({ length: 8, special: false, upper: false, minNumeric: 6, minLower: 2 }));
    expect(text).toHaveLength(8);
    expect(text.replace(/\D/g, "")).toHaveLength(6);
    expect(text).toMatch(/^[a-z0-9]+$/);
  });

  it("takes its special characters from overrideSpecial", () => {
    expect(randomText(stringSettings({ length: 20, upper: false, lower: false, numeric: false, overrideSpecial: "_" }))).toBe(
      "_".repeat(20),
    );
  });

  it("refuses a length that is missing or too short for its minimums", () => {
    const failures = (news: { [key: string]: number | string }) => checkString({ ...about, olds: {}, news }).failures;
    expect(failures({})).toHaveLength(1);
    expect(failures({ length: 2, minLower: 2, minUpper: 1 })?.[0]?.property).toBe("length");
    expect(failures({ length: unknown })).toEqual([]);
  });

  it("is its own id, and unknown in a preview", async () => {
    const type = randomProvider("4.21.2").resources["random:index/randomString:RandomString"];
    const request = { ...about, inputs: { length: 5 }, signal: new AbortController().signal, log: () => {} };
    const created = await type?.create({ ...request, preview: false });
    expect(created?.state).toMatchObject({ result: created?.id, length: 5, lower: true, numeric: true });
    expect((await type?.create({ ...request, preview: true }))?.state.result).toBe(unknown);
  });
});

it("replaces when a keeper changes, and for nothing that stays the same", () => {
  const diff = (keepers: { [key: string]: string }) =>
    diffRandom({ state: {}, oldInputs: { length: 5, keepers: { run: "a" } }, news: { length: 5, keepers } });
  expect(diff({ run: "a" }).differences.size).toBe(0);
  const changed = diff({ run: "b" });
  expect([...changed.differences.keys()]).toEqual(["keepers.run"]);
  expect(changed.replaceOn).toContain("keepers");
});

it("shows the bytes of a RandomId in four forms, with the prefix in each but the id", () => {
  expect(idForms(Buffer.from([0xff, 0xfe, 0x00, 0x01]), "p-")).toEqual({
    id: "__4AAQ",
    outputs: { b64Url: "p-__4AAQ", b64Std: "p-//4AAQ==", hex: "p-fffe0001", dec: "p-4294836225" },
  });
});
