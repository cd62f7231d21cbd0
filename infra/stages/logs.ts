// Keeps the end of an installer's log where it outlives the installer's directory, without secrets, and says why the work failed. Arguments:
// WORK, `identity`, `install` or `destroy`; DIRECTORY, of the installer; LOG, its output; `failed` where the causes are wanted. In: CLUSTER; LOGS,
// the folder; PULL_SECRET, where it is in no file yet. Out: lines for people.
import { closeSync, fstatSync, mkdirSync, openSync, readFileSync, readSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { explanations } from "../causes";
import { scrubber, secretsIn, tail } from "../log-tail";
import { main } from "./program";

/** Bytes of a log that are looked at: more than an install writes from the first error to the last. */
const end = 4 * 1024 * 1024;

function endOf(file: string): string {
  let handle: number;
  try {
    handle = openSync(file, "r");
  } catch {
    return "";
  }
  try {
    const { size } = fstatSync(handle);
    const buffer = Buffer.alloc(Math.min(size, end));
    return buffer.toString("utf8", 0, readSync(handle, buffer, 0, buffer.length, size - buffer.length));
  } finally {
    closeSync(handle);
  }
}

function read(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}

main(async () => {
  const [, , work = "", directory = "", log = "", outcome] = process.argv;
  const {
    CLUSTER: cluster = "",
    LOGS: folder = "",
    AWS_SECRET_ACCESS_KEY: key,
    AWS_SESSION_TOKEN: token,
    PULL_SECRET: pullSecret,
  } = process.env;
  const files = [".openshift_install_state.json", "auth/kubeadmin-password", "auth/kubeconfig"].map((name) => read(join(directory, name)));
  const scrub = scrubber([
    ...files.filter((text) => text !== "").flatMap(secretsIn),
    ...[key, token, pullSecret].flatMap((secret) => secret || []),
  ]);
  const own = endOf(join(directory, ".openshift_install.log"));
  const output = endOf(log);
  const why = (text: string) => explanations(text, work === "destroy" ? "destroy" : "install", scrub);
  // Its own log has all that its output has, and more; not where it stopped before there was one.
  const found = outcome === "failed" ? [why(own), why(output)].find(({ length }) => length > 0) : undefined;
  const causes = (found ?? []).map(({ said, remedy }) => `Cause: ${said} What to do: ${remedy}.`);
  const text = own === "" ? output : own;
  if (text === "") return "";
  const kept = join(folder, `${cluster}.${work}.log`);
  try {
    mkdirSync(folder, { recursive: true });
    const about = `# ${cluster}, ${work}: the end of the installer's log, without secrets`;
    // As a whole: others may read it.
    writeFileSync(`${kept}.new`, `${[about, ...causes.map((cause) => `# ${cause}`)].join("\n")}\n${tail(text, scrub)}`);
    renameSync(`${kept}.new`, kept);
  } catch (error) {
    return [...causes, `Warning: the end of the log cannot be kept in ${folder}: ${(error as NodeJS.ErrnoException).code}`, ""].join("\n");
  }
  return [...causes, ...(outcome === "failed" ? [`The end of the log, without secrets: ${kept}`] : []), ""].join("\n");
});
