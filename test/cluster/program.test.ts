import { spawn } from "node:child_process";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { programCommand, required } from "../../cluster/program";

/** Runs a program of one line whose output is read late, through pipes as they come from pipe(2); those of Node.js are sockets, which hold more. */
function run(main: string): Promise<{ status: number | null; stdout: string; stderr: string }> {
  const program = `require("tsx/cjs"); const { runProgram, required } = require("./cluster/program.ts"); runProgram(async () => { ${main} });`;
  const late = `{ node -e "$PROGRAM" 2>&3 | { sleep 0.7; cat; }; exit "\${PIPESTATUS[0]}"; } 3>&1 >&4 | { sleep 0.7; cat >&2; }; exit "\${PIPESTATUS[0]}"`;
  return new Promise((resolve) => {
    const child = spawn("bash", ["-c", `{ ${late}; } 4>&1`], {
      cwd: join(__dirname, "../.."),
      env: { ...process.env, PROGRAM: program },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const texts = { stdout: "", stderr: "" };
    for (const name of ["stdout", "stderr"] as const) {
      child[name].on("data", (chunk) => {
        texts[name] += chunk;
      });
    }
    child.on("close", (status) => resolve({ status, ...texts }));
  });
}

describe("a program", () => {
  it("loses none of its lines on a pipe, and neither the reason why it failed", async () => {
    const { status, stderr } = await run(
      `for (let line = 0; line < 40; line += 1) console.error(String(line).padEnd(10_000, ".")); throw new Error("the reason");`,
    );
    expect(status).toBe(1);
    const lines = stderr.trimEnd().split("\n");
    expect(lines.slice(0, -1).map((line) => [Number.parseInt(line, 10), line.length])).toEqual(
      [...Array(40).keys()].map((line) => [line, 10_000]),
    );
    expect(lines.at(-1)).toBe("the reason");
  });

  it("loses nothing of its result either", async () => {
    const { status, stdout, stderr } = await run(`process.stdout.write("x".repeat(300_000));`);
    expect({ status, length: stdout.length, stderr }).toEqual({ status: 0, length: 300_000, stderr: "" });
  });

  it("ends although something is still open", async () => {
    expect(await run(`require("node:net").createServer().listen(0); setInterval(() => {}, 1000); console.log("done");`)).toEqual({
      status: 0,
      stdout: "done\n",
      stderr: "",
    });
  });

  it("shows an error as one message, without a stack", async () => {
    expect((await run(`required("NO_SUCH_VARIABLE");`)).stderr).toBe("NO_SUCH_VARIABLE is not set\n");
  });
});

it("is started in place of the shell", () => {
  expect(programCommand("cluster/a.ts")).toBe("exec node --require tsx/cjs cluster/a.ts");
});

it("gets its variables, and an empty one counts as none", () => {
  process.env.OF_THIS_TEST = "0";
  expect(required("OF_THIS_TEST")).toBe("0");
  process.env.OF_THIS_TEST = "";
  expect(() => required("OF_THIS_TEST")).toThrow("OF_THIS_TEST is not set");
  delete process.env.OF_THIS_TEST;
});
