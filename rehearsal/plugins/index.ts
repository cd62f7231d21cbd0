import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { build } from "esbuild";
import { checkout, places } from "../machine/places";

/** Plugins that no registry carries: ours stand in. */
const standIns = ["command", "random", "aws"] as const;

/** Version of a plugin: the one of the package that the program uses, for which the engine looks. */
function packageVersion(name: string): string {
  const manifest: { version: string } = JSON.parse(readFileSync(join(checkout, "node_modules", "@pulumi", name, "package.json"), "utf8"));
  return manifest.version;
}

const pluginFolder = (name: string): string => join(places.pulumiHome, "plugins", `resource-${name}-v${packageVersion(name)}`);

/**
 * Puts the plugins into PULUMI_HOME under the versions of node_modules: our stand-ins, compiled from this checkout, and a
 * link to the real one of kubernetes. Done again it replaces what it finds, also what another checkout put there; an
 * engine that runs meanwhile finds either the old or the new one. Takes about a second.
 */
export async function installPlugins(): Promise<void> {
  await Promise.all(standIns.map(installStandIn));
  linkKubernetes();
}

/**
 * A plugin is a program in a folder of its own. It is one compiled file, because the engine waits for its port at every
 * preview: Node.js starts it in 0.1 to 0.3 s, through tsx it takes several times as long.
 */
async function installStandIn(name: string): Promise<void> {
  const folder = pluginFolder(name);
  const version = packageVersion(name);
  const incoming = join(places.pulumiHome, `incoming-${name}-${process.pid}`);
  mkdirSync(incoming, { recursive: true });
  try {
    await build({
      entryPoints: [join(__dirname, name, "main.ts")],
      outfile: join(incoming, "plugin.cjs"),
      bundle: true,
      platform: "node",
      target: "node20",
      format: "cjs",
      // The AWS clients shrink to what is used only in their module form.
      mainFields: ["module", "main"],
      logLevel: "error",
    });
    const program = `#!/bin/sh
# Installed from a checkout by rehearsal/plugins/index.ts; made anew by each \`npm run rehearse\`.
PLUGIN_VERSION=${version} exec ${shellQuoted(process.execPath)} "$(dirname "$0")/plugin.cjs" "$@"
`;
    writeFileSync(join(incoming, `pulumi-resource-${name}`), program, { mode: 0o755 });
    mkdirSync(folder, { recursive: true });
    for (const file of ["plugin.cjs", `pulumi-resource-${name}`]) renameSync(join(incoming, file), join(folder, file));
  } finally {
    rmSync(incoming, { recursive: true, force: true });
  }
}

function linkKubernetes(): void {
  const program = join(places.bin, "pulumi-resource-kubernetes");
  if (!existsSync(program)) throw new Error(`${program} is missing: the toolchain makes it, install that first`);
  const link = join(pluginFolder("kubernetes"), "pulumi-resource-kubernetes");
  mkdirSync(dirname(link), { recursive: true });
  rmSync(link, { force: true });
  symlinkSync(program, link);
}

const shellQuoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;
