import { chmodSync, existsSync, mkdirSync, readFileSync, realpathSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import type { Architecture } from "../../config/architecture";
import { run } from "../machine/exec";
import { places } from "../machine/places";
import { accountLine, groupLine, home, java, type LayerRecipe, linkJava, ownFolder, taskUser } from "./layers";
import { linkInto, mergeUsr, unpack, writeInto } from "./root-folder";

// ---------------------------------------------------------------- the small system: runtime images

/** Enough for a shell, Node.js and Java. */
const smallPackages = [
  "base-files",
  "base-passwd",
  "bash",
  "busybox-static",
  "libc6",
  "libcrypt1",
  "libgcc-s1",
  "libstdc++6",
  "libtinfo6",
  "netbase",
  "zlib1g",
];

const applets = (
  "[ awk base64 basename cat chgrp chmod chown clear cp cut date dd df diff dirname du env expr false find free grep gunzip gzip head hostname id kill less " +
  "ln ls md5sum mkdir mktemp mv nproc printf ps pwd readlink realpath rm rmdir sed seq sha256sum sleep sort stat tail tar tee test timeout top touch tr true uname " +
  "uniq vi wc wget which whoami xargs"
).split(" ");

/** Accounts of Red Hat's Node.js and Java images. */
const runtimeAccounts = [
  { name: "default", id: 1001, home: "/opt/app-root/src" },
  { name: "jboss", id: 185, home: "/home/jboss" },
] as const;

export const smallSystem = (architecture: Architecture): LayerRecipe => ({
  name: "small",
  architecture,
  what: `a small system for ${architecture}`,
  expectSeconds: 4,
  inputs: [...smallPackages, ...applets, JSON.stringify(runtimeAccounts)],
  from: [],
  async make(root, { apt }) {
    mergeUsr(root, architecture);
    await unpack(await apt(architecture).download(smallPackages), root, [
      "/usr/lib/*-linux-gnu/gconv/*",
      "/usr/share/gcc*",
      "/usr/share/gdb",
      "/usr/share/bash-completion",
    ]);
    linkInto(root, "usr/bin/sh", "bash");
    for (const applet of applets) if (!existsSync(join(root, "usr/bin", applet))) linkInto(root, `usr/bin/${applet}`, "busybox");
    // What base-passwd's script would copy.
    const masters = join(root, "usr/share/base-passwd");
    const lines = runtimeAccounts.map(({ name, id, home: folder }) => `${name}:x:${id}:0:${name}:${folder}:/bin/bash\n`);
    writeInto(root, "etc/passwd", readFileSync(join(masters, "passwd.master"), "utf8").replace(/^(\w+):\*:/gm, "$1:x:") + lines.join(""));
    writeInto(root, "etc/group", readFileSync(join(masters, "group.master"), "utf8").replace(/^(\w+):\*:/gm, "$1:x:"));
    for (const { id, home: folder } of runtimeAccounts) ownFolder(root, folder, id);
  },
});

/** Java for running, on top of the small system; what only graphics, printing and smart cards need is left out. */
export const javaRuntime = (architecture: Architecture): LayerRecipe => ({
  name: "java-runtime",
  architecture,
  what: `${java} (runtime) for ${architecture}`,
  expectSeconds: 7,
  inputs: [java],
  from: [],
  async make(root, { apt }) {
    mergeUsr(root, architecture);
    await unpack(await apt(architecture).download([`${java}-jre-headless`]), root);
    linkJava(root, architecture);
    ownFolder(root, "deployments", 185);
  },
});

// ---------------------------------------------------------------- single programs

/** A file of the toolchain's that was built in this very version and form; nothing made before it is there can be taken for it. */
export function toolchainInput(file: string): string {
  if (!existsSync(file)) return `${file} is not built`;
  const { size, mtimeMs } = statSync(file);
  return `${realpathSync(file)} ${size} ${mtimeMs}`;
}

/** One statically linked program of the toolchain at a path of the image. */
export function program(name: string, path: string, architecture: Architecture = "amd64"): LayerRecipe {
  const file = join(places.bin, name);
  return {
    name: basename(name),
    architecture,
    what: name,
    expectSeconds: 0,
    inputs: [path, toolchainInput(file)],
    from: [],
    ofToolchain: true,
    async make(root) {
      await run(["install", "-D", "-m", "755", file, join(root, path)]);
    },
  };
}

/** What a statically linked program expects around it: accounts, /tmp, a home. */
export const bareSystem: LayerRecipe = {
  name: "bare",
  architecture: "amd64",
  what: "a system without programs",
  expectSeconds: 0,
  inputs: [accountLine, groupLine],
  from: [],
  async make(root) {
    writeInto(root, "etc/passwd", `root:x:0:0:root:/root:/sbin/nologin\n${accountLine}`);
    writeInto(root, "etc/group", `root:x:0:\n${groupLine}`);
    for (const folder of ["tmp", "var/tmp"]) {
      mkdirSync(join(root, folder), { recursive: true });
      chmodSync(join(root, folder), 0o1777);
    }
    mkdirSync(join(root, "root"), { mode: 0o700 });
    ownFolder(root, home, taskUser);
  },
};

/** A shell and the usual small programs in one static file. */
export const shell: LayerRecipe = {
  name: "shell",
  architecture: "amd64",
  what: "busybox",
  expectSeconds: 3,
  inputs: [...applets],
  from: [],
  async make(root, { apt }) {
    await unpack(await apt("amd64").download(["busybox-static"]), root);
    for (const applet of ["sh", ...applets]) linkInto(root, `bin/${applet}`, "busybox");
  },
};

/** The first process of an image that starts others, where Tekton's resolvers expect it. */
export const tini: LayerRecipe = {
  name: "tini",
  architecture: "amd64",
  what: "tini",
  expectSeconds: 1,
  inputs: [],
  from: [],
  async make(root, { apt }) {
    await unpack(await apt("amd64").download(["tini"]), root, ["/usr/share/*"]);
    linkInto(root, "sbin/tini", "../usr/bin/tini-static");
  },
};
