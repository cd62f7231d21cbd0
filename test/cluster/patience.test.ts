import { describe, expect, it, vi } from "vitest";
import { ApiError, UnreachableError } from "../../cluster/kubernetes-api";
import { type Look, passes, patiently, sparingly, waitUntil } from "../../cluster/patience";

const away = new UnreachableError("the API server is away");

/** Throws the errors one by one, then gives the value. */
const failing = <T>(errors: Error[], value: T) => {
  const call = vi.fn(async () => {
    const error = errors.shift();
    if (error) throw error;
    return value;
  });
  return call;
};

describe("patience", () => {
  it.each([
    [away, true],
    [new ApiError(500, ""), true],
    [new ApiError(503, ""), true],
    [new ApiError(429, ""), true],
    [new ApiError(400, ""), false],
    [new ApiError(401, ""), false],
    [new ApiError(403, ""), false],
    [new ApiError(404, ""), false],
    [new ApiError(409, ""), false],
    [new Error("self-signed certificate"), false],
    [new TypeError("x is undefined"), false],
  ])("knows whether %o passes by itself: %s", (error, expected) => {
    expect(passes(error)).toBe(expected);
  });

  it("repeats a call until its errors have passed, and tells each of them", async () => {
    const tell = vi.fn();
    const call = failing([away, new ApiError(503, "starting"), new ApiError(429, "slowly")], "pods");
    expect(await patiently(call, { pause: 0.001, tell })).toBe("pods");
    expect(tell.mock.calls).toEqual([["the API server is away"], ["starting"], ["slowly"]]);
  });

  it("ends at the first refusal that is final", async () => {
    const call = failing([away, new ApiError(401, "Unauthorized"), away], "pods");
    await expect(patiently(call, { pause: 0.001 })).rejects.toThrow("Unauthorized");
    expect(call).toHaveBeenCalledTimes(2);
  });

  it("ends when its time is up, with the last error", async () => {
    const call = failing(Array(1000).fill(away), "pods");
    const began = Date.now();
    await expect(patiently(call, { seconds: 0.2, pause: 0.02 })).rejects.toBe(away);
    expect(Date.now() - began).toBeLessThan(1000);
    expect(call.mock.calls.length).toBeGreaterThan(4);
  });

  it("waits for minutes, which a control plane with one node needs whenever its configuration changes", async () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    try {
      const call = vi.fn(async () => {
        vi.setSystemTime(Date.now() + 20_000);
        throw away;
      });
      await expect(patiently(call, { pause: 0.001 })).rejects.toBe(away);
      expect(call.mock.calls.length).toBe(15);
    } finally {
      vi.useRealTimers();
    }
  });
});

describe("a wait", () => {
  const looks = (...found: (Look<string> | Error)[]) =>
    vi.fn(async () => {
      const next = found.length > 1 ? found.shift() : found[0];
      if (next instanceof Error) throw next;
      return next as Look<string>;
    });
  const waiting = (why: string): Look<string> => ({ kind: "waiting", why });
  const options = { subject: "Subscription a/b", seconds: 60, pause: 0.001 };

  it("gives what it waited for and says each reason once, with its subject", async () => {
    const tell = vi.fn();
    const look = looks(waiting("one"), waiting("one"), waiting("two"), { kind: "ready", value: "b.v1" });
    expect(await waitUntil(look, { ...options, tell })).toBe("b.v1");
    expect(tell.mock.calls).toEqual([["Subscription a/b: one"], ["Subscription a/b: two"]]);
  });

  it("says a reason that stays again and again, and for how long it has stayed", async () => {
    const tell = vi.fn();
    const began = Date.now();
    const look = async (): Promise<Look<string>> => (Date.now() - began < 350 ? waiting("one") : { kind: "ready", value: "" });
    await waitUntil(look, { ...options, heartbeat: 0.1, tell });
    expect(tell.mock.calls.length).toBeGreaterThanOrEqual(3);
    expect(tell.mock.calls[1]).toEqual([expect.stringMatching(/^Subscription a\/b: one \(\d+ s\)$/)]);
  });

  it("ends at a look that says so", async () => {
    const look = looks(waiting("one"), { kind: "failed", why: "broken" }, { kind: "ready", value: "" });
    await expect(waitUntil(look, { ...options, tell: () => {} })).rejects.toThrow(/^Subscription a\/b: broken$/);
  });

  it("ends when its time is up, with the last reason", async () => {
    await expect(waitUntil(looks(waiting("one")), { ...options, seconds: 0.1, tell: () => {} })).rejects.toThrow(
      /^Subscription a\/b: not ready after 0.1 s: one$/,
    );
  });

  it("looks once even when there is no time at all", async () => {
    expect(await waitUntil(looks({ kind: "ready", value: "b" }), { ...options, seconds: 0 })).toBe("b");
  });

  it("has as much patience with an API server that is away as it is told to have", async () => {
    const look = looks(new UnreachableError("no route"));
    await expect(waitUntil(look, { ...options, away: 0.1, tell: () => {} })).rejects.toThrow(/^Subscription a\/b: no route, for 0\.1 s$/);
  });

  it("ends at a refusal, with its subject", async () => {
    await expect(waitUntil(looks(new ApiError(403, "you may not")), { ...options, tell: () => {} })).rejects.toThrow(
      /^Subscription a\/b: you may not$/,
    );
  });
});

it("says a line again only after its time", () => {
  vi.useFakeTimers();
  try {
    const lines: string[] = [];
    const say = sparingly((line) => lines.push(line), 15);
    for (const [after, line] of [
      [0, "a"],
      [14_000, "a"],
      [1000, "a"],
      [14_000, "a"],
      [1000, "a"],
      [0, "b"],
      [0, "a"],
    ] as const) {
      vi.advanceTimersByTime(after);
      say(line);
    }
    expect(lines).toEqual(["a", "a (15 s)", "a (30 s)", "b", "a"]);
  } finally {
    vi.useRealTimers();
  }
});
