import { type ChildProcess, spawn } from "node:child_process";
import { resolve } from "node:path";
import { stripVTControlCharacters } from "node:util";

const root = resolve(__dirname, "../..");
const command = [process.execPath, "--require", resolve(root, "node_modules/tsx/dist/cjs/index.cjs"), resolve(root, "configure/main.ts")];

export interface Ended {
  readonly code: number | null;
  readonly text: string;
}

/** `npm run configure` in a folder. With a terminal it has one of its own, which script(1) makes; without, its input is empty. */
export class Configure {
  private text = "";
  private read = 0;
  private readonly child: ChildProcess;
  readonly ended: Promise<Ended>;

  constructor(folder: string, options: readonly string[], terminal: boolean) {
    const words = [...command, ...options];
    const line = words.map((word) => `'${word}'`).join(" ");
    const [file = "", ...args] = terminal ? ["script", "--quiet", "--return", "--flush", "--command", line, "/dev/null"] : words;
    // Libraries write no control sequences for a dumb terminal or in CI.
    this.child = spawn(file, args, { cwd: folder, env: { ...process.env, TERM: "xterm", CI: undefined, NO_COLOR: "1" } });
    if (!terminal) this.child.stdin?.end();
    for (const stream of [this.child.stdout, this.child.stderr])
      stream?.on("data", (bytes) => (this.text += stripVTControlCharacters(String(bytes))));
    this.ended = new Promise((done) => this.child.on("close", (code) => done({ code, text: this.text })));
  }

  /** Waits for a text that was not there before, and types. */
  async answer(question: string, keys: string): Promise<void> {
    const end = Date.now() + 20_000;
    for (;;) {
      const found = this.text.indexOf(question, this.read);
      if (found >= 0) {
        this.read = found + question.length;
        break;
      }
      if (Date.now() > end) {
        this.child.kill();
        throw new Error(`no ${JSON.stringify(question)} in:\n${this.text.slice(this.read)}`);
      }
      await new Promise((tick) => setTimeout(tick, 20));
    }
    this.child.stdin?.write(keys);
  }
}
