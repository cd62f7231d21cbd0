import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import { aptSettings, aptSources } from "../../../rehearsal/images/apt";
import { registriesConf } from "../../../rehearsal/images/buildah";
import { baseImages, mirrors } from "../../../rehearsal/images/catalogue";
import { layerCode } from "../../../rehearsal/images/index";
import { parseReference } from "../../../rehearsal/images/recipe";

describe("the base images of a Containerfile", () => {
  it("are what it builds on, without its own stages and scratch", () => {
    const text =
      "FROM --platform=$BUILDPLATFORM quay.io/a/builder:1 AS build\nRUN make\nFROM scratch AS empty\nFROM build\nfrom quay.io/b/c\n";
    expect(baseImages(text)).toEqual(["quay.io/a/builder:1", "quay.io/b/c"]);
  });

  it("of every example have a host, a path and a tag", () => {
    const examples = join(__dirname, "..", "..", "..", "examples");
    for (const name of readdirSync(examples)) {
      const file = join(examples, name, "Containerfile");
      if (!existsSync(file)) continue;
      const bases = baseImages(readFileSync(file, "utf8"));
      expect(bases.length).toBeGreaterThan(0);
      for (const base of bases) expect(parseReference(base).tag).not.toBe("latest");
    }
  });
});

describe("the name of a public image", () => {
  it("is split into name and tag", () => {
    expect(parseReference("docker.io/library/debian:bookworm")).toEqual({ name: "docker.io/library/debian", tag: "bookworm" });
    expect(parseReference("quay.io/a/b")).toEqual({ name: "quay.io/a/b", tag: "latest" });
  });

  it("is refused without a host or with a digest", () => {
    expect(() => parseReference("debian:bookworm")).toThrow(/by host, path and tag only/);
    expect(() => parseReference(`quay.io/a/b@sha256:${"0".repeat(64)}`)).toThrow(/by host, path and tag only/);
  });
});

describe("mirror images", () => {
  const members = [{ architecture: "amd64" as const, layers: [], config: {} }];

  it("are called after the public image, once each", () => {
    const images = mirrors(["quay.io/a/b:1", "quay.io/a/b:1", "quay.io/a/b:2"], { "quay.io/a/b": members });
    expect(images.map(({ repository, tag }) => `${repository}:${tag}`)).toEqual(["mirror/quay.io/a/b:1", "mirror/quay.io/a/b:2"]);
  });

  it("that nothing imitates are a mistake that names the possible ones", () => {
    expect(() => mirrors(["quay.io/x/y:1"], { "quay.io/a/b": members })).toThrow(/no image quay.io\/x\/y:1; it imitates quay.io\/a\/b/);
  });
});

describe("the machine's apt", () => {
  it("gives Debian's sources of the suite, its updates and its security fixes", () => {
    const targets = [
      "Debian|bookworm|http://a.test/debian/|bookworm|main",
      "Debian|bookworm|http://a.test/debian/|bookworm|main",
      "Debian|bookworm-security|http://a.test/security/|bookworm-security|main",
      "Debian|trixie|http://a.test/debian/|trixie|main",
      "Other|bookworm|http://b.test/|bookworm|stable",
      "",
    ];
    expect(aptSources(targets.join("\n"))).toEqual([
      "deb http://a.test/debian/ bookworm main",
      "deb http://a.test/security/ bookworm-security main",
    ]);
  });

  it("gives the settings that reach a server, and no hook", () => {
    const dump =
      'Acquire::http::Proxy "http://p.test:3128";\nDPkg::Post-Invoke:: "rm x";\nAcquire::Languages "none";\nAcquire::Check-Date "false";\n';
    expect(aptSettings(dump)).toEqual(['Acquire::http::Proxy "http://p.test:3128";', 'Acquire::Check-Date "false";']);
  });
});

it("buildah is sent to the rehearsal's registry for every public host", () => {
  const text = registriesConf();
  expect(text).toContain(
    'prefix = "registry.access.redhat.com"\nlocation = "registry.access.redhat.com"\n[[registry.mirror]]\nlocation = "10.213.0.1:5000/mirror/registry.access.redhat.com"\ninsecure = true',
  );
  expect(text).toContain('[[registry]]\nlocation = "10.213.0.1:5000"\ninsecure = true');
});

it("buildah refuses a short name that several registries could mean, as RHEL's configuration has it", () => {
  const folder = mkdtempSync(join(tmpdir(), "short-names-"));
  try {
    writeFileSync(join(folder, "registries.conf"), registriesConf());
    const storage = ["--root", join(folder, "root"), "--runroot", join(folder, "run"), "--storage-driver", "vfs"];
    const { status, stderr } = spawnSync("buildah", [...storage, "pull", "name-without-alias:1"], {
      env: { PATH: process.env.PATH, HOME: folder, CONTAINERS_REGISTRIES_CONF: join(folder, "registries.conf") },
      encoding: "utf8",
    });
    expect(stderr).toContain("short-name resolution enforced but cannot prompt without a TTY");
    expect(status).toBe(125);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

it("the layers that are made while the toolchain is built need nothing of it: Debian, git, Node.js, Java and Maven among them", async () => {
  const home = mkdtempSync(join(tmpdir(), "empty-home-"));
  vi.stubEnv("OPENSHIFT_MULTIARCH_HOME", home);
  vi.resetModules();
  try {
    const { systemLayers } = await import("../../../rehearsal/images/catalogue");
    const names = new Set(
      systemLayers({ sources: [], settings: [], files: [] }).map(({ name, architecture }) => `${name} ${architecture}`),
    );
    for (const name of ["debian", "git", "node", "small", "java-runtime"]) {
      expect(names).toContain(`${name} amd64`);
      expect(names).toContain(`${name} arm64`);
    }
    expect(names).toContain("maven amd64");
    expect(names).not.toContain("buildah amd64");
  } finally {
    vi.unstubAllEnvs();
    rmSync(home, { recursive: true });
  }
});

it("layers are made anew when a file changes that says how one is made", () => {
  const images = join(__dirname, "..", "..", "..", "rehearsal", "images");
  const making = readdirSync(images, { recursive: true, encoding: "utf8" }).filter(
    (file) => file.endsWith(".ts") && /^ +async make\(root/m.test(readFileSync(join(images, file), "utf8")),
  );
  expect(making).toHaveLength(5);
  expect(making.filter((file) => !layerCode.includes(file))).toEqual([]);
});
