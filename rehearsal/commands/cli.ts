import { CommandError, endChildren } from "../machine/exec";
import { say, UserError } from "../machine/progress";

/** Commands by name; each gets the words behind it and may return an exit code. Modules are loaded when they are needed. */
const commands: Readonly<Record<string, (words: readonly string[]) => Promise<number | undefined>>> = {
  up: async (words) => {
    expectWords("up", words, 0);
    await (await import("./up")).up();
    return 0;
  },
  destroy: async (words) => {
    const rest = words.filter((word) => word !== "--force" && word !== "--cache");
    expectWords("destroy", rest, 0);
    await (await import("./destroy")).destroy({ force: words.includes("--force"), cache: words.includes("--cache") });
    return 0;
  },
  status: async (words) => {
    expectWords("status", words, 0);
    await (await import("./status")).status();
    return 0;
  },
  logs: async (words) => {
    const rest = words.filter((word) => word !== "-f");
    expectWords("logs", rest, 1);
    await (await import("./logs")).logs(rest[0], words.includes("-f"));
    return 0;
  },
  bench: async (words) => {
    await (await import("./bench")).bench(words);
    return 0;
  },
  build: async (words) => (await import("./build")).build(words),
  shell: async (words) => (await import("./shell")).shell(words),
};

function expectWords(command: string, words: readonly string[], most: number): void {
  const extra = words[most];
  if (extra !== undefined) throw new UserError(`${command} knows nothing of \`${extra}\`; see npm run rehearse -- --help`);
}

async function main([name = "up", ...words]: readonly string[]): Promise<number> {
  const command = commands[name];
  if (!command) throw new UserError(`there is no command \`${name}\`; see npm run rehearse -- --help`);
  return (await command(words)) ?? 0;
}

for (const [signal, code] of [
  ["SIGINT", 130],
  ["SIGTERM", 143],
  ["SIGHUP", 129],
] as const) {
  process.on(signal, () => {
    say("\nInterrupted. The same command goes on from here.");
    endChildren();
    process.exit(code);
  });
}

main(process.argv.slice(2)).then(
  (code) => process.exit(code),
  (error: unknown) => {
    endChildren();
    const known = error instanceof UserError || error instanceof CommandError;
    console.error(`\nrehearse: ${error instanceof Error ? (known ? error.message : (error.stack ?? error.message)) : String(error)}`);
    process.exit(1);
  },
);
