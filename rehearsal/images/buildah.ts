import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { run } from "../machine/exec";
import { registry } from "../machine/places";
import { debian, debianPackages, type LayerRecipe } from "./layers";
import type { ContainerConfig } from "./oci";
import { writeInto } from "./root-folder";

/**
 * The image of the tasks that build and push, as `ubi9/buildah`. Red Hat does not publish how it makes that one; what is here
 * follows upstream's (containers/image_build at 147ee0bf, buildah/Containerfile), and for the files that its package
 * containers-common brings, the values for RHEL 9 (containers/common at 41884246, rpm/update-config-files.sh).
 * As there, neither skopeo nor a JSON tool is in it.
 */

/** What the package asks for besides: an OCI runtime, a network program (none builds without), and what ordinary users need. Of Debian's common files only the short names. */
const packages = debianPackages({
  name: "buildah-system",
  architecture: "amd64",
  what: "what buildah needs",
  expectSeconds: 6,
  packages: ["crun", "netavark", "fuse-overlayfs", "uidmap", "golang-github-containers-common"],
  // Profiles and defaults that are older than the program, which has its own built in.
  excluded: ["/usr/share/containers", "/usr/share/perl", "/usr/share/perl5", "/usr/share/bash-completion"],
});

const mirrored = ["docker.io", "quay.io", "registry.access.redhat.com", "registry.redhat.io"] as const;

/**
 * containers-registries.conf(5): short names as RHEL 9 has them, where one that could be meant for several registries is refused
 * without a terminal. Public names are answered by the rehearsal's registry, which has no TLS.
 */
export function registriesConf(): string {
  const mirrors = mirrored.map(
    (host) =>
      `[[registry]]\nprefix = "${host}"\nlocation = "${host}"\n[[registry.mirror]]\nlocation = "${registry}/mirror/${host}"\ninsecure = true\n`,
  );
  return [
    'unqualified-search-registries = ["registry.access.redhat.com", "registry.redhat.io", "docker.io"]\nshort-name-mode = "enforcing"\n',
    `[[registry]]\nlocation = "${registry}"\ninsecure = true\n`,
    ...mirrors,
  ].join("\n");
}

const storagePlaces = ['runroot = "/run/containers/storage"', 'graphroot = "/var/lib/containers/storage"'];
/** An empty storage to read images from, as a place to mount one. */
const sharedStore = "/var/lib/shared";

/** containers-storage.conf(5). fuse-overlayfs needs a device that pods do not have: the tasks bring a configuration of their own. */
function storageConf(places: readonly string[]): string {
  return [
    '[storage]\ndriver = "overlay"',
    ...places,
    `[storage.options]\nadditionalimagestores = ["${sharedStore}"]`,
    '[storage.options.overlay]\nmount_program = "/usr/bin/fuse-overlayfs"\nmountopt = "nodev,fsync=0"\n',
  ].join("\n");
}

/** Signatures are not checked, as there are none: the real file asks for Red Hat's on its own registries. */
const policy = `${JSON.stringify({ default: [{ type: "insecureAcceptAnything" }] })}\n`;

const user = { name: "build", id: 1000, home: "/home/build" } as const;
/** Ids below the user's own, and above it (containers/buildah, issue 3053). */
const subordinate = `${user.name}:1:999\n${user.name}:1001:64535\n`;

/** What the image declares as folders of the container's own. */
const volumes = { "/var/lib/containers": {}, [`${user.home}/.local/share/containers`]: {} };

const files: Readonly<Record<string, string>> = {
  "etc/containers/registries.conf": registriesConf(),
  "etc/containers/policy.json": policy,
  "etc/containers/storage.conf": storageConf(storagePlaces),
  "etc/subuid": subordinate,
  "etc/subgid": subordinate,
};

export const buildahSystem: LayerRecipe = {
  ...packages,
  inputs: [...packages.inputs, JSON.stringify([files, user])],
  async make(root, tools) {
    await packages.make(root, tools);
    const base = await tools.folderOf(debian.amd64, "./etc/passwd", "./etc/group");
    for (const [path, text] of Object.entries(files)) writeInto(root, path, text);
    const account = (file: string, line: string) => writeInto(root, file, `${readFileSync(join(base, file), "utf8")}${line}\n`);
    account("etc/passwd", `${user.name}:x:${user.id}:${user.id}::${user.home}:/bin/bash`);
    account("etc/group", `${user.name}:x:${user.id}:`);
    for (const driver of ["overlay", "vfs"])
      for (const what of ["images", "layers"]) writeInto(root, join(sharedStore, `${driver}-${what}`, `${what}.lock`), "");
    // Root's places are not the user's to write to (containers/buildah, issue 4669).
    writeInto(root, join(user.home, ".config/containers/storage.conf"), storageConf([]));
    for (const volume of Object.keys(volumes)) mkdirSync(join(root, volume), { recursive: true });
    await run(["chown", "-R", `${user.id}:${user.id}`, join(root, user.home)]);
  },
};

/** Started as root, as upstream's. */
export const buildahConfig = (path: string): ContainerConfig => ({
  Env: [path, "BUILDAH_ISOLATION=chroot"],
  Cmd: ["/bin/bash"],
  Volumes: volumes,
});
