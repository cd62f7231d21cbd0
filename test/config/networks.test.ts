import { expect, it } from "vitest";
import { overlap, parseNetwork } from "../../config/networks";
import { nearest } from "../../config/suggest";

it("reads networks, and nothing else", () => {
  expect(parseNetwork("10.128.0.0/14")).toMatchObject({ prefix: 14, last: parseNetwork("10.131.255.255/32")?.first });
  for (const text of ["10.0.0.0", "10.0.0.0/33", "256.0.0.0/8", "10.0.0.1/24", "fd00::/64", "a.b.c.d/8"])
    expect(parseNetwork(text), text).toBeUndefined();
});

it("finds an overlap in both directions, for every pair of neighbouring networks", () => {
  for (let prefix = 8; prefix <= 30; prefix++) {
    const size = 2 ** (32 - prefix);
    const address = (n: number) => [24, 16, 8, 0].map((shift) => Math.floor(n / 2 ** shift) % 256).join(".");
    const base = 10 * 2 ** 24;
    const network = parseNetwork(`${address(base)}/${prefix}`);
    const next = parseNetwork(`${address(base + size)}/${prefix}`);
    const part = parseNetwork(`${address(base + size - 1)}/32`);
    if (!network || !next || !part) throw new Error(`no network at ${prefix}`);
    expect(overlap(network, next)).toBe(false);
    expect(overlap(network, part)).toBe(true);
    expect(overlap(part, network)).toBe(true);
  }
});

it("suggests the nearest word, and none when all are far", () => {
  expect(nearest("baseDomian", ["name", "baseDomain", "version"])).toBe("baseDomain");
  expect(nearest("replica", ["name", "replicas"])).toBe("replicas");
  expect(nearest("colour", ["channel", "keep"])).toBeUndefined();
});
