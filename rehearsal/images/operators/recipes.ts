import { cpSync, existsSync, realpathSync, rmSync } from "node:fs";
import { join } from "node:path";
import { run } from "../../machine/exec";
import { places } from "../../machine/places";
import * as layers from "../layers";
import type { ContainerConfig } from "../oci";
import { type ImageRecipe, mirrored, path } from "../recipe";
import { writeInto } from "../root-folder";
import * as runtime from "../runtime-layers";
import { bundleFiles } from "./bundle";
import { bundleImage, catalogImage, fileBasedCatalog, type Offer, versions } from "./catalog";
import { efsOffer } from "./efs";
import { pipelinesOffer, shellImage, tektonPrograms, versionOf } from "./pipelines";

function image(
  named: Pick<ImageRecipe, "repository" | "tag">,
  upper: readonly layers.LayerRecipe[],
  { Env = [], ...config }: ContainerConfig = {},
): ImageRecipe {
  const environment = [path, "SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt", ...Env];
  const lower = [runtime.bareSystem, layers.trust()];
  const member = {
    architecture: "amd64",
    layers: [...lower, ...upper],
    config: { User: String(layers.taskUser), Env: environment, ...config },
  };
  return { ...named, members: [member] } as ImageRecipe;
}

// ---------------------------------------------------------------- Tekton

/** Where a program lies in its image: as ko puts it, without the prefix that tells it from others in the toolchain. */
const programPath = (name: string): string => `ko-app/${name.replace(/^(operator|triggers|chains)-/, "")}`;

/** Programs that read manifests, and where the toolchain has these. */
const data: Readonly<Record<string, string>> = { "operator-operator": "kodata", "operator-webhook": "webhook-kodata" };

/** Releases that a component of their own brings: Chains needs older modules than the operator. Theirs there is empty. */
const releases: Readonly<Record<string, string>> = { "tekton-chains": "chains" };

/** Manifests as ko puts them into an image: of what the operator installs, of its webhooks. */
const kodata = (folder: string): layers.LayerRecipe => ({
  name: folder,
  architecture: "amd64",
  what: `the Tekton operator's ${folder}`,
  expectSeconds: 0,
  inputs: [join("cluster", "operator", "operator.yaml"), ...Object.values(releases)].map((path) =>
    runtime.toolchainInput(join(places.share, path)),
  ),
  from: [],
  async make(root) {
    const data = join(root, "var/run/ko");
    cpSync(join(places.share, "cluster", "operator", folder), data, { recursive: true });
    for (const [to, component] of Object.entries(releases).filter(([to]) => existsSync(join(data, to)))) {
      rmSync(join(data, to), { recursive: true });
      cpSync(realpathSync(join(places.share, component)), join(data, to), { recursive: true });
    }
    // The toolchain is built under the caller's umask, and the operator does not run as root.
    await run(["chmod", "--recursive", "a+rX", data]);
  },
});

/** Images of the operator and of what it installs, as in their releases: one program each, user 65532. */
function tektonImages(): ImageRecipe[] {
  const programs = tektonPrograms.map((name) => {
    const named = { repository: `tekton/${name}`, tag: versionOf("operator") };
    const file = programPath(name);
    const program = runtime.program(name, file);
    const config = { Entrypoint: [`/${file}`] };
    // The operator's pruner is a script.
    if (name === "tkn") return image(named, [runtime.shell, runtime.program(name, "bin/tkn")], { Cmd: ["/bin/sh"] });
    if (name === "resolvers") return image(named, [runtime.tini, program], config);
    const folder = data[name];
    return folder
      ? image(named, [kodata(folder), program], { ...config, Env: ["KO_DATA_PATH=/var/run/ko"] })
      : image(named, [program], config);
  });
  return [...programs, image(shellImage, [runtime.shell], { Cmd: ["/bin/sh"] })];
}

// ---------------------------------------------------------------- OLM

/** Programs of OLM and of its catalogs' server, by their names in the toolchain and in the image. */
const lifecyclePrograms = {
  olm: "olm",
  catalog: "catalog",
  "package-server": "package-server",
  "copy-content": "copy-content",
  cpb: "cpb",
  opm: "opm",
  "grpc-health-probe": "grpc_health_probe",
} as const;

/** OpenShift has one image for OLM and one for opm, which is the same here. */
export const lifecycleImage = () => ({ repository: "olm", tag: versionOf("operator-lifecycle-manager") });

function lifecycle(): ImageRecipe {
  const programs = Object.entries(lifecyclePrograms).map(([name, file]) => runtime.program(name, `bin/${file}`));
  return image(lifecycleImage(), [runtime.shell, ...programs]);
}

/** Files made of text, as a layer. */
function files(name: string, contents: ReadonlyMap<string, string>): layers.LayerRecipe {
  return {
    name,
    architecture: "amd64",
    what: name,
    expectSeconds: 0,
    inputs: [...contents].flat(),
    from: [],
    async make(root) {
      for (const [file, text] of contents) writeInto(root, file, text);
    },
  };
}

/** The bundles of an operator's versions, which hold nothing but files. */
function bundles(offer: Offer): ImageRecipe[] {
  return versions(offer).map((version) => {
    const contents = bundleFiles({ ...offer, version }, offer.manifests(version));
    const layer = files(`bundle-${offer.name}-${version}`, contents);
    return { ...mirrored(bundleImage(offer.name, version)), members: [{ architecture: "amd64", layers: [layer], config: {} }] };
  });
}

function catalog(offers: readonly Offer[]): ImageRecipe {
  const layer = files("operator-index", new Map([["configs/index.json", fileBasedCatalog(offers)]]));
  return { ...mirrored(catalogImage), members: [{ architecture: "amd64", layers: [layer], config: {} }] };
}

/** All images that operators come from: OLM, its catalog with the bundles, the Tekton operator and what that installs. */
export function operatorImages(): ImageRecipe[] {
  const offers = [pipelinesOffer(), efsOffer];
  return [...tektonImages(), lifecycle(), ...offers.flatMap(bundles), catalog(offers)];
}
