/** What openshift-install makes of the same configuration: `create manifests` refuses it, or its validation takes it, where we are stricter for a reason. */
export type Installer = "refuses" | { readonly accepts: string };

/** A small change of the stack dev that makes its configuration wrong. */
export interface BadConfiguration {
  readonly what: string;
  /** By path in the project's settings (`cluster.name`; undefined removes), or by a whole key of the stack's file (`aws:region`). */
  readonly change: Readonly<Record<string, unknown>>;
  /** The only problem that the program tells of. */
  readonly says: string;
  /** Where install-config.yaml has it. */
  readonly installer?: Installer;
}

/** By kind of the mistake. */
export type BadConfigurations = Readonly<Record<string, readonly BadConfiguration[]>>;
