import { execFileSync, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import http from "node:http";
import https from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { at, write } from "./harness";

/** A package as it is published: its package.json besides name and version, and other files by path. */
export interface Published {
  manifest?: Record<string, unknown>;
  files?: Record<string, string>;
}

function tarball(manifest: Record<string, unknown>, files: Record<string, string>): Buffer {
  const work = mkdtempSync(join(tmpdir(), "package-"));
  for (const [path, text] of Object.entries({ "package.json": JSON.stringify(manifest), ...files })) {
    const file = join(work, "package", path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text, { mode: 0o755 });
  }
  execFileSync("tar", ["-czf", join(work, "out.tgz"), "-C", work, "package"]);
  const content = readFileSync(join(work, "out.tgz"));
  rmSync(work, { recursive: true });
  return content;
}

/** Ends connections, too: those whose handshake has not ended are not closed by the server's own means. */
async function closed(server: http.Server | https.Server, sockets: ReadonlySet<Socket>): Promise<void> {
  const done = new Promise((resolve) => server.close(resolve));
  for (const socket of sockets) socket.destroy();
  await done;
}

/**
 * The part of the registry's protocol that `npm ci` and `npm install` use: packuments and tarballs
 * (https://github.com/npm/registry/blob/main/docs/REGISTRY-API.md). Keys are name@version.
 */
export async function npmRegistry(packages: Record<string, Published>, tls?: { key: Buffer; cert: Buffer }) {
  const requests: string[] = [];
  const all = Object.entries(packages).map(([id, { manifest = {}, files = {} }]) => {
    const [name, version] = id.split("@");
    const whole = { name, version, ...manifest };
    return { name, version, whole, content: tarball(whole, files) };
  });
  const answer: http.RequestListener = (request, response) => {
    const path = request.url ?? "";
    requests.push(path);
    const asked = all.find(({ name, version }) => path === `/${name}/-/${name}-${version}.tgz`);
    // As registry.npmjs.org does: a version's tarball never changes.
    if (asked) return void response.setHeader("cache-control", "public, must-revalidate, max-age=31557600").end(asked.content);
    const versions = all.filter(({ name }) => path === `/${name}`);
    if (versions.length === 0) return void response.writeHead(404).end("{}");
    response.setHeader("content-type", "application/json");
    const described = versions.map(({ name, version, whole, content }) => [
      version,
      {
        ...whole,
        dist: {
          tarball: `${url}${name}/-/${name}-${version}.tgz`,
          integrity: `sha512-${createHash("sha512").update(content).digest("base64")}`,
        },
      },
    ]);
    const latest = versions[versions.length - 1];
    response.end(JSON.stringify({ name: latest.name, "dist-tags": { latest: latest.version }, versions: Object.fromEntries(described) }));
  };
  const server = tls ? https.createServer(tls, answer) : http.createServer(answer);
  const sockets = new Set<Socket>();
  server.on("connection", (socket) => sockets.add(socket));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `${tls ? "https" : "http"}://localhost:${(server.address() as AddressInfo).port}/`;
  return { url, requests, close: () => closed(server, sockets) };
}

/** Writes a package and its lock, as a developer's npm makes it. */
export function commitPackage(folder: string, manifest: object, url: string, more: Record<string, string> = {}) {
  write(`repository/${folder}/package.json`, JSON.stringify({ name: "app", version: "1.0.0", ...manifest }));
  write(`repository/${folder}/.npmrc`, `registry=${url}\n`);
  // Nothing of the machine's settings, which npm hands on to what it runs: an authority among them would be the only one that counts.
  const developer = { PATH: process.env.PATH, HOME: at("developer"), NPM_CONFIG_GLOBALCONFIG: at("no-npmrc"), ...more };
  const settings = ["--ignore-scripts", "--no-audit", "--no-fund"];
  return new Promise<void>((resolve, reject) => {
    const npm = spawn("npm", ["install", "--package-lock-only", ...settings], {
      cwd: at("repository", folder),
      env: developer,
    });
    npm.stderr.on("data", (text) => process.stderr.write(text));
    npm.on("close", (code) => (code === 0 ? resolve() : reject(new Error(`npm install: ${code}`))));
  });
}
