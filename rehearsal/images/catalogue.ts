import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Architecture } from "../../config/architecture";
import { architectures } from "../../config/architecture";
import { defaultTaskImages } from "../../tekton/task-images";
import { checkout } from "../machine/places";
import { UserError } from "../machine/progress";
import type { AptSetup } from "./apt";
import { buildahConfig, buildahSystem } from "./buildah";
import * as layers from "./layers";
import { node as nodeLayer } from "./node-layer";
import { operatorImages } from "./operators/recipes";
import { type ImageRecipe, type MemberRecipe, mirrored, parseReference, path } from "./recipe";
import * as runtime from "./runtime-layers";

/** How public images are imitated, by their name without a tag. */
function imitations(aptSetup: AptSetup): Record<string, MemberRecipe[]> {
  const trust = layers.trust();
  const both = (make: (architecture: Architecture) => Omit<MemberRecipe, "architecture">): MemberRecipe[] =>
    architectures.map((architecture) => ({ architecture, ...make(architecture) }));
  const task = (architecture: Architecture, on: readonly layers.LayerRecipe[], environment: readonly string[] = []) => ({
    architecture,
    layers: [layers.debian[architecture], trust, layers.taskAccount(architecture), ...on],
    config: { User: String(layers.taskUser), Env: [path, ...environment], Cmd: ["/bin/bash"] },
  });
  return {
    "docker.io/library/debian": both((architecture) => ({
      layers: [layers.debian[architecture], trust, layers.aptSources(aptSetup)],
      config: { Env: [path], Cmd: ["bash"] },
    })),
    // buildah, Maven and syft stay amd64 on both nodes: an emulated buildah cannot make the user namespace that it needs (unshare refuses
    // threaded processes, which qemu-user is), bytecode is the same wherever it is compiled, and so is a list of files.
    "registry.access.redhat.com/ubi9/buildah": [
      {
        architecture: "amd64",
        layers: [layers.debian.amd64, trust, buildahSystem, runtime.program("buildah", "usr/bin/buildah")],
        config: buildahConfig(path),
      },
    ],
    // syft's own is empty but for the program and certificates.
    "ghcr.io/anchore/syft": [
      {
        architecture: "amd64",
        layers: [trust, runtime.program("syft", "syft")],
        config: { Env: [path], Entrypoint: ["/syft"] },
      },
    ],
    "registry.access.redhat.com/ubi9/openjdk-21": [task("amd64", [layers.maven], layers.javaEnvironment)],
    "registry.access.redhat.com/ubi9/nodejs-22": both((architecture) =>
      task(architecture, [layers.git(architecture), nodeLayer(architecture)], ["NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt"]),
    ),
    "registry.access.redhat.com/ubi9/nodejs-22-minimal": both((architecture) => ({
      layers: [runtime.smallSystem(architecture), trust, nodeLayer(architecture)],
      config: { User: "1001", Env: [path, "HOME=/opt/app-root/src"], WorkingDir: "/opt/app-root/src", Cmd: ["/bin/bash"] },
    })),
    "registry.access.redhat.com/ubi9/openjdk-21-runtime": both((architecture) => ({
      layers: [runtime.smallSystem(architecture), trust, runtime.javaRuntime(architecture)],
      config: { User: "185", Env: [path, "HOME=/home/jboss", ...layers.javaEnvironment], WorkingDir: "/home/jboss", Cmd: ["/bin/bash"] },
    })),
  };
}

/** The image that holds a pod's namespaces; containerd is told its name. */
function pauseImage(): ImageRecipe {
  return {
    repository: "pause",
    tag: "1",
    members: architectures.map((architecture) => ({
      architecture,
      layers: [runtime.program(`pause-${architecture}`, "pause", architecture)],
      config: { User: "65535:65535", Entrypoint: ["/pause"] },
    })),
  };
}

/** The layers of public images that need nothing of the toolchain; what several images share is there several times. */
export function systemLayers(aptSetup: AptSetup): layers.LayerRecipe[] {
  const members = mirrors(wantedImages(), imitations(aptSetup)).flatMap((image) => image.members);
  return members.flatMap((member) => member.layers).filter(({ ofToolchain }) => !ofToolchain);
}

/** Everything the registry holds before the first build. */
export function catalogue(aptSetup: AptSetup): ImageRecipe[] {
  return [pauseImage(), ...operatorImages(), ...mirrors(wantedImages(), imitations(aptSetup))];
}

/** Mirror images for references to public ones. @throws UserError naming a reference that nothing here imitates. */
export function mirrors(references: readonly string[], known: Readonly<Record<string, readonly MemberRecipe[]>>): ImageRecipe[] {
  return [...new Set(references)].map((reference) => {
    const { name } = parseReference(reference);
    const members = known[name];
    if (!members) {
      throw new UserError(
        `the rehearsal has no image ${reference}; it imitates ${Object.keys(known).join(", ")} (rehearsal/images/catalogue.ts)`,
      );
    }
    return { ...mirrored(reference), members };
  });
}

/** The public images that the tasks run in and that the examples build on. */
function wantedImages(): string[] {
  const examples = join(checkout, "examples");
  const bases = readdirSync(examples).flatMap((name) => baseImages(readFileSync(join(examples, name, "Containerfile"), "utf8")));
  return [...Object.values(defaultTaskImages), ...bases];
}

/** References that a Containerfile builds on, without `scratch` and its own stages. */
export function baseImages(containerfile: string): string[] {
  const froms = [...containerfile.matchAll(/^FROM\s+(?:--\S+\s+)*(\S+)(?:\s+AS\s+(\S+))?\s*$/gim)];
  const stages = new Set(froms.map(([, , stage]) => stage));
  return froms.flatMap(([, reference = ""]) => (reference === "scratch" || stages.has(reference) ? [] : [reference]));
}
