import { execFileSync } from "node:child_process";
import { resumeApiAlone, stopApiAlone } from "../../../rehearsal/cluster/api-alone";
import { orphans } from "../machine";
import { killedAt, of, type Point, quick } from "../point";
import type { Faults } from "../pulumi";

const install = of("install", "named", "up");
const access = of("access", "named", "up");

const step = (name: string) => `create cluster: ${name}`;
const stays = (name: string): string => `${step(name)}=hang`;
const seconds = (count: number) => new Promise((done) => setTimeout(done, count * 1000));

/** The API server of the cluster is away from a moment on, for so many seconds. */
const apiAway = (from: RegExp, count: number): Faults => ({
  at: [
    from,
    async () => {
      await stopApiAlone();
      await seconds(count);
      await resumeApiAlone();
    },
  ],
});

/** Pulumi ends a stage that lasts too long: it kills the shell alone. */
const stageKilledAt = (name: string): Faults => ({
  installer: stays(name),
  at: [
    /fault: hang at/,
    () => {
      const [stage] = orphans().filter((line) => /^\d+ bash infra\/stages\/install\.sh/.test(line));
      execFileSync("kill", ["-KILL", stage?.split(" ")[0] ?? ""]);
    },
  ],
});

/** What goes wrong while the cluster is made. */
export const installing: readonly Point[] = [
  install("create cluster ends with 1", { installer: "create cluster=1" }, /create cluster ended with exit code 1/, "up", {
    faults: quick,
  }),
  install("settings are refused", { installer: `${step("install-config")}=fails` }, /does not accept the settings/, "destroy"),
  install("create cluster is killed before AWS is asked", { installer: `${step("network")}=SIGKILL` }, /The installer was killed/, "up", {
    faults: quick,
  }),
  install("killed before AWS is asked", killedAt(step("network")), /hang at/, "up", { faults: quick }),
  install("no capacity for the first machine", { aws: ["ec2 RunInstances InsufficientInstanceCapacity"] }, /AWS did not give/, "up", {
    faults: quick,
  }),
  install("no right for the second machine", { aws: ["ec2 RunInstances UnauthorizedOperation after=1"] }, /AWS did not give/, "destroy"),
  install("EC2 is asked too often, once", { aws: ["ec2 CreateSubnet RequestLimitExceeded times=1"] }, /cluster-install created/, "none"),
  install(
    "the zone's names are throttled all along",
    { aws: ["route53 ChangeResourceRecordSets Throttling"] },
    /AWS did not give/,
    "destroy",
    { refused: /Cannot tell whether there is a cluster/, faults: quick },
  ),
  install("credentials expire half-way", { aws: ["* * ExpiredToken after=70"] }, /AWS did not give|ExpiredToken|expired/, "up", {
    faults: quick,
  }),
  install("credentials expire half-way, then removal", { aws: ["* * ExpiredToken after=90"] }, /AWS did not give|expired/, "destroy"),
  install("IAM answers 500", { aws: ["iam CreateInstanceProfile ServiceUnavailable"] }, /AWS did not give/, "destroy"),
  install(
    "killed while the network is made",
    { aws: ["ec2 CreateRouteTable none delay=2"], killAt: /Creating network and load balancers/, killAfter: 3000 },
    /Creating network/,
    "up",
    {
      faults: quick,
    },
  ),

  install("infrastructure is not ready in time", { installer: `${step("infrastructure")}=fails` }, /AWS did not give/, "destroy"),
  install(
    "create cluster is killed when the AWS objects are there",
    { installer: `${step("infrastructure")}=SIGKILL` },
    /was killed/,
    "destroy",
  ),
  install("killed when the AWS objects are there", killedAt(step("infrastructure")), /hang at/, "destroy", { few: true }),
  install(
    "Ctrl-C when the AWS objects are there",
    { installer: stays("infrastructure"), interruptAt: /fault: hang/ },
    /hang at/,
    "destroy",
  ),
  install("time-out when the AWS objects are there", { installer: stays("infrastructure"), clock: 1200 }, /within 4 hours/, "destroy"),
  install("time-out of Pulumi's, which kills the stage alone", stageKilledAt("infrastructure"), /signal: killed/, "destroy"),

  install("bootstrap fails", { installer: `${step("bootstrap")}=fails` }, /The control plane did not start/, "up", { faults: quick }),
  install("killed in bootstrap", killedAt(step("bootstrap")), /hang at/, "up", { faults: quick, few: true }),
  install("killed in bootstrap, another machine", killedAt(step("bootstrap")), /hang at/, "up", { elsewhere: true, faults: quick }),
  install("killed in bootstrap, then removal elsewhere", killedAt(step("bootstrap")), /hang at/, "destroy", { elsewhere: true }),

  // What the installer removes it by goes with the first try, whatever comes of it (openshift/installer, pkg/infrastructure/clusterapi, DestroyBootstrap).
  install("the bootstrap machine is not removed", { installer: `${step("bootstrap-removal")}=fails` }, /exit code 1/, "destroy", {
    refused: /its bootstrap is not removed/,
    faults: quick,
  }),
  install("killed before the bootstrap machine is removed", killedAt(step("bootstrap-removal")), /hang at/, "up", { faults: quick }),
  install("killed before the bootstrap machine is removed, another machine", killedAt(step("bootstrap-removal")), /hang at/, "destroy", {
    elsewhere: true,
    refused: /its bootstrap is not removed, which only the machine that made it can do/,
    faults: quick,
  }),

  install("operators need longer", { installer: `${step("operators")}=fails` }, /waiting once more/, "none"),
  install(
    "operators are not ready after all",
    { installer: `${step("operators")}=fails;wait-for install-complete=1` },
    /its operators are not ready/,
    "up",
  ),
  install(
    "time-out of the operators",
    { installer: `${step("operators")}=fails;wait-for install-complete=hang`, clock: 600 },
    /its operators are not ready \(exit code 124\)/,
    "up",
  ),
  install("killed while it waits for operators", killedAt(step("operators")), /hang at/, "up", { few: true }),
  install("killed while it waits for operators, another machine", killedAt(step("operators")), /hang at/, "up", { elsewhere: true }),
  install("killed, and the API server is away for 90 s in the next up", killedAt(step("operators")), /hang at/, "up", {
    elsewhere: true,
    faults: apiAway(/cluster-install creating/, 90),
  }),
  install("killed, and the API server never answers again", killedAt(step("operators")), /hang at/, "destroy", {
    elsewhere: true,
    refused: /Cannot tell whether there is a cluster to go on with/,
    faults: { ...quick, at: [/cluster-install creating/, () => stopApiAlone()] },
  }),

  access("killed", { killAt: /cluster-access creating/ }, /cluster-access creating/, "up"),
  access("API server away for 90 s", apiAway(/cluster-access creating/, 90), /Waiting for the API server/, "none"),
  access(
    "API server does not come back",
    { clock: 20, at: [/cluster-access creating/, () => stopApiAlone()] },
    /API server does not answer/,
    "up",
    { faults: { at: [/openshift-multiarch/, () => resumeApiAlone()] } },
  ),
];
