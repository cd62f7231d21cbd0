import { chownSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Architecture } from "../../config/architecture";
import { trustedBundle } from "../machine/certificates";
import { run } from "../machine/exec";
import { type Apt, type AptSetup, excludedPaths, suite } from "./apt";
import { javaTrustStore } from "./java-trust-store";
import { linkInto, mergeUsr, transplant, unpack, writeInto } from "./root-folder";

/** A step of an image's making: a folder of files that lies on top of others. Most are shared between images. */
export interface LayerRecipe {
  readonly name: string;
  readonly architecture: Architecture;
  /** What is in it, in a few words, for the progress line. */
  readonly what: string;
  /** How long it takes to make, in seconds. */
  readonly expectSeconds: number;
  /** All that decides the content besides the code of this folder: versions, files of the machine. */
  readonly inputs: readonly string[];
  /** Layers that `make` reads. */
  readonly from: readonly LayerRecipe[];
  /** A program of the toolchain's is in it, which must be built before. */
  readonly ofToolchain?: true;
  readonly make: (root: string, tools: LayerTools) => Promise<void>;
}

export interface LayerTools {
  readonly apt: (architecture: Architecture) => Apt;
  readonly aptSetup: AptSetup;
  /** Unpacks (part of) a finished layer into a new folder that goes away after the layer was made. */
  readonly folderOf: (layer: LayerRecipe, ...paths: string[]) => Promise<string>;
}

/** Debian 12's newest Java; the examples ask the compiler for no newer release. */
export const java = "openjdk-17";
const javaHome = "/usr/lib/jvm/java";

/** The account of a step whose pod names none: numeric in the images, so that `runAsNonRoot` can be checked by the kubelet. */
export const taskUser = 65532;
export const home = "/home/nonroot";
export const accountLine = `nonroot:x:${taskUser}:${taskUser}:nonroot:${home}:/bin/bash\n`;
export const groupLine = `nonroot:x:${taskUser}:\n`;

// ---------------------------------------------------------------- Debian

/** As in Docker's Debian images: what apt could keep for later would only be in the way in a layer. */
const aptConf = ['Acquire::Languages "none";', 'Dir::Cache::srcpkgcache "";', 'APT::Keep-Downloaded-Packages "false";'];

const excludingPaths = excludedPaths.map((path) => `--dpkgopt=path-exclude=${path}`);

/** Debian's essential packages and apt, installed. */
const nativeDebian: LayerRecipe = {
  name: "debian",
  architecture: "amd64",
  what: `Debian ${suite} for amd64`,
  expectSeconds: 35,
  inputs: [suite, ...excludedPaths, ...aptConf],
  from: [],
  async make(root, { aptSetup }) {
    // Not `aptConf`: mmdebstrap needs the packages that it downloads.
    const options = [...aptSetup.settings, 'Acquire::Languages "none";'].map((line) => `--aptopt=${line}`);
    // The hooks make merged /usr at once; without them the package `usrmerge` and perl would do it.
    const hooks = "--hook-dir=/usr/share/mmdebstrap/hooks/merged-usr";
    const base = ["mmdebstrap", "--quiet", "--mode=root", "--variant=apt", "--architectures=amd64", "--format=directory", hooks];
    await run([...base, ...options, ...excludingPaths, suite, root, ...aptSetup.sources], { env: { TMPDIR: join(root, "..") } });
    // Of the machine and the moment: what belongs to the machine comes in a layer of its own.
    const left = [
      "etc/apt/sources.list",
      "etc/apt/sources.list.d",
      "etc/hostname",
      "etc/resolv.conf",
      "var/cache/ldconfig",
      "var/lib/dpkg/status-old",
    ];
    for (const path of left) rmSync(join(root, path), { recursive: true, force: true });
    // Device nodes cannot be made where an image is unpacked without that right, and every container gets its own.
    for (const folder of ["dev", "run", "tmp", "var/log", "var/cache/apt/archives"]) {
      for (const entry of readdirSync(join(root, folder))) rmSync(join(root, folder, entry), { recursive: true });
    }
    mkdirSync(join(root, "etc/apt/sources.list.d"));
    writeInto(root, "etc/apt/apt.conf.d/99mmdebstrap", `${aptConf.join("\n")}\n`);
  },
};

const foreignDebian: LayerRecipe = {
  name: "debian",
  architecture: "arm64",
  what: `Debian ${suite} for arm64`,
  expectSeconds: 20,
  inputs: [],
  from: [nativeDebian],
  async make(root, { apt, folderOf }) {
    const native = await folderOf(nativeDebian);
    await transplant(native, root, ["amd64", "arm64"], (names) => apt("arm64").download(names));
    await apt("arm64").check(join(root, "var/lib/dpkg/status"));
  },
};

export const debian = { amd64: nativeDebian, arm64: foreignDebian } as const;

// ---------------------------------------------------------------- the machine's own set-up

const caBundle = "etc/ssl/certs/ca-certificates.crt";

/** Certification authorities that this machine trusts: the bundle, and those that were added to Debian's. */
function trustedAuthorities(): { bundle: string; added: string[] } {
  const bundle = trustedBundle();
  const folder = "/usr/local/share/ca-certificates";
  return {
    bundle,
    added: existsSync(folder)
      ? readdirSync(folder)
          .filter((file) => file.endsWith(".crt"))
          .map((file) => join(folder, file))
      : [],
  };
}

/** The machine's trusted certification authorities, for OpenSSL, GnuTLS and Java. */
export function trust(): LayerRecipe {
  const { bundle, added } = trustedAuthorities();
  return {
    name: "trust",
    architecture: "amd64",
    what: "this machine's CA certificates",
    expectSeconds: 0,
    inputs: [bundle, ...added].map((file) => readFileSync(file, "utf8")),
    from: [],
    async make(root) {
      const pem = readFileSync(bundle, "utf8");
      writeInto(root, caBundle, pem);
      writeInto(root, "etc/ssl/certs/java/cacerts", javaTrustStore(pem));
      for (const file of added) writeInto(root, file, readFileSync(file));
    },
  };
}

/** The machine's way to Debian packages, so that `apt-get` works in a build. */
export function aptSources(setup: AptSetup): LayerRecipe {
  return {
    name: "apt-sources",
    architecture: "amd64",
    what: "this machine's package sources",
    expectSeconds: 0,
    inputs: [...setup.sources, ...setup.settings, ...setup.files.map((file) => readFileSync(file, "utf8"))],
    from: [],
    async make(root) {
      writeInto(root, "etc/apt/sources.list", `${setup.sources.join("\n")}\n`);
      writeInto(root, "etc/apt/apt.conf.d/80machine", `${setup.settings.join("\n")}\n`);
      for (const file of setup.files) writeInto(root, file, readFileSync(file));
    },
  };
}

// ---------------------------------------------------------------- on top of Debian: task images

/** Debian packages and what they need beyond the Debian layer, unpacked: dpkg in the image does not know them. */
export function debianPackages(recipe: {
  name: string;
  architecture: Architecture;
  what: string;
  expectSeconds: number;
  packages: string[];
  excluded?: string[];
  finish?: (root: string) => void;
}): LayerRecipe {
  const { name, architecture, what, expectSeconds, packages, excluded = [], finish } = recipe;
  return {
    name,
    architecture,
    what,
    expectSeconds,
    inputs: [...packages, ...excluded],
    from: [debian[architecture]],
    async make(root, { apt, folderOf }) {
      const base = await folderOf(debian[architecture], "./var/lib/dpkg/status");
      const files = await apt(architecture).downloadMissing(packages, join(base, "var/lib/dpkg/status"));
      mergeUsr(root, architecture);
      await unpack(files, root, excluded);
      finish?.(root);
    },
  };
}

/** Whom steps run as: an entry for the account, for programs that ask who they are. */
export function taskAccount(architecture: Architecture): LayerRecipe {
  return {
    name: "task-account",
    architecture,
    what: `the steps' account for ${architecture}`,
    expectSeconds: 0,
    inputs: [accountLine, groupLine],
    from: [debian[architecture]],
    async make(root, { folderOf }) {
      const base = await folderOf(debian[architecture], "./etc/passwd", "./etc/group");
      writeInto(root, "etc/passwd", readFileSync(join(base, "etc/passwd"), "utf8") + accountLine);
      writeInto(root, "etc/group", readFileSync(join(base, "etc/group"), "utf8") + groupLine);
      ownFolder(root, home, taskUser);
    },
  };
}

export function ownFolder(root: string, path: string, user: number): void {
  mkdirSync(join(root, path), { recursive: true });
  chownSync(join(root, path), user, user);
}

/** git without what its perl scripts need (send-email, svn). */
export const git = (architecture: Architecture): LayerRecipe =>
  debianPackages({
    name: "git",
    architecture,
    what: `git for ${architecture}`,
    expectSeconds: 6,
    packages: ["git"],
    excluded: ["/usr/share/perl", "/usr/share/perl5", "/usr/lib/*-linux-gnu/perl", "/usr/lib/*-linux-gnu/libperl.so*", "/usr/share/gitweb"],
  });

/** A JDK without jlink's modules, and Maven. */
export const maven: LayerRecipe = debianPackages({
  name: "maven",
  architecture: "amd64",
  what: `${java} (JDK) and Maven`,
  expectSeconds: 18,
  packages: [`${java}-jdk-headless`, "maven"],
  excluded: ["/usr/lib/jvm/*/jmods", "/usr/lib/jvm/*/lib/src.zip", "/usr/share/fonts", "/usr/share/bash-completion"],
  finish(root) {
    linkJava(root, "amd64");
    // Debian's alternatives system would make the link.
    linkInto(root, "usr/bin/mvn", "../share/maven/bin/mvn");
  },
});

export function linkJava(root: string, architecture: Architecture): void {
  linkInto(root, javaHome, `java-${java.replace(/\D/g, "")}-openjdk-${architecture}`);
  for (const program of readdirSync(join(root, javaHome, "bin")))
    linkInto(root, `usr/bin/${program}`, `..${javaHome.slice("/usr".length)}/bin/${program}`);
}

export const javaEnvironment = [`JAVA_HOME=${javaHome}`];
