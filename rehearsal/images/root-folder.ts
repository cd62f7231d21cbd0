import { createHash } from "node:crypto";
import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { type Architecture, machineArchitecture } from "../../config/architecture";
import { run } from "../machine/exec";
import { excludedPaths } from "./apt";

/** Debian has these folders below /usr, with links at the top (merged /usr). */
const merged = { amd64: ["bin", "sbin", "lib", "lib64"], arm64: ["bin", "sbin", "lib"] } as const satisfies Record<Architecture, string[]>;

/** Writes a file below a folder that becomes a container's root, with the folders above it. */
export function writeInto(root: string, path: string, content: string | Buffer, mode = 0o644): void {
  mkdirSync(dirname(join(root, path)), { recursive: true, mode: 0o755 });
  writeFileSync(join(root, path), content, { mode });
}

/** Makes a symbolic link below such a folder. */
export function linkInto(root: string, path: string, target: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true, mode: 0o755 });
  rmSync(join(root, path), { force: true });
  symlinkSync(target, join(root, path));
}

/** The links of merged /usr; package files that say /bin/x or /lib/x then land below /usr. */
export function mergeUsr(root: string, architecture: Architecture): void {
  for (const folder of merged[architecture]) {
    mkdirSync(join(root, "usr", folder), { recursive: true });
    if (!existsSync(join(root, folder))) symlinkSync(`usr/${folder}`, join(root, folder));
  }
}

/** Unpacks Debian packages below a folder. Their scripts do not run: what those would do is up to the caller. */
export async function unpack(files: readonly string[], root: string, excluded: readonly string[] = []): Promise<void> {
  // Owners by number: names would be looked up on this machine. `--keep-directory-symlink` keeps the links of merged /usr.
  const script = `
    set -euo pipefail
    root=$1 patterns=$2; shift 2
    for file; do dpkg-deb --fsys-tarfile "$file" | tar -x -C "$root" --numeric-owner --keep-directory-symlink --exclude-from="$patterns"; done`;
  const patterns = `${root}.excluded`;
  writeFileSync(patterns, [...excludedPaths, ...excluded].map((path) => `.${path}\n`).join(""));
  await run(["bash", "-c", script, "bash", root, patterns, ...files]);
  rmSync(patterns);
}

/** One paragraph of dpkg's status file: a package and its fields as they are written. */
export interface Package {
  readonly name: string;
  readonly architecture: string;
  readonly paragraph: string;
}

/** Reads dpkg's status file. */
export function packages(status: string): Package[] {
  return status
    .split(/\n\n+/)
    .filter((paragraph) => paragraph.trim() !== "")
    .map((paragraph) => ({
      name: field(paragraph, "Package"),
      architecture: field(paragraph, "Architecture"),
      paragraph: paragraph.trimEnd(),
    }));
}

function field(paragraph: string, name: string): string {
  return new RegExp(`^${name}: *(.*)$`, "m").exec(paragraph)?.[1]?.trim() ?? "";
}

/** The paragraph that dpkg's status file has for a package once it is installed. `conffiles` are path and MD5 of its configuration files. */
export function installedParagraph(control: string, conffiles: readonly (readonly [path: string, md5: string])[]): string {
  const fields = control.trimEnd().replace(/^(Package: .*)$/m, "$1\nStatus: install ok installed");
  const list = conffiles.map(([path, md5]) => `\n ${path} ${md5}`).join("");
  return list === "" ? fields : fields.replace(/^Description:/m, `Conffiles:${list}\nDescription:`);
}

/** A path of merged /usr as the file system has it. */
export function realPath(path: string): string {
  return path.replace(/^\/(bin|sbin|lib|lib64)(?=\/)/, "/usr/$1");
}

const triplet = (architecture: Architecture) => `${machineArchitecture[architecture]}-linux-gnu`;

/**
 * Turns an installed Debian of one architecture into the same for another one, without running a program of that other one:
 * files of architecture-dependent packages are exchanged, all else (accounts, alternatives, links, what maintainer scripts
 * wrote) is taken over, and dpkg's records are rewritten. Installing it under emulation takes some 150 s of processor time;
 * this takes a few.
 *
 * @param native root folder of the installed one.
 * @param root empty folder that becomes the other one.
 * @param download gets packages of the other architecture by name.
 */
export async function transplant(
  native: string,
  root: string,
  [from, to]: readonly [Architecture, Architecture],
  download: (names: string[]) => Promise<string[]>,
): Promise<void> {
  const database = "var/lib/dpkg";
  const mergedLinks = new Set(merged[from].map((folder) => `/${folder}`));
  const installed = packages(readFileSync(join(native, database, "status"), "utf8"));
  const dependent = new Set(installed.filter((one) => one.architecture === from).map((one) => one.name));
  const debs = await download([...dependent]);

  const info = readdirSync(join(native, database, "info"));
  const ofDependent = info.filter((file) => dependent.has(file.replace(/(:[a-z0-9]+)?\.[a-z0-9]+$/, "")));
  const owned = ofDependent
    .filter((file) => file.endsWith(".list"))
    .flatMap((file) => readFileSync(join(native, database, "info", file), "utf8").split("\n"))
    .map(realPath)
    // The links of merged /usr stand in packages' lists as the folders that they replace.
    .filter((path) => path.startsWith("/") && !mergedLinks.has(path) && isFile(join(native, path)));
  const left = [
    ...owned,
    ...ofDependent.map((file) => `/${database}/info/${file}`),
    `/usr/lib/${triplet(from)}`,
    ...merged[from]
      .filter((folder) => !(merged[to] as readonly string[]).includes(folder))
      .flatMap((folder) => [`/${folder}`, `/usr/${folder}`]),
    `/${database}/arch`, // names the native architecture, which apt would then ask for as a foreign one
    "/etc/ld.so.cache", // the loader finds Debian's folders without it, and ldconfig rebuilds it at the next installation
  ];
  await run(
    [
      "bash",
      "-c",
      'set -euo pipefail; tar -c -C "$1" --anchored --no-wildcards --exclude-from=- . | tar -x -C "$2" --numeric-owner',
      "bash",
      native,
      root,
    ],
    { input: left.map((path) => `.${path}\n`).join("") },
  );
  await unpack(debs, root);

  const paragraphs = new Map<string, string>();
  for (const deb of debs) {
    const control = `${root}.control`;
    rmSync(control, { recursive: true, force: true });
    await run(["dpkg-deb", "--control", deb, control]);
    const text = readFileSync(join(control, "control"), "utf8");
    const name = field(text, "Package");
    // Only packages of which several architectures can be installed at once have it in their file names.
    const record = join(root, database, "info", field(text, "Multi-Arch") === "same" ? `${name}:${to}` : name);
    for (const file of readdirSync(control).filter((file) => file !== "control")) {
      writeFileSync(`${record}.${file}`, readFileSync(join(control, file)), { mode: lstatSync(join(control, file)).mode & 0o777 });
    }
    const listing = await run(["bash", "-c", 'set -euo pipefail; dpkg-deb --fsys-tarfile "$1" | tar -t', "bash", deb]);
    const paths = listing.split("\n").flatMap((path) => (path === "" ? [] : [path.replace(/^\./, "").replace(/\/$/, "") || "/."]));
    writeFileSync(`${record}.list`, `${paths.join("\n")}\n`);
    const conffiles = existsSync(`${record}.conffiles`)
      ? readFileSync(`${record}.conffiles`, "utf8")
          .split("\n")
          .filter((path) => path.startsWith("/"))
      : [];
    paragraphs.set(
      name,
      installedParagraph(
        text,
        conffiles.map((path) => [path, md5(join(root, realPath(path)))]),
      ),
    );
    rmSync(control, { recursive: true });
  }
  const status = installed
    .map((one) => (one.architecture === from ? (paragraphs.get(one.name) ?? "") : one.paragraph))
    .filter((text) => text !== "");
  writeFileSync(join(root, database, "status"), `${status.join("\n\n")}\n\n`);
  rmSync(join(root, database, "status-old"), { force: true });
  for (const file of [
    ...readdirSync(join(root, database, "triggers")).map((name) => `${database}/triggers/${name}`),
    "var/lib/apt/extended_states",
  ]) {
    if (!existsSync(join(root, file))) continue;
    const text = readFileSync(join(root, file), "utf8");
    writeFileSync(
      join(root, file),
      text.replaceAll(triplet(from), triplet(to)).replaceAll(`:${from}`, `:${to}`).replaceAll(`: ${from}`, `: ${to}`),
    );
  }
}

function isFile(path: string): boolean {
  try {
    return !lstatSync(path).isDirectory();
  } catch {
    return false; // left out when the package was unpacked
  }
}

function md5(file: string): string {
  return createHash("md5").update(readFileSync(file)).digest("hex");
}
