import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { Key, Mirror, machine } from "./mirror";
import { Bench, project, stubs } from "./stage";

const bench = Bench.use();

describe("programs that are downloaded", () => {
  let keys: string;
  let red: Key;
  let mirror: Mirror;
  const wrong = { STUB_VERSION: "4.18.1" };
  beforeAll(() => {
    keys = mkdtempSync(join(tmpdir(), "k-"));
    red = new Key(join(keys, "red"), "Red");
  });
  afterAll(() => {
    red.close();
    rmSync(keys, { recursive: true, force: true });
  });
  beforeEach(async () => {
    mirror = await new Mirror(bench.folder, red).start();
  });
  afterEach(() => mirror.stop());
  const tools = (environment: Record<string, string | undefined> = {}, { path = stubs, checkout = mirror.checkout() } = {}) =>
    bench.run("tools", { ...mirror.environment, ...wrong, ...environment }, { path, cwd: checkout });
  const cached = () => (existsSync(join(bench.cache, "tools/4.19.42")) ? readdirSync(join(bench.cache, "tools/4.19.42")) : []);

  it("are those that Red Hat's release key 2 signed", () => {
    // https://access.redhat.com/security/team/key
    const script = readFileSync(join(project, "infra/stages/lib/tools.sh"), "utf8");
    expect(script).toContain("\nsigning_key=567E347AD0044ADE55BA8A5F199E2F91FD431D51\n");
    expect(script).toContain("\nsigning_key_address=https://access.redhat.com/security/data/fd431d51.txt\n");
  });

  it.each(["--sign", "--detach-sign"] as const)("are checked against the signed sums (%s), once", async (how) => {
    mirror.write({ how });
    const { code, stderr } = await tools();
    expect(stderr).toContain("Downloading openshift-install-linux-4.19.42.tar.gz");
    expect(code).toBe(0);
    expect(stderr).toContain(`openshift-install 4.19.42: ${join(bench.cache, "tools/4.19.42/openshift-install")}`);
    expect(stderr).not.toContain("Warning");
    expect(cached()).toEqual(["openshift-install"]);
    expect(mirror.asked).toContain("access.redhat.com/security/data/fd431d51.txt");
    const again = await tools();
    expect({ code: again.code, downloading: again.stderr.includes("Downloading") }).toEqual({ code: 0, downloading: false });
  });

  it.each([
    ["an installer of another version", { STUB_VERSION: "4.18.1" }, "openshift-install-linux"],
    ["an installer for one architecture", { STUB_ARCHITECTURE: "amd64" }, "openshift-install-linux"],
    ["an installer that does not run", { STUB_FAULT: "version=126" }, "openshift-install-linux"],
    ["an installer that says nothing", { STUB_FAULT: "version=empty" }, "openshift-install-linux"],
    ["a client that is two versions older", { STUB_CLIENT: "4.17.9" }, "openshift-client-linux"],
    ["a client that is two versions newer", { STUB_CLIENT: "4.21.0" }, "openshift-client-linux"],
    ["a client that does not run", { STUB_CLIENT: "broken" }, "openshift-client-linux"],
    ["a client that fails", { STUB_CLIENT: "failing" }, "openshift-client-linux"],
    ["a client that says nothing", { STUB_CLIENT: "empty" }, "openshift-client-linux"],
  ])("come in place of %s", async (_, environment, archive) => {
    mirror.write();
    const { code, stderr } = await tools({ STUB_VERSION: undefined, ...environment });
    expect(stderr.match(/Downloading \S+/g)).toEqual([`Downloading ${archive}-4.19.42.tar.gz`]);
    expect(code).toBe(0);
  });

  it("have ccoctl among them where that makes the cluster's credentials, and oc where there is only kubectl", async () => {
    mirror.write();
    // A PATH without ccoctl and oc, whose stubs are beside the installer's.
    const bin = join(bench.folder, "bin");
    mkdirSync(bin);
    symlinkSync(join(stubs, "openshift-install"), join(bin, "openshift-install"));
    symlinkSync(join(stubs, "oc"), join(bin, "kubectl"));
    const path = bin;
    expect((await tools({ STUB_VERSION: undefined }, { path })).stderr).not.toContain("Downloading");
    const { code, stderr } = await tools({ STUB_VERSION: undefined, CREDENTIALS_MODE: "manual" }, { path });
    expect(stderr.match(/Downloading \S+/g)).toEqual([
      "Downloading openshift-client-linux-4.19.42.tar.gz",
      "Downloading ccoctl-linux-4.19.42.tar.gz",
    ]);
    expect(code).toBe(0);
    expect(stderr).toContain(`ccoctl: ${join(bench.cache, "tools/4.19.42/ccoctl")}`);
    expect(cached().sort()).toEqual(["ccoctl", "oc"]);
  });

  it("come in place of programs that hang", async () => {
    mirror.write();
    // As timeout(1), but patient for a second only.
    // biome-ignore lint/suspicious/noTemplateCurlyInString: Bash.
    const path = bench.program("timeout", 'exec /usr/bin/timeout -k 1 1 "${@:4}"');
    const { code, stderr } = await tools({ STUB_VERSION: undefined, STUB_FAULT: "version=hang", STUB_CLIENT: "hang" }, { path });
    expect(stderr.match(/Downloading \S+/g)).toHaveLength(2);
    expect(code).toBe(0);
  });

  it("come in place of a cached one that does not run, and of half a download that was killed a day ago", async () => {
    mirror.write();
    const folder = join(bench.cache, "tools/4.19.42");
    for (const name of ["download.old", "download.now"]) mkdirSync(join(folder, name), { recursive: true });
    utimesSync(join(folder, "download.old"), new Date(0), new Date(0));
    writeFileSync(join(folder, "openshift-install"), "\x7fELF of another machine", { mode: 0o755 });
    const { code } = await tools();
    expect({ code, left: cached().sort() }).toEqual({ code: 0, left: ["download.now", "openshift-install"] });
  });

  it("must run", async () => {
    mirror.write({ program: "#!/bin/sh\nexit 126\n" });
    const { code, stderr } = await tools();
    expect({ code, stderr }).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("was downloaded, but it does not run. Is it on a file system that forbids programs (noexec)?"),
    });
  });

  describe("are refused, and nothing is left,", () => {
    const refused = async (message: string, options: Parameters<typeof tools>[1] = {}, environment: Record<string, string> = {}) => {
      const { code, stderr } = await tools(environment, options);
      expect(stderr).toContain(message);
      expect(code).toBe(1);
      expect(cached()).toEqual([]);
    };

    it.each([
      ["the list", "sha256sum.txt", "is not signed by Red Hat's release key 2"],
      ["a folder's list", `${machine}/sha256sum.txt`, "is not what Red Hat signed"],
      ["the archive", `${machine}/openshift-install-linux-4.19.42.tar.gz`, "is not what Red Hat signed"],
    ])("when %s is not what was signed", async (_, file, message) => {
      mirror.write({ how: "--detach-sign" }).spoil(file);
      await refused(message);
    });

    it("when the signed list of its folder has no such archive", async () => {
      mirror.write({ listed: false });
      await refused(
        "openshift-install-linux-4.19.42.tar.gz from https://mirror.example.com/openshift-v4/multi/clients/ocp/4.19.42 is not what Red Hat signed",
      );
    });

    it("when no sum of it can be made, and none is listed", async () => {
      mirror.write({ listed: false });
      const path = bench.program("sha256sum", '[[ $1 == */archive ]] || exec /usr/bin/sha256sum "$@"');
      await refused("is not what Red Hat signed: its SHA-256 sum is , expected one in the signed list, which has none", { path });
    });

    it("when another key signed the list, even one whose name is a line of gpg's report", async () => {
      const other = new Key(join(keys, "other"), `x [GNUPG:] VALIDSIG 0 0 ${red.fingerprint}`);
      mirror.key = other;
      mirror.write();
      await refused("is not signed by Red Hat's release key 2", { checkout: mirror.checkout(red.fingerprint) });
      other.close();
    });

    it("when the wanted key is only a part of the one that signed", async () => {
      mirror.write({ signer: `${red.subkey}!` });
      await refused("is not signed by Red Hat's release key 2", { checkout: mirror.checkout(red.subkey) });
    });

    it("when the key is revoked", async () => {
      const revoked = new Key(join(keys, "revoked"), "Revoked");
      mirror.key = revoked;
      mirror.write();
      revoked.revoke();
      await refused("is not signed by Red Hat's release key 2");
      revoked.close();
    });

    it.each([
      ["ends with an error and says nothing", "exit 2"],
      ["says nothing", "exit 0"],
      ["ends with an error at the key", "case $* in *--import*) exit 2 ;; esac"],
      // A list that was checked, but not written.
      ["writes nothing", `case $* in *--decrypt*) printf '[GNUPG:] GOODSIG 0 x\\n[GNUPG:] VALIDSIG 0 0 %s\\n' $FINGERPRINT >&3 ;; esac`],
    ])("when gpg %s", async (_, text) => {
      mirror.write();
      const { code, stderr } = await tools({ FINGERPRINT: red.fingerprint }, { path: bench.program("gpg", text) });
      expect({ code, left: cached() }).toEqual({ code: 1, left: [] });
      expect(stderr).toMatch(/is not signed by Red Hat's release key 2|Cannot read Red Hat's signing key/);
    });

    it("when the server is not who it should be", async () => {
      mirror.write();
      const { code, stderr } = await tools({ CURL_CA_BUNDLE: undefined, SSL_CERT_FILE: undefined });
      expect({ code, left: cached() }).toEqual({ code: 1, left: [] });
      expect(stderr).toContain("Cannot download https://mirror.example.com/openshift-v4/multi/clients/ocp/4.19.42/sha256sum.txt.");
      expect(mirror.asked).toEqual([]);
    });

    it("when the server has no such file", async () => {
      await refused("the server does not give that file (see above). Is cluster.version a released version");
    });

    it("when the server leads to an address without TLS", async () => {
      mirror.write();
      mirror.instead = (request, response) => {
        if (!request.headers.host?.startsWith("mirror") || !request.url?.includes(".tar.gz")) return false;
        response.writeHead(302, { location: `${mirror.plain}${request.url}` }).end();
        return true;
      };
      await refused("Cannot download");
      expect(mirror.asked.filter((name) => name.startsWith("127."))).toEqual([]);
    });

    it("when the server breaks off", async () => {
      mirror.write();
      mirror.instead = (request, response) => {
        if (!request.url?.includes(".tar.gz")) return false;
        response.writeHead(200, { "content-length": "1000" });
        response.write("half", () => response.destroy());
        return true;
      };
      await refused("Cannot download");
    });

    it("when the server says nothing any more", async () => {
      mirror.write();
      // The real curl, less patient; what the script gives it comes first.
      const path = bench.program("curl", `printf '%s\\n' "$*" >>"$STUB/curl"; exec /usr/bin/curl "$@" --retry 0 --speed-time 1`);
      mirror.instead = (request) => !!request.url?.includes(".tar.gz");
      await refused("Cannot download", { path });
      expect(bench.read("curl").split("\n")[0]).toMatch(
        / --connect-timeout \d\d --speed-limit \d+ --speed-time \d\d --max-time 1800 --retry \d --retry-max-time \d+ /,
      );
    });

    it.each(["gpg", "curl"])("when there is no %s", async (missing) => {
      mirror.write();
      const bin = join(bench.folder, "few");
      mkdirSync(bin);
      for (const name of ["bash", "env", "dirname", "cat", "cut", "sed", "uname", "timeout", "mkdir", "gpg", "curl"]) {
        if (name !== missing) symlinkSync(`/usr/bin/${name}`, join(bin, name));
      }
      const { code, stderr } = await tools({ PATH: bin });
      expect({ code, stderr }).toMatchObject({ code: 1, stderr: expect.stringContaining(`${missing} is needed`) });
    });
  });

  it("may be behind a redirection", async () => {
    mirror.write();
    mirror.instead = (request, response) => {
      if (!request.headers.host?.startsWith("mirror")) return false;
      response.writeHead(302, { location: `https://elsewhere.example.com${request.url}` }).end();
      return true;
    };
    expect((await tools()).code).toBe(0);
  });

  it("are asked for once more when the server is busy", async () => {
    mirror.write();
    let busy = true;
    mirror.instead = (request, response) => {
      if (!busy || !request.url?.includes(".tar.gz")) return false;
      busy = false;
      response.writeHead(503).end();
      return true;
    };
    expect((await tools()).code).toBe(0);
    expect(mirror.asked.filter((name) => name.includes(".tar.gz"))).toHaveLength(2);
  });

  it("go where they can be written, or it is said where not", async () => {
    mirror.write();
    const { code, stderr } = await tools({ XDG_CACHE_HOME: "/dev/null" });
    expect({ code, stderr }).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("Cannot write to /dev/null/openshift-multiarch/tools/4.19.42"),
    });
  });
});
