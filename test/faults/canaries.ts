import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { places } from "../../rehearsal/machine/places";
import { configFile, pulumi as onStack } from "../../rehearsal/stack/environment";
import { type Leak, leaks, testSecret } from "../leaks";
import { Arguments } from "./arguments";
import { prepare, remains } from "./machine";
import { runMain } from "./main";
import { destroy, type Outcome, pulumi, up } from "./pulumi";

const help = `npm run test:canaries      looks for each secret of a whole run, by its value and in all encodings, wherever it must not stand

A preview with its plan file, an update, one that has nothing to do, and the removal, of the part of the program that is in AWS. Looked at are what they
print, the events, the plan, all files of the state, the logs and the arguments of every process.
`;

const given = Object.fromEntries(
  ["pull secret", "registry password", "npm token", "maven password", "AWS secret key"].map((name) => [name, testSecret(name)]),
);
const auths = (secret: string, ...hosts: string[]) => {
  const auth = Buffer.from(`user:${given[secret]}`).toString("base64");
  return JSON.stringify({ auths: Object.fromEntries(hosts.map((host) => [host, { auth }])) });
};
const configuration: Readonly<Record<string, string>> = {
  pullSecret: auths("pull secret", "quay.io", "registry.redhat.io", "cloud.openshift.com"),
  registryCredentials: auths("registry password", "10.213.0.1:5000"),
  npmrc: `//npm.example.com/:_authToken=${given["npm token"]}`,
  mavenSettings: `<settings><servers><server><password>${given["maven password"]}</password></server></servers></settings>`,
};
/** The emulator takes any key; the installer writes it into its directory. The flag for events is there when commands are debugged. */
const faults = { environment: { AWS_SECRET_ACCESS_KEY: given["AWS secret key"], PULUMI_DEBUG_COMMANDS: "true" } } as const;

/** Every file below a folder, by its path. */
const filesOf = (folder: string): Record<string, string> =>
  Object.fromEntries(
    (existsSync(folder) ? readdirSync(folder, { recursive: true, withFileTypes: true }) : [])
      .filter((entry) => entry.isFile())
      .map(({ parentPath, name }) => [join(parentPath, name), readFileSync(join(parentPath, name), "latin1")]),
  );

function succeeded(command: string, { code, output }: Outcome): string {
  if (code !== 0) throw new Error(`${command} ended with code ${code}:\n${output}`);
  return output;
}

async function main(words: readonly string[]): Promise<number> {
  if (words.length > 0) {
    process.stdout.write(help);
    return ["-h", "--help", "help"].includes(words[0] ?? "") ? 0 : 2;
  }
  await prepare();
  for (const [key, value] of Object.entries(configuration)) await onStack(["config", "set", "--secret", key], value);
  const written = join(places.run, "canaries");
  const log = (name: string) => ["--event-log", `${written}-${name}.events`];
  const processes = new Arguments();
  const plan = ["preview", "--save-plan", `${written}.plan`, "--config-file", configFile, ...log("preview")];
  const printed: Record<string, string> = {
    preview: succeeded("preview", await pulumi(plan, faults)),
    up: succeeded("up", await up(faults)),
    "up again": succeeded("up", await up(faults)),
  };
  const state = filesOf(join(places.stack, "state"));
  const open = succeeded("stack export", await pulumi(["stack", "export", "--show-secrets"]));
  printed.destroy = succeeded("destroy", await destroy(faults));
  const seen = processes.end();
  const kept = filesOf(join(places.run, "cache", "openshift-multiarch", "logs"));
  if (!Object.keys(kept).some((file) => file.endsWith(".install.log"))) throw new Error("no log of the installer was kept");
  if (!seen.some((line) => /openshift-install.* create cluster/.test(line))) throw new Error("the installer's arguments were not seen");

  const made = JSON.parse(open).deployment.resources.find(({ urn }: { urn: string }) => urn.endsWith("::cluster-access"));
  const { kubeconfig, kubeadminPassword } = JSON.parse(JSON.parse(made.outputs.stdout.plaintext));
  const secrets: Readonly<Record<string, string>> = {
    ...given,
    "kubeadmin password": kubeadminPassword,
    "client key": /client-key-data: \S{400}(\S{60})/.exec(kubeconfig)?.[1] ?? "",
  };
  // What is looked for is there to be found: with nothing encrypted, the state has all that the cluster is given.
  const inState = new Set(leaks(JSON.parse(open), secrets).map(({ secret }) => secret));
  const blind = ["pull secret", "AWS secret key", "kubeadmin password", "client key"].filter((secret) => !inState.has(secret));
  if (blind.length > 0) throw new Error(`not found where they are: ${blind.join(", ")}`);

  const searched: Readonly<Record<string, unknown>> = {
    printed,
    plan: readFileSync(`${written}.plan`, "utf8"),
    events: Object.fromEntries(Object.entries(filesOf(places.run)).filter(([file]) => file.endsWith(".events"))),
    state: [state, filesOf(join(places.stack, "state"))],
    configuration: readFileSync(configFile, "utf8"),
    logs: filesOf(places.logs),
    "kept logs": kept,
    arguments: seen,
  };
  const found: [string, Leak][] = Object.entries(searched).flatMap(([place, value]) =>
    leaks(value, secrets).map((leak): [string, Leak] => [place, leak]),
  );
  for (const [place, { secret, path, form }] of found) process.stdout.write(`${place}: ${secret} at ${path} (${form})\n`);
  const left = await remains();
  for (const line of left) process.stdout.write(`left: ${line}\n`);
  const where = Object.keys(searched).join(", ");
  process.stdout.write(`${Object.keys(secrets).length} secrets, ${seen.length} command lines, ${found.length} hits in ${where}\n`);
  return found.length + left.length === 0 ? 0 : 1;
}

runMain(main);
