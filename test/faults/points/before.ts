import { killedAt, of, type Point, quick } from "../point";

const first = of("tools", "nothing", "up");
const identity = of("identity", "nothing", "up");

/** What goes wrong before anything is in AWS. */
export const before: readonly Point[] = [
  first("installer does not run", { installer: "version=1" }, /does not answer/, "up"),
  first("killed", { killAt: /cluster-tools creating/ }, /cluster-tools/, "up"),
  first("AWS refuses the credentials", { aws: ["* * AuthFailure"] }, /AuthFailure/, "up"),

  identity("create manifests ends with 1", { installer: "create manifests=1" }, /create manifests ended with exit code 1/, "up"),
  identity("create manifests ends with 3", { installer: "create manifests=3" }, /does not accept the settings/, "destroy"),
  identity("create manifests is killed", { installer: "create manifests=SIGKILL" }, /exit code 137/, "up"),
  identity("create manifests hangs, time-out", { installer: "create manifests=hang", clock: 200 }, /did not end in time/, "up"),
  identity("killed in create manifests", killedAt("create manifests"), /hang at create manifests/, "up", { few: true }),
  identity(
    "Ctrl-C in create manifests",
    { installer: "create manifests=hang", interruptAt: /fault: hang/ },
    /hang at create manifests/,
    "up",
  ),
  // The installer asks again for longer than its stage waits.
  identity("AWS answers 500 to create manifests", { aws: ["ec2 * InternalError"], clock: 200 }, /did not end in time/, "up"),
  identity("EC2 is asked too often, twice", { aws: ["ec2 * RequestLimitExceeded times=2"] }, /cluster-install created/, "none"),
  identity(
    "STS does not answer",
    { aws: ["sts GetCallerIdentity ServiceUnavailable after=2"] },
    /service is unavailable|Cannot tell/i,
    "up",
  ),
  identity(
    "the stream of images is not printed",
    { installer: "coreos print-stream-json=1" },
    /print-stream-json ended with exit code 1/,
    "up",
  ),
  identity(
    "create ignition-configs ends with 1",
    { installer: "create ignition-configs=1" },
    /create ignition-configs ended with exit code 1/,
    "up",
  ),
  identity("killed in create ignition-configs", killedAt("create ignition-configs"), /hang at create ignition-configs/, "up"),

  of("guard", "nothing", "up")("killed when it is made", { killAt: /cluster-identity created/ }, /cluster-identity created/, "up"),
  of("assets", "nothing", "up")(
    "killed before they are in the state, another machine",
    { killAt: /cluster-identity created/ },
    /cluster-identity created/,
    "destroy",
    { elsewhere: true, refused: /The installer's directory is lost/, faults: quick },
  ),
  of("assets", "named", "up")("another machine from here on", { installer: "version=1" }, /Cannot download/, "up", { elsewhere: true }),
];
