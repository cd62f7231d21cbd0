import { createHash } from "node:crypto";
import { expect } from "vitest";
import { registry } from "../../rehearsal/machine/places";
import type { ImageContent, ImageFile } from "./image-content";
import { addressOf, type Sources } from "./repository-sources";

/** Fields of builds[] beside name, repository and image. */
type Build = Readonly<Record<string, unknown>>;

export interface Member extends ImageContent {
  /** That was built. */
  readonly commit: string;
}

/** A repository in the manner of what people have, and what becomes of it. */
export interface Repository extends Sources {
  /** Of the build as well. */
  readonly name: string;
  readonly build?: Build;
  /** Tags of the image beside latest. */
  readonly tags?: (commit: string) => string[];
  /** Asserts what the image of one architecture must be. */
  readonly holds: (member: Member) => void | Promise<void>;
  /** What a container prints on a node of each architecture. */
  readonly prints?: Readonly<Record<"amd64" | "arm64", string>>;
}

export const repositoryOf = (name: string) => `everyday/${name}`;

export const buildOf = ({ name, branch = "main", build }: Pick<Repository, "name" | "branch" | "build">, source = name) => ({
  name,
  pipeline: "containerfile",
  repository: addressOf(source),
  revision: branch,
  image: `${registry}/${repositoryOf(name)}:latest`,
  ...build,
});

/** As `uname -m`, and Node.js, say it. */
export const machineNames: Readonly<Record<string, string>> = { amd64: "x86_64", arm64: "aarch64" };

/** Fields of some files; undefined: the image has none of that name. */
export function expectFiles({ files }: ImageContent, wanted: Readonly<Record<string, Partial<ImageFile> | undefined>>): void {
  const shown = (path: string, fields: Partial<ImageFile> | undefined) => {
    const file = files.get(path);
    return file && fields ? Object.fromEntries(Object.keys(fields).map((key) => [key, file[key as keyof ImageFile]])) : file;
  };
  expect(Object.fromEntries(Object.entries(wanted).map(([path, fields]) => [path, shown(path, fields)]))).toEqual(wanted);
}

const file = (mode: string, owner: string, content?: string): Partial<ImageFile> => ({
  kind: "file",
  mode,
  owner,
  ...(content !== undefined && { content }),
});

/** Layers of every member that a secret must not be in. */
const buildSecret = "token-7a31d0c94f5e";
/** Secrets of builds, by the build's name. */
export const secretsOfRepositories: Readonly<Record<string, Readonly<Record<string, string>>>> = { secret: { token: buildSecret } };

/** What Tekton, Kubernetes and shells would fill in. */
const variables = "$(params.image) $(context.pipelineRun.name) $(tasks.clone.results.commit) $(HOME) $$";

const nodeModules = ({ files }: ImageContent, folder: string) =>
  [...new Set([...files.keys()].filter((path) => path.startsWith(`${folder}/`)).map((path) => path.slice(folder.length + 1).split("/")[0]))]
    .filter((name) => !name?.startsWith("."))
    .sort();

export const repositories: readonly Repository[] = [
  {
    name: "stages",
    build: {
      containerfile: "Dockerfile",
      target: "runtime",
      buildArgs: { VERSION: "1.2 = a, b", DEBIAN: "bookworm" },
      labels: {
        "org.opencontainers.image.title": "Stages & more",
        "com.example.list": "one,two;three",
        "com.example.variables": variables,
      },
      tags: ["{commit}", "{branch}-newest", "1.2"],
    },
    tags: (commit) => [commit, "main-newest", "1.2"],
    holds: (member) => {
      expect(member.config).toMatchObject({
        User: "1001:0",
        Entrypoint: ["/usr/local/bin/hello"],
        Cmd: ["world"],
        WorkingDir: "/srv",
        ExposedPorts: { "8080/tcp": {} },
        Volumes: { "/var/lib/hello": {} },
        StopSignal: "SIGINT",
        Labels: {
          "com.example.list": "one,two;three",
          "com.example.variables": variables,
          "org.opencontainers.image.revision": member.commit,
          "org.opencontainers.image.source": addressOf("stages"),
          "org.opencontainers.image.title": "Stages & more",
          "org.opencontainers.image.vendor": "Example",
        },
      });
      expect(member.config.Env).toContain("APP_VERSION=1.2 = a, b");
      expectFiles(member, {
        "usr/local/bin/hello": { kind: "file", mode: "0555", owner: "0:0" },
        debug: undefined,
        hello: undefined,
        "source/hello.sh": undefined,
      });
    },
    prints: { amd64: "version 1.2 = a, b on x86_64, user 1001", arm64: "version 1.2 = a, b on aarch64, user 1001" },
  },
  {
    name: "typescript",
    build: { pipeline: "nodejs" },
    holds: (member) => {
      const folder = "opt/app-root/src";
      expect(nodeModules(member, `${folder}/node_modules`)).toEqual(["greeting"]);
      expect(member.files.get(`${folder}/dist/main.js`)?.content).toContain("console.log(greet(architecture))");
      expectFiles(member, {
        [`${folder}/node_modules/greeting`]: { kind: "symlink", target: "../lib/greeting" },
        [`${folder}/src`]: undefined,
        [`${folder}/tools`]: undefined,
      });
    },
    prints: { amd64: "hello from x64", arm64: "hello from arm64" },
  },
  {
    name: "workspaces",
    build: { pipeline: "nodejs", containerfile: "packages/server/Containerfile" },
    holds: (member) => {
      expect(nodeModules(member, "app/node_modules")).toEqual(["@example"]);
      expectFiles(member, {
        "app/node_modules/@example/shared": { kind: "symlink", target: "../../packages/shared" },
        "app/packages/shared/dist/index.js": file("0644", "0:0", 'exports.name = "shared";\n'),
      });
      expect(member.config).toMatchObject({ WorkingDir: "/app", Cmd: ["node", "packages/server/server.js"] });
    },
  },
  {
    name: "modules",
    build: { pipeline: "quarkus", context: "server" },
    holds: async (member) => {
      expectFiles(member, { "deployments/server.jar": file("0644", "185:0") });
      const layers = await member.archives();
      // Names of files stand in a jar as they are.
      expect(layers.at(-2)?.includes("org/example/Server.class") || layers.at(-1)?.includes("org/example/Server.class")).toBe(true);
    },
  },
  {
    name: "capabilities",
    holds: (member) =>
      expectFiles(member, {
        "usr/local/bin/serve": {
          ...file("0755", "0:0", "#!/bin/sh\necho serving\n"),
          // linux/capability.h, vfs_cap_data: revision 2 with the effective bit, permitted CAP_NET_BIND_SERVICE (10), nothing inheritable.
          xattrs: { "security.capability": "0100000200040000000000000000000000000000" },
        },
      }),
  },
  {
    name: "users",
    holds: (member) => {
      expect(member.config).toMatchObject({ User: "app", WorkingDir: "/home/app" });
      const large = "1000720000:1000720000";
      expectFiles(member, {
        "home/app": { kind: "folder", owner: large },
        "home/app/settings.conf": file("0644", large, "level = 1\n"),
        "home/app/made": file("0644", large, "1000720000\n"),
        "home/app/below": { kind: "folder", mode: "0755", owner: large },
        "srv/by-name": file("0644", "4000:4000"),
        "srv/by-number": file("0640", "70000:0"),
        "srv/shared": { kind: "folder", mode: "2775", owner: "1000720000:0" },
      });
      expect(member.files.get("var/log/lastlog")?.size ?? 0).toBeLessThan(1_000_000);
    },
  },
  {
    name: "odd-files",
    files: {
      "data/with blank": "blank\n",
      "data/Größe – ½.txt": "umlauts\n",
      "data/-rf": "minus\n",
      "data/$HOME;#*": "shell\n",
      [`data/${"long".repeat(50)}`]: "long\n",
    },
    links: { "data/relative": "plain", "data/dangling": "/nowhere/at all", "data/folder-link": ".." },
    holds: (member) => {
      expectFiles(member, {
        "copied here/with blank": file("0644", "0:0", "blank\n"),
        "data/with blank": file("0644", "0:0", "blank\n"),
        "data/Größe – ½.txt": file("0644", "0:0", "umlauts\n"),
        "data/-rf": file("0644", "0:0", "minus\n"),
        "data/$HOME;#*": file("0644", "0:0", "shell\n"),
        [`data/${"long".repeat(50)}`]: file("0644", "0:0", "long\n"),
        "data/two\nlines": file("0644", "0:0", ""),
        "data/relative": { kind: "symlink", target: "plain" },
        "data/dangling": { kind: "symlink", target: "/nowhere/at all" },
        "data/folder-link": { kind: "symlink", target: ".." },
        "data/setuid": { kind: "file", mode: "4755", owner: "0:0" },
        "data/sticky": { kind: "folder", mode: "1777" },
        "data/empty": { kind: "folder", mode: "0700" },
        "data/pipe": { kind: "pipe" },
        "data/sparse": { kind: "file", size: 8 * 1024 * 1024 + 3 },
        "data/removed": undefined,
        "usr/share/bug": undefined,
      });
      // Which of the two names is the link's, the archive's order decides.
      const pair = ["data/plain", "data/hard-link"].map((path) => member.files.get(path));
      expect(pair.map((one) => one?.kind).sort()).toEqual(["file", "hard link"]);
      expect(pair.find((one) => one?.kind === "hard link")?.target).toMatch(/^\/?data\/(?:plain|hard-link)$/);
    },
  },
  {
    name: "outside",
    build: { context: "app", containerfile: "/docker/Dockerfile" },
    // Names that this project's own repository ignores.
    files: { "app/debug.log": "no\n", "app/public/access.log": "no\n", "app/public/kept.log": "yes\n" },
    holds: (member) => {
      expect([...member.files.keys()].filter((path) => path.startsWith("srv/")).sort()).toEqual(
        ["srv/.dockerignore", "srv/public", "srv/public/index.html", "srv/public/kept.log"].sort(),
      );
    },
  },
  {
    name: "submodule",
    submodules: { "vendor/the library": "library" },
    holds: (member) =>
      expectFiles(member, {
        // The branch has gone on since.
        "source/vendor/the library/version": file("0644", "0:0", "first\n"),
        "source/vendor/the library/.git": undefined,
        "source/.git": undefined,
      }),
  },
  {
    name: "git-folder",
    tag: "v1.4.0",
    build: { gitFolder: true },
    holds: (member) => {
      expectFiles(member, {
        version: file("0644", "0:0", `v1.4.0-1-g${member.commit.slice(0, 7)}\nmain\n`),
        head: file("0644", "0:0", "ref: refs/heads/main\n"),
      });
    },
  },
  {
    name: "secret",
    holds: async (member) => {
      const digest = createHash("sha256").update(buildSecret).digest("hex");
      expect(member.files.get("token.sha256")?.content).toBe(`${digest}  -\n`);
      expectFiles(member, { "made/with-token": file("0644", "0:0", ""), "made/without-token": file("0644", "0:0", "") });
      const all = [JSON.stringify([member.config, member.history]), ...(await member.archives())];
      expect(all.map((one) => one.includes(buildSecret))).toEqual(all.map(() => false));
    },
  },
  {
    name: "prepare-once",
    build: { prepare: { image: "docker.io/library/debian:bookworm", script: prepareScript(), once: true } },
    holds: (member) => expectPrepared(member, (made) => made === machineNames.amd64 || made === machineNames.arm64),
  },
  {
    name: "prepare-each",
    build: {
      prepare: { image: "docker.io/library/debian:bookworm", script: prepareScript() },
      environment: { GREETING: `two  blanks & $HOME ${variables}` },
    },
    holds: (member) => {
      expectPrepared(member, (made) => made === machineNames[member.architecture]);
      expect(member.files.get("srv/greeting")?.content).toBe(`two  blanks & $HOME ${variables}\n`);
    },
  },
  {
    name: "branch",
    branch: "fix/#123",
    build: { context: "my app", tags: ["{branch}"] },
    tags: () => ["fix-123"],
    holds: (member) => expectFiles(member, { "the file": file("0644", "0:0", "content\n"), README: undefined }),
  },
  {
    name: "copied",
    holds: (member) => {
      expect(JSON.parse(member.files.get("policy.json")?.content ?? "")).toEqual({ default: [{ type: "insecureAcceptAnything" }] });
      expect(member.files.has("usr/bin/buildah")).toBe(false);
    },
  },
];

function prepareScript(): string {
  return [
    "mkdir dist",
    "uname -m >dist/machine",
    "cp source dist/copy",
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the shell's
    'printf "%s\\n" "${GREETING-none}" >dist/greeting',
    "id -u >dist/user",
    "chmod 750 dist/copy",
  ].join("\n");
}

function expectPrepared(member: Member, right: (machine: string) => boolean): void {
  expect(member.files.get("srv/machine")?.content?.trim()).toSatisfy(right);
  expect(member.files.get("srv/user")?.content).not.toBe("0\n");
  expectFiles(member, { "srv/copy": file("0750", "0:0", "source of the application\n") });
}
