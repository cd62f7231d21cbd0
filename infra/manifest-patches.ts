/** One change to a file that `openshift-install create manifests` writes, for what install-config.yaml cannot say. */
export interface ManifestPatch {
  /** Path below the installer's directory, such as `manifests/cvo-overrides.yaml`. */
  readonly file: string;
  /** Gets the parsed document and returns the one to write. */
  readonly change: (document: unknown) => unknown;
}

/** None is needed: install-config.yaml says everything, the capabilities included. */
export const manifestPatches: readonly ManifestPatch[] = [];
