import { describe, expect, it } from "vitest";
import { errorLines, fileLine, parseLevel, waiting } from "../../../../rehearsal/installer/create-cluster/log";

describe("the installer's log lines", () => {
  it("have no time and no quotes on stderr, and one line for each line of the message", () => {
    expect(errorLines("info", "To access the cluster, run\n    export KUBECONFIG=/a")).toBe(
      "level=info msg=To access the cluster, run\nlevel=info msg=    export KUBECONFIG=/a\n",
    );
  });

  it("have a time in the file, and quotes where logrus puts them", () => {
    const at = new Date("2026-11-25T04:58:01.234Z");
    expect(fileLine("debug", "Bootstrap status: complete", at)).toBe(
      'time="2026-11-25T04:58:01Z" level=debug msg="Bootstrap status: complete"\n',
    );
    expect(fileLine("info", "done", at)).toBe('time="2026-11-25T04:58:01Z" level=info msg=done\n');
  });

  it("name their levels as logrus does", () => {
    expect(["warn", "WARNING", "Info", "panic"].map(parseLevel)).toEqual(["warning", "warning", "info", "fatal"]);
    expect(parseLevel("loud")).toBeUndefined();
  });

  it.each([
    ["2026-11-25T04:38:00Z", "Waiting up to 20m0s (until 4:58AM UTC) for it"],
    ["2026-11-25T11:45:00Z", "Waiting up to 20m0s (until 12:05PM UTC) for it"],
    ["2026-11-25T23:50:00Z", "Waiting up to 20m0s (until 12:10AM UTC) for it"],
  ])("say until when they wait (%s)", (now, line) => {
    expect(waiting(20, "for it", new Date(now))).toBe(line);
  });
});
