import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import type { AddressInfo, Server } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join, resolve } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach } from "vitest";
import { type PlainClusterSettings, parseSettings } from "../../../config/settings";
import { installConfig } from "../../../infra/install-config";
import { type Account, account, awsServer } from "./aws";

/** A folder with its modes, which Node.js 22 does not copy: `to` may be there, and empty. */
const copyTree = (from: string, to: string) => execFileSync("cp", ["-a", `${from}/.`, to]);

/** Runs stages as Pulumi does, with stubs of what they start. */

export const project = resolve(__dirname, "../../..");
export const stubs = join(__dirname, "../stubs");
export const pullSecret = '{"auths":{"quay.io":{"auth":"dXNlcjpodW50ZXIy"},"registry.redhat.io":{"auth":"dXNlcjpodW50ZXIy"}}}';

export function settings(change: (cluster: Record<string, unknown>) => void = () => {}): PlainClusterSettings {
  const cluster = { name: "lab", baseDomain: "example.com", version: "4.19.42" };
  change(cluster);
  const pools = [{ architecture: "amd64", instanceType: "m6a.2xlarge", zones: [{ name: "eu-west-3a" }] }];
  const registryCredentials = '{"auths":{"quay.io":{"auth":"dTpw"}}}';
  return parseSettings({ region: "eu-west-3", values: { cluster, pools, pullSecret, registryCredentials } }).settings.cluster;
}

/** Calls of the installer, as its stub notes them. */
export const create = "create cluster --dir DIR --log-level=info";
export const waitFor = "wait-for install-complete --dir DIR --log-level=info";

export interface Result {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}
export interface RunOptions {
  /** What stands first on PATH. */
  readonly path?: string;
  readonly stdin?: string;
  /** Arguments, as a shell reads them. */
  readonly args?: string;
  /** Another checkout. */
  readonly cwd?: string;
}
type Environment = Record<string, string | undefined>;

/** A folder of its own for each test, and what AWS answers in it. */
export class Bench {
  folder = "";
  aws: Account = account();
  private server?: Server;
  private port = 0;
  private first?: ReturnType<Bench["prepare"]>;

  /** In a test file, once. */
  static use(): Bench {
    const bench = new Bench();
    beforeAll(async () => {
      bench.server = await awsServer(() => bench.aws);
      bench.port = (bench.server.address() as AddressInfo).port;
    });
    afterAll(async () => {
      bench.server?.close();
      if (bench.first) rmSync((await bench.first).cache, { recursive: true, force: true });
    });
    beforeEach(() => {
      bench.folder = mkdtempSync(join(tmpdir(), "stages-"));
      bench.aws = account();
      mkdirSync(bench.stub);
    });
    afterEach(() => rmSync(bench.folder, { recursive: true, force: true }));
    return bench;
  }

  /** Where the stubs leave what they were asked. */
  get stub(): string {
    return join(this.folder, "stub");
  }
  get cache(): string {
    return join(this.folder, "cache", "openshift-multiarch");
  }
  get work(): string {
    return join(this.cache, "lab.example.com");
  }
  /** The folder of the cluster that the stub of the installer names. */
  get home(): string {
    return join(this.work, "lab-x1y2z");
  }
  get address(): string {
    return `http://127.0.0.1:${this.port}`;
  }
  read(name: string): string {
    return readFileSync(join(this.stub, name), "utf8");
  }
  /** Calls of the installer, but not of `version`. */
  get calls(): string[] {
    return existsSync(join(this.stub, "calls")) ? this.read("calls").trim().split("\n") : [];
  }

  start(stage: string, environment: Environment = {}, { path = stubs, args = "", cwd = project }: RunOptions = {}): ChildProcess {
    return spawn("/bin/sh", ["-c", `exec bash infra/stages/${stage}.sh ${args}`], {
      cwd,
      env: {
        PATH: [path, process.env.PATH].join(delimiter),
        NODE_PATH: process.env.NODE_PATH,
        HOME: this.folder,
        XDG_CACHE_HOME: join(this.folder, "cache"),
        // Of another cluster; no stage may use it.
        KUBECONFIG: join(this.folder, "another-kubeconfig"),
        STUB: this.stub,
        CLUSTER: "lab.example.com",
        OPENSHIFT_VERSION: "4.19.42",
        OPENSHIFT_MIRROR: "https://mirror.example.com/openshift-v4/multi/clients/ocp/4.19.42",
        AWS_ACCESS_KEY_ID: "test",
        AWS_SECRET_ACCESS_KEY: "test",
        AWS_CONFIG_FILE: "/dev/null",
        AWS_SHARED_CREDENTIALS_FILE: "/dev/null",
        AWS_ENDPOINT_URL: this.address,
        AWS_ACCOUNT_ID: "123456789012",
        DESTROY_MINUTES: "60",
        INSTALL_CONFIG: JSON.stringify(installConfig(settings())),
        PULL_SECRET: pullSecret,
        ...environment,
      },
    });
  }

  async run(stage: string, environment: Environment = {}, options: RunOptions = {}): Promise<Result> {
    return finished(this.start(stage, environment, options), options.stdin);
  }

  /** As `run`; each sleep takes `seconds` for the script, and no time here. */
  runFast(stage: string, seconds: number, environment: Environment = {}, options: RunOptions = {}): Promise<Result> {
    return this.run(stage, { BASH_ENV: join(__dirname, "clock.sh"), CLOCK: String(seconds), ...environment }, options);
  }

  /** The install stage after identity and assets, and what `before` does to what they left. Its patience passes quickly. */
  async install(environment: Environment = {}, before: () => void = () => {}, options: RunOptions = {}) {
    await this.prepared();
    before();
    return this.installAgain(environment, options);
  }

  /** The install stage, with what the try before left. */
  async installAgain(environment: Environment = {}, options: RunOptions = {}) {
    const ready = await this.ready();
    return this.runFast("install", 1, { ...ready.environment, ...environment }, { stdin: ready.stdin, ...options });
  }

  /** A program of the test's own, in Bash. What then stands first on PATH. */
  program(name: string, text: string): string {
    const bin = join(this.folder, "bin");
    mkdirSync(bin, { recursive: true });
    writeFileSync(join(bin, name), `#!/bin/bash\n${text}\n`, { mode: 0o755 });
    return [bin, stubs].join(delimiter);
  }

  /** Seconds that a stage was told to sleep, polls of a running program apart. */
  get slept(): number {
    const all = existsSync(join(this.stub, "slept")) ? this.read("slept").trim().split("\n") : [];
    return all
      .map(Number)
      .filter((seconds) => seconds >= 1)
      .reduce((sum, seconds) => sum + seconds, 0);
  }

  /** What identity and assets printed. They run once. */
  ready() {
    this.first ??= this.prepare();
    return this.first;
  }

  /** The same, and a copy of what they left on the machine. */
  async prepared() {
    const ready = await this.ready();
    copyTree(ready.cache, join(this.folder, "cache"));
    return ready;
  }

  private async prepare() {
    const identity = await this.run("identity");
    const { infraId, createdAt } = JSON.parse(identity.stdout);
    const assets = await this.run("assets", { INFRA_ID: infraId });
    const cache = mkdtempSync(join(tmpdir(), "stages-cache-"));
    copyTree(join(this.folder, "cache"), cache);
    for (const folder of [this.stub, join(this.folder, "cache")]) rmSync(folder, { recursive: true });
    mkdirSync(this.stub);
    this.aws.requests.length = 0;
    return {
      identity: identity.stdout,
      environment: { INFRA_ID: infraId, CREATED_AT: createdAt } as Environment,
      stdin: assets.stdout,
      cache,
    };
  }
}

/** Feeds a program, and waits for its end. */
export async function finished(child: ChildProcess, stdin = ""): Promise<Result> {
  let [stdout, stderr] = ["", ""];
  child.stdout?.on("data", (data) => {
    stdout += data;
  });
  child.stderr?.on("data", (data) => {
    stderr += data;
  });
  child.stdin?.on("error", () => {});
  child.stdin?.end(stdin);
  const code = await new Promise<number | null>((done) => child.on("close", done));
  return { code, stdout, stderr };
}
