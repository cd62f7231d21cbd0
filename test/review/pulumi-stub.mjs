// pulumi as tests call it: answers what the real one was recorded to answer, and refuses what the real one refuses, in its words.
import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const real = join(import.meta.dirname, "real");
const args = process.argv.slice(2);
const fail = (code, message) => {
  process.stderr.write(`${message}\n`);
  process.exit(code);
};

const words = [];
const options = {};
for (let i = 0; i < args.length; i++) {
  const [, name, value] = /^--([a-z-]+)(?:=(.*))?$/.exec(args[i]) ?? [];
  if (name === undefined) words.push(args[i]);
  else options[name] = value ?? (args[i + 1]?.startsWith("--") || !/^(?:stack|event-log|color|policy-pack)$/.test(name) ? true : args[++i]);
}
const command = words.join(" ");

// The flags of each command, from its --help; the event log's is there for those who debug the engine.
const flags = readFileSync(join(real, "flags.txt"), "utf8")
  .split(/^# pulumi /m)
  .find((part) => part.startsWith(`${command}\n`));
if (flags === undefined) fail(1, `error: unknown command "${command}" for "pulumi"`);
const known = [...flags.split("\n")[1].trim().split(" "), ...(process.env.PULUMI_DEBUG_COMMANDS === "true" ? ["--event-log"] : [])];
for (const name of Object.keys(options)) if (!known.includes(`--${name}`)) fail(1, `error: unknown flag: --${name}`);

if (!process.env.PULUMI_BACKEND_URL) fail(3, "error: PULUMI_ACCESS_TOKEN must be set for login during non-interactive CLI sessions");
const stack = options.stack ?? process.env.PULUMI_STACK;
if (stack === undefined) fail(1, "error: no stack selected; please use `pulumi stack select` to choose one");
if (!["dev", "refused", "drifted", "slow"].includes(stack)) fail(6, `error: no stack named '${stack}' found`);

const print = (text) => process.stdout.write(text);
const replay = (name) => {
  copyFileSync(join(real, `${name}.events.jsonl`), options["event-log"]);
  print(readFileSync(join(real, `${name}.stdout.txt`), "utf8"));
};

const wait = () => {
  let signals = 0;
  process.on("SIGINT", () => {
    signals++;
    setTimeout(() => fail(1, `error: update canceled after ${signals} signal`), 300);
  });
  setTimeout(() => {}, 60_000);
};

// For what changes something, it would lose the state when it is killed.
const forNobody = command === "preview" || (command === "refresh" && options["preview-only"] !== undefined);
if (!command.startsWith("stack") && (process.env.PULUMI_SKIP_CHECKPOINTS === "true") !== (forNobody && options["event-log"] !== undefined))
  fail(1, `error: pulumi ${command} with PULUMI_SKIP_CHECKPOINTS=${process.env.PULUMI_SKIP_CHECKPOINTS}`);

if (command === "stack output") {
  const secret = options["show-secrets"] ? process.env.STUB_PASSWORD : "[secret]";
  // One is a part of an output, as the engine keeps it.
  if (process.env.STUB_OUTPUTS) print(process.env.STUB_OUTPUTS);
  else print(JSON.stringify({ apiUrl: process.env.STUB_API_URL, admin: { user: "kubeadmin", password: secret } }));
  if (process.env.STUB_WORDS) print(process.env.STUB_WORDS);
} else if (command === "config") {
  // Not known to be secret by the recording: it is the first line of its one changed keeper.
  print(JSON.stringify({ "p:token": { value: "894c31799c5993a4", secret: true }, "p:open": { value: "multiarch-skdkm", secret: false } }));
} else if (command === "preview") {
  if (process.env.STUB_TIMEOUT_FILE) writeFileSync(process.env.STUB_TIMEOUT_FILE, process.env.PULUMI_K8S_CLIENT_TIMEOUT ?? "none");
  replay(stack === "refused" ? "refused" : "preview");
  if (process.env.STUB_PRINTS) print(process.env.STUB_PRINTS);
  if (stack === "slow") wait();
  if (stack === "refused") fail(1, "error: preview failed");
  if (options["expect-no-changes"] && stack === "drifted") fail(7, "error: no changes were expected for preview but changes were proposed");
} else if (command === "refresh") {
  if (stack === "refused") fail(1, "error: configured Kubernetes cluster is unreachable");
  replay(stack === "drifted" ? "drift" : "refresh");
  if (process.env.STUB_GONE) writeFileSync(options["event-log"], process.env.STUB_GONE);
  if (stack === "drifted" || process.env.STUB_GONE) fail(7, "error: no changes were expected for refresh but changes were proposed");
} else if (stack === "slow") {
  wait();
  // The fifth field: the process group, which gets the Ctrl-C of a terminal.
  const group = Number(
    readFileSync("/proc/self/stat", "utf8")
      .replace(/^.*\) /s, "")
      .split(" ")[2],
  );
  print(`Updating in ${group === process.pid ? "its own" : "another's"} group\n`);
} else {
  print(`${args.join(" ")}\n`);
  if (stack === "refused") fail(1, "error: update failed");
}
