import {
  chmodSync,
  copyFileSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { typescriptCommand } from "../machine/exec";
import { checkout, places } from "../machine/places";
import type { Component } from "./components";

/** What goes in front of PATH for `pulumi` and for the user's shell, next to the programs of `ours`. */
const onPath = ["kubectl"] as const;

/**
 * There too, but no symbolic links: the command line follows those that lead to itself, looks for its language hosts beside that
 * file, and warns at every update of one that it found elsewhere (sdk/go/common/workspace/plugins.go).
 */
const sideBySide = ["pulumi", "pulumi-language-nodejs"] as const;

/** Points `places.bin`, `places.share` and `places.path` to the finished results. */
export function linkToolchain(all: readonly Component[]): void {
  const bin = new Map<string, string>();
  const share = new Map<string, string>();
  for (const { name, result } of all) {
    const programs = join(result, "bin");
    for (const program of existsSync(programs) ? readdirSync(programs) : []) {
      if (bin.has(program)) throw new Error(`two components of the toolchain have a program ${program}: ${name} and ${bin.get(program)}`);
      bin.set(program, join(programs, program));
    }
    if (existsSync(join(result, "share"))) share.set(name, join(result, "share"));
  }
  linkFolder(places.bin, bin);
  linkFolder(places.share, share);
  linkPath();
}

/** Makes `places.path` of what is in `places.bin`, and of this checkout's own programs. */
export function linkPath(): void {
  const present = (name: string) => existsSync(join(places.bin, name));
  linkFolder(places.path, new Map(onPath.filter(present).map((name) => [name, join(places.bin, name)])), [
    ...sideBySide,
    ...Object.keys(ours),
  ]);
  for (const name of sideBySide.filter(present)) linkFile(realpathSync(join(places.bin, name)), join(places.path, name));
  for (const [name, lines] of Object.entries(ours)) writeProgram(name, lines);
}

/** Makes `path` another name of the file `target`, unless it is; a copy, when the cache is on a disk of its own. */
function linkFile(target: string, path: string): void {
  const [present, wanted] = [lstatSync(path, { throwIfNoEntry: false }), lstatSync(target)];
  if (present?.ino === wanted.ino && present.dev === wanted.dev) return;
  const draft = `${path}.new`;
  rmSync(draft, { force: true });
  try {
    linkSync(target, draft);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EXDEV") throw error;
    copyFileSync(target, draft);
  }
  renameSync(draft, path);
}

const quote = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;
/** The shell's command of a program of this very checkout, whichever clone the last command came from. */
const program = (...path: string[]) =>
  `exec ${typescriptCommand(join(checkout, "rehearsal", ...path))
    .map(quote)
    .join(" ")} "$@"`;

/** Programs of ours under the names of those that they stand in for, or stand in front of. */
const ours: Readonly<Record<string, readonly string[]>> = {
  "openshift-install": [
    "# openshift-install of the rehearsal: the real one, but for what `create cluster` does to a cloud.",
    program("installer", "openshift-install.ts"),
  ],
  ccoctl: ["# ccoctl of the rehearsal: the real one, on its way to the emulated AWS.", program("installer", "ccoctl.ts")],
  oc: [
    "# oc of the rehearsal: kubectl, and what oc reads of a release.",
    `[ "$1 $2 $3" = "adm release extract" ] || exec ${quote(join(places.bin, "oc"))} "$@"`,
    "shift 3",
    program("installer", "release-extract.ts"),
  ],
};

function writeProgram(name: string, lines: readonly string[]): void {
  const script = [
    "#!/bin/sh",
    ...lines.slice(0, 1),
    `export TSX_TSCONFIG_PATH=${quote(join(checkout, "tsconfig.json"))}`,
    ...lines.slice(1),
    "",
  ].join("\n");
  const file = join(places.path, name);
  if (existsSync(file) && !lstatSync(file).isSymbolicLink() && readFileSync(file, "utf8") === script) return;
  // Written beside and renamed: a command that runs it at this moment sees the old one or the new one.
  writeFileSync(`${file}.new`, script);
  chmodSync(`${file}.new`, 0o755);
  renameSync(`${file}.new`, file);
}

/** Makes a folder hold exactly these links (and what is in `kept`); a link that is right is not touched. */
export function linkFolder(folder: string, links: ReadonlyMap<string, string>, kept: readonly string[] = []): void {
  mkdirSync(folder, { recursive: true });
  for (const name of readdirSync(folder)) {
    if (!links.has(name) && !kept.includes(name)) rmSync(join(folder, name), { recursive: true, force: true });
  }
  for (const [name, target] of links) {
    const path = join(folder, name);
    let current: string | undefined;
    try {
      current = readlinkSync(path);
    } catch {
      // Not there, or not a link.
    }
    if (current === target) continue;
    const draft = join(folder, `.${name}.new`);
    rmSync(draft, { force: true });
    symlinkSync(target, draft);
    rmSync(path, { recursive: true, force: true });
    renameSync(draft, path);
  }
}
