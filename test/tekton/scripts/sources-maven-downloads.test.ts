import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import http from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { at, has, read, run, write } from "./harness";
import { unpacked } from "./tree";

/** What a Maven repository holds, by path; each file has its checksum beside it. */
let published: Record<string, string>;
let asked: string[];
let server: http.Server;

beforeEach(async () => {
  published = {};
  server = http.createServer((request, response) => {
    const path = (request.url ?? "").replace(/^\//, "");
    asked.push(path);
    const content = published[path.replace(/\.sha1$/, "")];
    if (content === undefined) return void response.writeHead(404).end();
    response.end(path.endsWith(".sha1") ? createHash("sha1").update(content).digest("hex") : content);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://localhost:${(server.address() as AddressInfo).port}/`;
  const policy = "<releases/><snapshots><enabled>true</enabled></snapshots>";
  write(
    "settings/settings.xml",
    `<settings><profiles><profile><id>own</id><repositories><repository><id>central</id><url>${url}</url>${policy}</repository></repositories></profile></profiles>
     <activeProfiles><activeProfile>own</activeProfile></activeProfiles></settings>`,
  );
});
afterEach(() => new Promise((resolve) => server.close(resolve)));

/** A POM that the real Maven builds without a plugin; what it has of its parent is downloaded. */
const pom = (name: string, more: string) => `<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
  <groupId>org.example</groupId><artifactId>${name}</artifactId><packaging>pom</packaging>${more}</project>`;
const folder = (version: string) => `org/example/parent/${version}`;
function publish(version: string, says: string): void {
  published[`${folder(version)}/parent-${version}.pom`] = pom(
    "parent",
    `<version>${version}</version><properties><says>${says}</says></properties>`,
  );
}
const uses = (version: string) =>
  write(
    "repository/pom.xml",
    pom(
      "app",
      `<parent><groupId>org.example</groupId><artifactId>parent</artifactId><version>${version}</version><relativePath/></parent><name>\${says}</name>`,
    ),
  );

/** A run in a new pod, with what an earlier one has left. */
async function build() {
  rmSync(at("kept"), { recursive: true, force: true });
  if (existsSync(at("sources/downloads"))) cpSync(at("sources/downloads"), at("kept"), { recursive: true });
  const environment = unpacked(".");
  if (existsSync(at("kept"))) cpSync(at("kept"), at("sources/downloads"), { recursive: true });
  rmSync(at("home"), { recursive: true });
  mkdirSync(at("home"));
  asked = [];
  const { status, log } = await run("maven-package", { ...environment, MAVEN_SETTINGS: at("settings") }, [
    "MAVEN_OPTS=-XX:TieredStopAtLevel=1",
  ]);
  return { status, built: /^\[INFO\] Building (.+) \S+$/m.exec(log)?.[1], log };
}
const kept = (file: string) => at("sources/downloads", file);

describe("what the real Maven has downloaded", () => {
  it("is asked for by no later run", async () => {
    publish("1", "released");
    uses("1");
    expect(await build()).toMatchObject({ status: 0, built: "released" });
    expect(asked).toEqual([`${folder("1")}/parent-1.pom`, `${folder("1")}/parent-1.pom.sha1`]);
    expect(await build()).toMatchObject({ status: 0, built: "released" });
    expect(asked).toEqual([]);
  });

  it("is downloaded again where it is not what came with its checksum", async () => {
    publish("1", "released");
    uses("1");
    await build();
    const file = kept(`${folder("1")}/parent-1.pom`);
    writeFileSync(file, readFileSync(file, "utf8").replace("released", "damaged!"));
    expect(await build()).toMatchObject({ status: 0, built: "released" });
    expect(asked.length).toBeGreaterThan(0);
  });

  it("is no snapshot and no list of versions: the next run has the newest, as without what is kept", async () => {
    publish("1-SNAPSHOT", "yesterday");
    uses("1-SNAPSHOT");
    expect(await build()).toMatchObject({ status: 0, built: "yesterday" });
    expect(has("sources/downloads/org")).toBe(false);
    publish("1-SNAPSHOT", "today");
    expect(await build()).toMatchObject({ status: 0, built: "today" });
  });

  it("holds no word that something was not there: it is found as soon as it is", async () => {
    uses("1");
    const { status, log } = await build();
    expect([status, log]).toEqual([1, expect.stringContaining("org.example:parent:pom:1")]);
    expect(existsSync(kept(`${folder("1")}/parent-1.pom.lastUpdated`))).toBe(true);
    publish("1", "released");
    expect(await build()).toMatchObject({ status: 0, built: "released" });
  });

  it("holds nothing that a build has installed itself, which a run without it would not find", async () => {
    publish("1", "released");
    uses("1");
    await build();
    // What maven-install-plugin leaves: a name without a repository (org.eclipse.aether, EnhancedLocalRepositoryManager).
    write("sources/downloads/org/example/own/1/own-1.pom", "");
    write("sources/downloads/org/example/own/1/_remote.repositories", "#NOTE\nown-1.pom>=\n");
    write("sources/downloads/org/example/own/maven-metadata-local.xml", "");
    write("sources/downloads/org/example/none/1/none-1.pom", "");
    await build();
    expect([has("sources/downloads/org/example/own"), has("sources/downloads/org/example/none")]).toEqual([false, false]);
    expect(read(`sources/downloads/${folder("1")}/_remote.repositories`)).toContain("parent-1.pom>central=");
  });

  it("fails no build by what cannot be removed", async () => {
    publish("1", "released");
    uses("1");
    await build();
    write("sources/downloads/not a version/file", "");
    write("bin/xargs", "#!/bin/sh\nexit 1\n", 0o755);
    expect(await build()).toMatchObject({ status: 0, built: "released" });
  });
});
