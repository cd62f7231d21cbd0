/**
 * What is said when somebody stops the program. Ctrl-C goes to `pulumi`, which sends its plugins' process groups SIGINT, this
 * program among them, and kills them five seconds later (pulumi/pulumi, pkg/resource/plugin, Close): time for a line each.
 */

const lines = new Map<symbol, { line: string; tell: (line: string) => unknown; code: number }>();
const signals = ["SIGINT", "SIGTERM"] as const;

/** The exit code after which Pulumi's language host adds no message of its own. */
export const exitCodeAfterMessage = 32;

/**
 * Has a line told if the program is stopped before the returned function is called.
 * @param code with which the program then ends.
 */
export function interruptible(line: string, tell: (line: string) => unknown, code = exitCodeAfterMessage): () => void {
  const key = Symbol();
  if (lines.size === 0) for (const signal of signals) process.on(signal, stop);
  lines.set(key, { line, tell, code });
  return () => {
    lines.delete(key);
    if (lines.size === 0) for (const signal of signals) process.off(signal, stop);
  };
}

function stop(): void {
  const open = [...lines.values()];
  const told = open.map(({ line, tell }) => tell(line));
  void Promise.allSettled(told).then(() => process.exit(open[0]?.code));
}
