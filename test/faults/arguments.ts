import { readdirSync, readFileSync } from "node:fs";

/** Notes the command lines of all processes of this namespace, many times a second. */
export class Arguments {
  private readonly seen = new Set<string>();
  private readonly timer = setInterval(() => this.look(), 20);

  private look(): void {
    for (const name of readdirSync("/proc")) {
      if (!/^\d+$/.test(name)) continue;
      try {
        this.seen.add(readFileSync(`/proc/${name}/cmdline`, "latin1").replaceAll("\0", " "));
      } catch {
        // It ended meanwhile.
      }
    }
  }

  /** Ends it. @returns each command line once */
  end(): string[] {
    clearInterval(this.timer);
    return [...this.seen];
  }
}
