import { stopApiAlone } from "../../../rehearsal/cluster/api-alone";
import { moveToOtherMachine } from "../machine";
import { of, type Point } from "../point";

const named = of("destroy", "named", "destroy");
const whole = of("destroy", "whole", "destroy");
const guard = /cluster-guard deleting/;
const half = /hang at destroy cluster: half/;

/** What goes wrong while everything is removed. */
export const removal: readonly Point[] = [
  of("destroy", "nothing", "destroy")("there is nothing", {}, /Resources:|no resources/i, "none"),
  named("there is a name, and nothing in AWS", {}, /Removing everything/, "none"),
  named("STS does not answer", { aws: ["sts GetCallerIdentity ServiceUnavailable"] }, /Cannot tell which AWS account/, "destroy"),
  named("killed", { installer: "destroy cluster=hang", killAt: /fault: hang/ }, /hang at destroy cluster/, "destroy"),

  whole("the installer ends with 1", { installer: "destroy cluster=1" }, /destroy cluster ended with exit code 1/, "destroy"),
  whole("the installer is killed half-way", { installer: "destroy cluster: half=SIGKILL" }, /exit code 137/, "destroy"),
  whole("killed half-way", { installer: "destroy cluster: half=hang", killAt: half }, half, "destroy", { few: true }),
  whole("killed half-way, another machine", { installer: "destroy cluster: half=hang", killAt: half }, half, "destroy", {
    elsewhere: true,
  }),
  whole("Ctrl-C half-way", { installer: "destroy cluster: half=hang", interruptAt: half }, half, "destroy"),
  whole("the installer hangs, time-out", { installer: "destroy cluster=hang", clock: 300 }, /not gone after 10 minutes/, "destroy"),
  whole(
    "a network that stays, time-out",
    // Not faster: the installer has to come as far as the network before the ten minutes are over.
    { aws: ["ec2 DeleteVpc DependencyViolation"], clock: 10 },
    /not gone after 10 minutes/,
    "destroy",
  ),
  whole("a network that stays three times", { aws: ["ec2 DeleteVpc DependencyViolation times=3"] }, guard, "none"),
  whole("EC2 is asked too often, three times", { aws: ["ec2 TerminateInstances RequestLimitExceeded times=3"] }, guard, "none"),
  whole("IAM answers 500, three times", { aws: ["iam DeleteRole ServiceUnavailable times=3"] }, guard, "none"),
  whole("credentials expire half-way", { aws: ["* * ExpiredToken after=60"], clock: 60 }, /expired|ExpiredToken/, "destroy"),
  // The installer asks for no list of tags: the look at what is left does.
  whole("what is left cannot be asked for", { aws: ["ec2 DescribeTags InternalError"] }, /Cannot ask AWS whether anything/, "destroy"),
  whole("the file system is killed first", { killAt: /FileSystem shared deleting/ }, /FileSystem shared deleting/, "destroy"),
  whole("killed when the cluster is gone", { killAt: /cluster-guard deleted/ }, /cluster-guard deleted/, "destroy"),
  whole("another machine", { at: [/Destroying/, () => moveToOtherMachine()] }, guard, "none"),
  whole("API server away", { at: [/Destroying/, () => stopApiAlone()] }, guard, "none"),
];
