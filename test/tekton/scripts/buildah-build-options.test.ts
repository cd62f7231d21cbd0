import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { beforeEach, describe, expect, it } from "vitest";
import {
  app,
  build,
  buildah,
  containerfile,
  here,
  layout,
  makeImage,
  other,
  paths,
  result,
  sampleApp,
  withBase,
  withRegistry,
} from "./build";
import { at, has, read, rights, write } from "./harness";
import { elf, machines, shellFiles } from "./images";
import { Registry } from "./registry";

beforeEach(sampleApp);
/** Lines of the file /said, which a RUN of the image has written. */
const said = () =>
  execFileSync("bash", ["-c", `tar -xzOf ${at(layout, "blobs/sha256", result().manifest.layers.at(-1).digest.slice(7))} said`], {
    encoding: "utf8",
  })
    .trim()
    .split("\n");
const bases = () => read(`${layout}.bases`).trim().split("\n");

describe("buildah-build's options", () => {
  it("builds from the archive of the shared volume when no earlier step has unpacked it", async () => {
    execFileSync("tar", ["-czf", at("shared/packed.tar.gz"), "-C", at("sources/tree"), "."]);
    execFileSync("rm", ["-r", at("sources/tree")]);
    const { status } = await build({ ARCHIVE: "packed.tar.gz" });
    expect(status).toBe(0);
    expect(paths()).toContain("file");
    execFileSync("rm", ["-r", at("sources/tree")]);
    expect((await build({ ARCHIVE: "other.tar.gz" })).log).toContain("buildah-build: the shared volume has no archive 'other.tar.gz'");
  });

  it("hands over arguments and labels as they are, blanks and signs included", async () => {
    shellFiles("sources/tree/app/root");
    containerfile(
      "FROM scratch",
      "COPY root /",
      "ARG A B=default C",
      'RUN ["/bin/bash", "-c", "printf \'%s\\n\' \\"$A\\" \\"$B\\" \\"$C\\" >/said"]',
    );
    const lists = { "build-args": ["A=two words = 'x' $(id) `id`", "C=--labels", "UNKNOWN=1"], labels: ["one=a b=c", "two=--x"] };
    const { status, log } = await build({}, { lists });
    expect(log).toMatch(/not consumed: \[.*UNKNOWN.*\]/);
    expect(status).toBe(0);
    expect(said()).toEqual(["two words = 'x' $(id) `id`", "default", "--labels"]);
    expect(result().config.config.Labels).toMatchObject({ one: "a b=c", two: "--x", "org.opencontainers.image.revision": "c0ffee" });
  });

  it("builds the stage that it is told, and names one that there is not", async () => {
    containerfile("FROM scratch AS first", "COPY file /first", "FROM scratch", "COPY file /second");
    expect(await build({ TARGET: "first" })).toMatchObject({ status: 0 });
    expect(paths()).toEqual(["first"]);
    const { status, log } = await build({ TARGET: "third" });
    expect(status).toBe(1);
    expect(log).toContain("third");
  });

  it.each([
    ["the repository's root", { CONTAINERFILE: "/build/Containerfile" }, "build/Containerfile"],
    ["a Dockerfile, where Containerfile is meant and missing", { CONTAINERFILE: "Containerfile" }, "app/Dockerfile"],
    ["a Dockerfile from the root", { CONTAINERFILE: "/Containerfile" }, "Dockerfile"],
    ["a folder with a blank", { CONTEXT: "my app", CONTAINERFILE: "/my app/Container file" }, "my app/Container file"],
  ])("takes the Containerfile from %s", async (_, environment, place) => {
    execFileSync("rm", [at("sources/tree/app/Containerfile")]);
    write("sources/tree/my app/file", "");
    write(`sources/tree/${place}`, "FROM scratch\nCOPY file /here\n");
    expect(await build(environment)).toMatchObject({ status: 0 });
    expect(paths()).toEqual(["here"]);
    write(`sources/tree/${place}`, "FROM scratch\nCOPY nothing /here\n");
    expect((await build(environment)).log).toContain(`the build of '${place}' for ${here} failed at: COPY nothing /here`);
  });

  it("names a Containerfile that the repository's root does not have", async () => {
    expect((await build({ CONTAINERFILE: "/build/Containerfile" })).log).toContain("the repository has no file 'build/Containerfile'");
    write("outside", "FROM scratch");
    expect((await build({ CONTAINERFILE: "/../../outside" })).log).toContain("leads out of the repository");
  });

  it("gives secrets to a RUN that asks, with just the rights of the pod, and leaves none in image, history or log", async () => {
    shellFiles("sources/tree/app/root");
    // As the kubelet lays out a Secret's files.
    write("secrets/..data/token", "hunter2-one");
    execFileSync("ln", ["-s", "..data/token", at("secrets/token")]);
    const use = 'RUN --mount=type=secret,id=token ["/bin/bash", "-c", "[[ $(cat /run/secrets/token) == hunter2-one ]] && echo yes >/said"]';
    containerfile("FROM scratch", "COPY root /", use);
    const { status, log } = await build({ BUILD_SECRETS: at("secrets") }, { as: rights.build });
    expect(status).toBe(0);
    expect(said()).toEqual(["yes"]);
    const layers = execFileSync("bash", ["-c", `cd ${at(layout, "blobs/sha256")}; for f in *; do zcat -f "$f"; done`], {
      maxBuffer: 2 ** 28,
    });
    // The Containerfile names what it compares with: nothing else may.
    expect(layers.toString("latin1").split("hunter2-one").length - 1).toBe(layers.toString("latin1").split("== hunter2-one").length - 1);
    expect(log.split("hunter2-one").length).toBe(log.split("== hunter2-one").length);
  });

  it("shows a subscription's certificates to RUN in /etc/pki/entitlement, with just the rights of the pod, and keeps none", async () => {
    shellFiles("sources/tree/app/root");
    write("entitlement/1.pem", "certificate-of-a-subscription");
    containerfile(
      "FROM scratch",
      "COPY root /",
      'RUN ["/bin/bash", "-c", "cat /etc/pki/entitlement/1.pem && echo /etc/pki/entitlement/* >/said"]',
    );
    const { status, log } = await build({ RHEL_ENTITLEMENT: at("entitlement") }, { as: rights.build });
    expect(log).toContain("certificate-of-a-subscription");
    expect(status).toBe(0);
    expect(said()).toEqual(["/etc/pki/entitlement/1.pem"]);
    expect(paths().filter((path) => path?.includes("1.pem"))).toEqual([]);
  });
});

describe("buildah-build and registries", { timeout: 120_000 }, () => {
  const user = () => at("home/.config/containers/registries.conf");

  it("takes a short name as docker.io's, where the image's own settings refuse it", async () => {
    await withRegistry(async (host) => {
      makeImage(`${host}/library/short`, here, []);
      await buildah("push", "--tls-verify=false", `${host}/library/short`);
      const mirror = `[[registry]]\nprefix = "docker.io"\nlocation = "${host}"\ninsecure = true\n`;
      write(
        user().slice(at("").length),
        `unqualified-search-registries = ["a.example", "b.example"]\nshort-name-mode = "enforcing"\n${mirror}`,
      );
      containerfile("FROM short", "COPY file /file");
      const { status } = await build();
      expect(status).toBe(0);
      expect(bases()).toEqual([expect.stringMatching(/^docker\.io\/library\/short:latest@sha256:[0-9a-f]{64}$/)]);
    });
  });

  it("asks a registry by plain http if it is named as one, else says what to do", async () => {
    await withBase(here, [], async (base, registry) => {
      execFileSync("rm", [user()]);
      containerfile(`FROM ${base}`, "COPY file /file");
      const refused = await build();
      expect(refused.status).toBe(1);
      expect(refused.log).toContain("a registry speaks plain http: name it among the insecure registries");
      expect(await build({}, { lists: { "insecure-registries": [registry.host] } })).toMatchObject({ status: 0 });
      expect((await build({}, { lists: { "insecure-registries": ['a"b'] } })).log).toContain(
        `insecure registry 'a"b' is not a host or host:port`,
      );
    });
  });

  it("trusts the authorities of the trust bundle, and names the bundle where one is missing", async () => {
    const files = ["-keyout", at("key.pem"), "-out", at("trust.crt"), "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"];
    execFileSync("openssl", ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "1", ...files], {
      stdio: "pipe",
    });
    const registry = new Registry({ tls: { key: readFileSync(at("key.pem"), "utf8"), cert: readFileSync(at("trust.crt"), "utf8") } });
    await registry.start();
    const base = `${registry.host}/base:1`;
    makeImage(base, here, []);
    await buildah("push", "--tls-verify=false", base);
    containerfile(`FROM ${base}`, "COPY file /file");
    expect((await build()).log).toContain("a registry's certificate is signed by an authority that is not known here");
    write("trust/ca-bundle.crt", read("trust.crt"));
    expect(await build({ TRUST: at("trust") })).toMatchObject({ status: 0 });
    await registry.stop();
    expect(read("home/ca.pem").match(/BEGIN CERTIFICATE/g)?.length).toBeGreaterThan(1);
    write("trust/ca-bundle.crt", "text");
    expect((await build({ TRUST: at("trust") })).log).toContain("holds no certificate in PEM format");
    expect((await build({ TRUST: at("home") })).log).toContain("the workspace trust has no file ca-bundle.crt");
  });

  it("names its bases as the Containerfile means them, with the digest that the registry has for that name: the index's, if it is one", async () => {
    await withRegistry(async (host) => {
      for (const architecture of [here, other])
        makeImage(`localhost/part-${architecture}`, architecture, [`COPY Containerfile /${architecture}`]);
      makeImage(`${host}/plain:2`, here, ["COPY Containerfile /plain"]);
      await buildah("push", "--tls-verify=false", `${host}/plain:2`);
      await buildah("manifest", "create", "list");
      for (const architecture of [here, other])
        await buildah("manifest", "add", "list", `containers-storage:localhost/part-${architecture}`);
      for (const [name, format] of [
        ["oci", "oci"],
        ["docker", "v2s2"],
      ])
        await buildah("manifest", "push", "--all", "--tls-verify=false", "--format", format, "list", `docker://${host}/${name}:1`);
      const digest = async (name: string, tag: string) => {
        const accept = [
          "oci.image.index.v1",
          "docker.distribution.manifest.list.v2",
          "oci.image.manifest.v1",
          "docker.distribution.manifest.v2",
        ];
        const headers = { Accept: accept.map((type) => `application/vnd.${type}+json`).join(", ") };
        return (await fetch(`http://${host}/v2/${name}/manifests/${tag}`, { method: "HEAD", headers })).headers.get(
          "Docker-Content-Digest",
        );
      };
      const pinned = `${host}/oci@${await digest("oci", "1")}`;
      containerfile(
        `FROM ${host}/docker:1 AS one`,
        "COPY file /one",
        `FROM ${pinned}`,
        `COPY --from=${host}/plain:2 /plain /`,
        "COPY --from=one /one /",
      );
      expect(await build()).toMatchObject({ status: 0 });
      const expected = [`${host}/docker:1@${await digest("docker", "1")}`, pinned, `${host}/plain:2@${await digest("plain", "2")}`];
      expect(bases()).toEqual(expected.sort());
      for (const pod of ["second", "third"]) {
        expect(await build({ CACHE: `${host}/cache`, CONTAINERS: at(pod) })).toMatchObject({ status: 0 });
      }
      expect(bases()).toEqual(expected.sort());
      containerfile("FROM scratch", "COPY file /file");
      expect(await build({ CONTAINERS: at("fourth") })).toMatchObject({ status: 0 });
      expect(read(`${layout}.bases`)).toBe("");
    });
  });

  it("lets an image for another architecture be copied from, by name or as a stage, but not be the result's base", async () => {
    await withBase(other, [], async (base) => {
      app("program", elf(machines[here]), 0o755);
      containerfile(
        `FROM ${base} AS stage`,
        "COPY file /more",
        "FROM scratch",
        "COPY --from=stage /base /more /",
        `COPY --from=${base} /base /again`,
      );
      const { status, log } = await build();
      expect(log).toContain(`${base} is for ${other}: only files of it are in the image`);
      expect(status).toBe(0);
      expect(result().config.architecture).toBe(here);
      containerfile(`FROM ${base} AS stage`, "COPY file /more", "FROM stage", "COPY file /less");
      expect((await build()).log).toContain(`image ${base} is for ${other}, not for ${here}`);
      expect(has(layout)).toBe(false);
    });
  });
});
