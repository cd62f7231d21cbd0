import https from "node:https";
import type { AddressInfo } from "node:net";
import { beforeEach, describe, expect, it } from "vitest";
import { privateAuthority } from "./authority";
import { at, calls, noted, run, write } from "./harness";
import { unpacked } from "./tree";

/** A project that needs no plugin for its packaging, so that the real Maven builds it without a network. */
const project = (name: string, more = "") => `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion><groupId>org.example</groupId><artifactId>${name}</artifactId><version>1</version>
  <packaging>pom</packaging>${more}</project>`;
const modules = (...names: string[]) => `<modules>${names.map((name) => `<module>${name}</module>`).join("\n")}</modules>`;
const build = (context: string, environment = ["MAVEN_ARGS=--offline"], more: Record<string, string> = {}) =>
  run("maven-package", { ...unpacked(context), ...more }, ["MAVEN_OPTS=-XX:TieredStopAtLevel=1", ...environment]);
/** Names of the projects that Maven says it has built. */
const built = (log: string) => [...log.matchAll(/^\[INFO\] Building (\S+) 1/gm)].map(([, name]) => name);
const dependency = (name: string) =>
  `<dependencies><dependency><groupId>org.example</groupId><artifactId>${name}</artifactId><version>1</version><type>pom</type></dependency></dependencies>`;

beforeEach(() => noted("mvn"));

describe("a module of a project with several, built by the real Maven", () => {
  it("comes with the modules that it needs, and without the others", async () => {
    write("repository/pom.xml", project("root", modules("library", "services/app", "other")));
    write("repository/library/pom.xml", project("library"));
    write("repository/services/app/pom.xml", project("app", dependency("library")));
    write("repository/other/pom.xml", project("other"));
    const { status, log } = await build("services/app");
    expect([status, built(log)]).toEqual([0, ["library", "app"]]);
    expect(log).toContain("'services/app' is a module of the project in '.'\n");
    expect(built((await build(".")).log)).toEqual(["library", "app", "other", "root"]);
  });

  it("is built from the topmost project that lists it, also by way of others or by the name of its pom.xml", async () => {
    write("repository/java/pom.xml", project("top", modules("services/pom.xml", "library")));
    write("repository/java/library/pom.xml", project("library"));
    write("repository/java/services/pom.xml", project("services", modules("../services/app")));
    write("repository/java/services/app/pom.xml", project("app", dependency("library")));
    const { log } = await build("java/services/app");
    expect(log).toContain("'java/services/app' is a module of the project in 'java'\n");
    expect(built(log)).toEqual(["library", "app"]);
  });

  it("is built by itself if the project above lists it in a comment only, or lists others", async () => {
    write("repository/pom.xml", project("root", `<!-- ${modules("app")} -->${modules("app2")}`));
    write("repository/app/pom.xml", project("app"));
    write("repository/app2/pom.xml", project("app2"));
    const { log } = await build("app");
    expect([built(log), log.includes("is a module of")]).toEqual([["app"], false]);
  });
});

it("builds the one Java project below a context that has more than it", async () => {
  write("repository/Containerfile", "");
  write("repository/backend/pom.xml", project("backend", modules("core")));
  write("repository/backend/core/pom.xml", project("core"));
  write("repository/backend/src/test/resources/pom.xml", project("data"));
  expect(built((await build(".")).log)).toEqual(["core", "backend"]);
});

describe("the time of archives", () => {
  const own = "<project.build.outputTimestamp>2024-01-01T00:00:00Z</project.build.outputTimestamp>";
  const timed = (time: string, more = "") => project("app", `<properties>${time}</properties>${more}`);
  const given = async (context: string) => {
    expect(await build(context)).toMatchObject({ status: 0 });
    return /outputTimestamp=(\S+)/.exec(calls().pop() ?? "")?.[1];
  };

  it("is the project's own where it or its parent folder has one, and the commit's where it has none or only in a comment", async () => {
    write("repository/pom.xml", timed(`<!-- ${own} -->`));
    expect(await given(".")).toBe("2023-11-14T22:13:20Z");
    write("repository/pom.xml", timed(own, modules("app")));
    write("repository/app/pom.xml", project("inner"));
    expect(await given(".")).toBeUndefined();
    expect(await given("app")).toBeUndefined();
  });
});

describe("the repository's ./mvnw", () => {
  const wrapper = (body: string) => `#!/bin/sh\necho "wrapper $*" >>"${at("calls")}"\n${body}\n`;

  it("is Maven where it is there, found from a folder below, whatever its mode is", async () => {
    write("repository/backend/pom.xml", project("backend"));
    write("repository/mvnw", wrapper('exec mvn "$@"'), 0o644);
    expect(await build("backend")).toMatchObject({ status: 0 });
    expect(calls().map((call) => call.split(" ")[0])).toEqual(["wrapper", "mvn", "wrapper", "mvn"]);
    expect(calls()[2]).toMatch(/ package$/);
  });

  it("that cannot get its Maven is no reason to fail: the image's Maven builds, with a warning that names the place to set", async () => {
    write("repository/pom.xml", project("app"));
    write("repository/mvnw", wrapper("echo 'Failed to fetch' >&2; exit 1"), 0o755);
    const { status, log } = await build(".");
    expect([status, built(log)]).toEqual([0, ["app"]]);
    expect(log).toContain("Failed to fetch\nmaven-package: warning: ./mvnw cannot get its Maven: the image's own is used. MVNW_REPOURL");
  });
});

it("trusts a repository's authority that the trust bundle has beside Java's own, and names the bundle where it is missing", async () => {
  const { bundle, key, cert } = privateAuthority(at("authority"));
  const server = https.createServer({ key, cert }, ({ url = "" }, response) =>
    url.endsWith("/parent-1.pom") ? response.end(project("parent")) : response.writeHead(404).end(),
  );
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    const url = `https://localhost:${(server.address() as AddressInfo).port}/`;
    write(
      "settings/settings.xml",
      `<settings><mirrors><mirror><id>own</id><url>${url}</url><mirrorOf>*</mirrorOf></mirror></mirrors></settings>`,
    );
    write("trust/ca-bundle.crt", `# Authority of a company\n${bundle}`);
    const parent = "<parent><groupId>org.example</groupId><artifactId>parent</artifactId><version>1</version><relativePath/></parent>";
    write("repository/pom.xml", project("app", parent));
    const secrets = { MAVEN_SETTINGS: at("settings") };
    expect((await build(".", [], secrets)).log).toContain("is of an authority that is not trusted: give it in the trust bundle");
    const { status, log } = await build(".", ["MAVEN_ARGS=--update-snapshots"], { ...secrets, TRUST: at("trust") });
    expect([status, built(log)]).toEqual([0, ["app"]]);
    write("trust/ca-bundle.crt", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    expect((await build(".", [], { TRUST: at("trust") })).log).toMatch(/ca-bundle.crt of the workspace trust cannot be read by Java: /);
    write("trust/ca-bundle.crt", "nothing");
    expect((await build(".", [], { TRUST: at("trust") })).log).toMatch(
      /the file ca-bundle.crt of the workspace trust holds no certificate in PEM format/,
    );
  } finally {
    server.close();
  }
});
