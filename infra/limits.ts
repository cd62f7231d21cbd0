/**
 * Minutes after which the stages end what they run, and what follows from them for Pulumi, which ends a stage by force: it must
 * never be the first, because an installer that is killed leaves things in AWS. The scripts hold the same numbers
 * (test/infra/limits.test.ts compares them).
 */
export const minutes = {
  /** `create manifests`, and `create ignition-configs`. */
  manifests: 10,
  /** `create cluster`. */
  install: 240,
  /** `wait-for install-complete`. */
  wait: 90,
  /** `destroy bootstrap`, in the place of a removal and an install: shorter than the shortest of these. */
  bootstrap: 30,
  /** Until the API server answers steadily. */
  access: 15,
  /** Around these: downloads of the installer, of the client and of ccoctl, what these two do (10 and 15 minutes at most), questions to AWS, patience with an API server that is away. */
  around: 60,
} as const;

/** Minutes until the access points and mount targets of a file system are gone: each takes about one, and all go at once. */
export const emptyMinutes = 10;

const total = (...parts: number[]) => `${parts.reduce((sum, part) => sum + part, minutes.around)}m`;

/** Time-outs of the stages, for a removal of the cluster that may take `destroyMinutes`. */
export const timeouts = (destroyMinutes: number) => ({
  tools: total(),
  identity: total(2 * minutes.manifests),
  /** ccoctl has its limits among those around. */
  credentials: total(minutes.manifests),
  /** Removes what an earlier try left, creates, and waits once more. */
  install: total(destroyMinutes, minutes.install, minutes.wait),
  access: total(minutes.access),
  removal: total(destroyMinutes),
});

/** Time-out of what empties a file system: it ends by itself, even when AWS answers slowly. */
export const emptyTimeout = `${emptyMinutes + 5}m`;
