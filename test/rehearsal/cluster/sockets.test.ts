import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { connects } from "../../../rehearsal/cluster/node";

it("a socket answers while its program lives; that of a killed one is still there and does not", async () => {
  const folder = mkdtempSync(join(tmpdir(), "rehearsal-socket-"));
  const socket = join(folder, "csi.sock");
  try {
    expect(await connects(socket)).toBe(false);
    const program = spawn(process.execPath, ["-e", `require("net").createServer().listen(${JSON.stringify(socket)}, () => console.log())`]);
    await new Promise((listening) => program.stdout.once("data", listening));
    expect(await connects(socket)).toBe(true);
    program.kill("SIGKILL");
    await new Promise((ended) => program.once("exit", ended));
    expect(existsSync(socket)).toBe(true);
    expect(await connects(socket)).toBe(false);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
