import { addressOf, type Sources } from "./repository-sources";

/** A build that cannot go well until somebody does something. */
interface Failure {
  readonly name: string;
  /** Its own repository; without it that of `source`. */
  readonly sources?: Sources;
  readonly source?: string;
  readonly build?: Readonly<Record<string, unknown>>;
  /** Cause and way out, as `pulumi up` prints them. */
  readonly says: readonly string[];
}

export const failures: readonly Failure[] = [
  {
    name: "yarn",
    sources: {},
    build: { pipeline: "nodejs" },
    says: [
      "'.' has no package-lock.json but a yarn.lock, which npm does not read. Build it by pipeline: containerfile",
      "npx --yes yarn@1.22.22 install --frozen-lockfile",
    ],
  },
  {
    name: "workspace",
    source: "workspaces",
    build: { pipeline: "nodejs", context: "packages/server" },
    says: [
      "'packages/server' has no package-lock.json: its versions are in that of '.', of which it is a workspace",
      "Build with context '.'",
    ],
  },
  {
    name: "foreign-base",
    sources: {},
    says: [
      "registry.access.redhat.com/ubi9/buildah:9.8 is for amd64, not for arm64",
      "name a base image in FROM that exists for arm64 too",
    ],
  },
  {
    name: "docker-tests",
    sources: {},
    build: { pipeline: "quarkus" },
    says: ["its tests need Docker, which a build has not: leave them out by MAVEN_ARGS=-DskipTests in the build's environment"],
  },
  {
    name: "lost-submodule",
    sources: { submodules: { "vendor/lost": "lost" }, withdrawn: ["lost"] },
    says: [
      `cannot fetch the submodule 'vendor/lost' from ${addressOf("lost")}: ${new URL(addressOf("lost")).host} has no such repository`,
      "A build that does not need it can name those that it does, or set submodules to false",
    ],
  },
  {
    name: "wrong-target",
    source: "stages",
    build: { containerfile: "Dockerfile", target: "runtme" },
    says: [`the target "runtme" was not found in the provided Dockerfile`, "has no stage 'runtme', but ", "the build of 'Dockerfile' for "],
  },
];
