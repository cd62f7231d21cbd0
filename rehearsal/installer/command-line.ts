/** What the command line of `openshift-install` asks for. */
export interface CommandLine {
  /** Words that are no flags and no values of flags: `["create", "cluster"]`. */
  readonly words: readonly string[];
  /** @default "." */
  readonly directory: string;
  /** @default "info" */
  readonly logLevel: string;
  readonly skipPasswordPrint: boolean;
  readonly help: boolean;
  /** What cobra says about the first flag that it does not take. */
  readonly refusal?: string;
}

/** Flags with a value, of all commands: newRootCmd in cmd/openshift-install/main.go. */
const valueFlags = ["dir", "log-level"];
/** The one flag of `create cluster` alone (create.go); no other command of the stand-in takes it. */
const passwordFlag = "skip-password-print";
/** What Go's strconv.ParseBool takes. */
const booleans: Readonly<Record<string, boolean>> = Object.fromEntries([
  ...["1", "t", "T", "true", "TRUE", "True"].map((text) => [text, true]),
  ...["0", "f", "F", "false", "FALSE", "False"].map((text) => [text, false]),
]);

/** Reads a command line as cobra reads it for `create cluster`, `destroy cluster` and `destroy bootstrap`, and refuses in its words. Pure. */
export function parseCommandLine(args: readonly string[]): CommandLine {
  const words: string[] = [];
  const values: Record<string, string> = { dir: ".", "log-level": "info" };
  const set: Record<string, boolean> = { [passwordFlag]: false, help: false };
  let refusal: string | undefined;
  const refuse = (text: string) => {
    refusal ??= text;
  };
  for (let index = 0; index < args.length; index++) {
    const argument = args[index] ?? "";
    if (argument === "--") {
      words.push(...args.slice(index + 1));
      break;
    }
    const [, name, inline] = /^--([^=]+)(?:=(.*))?$/s.exec(argument) ?? [];
    if (name === undefined) {
      if (argument === "-h") set.help = true;
      else if (argument.startsWith("-") && argument !== "-") refuse(`unknown shorthand flag: '${argument[1]}' in ${argument}`);
      else words.push(argument);
    } else if (valueFlags.includes(name)) {
      const value = inline ?? args[++index];
      if (value === undefined) refuse(`flag needs an argument: --${name}`);
      else values[name] = value;
    } else if (name in set) {
      const value = booleans[inline ?? "true"];
      if (value === undefined) {
        const text = JSON.stringify(inline);
        refuse(`invalid argument ${text} for "--${name}" flag: strconv.ParseBool: parsing ${text}: invalid syntax`);
      } else set[name] = value;
    } else refuse(`unknown flag: --${name}`);
  }
  if (set[passwordFlag] && words.join(" ") !== "create cluster") refuse(`unknown flag: --${passwordFlag}`);
  return {
    words,
    directory: values.dir ?? "",
    logLevel: values["log-level"] ?? "",
    skipPasswordPrint: set[passwordFlag] ?? false,
    help: set.help ?? false,
    ...(refusal === undefined ? {} : { refusal }),
  };
}
