import { execFileSync } from "node:child_process";
import { symlinkSync } from "node:fs";
import { beforeEach, describe, expect, it } from "vitest";
import { app, build, containerfile, here, layout, other, result, sampleApp, withBase } from "./build";
import { asVolumeOfFsGroup, at, calls, has, misbehaves, noted, rights, setgid, write } from "./harness";
import { shellFiles } from "./images";

beforeEach(sampleApp);

describe("buildah-build", () => {
  it("writes a whole OCI layout for the platform it is told, with labels and the commit's time, and the same time for all layers", async () => {
    const { status, log } = await build({ ARCHITECTURE: other });
    expect(status).toBe(0);
    expect(log).toMatch(new RegExp(`^building for linux/${other} with buildah version \\d`, "m"));
    expect(log).toMatch(new RegExp(`^built the image for ${other} \\(\\d+ MiB\\); storage \\d+ MiB$`, "m"));
    const { manifest, config, files } = result();
    expect(manifest.config.mediaType).toBe("application/vnd.oci.image.config.v1+json");
    expect(config).toMatchObject({ os: "linux", architecture: other, created: "2024-05-02T10:00:00Z" });
    expect(config.config.Labels).toMatchObject({
      "org.opencontainers.image.revision": "c0ffee",
      "org.opencontainers.image.source": "https://example.com/hello.git",
    });
    expect(files.filter((line) => line.endsWith(" file"))).toEqual([expect.stringContaining("1980-01-01 00:00 file")]);
    expect(has(`${layout}.tmp`)).toBe(false);
  });

  it("lets the user of later steps read the layout, whatever umask the pod has", async () => {
    misbehaves("buildah", "*' push '*", `umask 077; exec "$real" "$@"`);
    expect(await build()).toMatchObject({ status: 0 });
    expect(execFileSync("find", [at(layout), "!", "-perm", "-o=r"], { encoding: "utf8" })).toBe("");
  });

  it("gives the same image in a pod with an fsGroup as without one: no folder is setgid", async () => {
    shellFiles("sources/tree/app/root");
    containerfile("FROM scratch", "COPY root /", "COPY file /copied/file", 'RUN ["/bin/mkdir", "-p", "/made/below", "/bin/below"]');
    expect(await build()).toMatchObject({ status: 0 });
    const { digest } = result();
    asVolumeOfFsGroup("volume");
    asVolumeOfFsGroup("home");
    expect(await build({ CONTAINERS: at("volume") })).toMatchObject({ status: 0 });
    expect(result().files.filter((line) => /^...[sS]|^......[sS]/.test(line))).toEqual([]);
    expect(result().digest).toBe(digest);
    expect(setgid("volume").filter((path) => path === at("volume"))).toEqual([]);
  });

  it("gives the same image with just the rights of its pod on OpenShift", async () => {
    shellFiles("sources/tree/app/root");
    containerfile("FROM scratch", "COPY root /", 'RUN ["/bin/mkdir", "/made"]', 'CMD ["/bin/bash"]');
    expect(await build()).toMatchObject({ status: 0 });
    const { digest } = result();
    asVolumeOfFsGroup("volume");
    const { status, log } = await build({ CONTAINERS: at("volume") }, { as: rights.build });
    expect(log).not.toContain("warning:");
    expect(status).toBe(0);
    expect(result().digest).toBe(digest);
  });

  it("runs a RUN in a pod that may open fewer files than buildah asks for", async () => {
    shellFiles("sources/tree/app/root");
    containerfile("FROM scratch", "COPY root /", 'RUN ["/bin/bash", "-c", "(( $(ulimit -Hn) <= 4096 ))"]');
    const { status, log } = await build(
      { CONTAINERS_CONF: "/dev/null" },
      {
        as: ["prlimit", "--nofile=4096:4096", "--nproc=60000:60000", ...rights.build],
      },
    );
    expect(log).not.toContain("operation not permitted");
    expect(status).toBe(0);
  });

  it("keeps SHELL in force: a broken pipe under pipefail fails the build", async () => {
    shellFiles("sources/tree/app/root");
    const shell = ["FROM scratch", "COPY root /", 'SHELL ["/bin/bash", "-o", "pipefail", "-c"]'];
    containerfile(...shell, "RUN exit 3 | cat");
    const broken = await build();
    expect(broken.status).toBe(1);
    expect(broken.log).toContain(`the build of 'app/Containerfile' for ${here} failed`);
    expect(has(layout)).toBe(false);
    containerfile(...shell, "RUN exit 0 | cat");
    expect(await build()).toMatchObject({ status: 0 });
  });

  it("warns of what an OCI image cannot hold, in the Containerfile or inherited, and of nothing else", async () => {
    containerfile("FROM scratch", "COPY file /", "HEALTHCHECK CMD true", "ONBUILD RUN true");
    const { log } = await build();
    expect(log).toContain("buildah-build: warning: HEALTHCHECK is not in the image");
    expect(log).toContain("buildah-build: warning: ONBUILD is not in the image");
    containerfile("FROM scratch", "COPY file /");
    expect((await build()).log).not.toContain("warning:");
    await withBase(here, ["HEALTHCHECK CMD true"], async (base) => {
      containerfile(`FROM ${base}`, "COPY file /");
      expect((await build()).log).toContain("warning: HEALTHCHECK is not in the image");
    });
  });

  it("stores with overlay where it can be mounted, else with vfs", async () => {
    misbehaves("buildah", "*' from scratch '*", '[[ $STORAGE_DRIVER == vfs ]] && exec "$real" "$@"; echo "no overlay here" >&2; exit 125');
    const { status, log } = await build();
    expect(status).toBe(0);
    expect(log).toContain("storage: vfs (overlay: no overlay here)");
    expect(has("containers/vfs")).toBe(true);
  });

  it("refuses a base image of another architecture, and leaves no layout", async () => {
    await withBase(other, [], async (base) => {
      containerfile(`FROM ${base}`, "COPY file /");
      const { status, log } = await build();
      expect(status).toBe(1);
      expect(log).toContain(`image ${base} is for ${other}, not for ${here}`);
      expect(log).toContain(`is not for ${here}: name a base image in FROM that exists for ${here} too`);
      expect(log).toContain(`or leave ${here} out of the build's architectures`);
      expect(has(layout)).toBe(false);

      containerfile(`FROM ${base}`, "RUN true");
      const failed = await build();
      expect(failed.log).toContain(`image ${base} is for ${other}, not for ${here}`);
      expect(failed.log).toContain(`buildah-build: name a base image in FROM that exists for ${here} too`);
      expect(failed.log).toContain(`the build of 'app/Containerfile' for ${here} failed`);
    });
  });

  it("names what is missing, and a name that is meant: the context, the Containerfile, the credentials' file", async () => {
    noted("buildah");
    app("Dockerfile", "FROM scratch");
    expect((await build({ CONTEXT: "nowhere" })).log).toContain("the repository has no folder 'nowhere'");
    expect((await build({ CONTEXT: "App" })).log).toContain("the repository has no folder 'App', but 'app'");
    expect((await build({ CONTAINERFILE: "Other" })).log).toContain("no file 'Other', but 'Containerfile' 'Dockerfile'");
    expect((await build({ DOCKERCONFIG: at("home") })).log).toContain("neither config.json nor .dockerconfigjson");
    expect(calls()).toEqual([]);
  });

  it("does not build from what a link of the repository leads to in the pod", async () => {
    noted("buildah");
    write("secret/config.json", "FROM hunter2");
    symlinkSync(at("secret"), at("sources/tree/out"));
    symlinkSync(at("secret/config.json"), at("sources/tree/app/Linked"));
    const outsides: Record<string, string>[] = [
      { CONTEXT: "out", CONTAINERFILE: "config.json" },
      { CONTAINERFILE: "Linked" },
      { CONTEXT: "../../secret", CONTAINERFILE: "config.json" },
    ];
    for (const outside of outsides) {
      const { status, log } = await build(outside);
      expect(status).toBe(1);
      expect(log).toContain("leads out of the repository");
      expect(log).not.toContain("hunter2");
    }
    expect(calls()).toEqual([]);
    symlinkSync("Containerfile", at("sources/tree/app/Inside"));
    expect(await build({ CONTAINERFILE: "Inside" })).toMatchObject({ status: 0 });
  });

  it.each(["config.json", ".dockerconfigjson"])("takes registry credentials from the key %s", async (key) => {
    write(`credentials/${key}`, "{}");
    misbehaves("buildah", "*' build --isolation '*", `echo "auth $REGISTRY_AUTH_FILE" >&2; exec "$real" "$@"`);
    expect((await build({ DOCKERCONFIG: at("credentials") })).log).toContain(`auth ${at("credentials", key)}`);
  });
});
