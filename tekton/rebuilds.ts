import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Architecture } from "../config/settings";
import type { BuildSource } from "./build-source";
import { fingerprint } from "./fingerprint";
import { homeArchitecture } from "./placement";
import type { RunEnvironment } from "./runs";
import { unprivilegedReader } from "./steps/shared";
import { startedRun } from "./triggers";

/** How often a build is made anew. */
export type Interval = "daily" | "weekly" | "monthly";

/** A build that the clock starts. */
export interface ScheduledBuild extends BuildSource {
  rebuild: Interval;
  architectures: readonly Architecture[];
}

/** Account of the pods that start runs. */
export const scheduleAccount = "build-schedule";

/** What such a pod may do. */
export const scheduleRules = [{ apiGroups: ["tekton.dev"], resources: ["pipelineruns"], verbs: ["create"] }];

const days: Record<Interval, string> = { daily: "* * *", weekly: "* * 0", monthly: "1 * *" };

/** When a build is made anew, as cron writes it: between midnight and six, UTC, not all builds at once. Weekly is on Sundays, monthly on the first. */
export function scheduleOf({ name, rebuild }: Pick<ScheduledBuild, "name" | "rebuild">): string {
  const minute = Number.parseInt(fingerprint(name).slice(0, 8), 16) % 360;
  return `${minute % 60} ${Math.floor(minute / 60)} ${days[rebuild]}`;
}

/** The spec of a build's CronJob. @param image with Node.js. @param storageClass as of `runTemplate`. */
export function cronJobSpec(build: ScheduledBuild, environment: RunEnvironment, image: string, storageClass: string) {
  const run = startedRun(build, build.architectures, environment, storageClass, { by: "schedule", params: [] });
  const api = "/var/run/secrets/kubernetes.io/serviceaccount";
  return {
    schedule: scheduleOf(build),
    timeZone: "Etc/UTC",
    concurrencyPolicy: "Forbid",
    // A cluster that slept through the hour makes up for it when it wakes on the same day.
    startingDeadlineSeconds: 6 * 3600,
    successfulJobsHistoryLimit: 1,
    failedJobsHistoryLimit: 1,
    jobTemplate: {
      spec: {
        backoffLimit: 3,
        activeDeadlineSeconds: 900,
        template: {
          spec: {
            serviceAccountName: scheduleAccount,
            nodeSelector: { "kubernetes.io/arch": homeArchitecture(build.architectures) },
            automountServiceAccountToken: true,
            imagePullSecrets: [{ name: environment.secrets.registryCredentials }],
            restartPolicy: "Never",
            containers: [
              {
                name: "start",
                image,
                command: ["node", "--input-type=module", "--eval", readFileSync(join(__dirname, "start-run.mjs"), "utf8")],
                env: [
                  {
                    name: "RUN",
                    value: JSON.stringify({ ...run, metadata: { ...run.metadata, generateName: `${build.name}-rebuild-` } }),
                  },
                  { name: "API", value: "https://kubernetes.default.svc" },
                  { name: "TOKEN_FILE", value: `${api}/token` },
                  { name: "NODE_EXTRA_CA_CERTS", value: `${api}/ca.crt` },
                ],
                resources: { requests: { cpu: "10m", memory: "64Mi" }, limits: { cpu: "1", memory: "256Mi" } },
                securityContext: unprivilegedReader,
              },
            ],
          },
        },
      },
    },
  };
}
