import { beforeEach, describe, expect, it } from "vitest";
import { app, build, buildah, containerfile, here, makeImage, result, sampleApp, withRegistry } from "./build";
import { at, write } from "./harness";
import { insecure, shellFiles } from "./images";
import { Registry, refusal } from "./registry";

let pods = 0;
/** A build in a pod of its own: nothing is left of an earlier one but the registry. */
const inNewPod = (more: Record<string, string>) => build({ CONTAINERS: at(`containers-${++pods}`), ...more });
/** Whether a RUN with `echo ran-<name>` was run, and not merely named. */
const ran = (log: string, name: string) => new RegExp(`^ran-${name}$`, "m").test(log);

beforeEach(() => {
  sampleApp();
  shellFiles("sources/tree/app/root");
  containerfile(
    "FROM scratch",
    "COPY root /",
    'RUN ["/bin/bash", "-c", "echo ran-first; mkdir /made; echo x >/made/file"]',
    "COPY file /copied/file",
    'RUN ["/bin/bash", "-c", "echo ran-second; cat /copied/file >/made/second"]',
  );
});

describe("buildah-build and the cache", { timeout: 120_000 }, () => {
  it("gives one digest from nothing, from the cache, and when the cache is away; with it nothing is run twice", async () => {
    await withRegistry(async (host) => {
      const CACHE = `${host}/cache/amd64`;
      const first = await inNewPod({ CACHE });
      expect(first).toMatchObject({ status: 0 });
      expect([ran(first.log, "first"), ran(first.log, "second")]).toEqual([true, true]);
      const { digest } = result();

      const second = await inNewPod({ CACHE });
      expect([ran(second.log, "first"), ran(second.log, "second")]).toEqual([false, false]);
      expect(second.log).not.toContain("warning:");
      expect(result().digest).toBe(digest);

      insecure(host, "127.0.0.1:1");
      const away = await inNewPod({ CACHE: "127.0.0.1:1/cache" });
      expect(away.log).toMatch(/warning: the cache is not used, as 127\.0\.0\.1:1\/cache-\S+ does not answer: .*connection refused/);
      expect(ran(away.log, "first")).toBe(true);
      expect(result().digest).toBe(digest);
    });
  });

  it.each([
    "--mount=source=file,target=/in",
    "--mount=type=bind,source=file,target=/in",
    "--mount=target=/in",
    "--mount=type=cache,from=made,source=/made,target=/in",
  ])("takes no layer of another content where a RUN mounts files: %s", async (mount) => {
    await withRegistry(async (host) => {
      const CACHE = `${host}/cache`;
      containerfile(
        "FROM scratch AS made",
        "COPY file /made/",
        "FROM scratch",
        "COPY root /",
        `RUN ${mount} ["/bin/bash", "-c", "echo ran-mounted"]`,
      );
      for (const content of ["one", "two"]) {
        app("file", content);
        expect(ran((await inNewPod({ CACHE })).log, "mounted")).toBe(true);
      }
    });
  });

  it("takes nothing from the cache when the image is to be built anew, and puts the new layers there", async () => {
    await withRegistry(async (host) => {
      const CACHE = `${host}/cache`;
      expect(await inNewPod({ CACHE })).toMatchObject({ status: 0 });
      const { digest } = result();
      const anew = await inNewPod({ CACHE, REBUILD: "2026-11-29" });
      expect([ran(anew.log, "first"), ran(anew.log, "second")]).toEqual([true, true]);
      expect(result().digest).toBe(digest);
      expect(ran((await inNewPod({ CACHE })).log, "first")).toBe(false);
    });
  });

  it("takes for another commit what its changes leave as it is, and gives what that commit gives from nothing", async () => {
    await withRegistry(async (host) => {
      const CACHE = `${host}/cache/amd64`;
      expect(await inNewPod({ CACHE })).toMatchObject({ status: 0 });
      app("file", "changed");
      const next = { COMMIT: "beef", TIMESTAMP: "1714647600" };
      const { log } = await inNewPod({ ...next, CACHE });
      expect([ran(log, "first"), ran(log, "second")]).toEqual([false, true]);
      const { digest, config } = result();
      expect(config.created).toBe("2024-05-02T11:00:00Z");
      expect(await inNewPod({ ...next, CACHE: `${host}/empty` })).toMatchObject({ status: 0 });
      expect(result().digest).toBe(digest);
      expect(JSON.stringify(config)).not.toContain(host);
    });
  });

  it("runs again what declares SOURCE_DATE_EPOCH, which holds the commit's time", async () => {
    await withRegistry(async (host) => {
      const CACHE = `${host}/cache/amd64`;
      containerfile("FROM scratch", "COPY root /", "ARG SOURCE_DATE_EPOCH", 'RUN ["/bin/bash", "-c", "echo ran-$SOURCE_DATE_EPOCH"]');
      expect(ran((await inNewPod({ CACHE })).log, "1714644000")).toBe(true);
      expect(ran((await inNewPod({ CACHE, TIMESTAMP: "1714647600" })).log, "1714647600")).toBe(true);
      expect(ran((await inNewPod({ CACHE: "" })).log, "1714644000")).toBe(true);
    });
  });

  it("does without a cache for builds with secrets, as what they hold is not in its key", async () => {
    await withRegistry(async (host) => {
      const CACHE = `${host}/cache/amd64`;
      write("secrets/token", "one");
      containerfile("FROM scratch", "COPY root /", 'RUN --mount=type=secret,id=token ["/bin/bash", "-c", "cat /run/secrets/token >/used"]');
      const BUILD_SECRETS = at("secrets");
      const { log } = await inNewPod({ CACHE, BUILD_SECRETS });
      expect(log).toContain("cache: not used, as buildah would take the layer of a RUN for the same whatever a secret holds");
      const { digest } = result();
      write("secrets/token", "two");
      expect(await inNewPod({ CACHE, BUILD_SECRETS })).toMatchObject({ status: 0 });
      expect(result().digest).not.toBe(digest);
    });
  });
});

describe("buildah-build and a cache that is no good", { timeout: 120_000 }, () => {
  /** A registry whose behaviour a test can change. */
  async function withFaultyRegistry(work: (registry: Registry) => Promise<void>): Promise<void> {
    const registry = new Registry();
    await registry.start();
    insecure(registry.host);
    try {
      await work(registry);
    } finally {
      await registry.stop();
    }
  }

  it("builds, with a warning, when the registry refuses a layer, and runs nothing twice", async () => {
    await withFaultyRegistry(async (registry) => {
      const CACHE = `${registry.host}/cache`;
      expect(await inNewPod({ CACHE })).toMatchObject({ status: 0 });
      const { digest } = result();
      registry.manifests.clear();
      registry.options = {
        refuse: (method) => (method === "PUT" || method === "POST" ? refusal(403, "DENIED", "your quota is used up") : undefined),
      };
      const { status, log } = await inNewPod({ CACHE });
      expect(log).toMatch(/warning: layers are not kept in .*: .*failed pushing cache/);
      expect(log.match(/^ran-first$/gm)).toHaveLength(1);
      expect(status).toBe(0);
      expect(result().digest).toBe(digest);
    });
  });

  it("builds what it finds broken, and gives the same image", async () => {
    await withFaultyRegistry(async (registry) => {
      const CACHE = `${registry.host}/cache`;
      expect(await inNewPod({ CACHE })).toMatchObject({ status: 0 });
      const { digest } = result();
      for (const [name, blob] of registry.blobs) registry.blobs.set(name, Buffer.from(blob.map((byte) => byte ^ 1)));
      const { status, log } = await inNewPod({ CACHE });
      expect(ran(log, "first")).toBe(true);
      expect(status).toBe(0);
      expect(result().digest).toBe(digest);
    });
  });

  it("runs a command that fails but once, though earlier layers came from the cache", async () => {
    await withFaultyRegistry(async (registry) => {
      const CACHE = `${registry.host}/cache`;
      expect(await inNewPod({ CACHE })).toMatchObject({ status: 0 });
      app("file", "changed");
      containerfile("FROM scratch", "COPY root /", 'RUN ["/bin/bash", "-c", "echo ran-broken; exit 3"]');
      const { status, log } = await inNewPod({ CACHE });
      expect(status).toBe(1);
      expect(log).toContain("Using cache");
      expect(log.match(/^ran-broken$/gm)).toHaveLength(1);
    });
  });

  it("does not wait for a registry that is silent", async () => {
    const registry = new Registry({ refuse: () => ({ status: 503, body: "gone" }) });
    await registry.start();
    insecure(registry.host);
    const started = Date.now();
    const { status, log } = await inNewPod({ CACHE: `${registry.host}/cache`, CACHE_SECONDS: "2" });
    await registry.stop();
    expect(log).toContain("warning: the cache is not used");
    expect(status).toBe(0);
    expect(Date.now() - started).toBeLessThan(20_000);
  });

  it("warns if it finds layers that buildah cannot use, as upon a base compressed with zstd; with gzip it uses them", async () => {
    await withRegistry(async (host) => {
      for (const format of ["zstd", "gzip"]) {
        const base = `${host}/${format}:1`;
        makeImage(base, here, []);
        await buildah("push", "--tls-verify=false", "--format", "oci", "--compression-format", format, base);
        containerfile(`FROM ${base}`, "COPY file /file");
        const CACHE = `${host}/cache-${format}`;
        expect(await inNewPod({ CACHE })).toMatchObject({ status: 0 });
        const { digest } = result();
        const { status, log } = await inNewPod({ CACHE });
        expect(status).toBe(0);
        expect(/warning: nothing in .* could be used: a base image has layers compressed with zstd/.test(log)).toBe(format === "zstd");
        expect(log.includes("Using cache")).toBe(format === "gzip");
        expect(result().digest).toBe(digest);
      }
    });
  });
});
