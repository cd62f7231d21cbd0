import { setTimeout as sleep } from "node:timers/promises";
import { EC2Client } from "@aws-sdk/client-ec2";
import { EFSClient } from "@aws-sdk/client-efs";
import { GetCallerIdentityCommand, type GetCallerIdentityCommandOutput, STSClient } from "@aws-sdk/client-sts";
import type { AwsConfig } from "./config";

/** The clients of one configured provider. */
export class Api {
  readonly ec2: EC2Client;
  readonly efs: EFSClient;
  private readonly sts: STSClient;
  private identity: Promise<GetCallerIdentityCommandOutput> | undefined;

  constructor(readonly config: AwsConfig) {
    const settings = (service: string) => ({
      region: config.region,
      credentials: config.credentials,
      endpoint: config.endpoints[service],
      maxAttempts: config.maxRetries + 1,
    });
    this.ec2 = new EC2Client(settings("ec2"));
    this.efs = new EFSClient(settings("efs"));
    this.sts = new STSClient(settings("sts"));
  }

  get region(): string {
    return this.config.region;
  }

  /** Who the credentials are; asked once. */
  callerIdentity(): Promise<GetCallerIdentityCommandOutput> {
    this.identity ??= this.sts.send(new GetCallerIdentityCommand({}));
    return this.identity;
  }
}

/** An error's code and message in one line; a refused connection has its reason only in `code`. */
export function errorText(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { name, message, code } = error as NodeJS.ErrnoException;
  const what = message || code || "";
  return name === "Error" || what.startsWith(name) ? what : `${name}: ${what}`;
}

/** Whether AWS answered with one of these error codes. */
export const hasCode = (error: unknown, ...codes: string[]): boolean => error instanceof Error && codes.includes(error.name);

/** The answer, or undefined when the error code says that the object does not exist. */
export async function unlessGone<T>(call: Promise<T>, ...codes: string[]): Promise<T | undefined> {
  try {
    return await call;
  } catch (error) {
    if (hasCode(error, ...codes)) return undefined;
    throw error;
  }
}

/**
 * Asks until the answer will do.
 * @param seconds how long to wait at most
 * @throws Error when the time is over or the operation was cancelled
 */
export async function waitFor<T>(
  what: string,
  seconds: number,
  signal: AbortSignal,
  ask: () => Promise<T>,
  done: (answer: T) => boolean,
): Promise<T> {
  const deadline = Date.now() + seconds * 1000;
  for (let pause = 250; ; pause = Math.min(pause * 1.5, 3000)) {
    const answer = await ask();
    if (done(answer)) return answer;
    if (signal.aborted) throw new Error(`${signal.reason?.name === "TimeoutError" ? "timeout" : "cancelled"} while waiting for ${what}`);
    if (Date.now() > deadline) throw new Error(`timeout while waiting for ${what} (${seconds} s)`);
    await sleep(pause, undefined, { signal }).catch(() => {});
  }
}
