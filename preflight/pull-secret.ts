import { entryServes } from "../config/images";
import { entriesOf } from "../config/secrets";
import { type Finding, ok, problem } from "./finding";

const what = "pull secret";

/**
 * Registries that the cluster cannot do without: the payload's images are on quay.io (openshift-release-dev), the catalog and the operators
 * for EFS and Pipelines on registry.redhat.io. The installer asks for no name (openshift/installer, pkg/validate/validate.go,
 * ImagePullSecret). cloud.openshift.com is for telemetry, registry.connect.redhat.com for partners' operators.
 */
const needed = {
  "quay.io": { holds: "OpenShift's own images", image: "quay.io/openshift-release-dev/ocp-release:multi" },
  "registry.redhat.io": { holds: "the operators for EFS and Pipelines", image: "registry.redhat.io/redhat/redhat-operator-index:v4" },
};

/** Whether the pull secret has what the cluster's images are on. Its form is checked with the configuration. */
export function pullSecret(secret: string): Finding[] {
  const read = entriesOf(secret);
  const has = "problem" in read ? [] : read.entries.map(([registry]) => registry);
  const missing = Object.entries(needed).filter(([, { image }]) => !has.some((entry) => entryServes(entry, image)));
  if (missing.length === 0) return [ok(what, `it has ${Object.keys(needed).join(" and ")}`)];
  return missing.map(([registry, { holds }]) =>
    problem(
      what,
      `it has no entry for ${registry}, which has ${holds}: take the whole one of console.redhat.com/openshift/install/pull-secret`,
    ),
  );
}
