import { describe, expect, it } from "vitest";
import { overlaps, parseListeners } from "../../../rehearsal/commands/free-network";

describe("preflight", () => {
  it.each([
    ["10.213.0.0/24", "10.0.0.0/8", true],
    ["10.213.0.0/24", "10.213.0.77/32", true],
    ["10.214.0.0/16", "10.213.0.1/24", false],
    ["10.215.0.0/16", "192.168.0.0/16", false],
    ["10.213.0.0/24", "0.0.0.0/0", true],
  ])("%s and %s overlap: %s", (a, b, expected) => expect(overlaps(a, b)).toBe(expected));

  it("reads listening sockets of both families", () => {
    const header = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n";
    const rest = "00000000:00000000 00:00000000 00000000     0        0";
    const lines = [
      `   0: 0100007F:1388 00000000:0000 0A ${rest} 11 1`,
      `   1: 0100007F:1389 00000000:0000 01 ${rest} 12 1`,
      `   2: 00000000000000000000000000000000:192B 00000000000000000000000000000000:0000 0A ${rest} 13 1`,
      `   3: 00000000000000000000000001000000:192B 00000000000000000000000000000000:0000 0A ${rest} 14 1`,
      `   4: 0000000000000000FFFF00000100D50A:1388 00000000000000000000000000000000:0000 0A ${rest} 15 1`,
    ];
    expect(parseListeners(header + lines.join("\n"))).toEqual([
      { address: "127.0.0.1", port: 5000, inode: "11" },
      { address: "0.0.0.0", port: 6443, inode: "13" },
      { address: "10.213.0.1", port: 5000, inode: "15" },
    ]);
  });
});
