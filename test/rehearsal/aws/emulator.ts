import { spawn } from "node:child_process";
import { createServer } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { EC2Client } from "@aws-sdk/client-ec2";
import { EFSClient } from "@aws-sdk/client-efs";
import { pythonVenv } from "../../../rehearsal/machine/packages";

export const python = join(pythonVenv, "bin", "python");
export const region = "eu-west-3";

/** A refusal of AWS, as a client sees it. */
export interface Refusal {
  readonly code: string;
  readonly message: string;
  readonly status: number;
}

/** Environment of a process that asks as somebody. */
export interface Keys {
  readonly AWS_ACCESS_KEY_ID: string;
  readonly AWS_SECRET_ACCESS_KEY: string;
}

/** One emulator of its own, and clients for it: those that the program's plugin has, and boto3. */
export interface Emulator {
  readonly endpoint: string;
  readonly ec2: EC2Client;
  readonly efs: EFSClient;
  /** An operation of any service through boto3, which is told to leave checks to the service: its answer or the refusal. One at a time. */
  ask(service: string, operation: string, params: object, keys?: Keys): Promise<Record<string, unknown> | Refusal>;
  stop(): void;
}

const anybody: Keys = { AWS_ACCESS_KEY_ID: "test", AWS_SECRET_ACCESS_KEY: "test" };

/** Makes a user with one policy, and has rights checked from then on. */
export async function userWith({ ask, endpoint }: Pick<Emulator, "ask" | "endpoint">, Statement: readonly object[]): Promise<Keys> {
  const UserName = "builder";
  await ask("iam", "create_user", { UserName });
  const PolicyDocument = JSON.stringify({ Version: "2012-10-17", Statement });
  await ask("iam", "put_user_policy", { UserName, PolicyName: "own", PolicyDocument });
  const { AccessKey } = (await ask("iam", "create_access_key", { UserName })) as { AccessKey: Record<string, string> };
  await checkRights(endpoint, true);
  return { AWS_ACCESS_KEY_ID: AccessKey.AccessKeyId ?? "", AWS_SECRET_ACCESS_KEY: AccessKey.SecretAccessKey ?? "" };
}

/** Whether moto holds what is asked against the policies of who asks. */
export const checkRights = (endpoint: string, checked: boolean) =>
  fetch(`${endpoint}/moto-api/reset-auth`, { method: "POST", body: checked ? "0" : "inf" });

/** May do everything but some actions. */
export const allBut = (...actions: string[]) => [
  { Effect: "Allow", Action: "*", Resource: "*" },
  { Effect: "Deny", Action: actions, Resource: "*" },
];

/** @param environment added to the test's own: EMULATOR_DELAY and the like */
export async function startEmulator(environment: Readonly<Record<string, string>> = {}): Promise<Emulator> {
  const port = await freePort();
  const program = join(__dirname, "../../../rehearsal/aws/emulator.py");
  const child = spawn(python, [program, "-H", "127.0.0.1", "-p", String(port)], {
    env: { ...process.env, PYTHONDONTWRITEBYTECODE: "1", ...environment },
    stdio: "ignore",
  });
  const endpoint = `http://127.0.0.1:${port}`;
  const settings = { endpoint, region, credentials: { accessKeyId: "test", secretAccessKey: "test" }, maxAttempts: 1 };
  await eventually(async () => (await fetch(`${endpoint}/moto-api/`)).ok, 40_000);
  const asked = spawn(python, [join(__dirname, "ask.py"), endpoint, region], {
    env: { ...process.env, PYTHONDONTWRITEBYTECODE: "1" },
    stdio: ["pipe", "pipe", "inherit"],
  });
  const answers = createInterface({ input: asked.stdout })[Symbol.asyncIterator]();
  return {
    endpoint,
    ec2: new EC2Client(settings),
    efs: new EFSClient(settings),
    async ask(service, operation, params, { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY } = anybody) {
      asked.stdin.write(`${JSON.stringify({ service, operation, params, keys: [AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY] })}\n`);
      return JSON.parse((await answers.next()).value);
    },
    stop: () => {
      child.kill("SIGKILL");
      asked.kill("SIGKILL");
    },
  };
}

export async function eventually(check: () => Promise<boolean>, milliseconds = 10_000): Promise<void> {
  const deadline = Date.now() + milliseconds;
  while (!(await check().catch(() => false))) {
    if (Date.now() > deadline) throw new Error("not in time");
    await new Promise((done) => setTimeout(done, 50));
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address ? address.port : 0));
    });
  });
}
