import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Architecture } from "../../config/architecture";
import { run } from "../machine/exec";
import { UserError } from "../machine/progress";

/** The Debian release that everything is made of; also the tag of the Debian image in examples/. */
export const suite = "bookworm";

/** What no container needs; dpkg inside the images is told the same. */
export const excludedPaths = ["doc", "doc-base", "man", "info", "locale", "lintian", "bug"].map((folder) => `/usr/share/${folder}/*`);

/** How this machine gets Debian packages, read when it is needed; the project itself names no package server. */
export interface AptSetup {
  /** One-line sources of the suite, its updates and its security fixes. */
  readonly sources: readonly string[];
  /** Settings such as a proxy or certificates, as lines of apt.conf. */
  readonly settings: readonly string[];
  /** Files that the settings name. */
  readonly files: readonly string[];
}

/** Lines of `apt-config dump` that say how to reach a package server. */
const reachability = /^Acquire::(http|https|Retries|ForceIPv4|ForceIPv6|Check-Valid-Until|Check-Date|AllowInsecureRepositories)\b/i;

/** @throws UserError when the machine has no package source for the suite. */
export async function readAptSetup(): Promise<AptSetup> {
  const settings = aptSettings(await run(["apt-config", "dump", "--no-empty"]));
  let sources = aptSources(await listTargets());
  if (sources.length === 0) {
    // What a source offers is known only from its lists, and a fresh machine may have none.
    await run(["apt-get", "-qq", "update"]);
    sources = aptSources(await listTargets());
  }
  if (sources.length === 0)
    throw new UserError(`apt on this machine has no source for Debian ${suite}, of which the rehearsal's images are made`);
  const files = settings.flatMap((line) => /"(\/[^"]+)"/.exec(line)?.[1] ?? []).filter((file) => existsSync(file));
  return { sources, settings, files };
}

const listTargets = () =>
  run(["apt-get", "indextargets", "--format", "$(ORIGIN)|$(CODENAME)|$(REPO_URI)|$(RELEASE)|$(COMPONENT)", "Created-By: Packages"]);

/** One-line sources for what `apt-get indextargets` lists as Debian's and of the suite. */
export function aptSources(targets: string): string[] {
  const sources = targets.split("\n").flatMap((line) => {
    const [origin, codename, uri, release, component] = line.split("|");
    const wanted = origin === "Debian" && (codename === suite || codename?.startsWith(`${suite}-`));
    return wanted ? [`deb ${uri} ${release} ${component}`] : [];
  });
  return [...new Set(sources)].sort();
}

/** The lines of `apt-config dump` that an apt elsewhere needs to reach the same package servers. */
export function aptSettings(dump: string): string[] {
  return dump.split("\n").filter((line) => reachability.test(line));
}

/** apt for one architecture with a state of its own; it downloads packages and installs nothing on the machine. */
export class Apt {
  private updated: Promise<string> | undefined;

  constructor(
    private readonly architecture: Architecture,
    private readonly folder: string,
    private readonly setup: AptSetup,
  ) {}

  /** Downloads these packages alone. Returns the files. */
  download(packages: readonly string[]): Promise<string[]> {
    return this.fetch("/dev/null", ["download", ...packages], []);
  }

  /** Downloads these packages and what they depend on beyond the packages of `status` (a dpkg status file). Returns the files. */
  downloadMissing(packages: readonly string[], status: string): Promise<string[]> {
    return this.fetch(status, ["install", "--yes", "--no-install-recommends", ...packages], ["--download-only"]);
  }

  private async fetch(status: string, command: readonly string[], options: readonly string[]): Promise<string[]> {
    // The list comes from an empty archive folder: apt names only files that are not there yet.
    const uris = await this.call(status, [...command, "--print-uris", "-o", `Dir::Cache::archives=${join(this.folder, "none")}`]);
    await this.call(status, [...command, ...options], this.archives);
    return uris.split("\n").flatMap((line) => {
      const name = /^'[^']+' (\S+\.deb) /.exec(line)?.[1];
      return name ? [join(this.archives, name)] : [];
    });
  }

  /** @throws CommandError when the packages of `status` do not fit together. */
  async check(status: string): Promise<void> {
    await this.call(status, ["check"]);
  }

  private get archives(): string {
    return join(this.folder, "archives");
  }

  private async call(status: string, args: readonly string[], cwd?: string): Promise<string> {
    this.updated ??= this.update();
    await this.updated;
    return this.apt(status, args, cwd);
  }

  private update(): Promise<string> {
    for (const folder of ["archives/partial", "none/partial", "state/lists/partial", "etc"])
      mkdirSync(join(this.folder, folder), { recursive: true });
    writeFileSync(join(this.folder, "etc", "sources.list"), `${this.setup.sources.join("\n")}\n`);
    writeFileSync(
      join(this.folder, "apt.conf"),
      [
        // Nothing of the machine's own configuration but the keys that it trusts: hooks there would act on the machine.
        `Dir "${this.folder}";`,
        `Dir::Etc "${this.folder}/etc";`,
        `Dir::Etc::trusted "/usr/share/keyrings/debian-archive-keyring.gpg";`,
        `Dir::Etc::trustedparts "/etc/apt/trusted.gpg.d";`,
        `Dir::Etc::netrcparts "/etc/apt/auth.conf.d";`,
        `Dir::State "${this.folder}/state";`,
        `Dir::Cache "${this.folder}";`,
        `APT::Architecture "${this.architecture}";`,
        `APT::Architectures { "${this.architecture}"; };`,
        `APT::Sandbox::User "root";`,
        `Acquire::Languages "none";`,
        `Acquire::Retries "3";`,
        ...this.setup.settings,
        "",
      ].join("\n"),
    );
    return this.apt("/dev/null", ["update"]);
  }

  private apt(status: string, args: readonly string[], cwd = this.folder): Promise<string> {
    return run(["apt-get", ...args, "-qq", "-o", `Dir::State::status=${status}`], {
      env: { APT_CONFIG: join(this.folder, "apt.conf"), LC_ALL: "C.UTF-8" },
      cwd,
    });
  }
}
