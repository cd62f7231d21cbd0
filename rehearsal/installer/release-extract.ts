import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { parseAllDocuments, stringify } from "yaml";
import { askInstaller, parseVersion } from "./create-cluster/installer";

/*
 * Stands in for `oc adm release extract --credentials-requests --included`, as oc cannot be built from the Go module proxy and there is no
 * release image here: takes what oc takes of it, and writes the CredentialsRequests that oc would (openshift/oc,
 * pkg/cli/admin/release/extract.go and extract_tools.go).
 */

interface CredentialsRequest {
  readonly metadata: { readonly name: string; readonly annotations?: Readonly<Record<string, string>> };
  readonly spec: { readonly providerSpec: { readonly kind: string } };
}

/** As far as oc reads an install-config.yaml. */
interface InstallConfig {
  readonly apiVersion?: string;
  readonly platform?: Readonly<Record<string, unknown>>;
  readonly capabilities?: { readonly baselineCapabilitySet?: string; readonly additionalEnabledCapabilities?: readonly string[] };
}

/** Those of a release that a cluster has. With another baseline than None all capabilities are taken for enabled. Pure. */
export function included(
  requests: readonly CredentialsRequest[],
  { apiVersion, platform, capabilities }: InstallConfig,
): CredentialsRequest[] {
  if (apiVersion !== "v1") throw new Error(`unrecognized install-config API version: ${JSON.stringify(apiVersion ?? "")} (expected "v1")`);
  const [cloud] = Object.keys(platform ?? {});
  if (cloud !== "aws") throw new Error(`unrecognized platform for CredentialsRequests: ${JSON.stringify(cloud ?? "")}`);
  const enabled = capabilities?.baselineCapabilitySet === "None" ? (capabilities.additionalEnabledCapabilities ?? []) : undefined;
  return requests.filter(({ metadata: { annotations = {} }, spec }) => {
    const needs = annotations["capability.openshift.io/name"]?.split("+") ?? [];
    return (
      spec.providerSpec.kind === "AWSProviderSpec" &&
      annotations["include.release.openshift.io/self-managed-high-availability"] === "true" &&
      (enabled === undefined || needs.every((name) => enabled.includes(name)))
    );
  });
}

async function extract(args: readonly string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      "credentials-requests": { type: "boolean" },
      included: { type: "boolean" },
      "install-config": { type: "string" },
      "filter-by-os": { type: "string" },
      "registry-config": { type: "string", short: "a" },
      to: { type: "string" },
    },
  });
  const { "install-config": installConfig, "registry-config": registryConfig, to } = values;
  if (!values["credentials-requests"] || !values.included || installConfig === undefined || to === undefined)
    throw new Error("only --credentials-requests --included --install-config FILE --to FOLDER is known here");
  if (registryConfig === undefined || !("auths" in JSON.parse(readFileSync(registryConfig, "utf8"))))
    throw new Error("unable to read image: unauthorized: authentication required");
  const { releaseImage } = parseVersion(await askInstaller(["version"]));
  if (positionals.join(" ") !== releaseImage) throw new Error(`image does not exist: ${positionals.join(" ")}`);
  const [config] = parseAllDocuments(readFileSync(installConfig, "utf8"));
  const release = parseAllDocuments(readFileSync(join(__dirname, "credentials-requests.yaml"), "utf8"));
  mkdirSync(to, { recursive: true });
  for (const request of included(
    release.map((document) => document.toJS()),
    config?.toJS(),
  ))
    writeFileSync(join(to, `0000_50_${request.metadata.name}.yaml`), stringify(request));
}

if (require.main === module) {
  extract(process.argv.slice(2)).catch((error) => {
    process.stderr.write(`error: ${error instanceof Error ? error.message : error}\n`);
    process.exitCode = 1;
  });
}
