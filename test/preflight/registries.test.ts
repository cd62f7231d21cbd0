import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { createSign, randomUUID } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage } from "node:http";
import { type AddressInfo, createServer as createSocketServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { registries } from "../../preflight/registries";
import { allows, challengeOf } from "../../preflight/token";

/**
 * Debian's docker-registry, which speaks the distribution specification: with user and password, and with tokens, which a server of the test
 * hands out as https://distribution.github.io/distribution/spec/auth/token/ says. Whether the tokens are any good is said by the registry.
 */
const missing = spawnSync("docker-registry", ["--version"]).error !== undefined;

let folder: string;
const closing: (() => void)[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "registries-"));
  for (const name of ["NO_PROXY", "no_proxy"]) process.env[name] = "127.0.0.1,localhost";
});
afterEach(() => {
  for (const close of closing.splice(0)) close();
  rmSync(folder, { recursive: true });
});
const file = (name: string, text: string) => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};

async function listening(server: Server): Promise<number> {
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  closing.push(() => server.close());
  return (server.address() as AddressInfo).port;
}
async function freePort(): Promise<number> {
  const server = createSocketServer();
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address() as AddressInfo;
  await new Promise((done) => server.close(done));
  return port;
}

/** Starts the registry. Returns its host and port. */
async function registry(auth: object, tls?: { certificate: string; key: string }): Promise<string> {
  const host = `127.0.0.1:${await freePort()}`;
  const http = { addr: host, ...(tls && { tls }) };
  const config = { version: 0.1, log: { level: "error" }, storage: { inmemory: {} }, http, auth };
  const child: ChildProcess = spawn("docker-registry", ["serve", file("registry.json", JSON.stringify(config))], { stdio: "ignore" });
  closing.push(() => child.kill("SIGKILL"));
  const answers = () =>
    spawnSync("curl", ["-ks", "--noproxy", "*", "-o", "/dev/null", `${tls ? "https" : "http"}://${host}/v2/`]).status === 0;
  for (let tries = 0; tries < 100 && !answers(); tries++) await new Promise((done) => setTimeout(done, 100));
  return host;
}

const basic = (user: string, password: string) => Buffer.from(`${user}:${password}`).toString("base64");
const auths = (entries: Record<string, object>) => JSON.stringify({ auths: entries });

async function tried(image: string, registryCredentials: string, namespace: object = {}) {
  const insecureRegistries = [image.split("/")[0] ?? ""];
  const [found, ...more] = await registries({
    builds: [{ name: "one", image }],
    namespace: { insecureRegistries, ...namespace },
    registryCredentials,
  });
  expect(more).toEqual([]);
  expect(JSON.stringify(found)).not.toMatch(/hunter2|aHVudGVyM/);
  return [found?.outcome, found?.says];
}

describe.skipIf(missing)("a registry with user and password", () => {
  // bcrypt of hunter2, the only form that it reads.
  const hash = "$2b$04$KaNe1T2ZHuuEUxlASOkv6ORYDFpUgsQfP.8Y2h2BgLBB0eQSMHrTq";
  let host: string;
  beforeEach(async () => {
    host = await registry({ htpasswd: { realm: "x", path: file("htpasswd", `builder:${hash}\n`) } });
  });

  it("takes the right ones", async () => {
    expect(await tried(`${host}/team/app:latest`, auths({ [host]: { auth: basic("builder", "hunter2") } }))).toEqual([
      "ok",
      "it takes the user builder; what that one may push, only a push would tell",
    ]);
    expect(await tried(`${host}/team/app`, auths({ [host]: { username: "builder", password: "hunter2" } }))).toEqual([
      "ok",
      expect.anything(),
    ]);
  });
  it("refuses wrong ones, which is a problem", async () => {
    expect(await tried(`${host}/team/app:latest`, auths({ [host]: { auth: basic("builder", "hunter2x") } }))).toEqual([
      "problem",
      expect.stringMatching(/^it refuses the user builder of registryCredentials \(401\): podman login /),
    ]);
  });
  it("wants some, so that none are a problem", async () => {
    expect(await tried(`${host}/team/app:latest`, auths({ "quay.io": { auth: basic("builder", "hunter2") } }))).toEqual([
      "problem",
      expect.stringMatching(/^it wants credentials, and registryCredentials has no entry for it/),
    ]);
  });
  it("is shown the entry that is most of the image's name", async () => {
    const entries = { [host]: { auth: basic("builder", "wrong") }, [`${host}/team`]: { auth: basic("builder", "hunter2") } };
    expect(await tried(`${host}/team/app`, auths(entries))).toEqual(["ok", expect.anything()]);
    expect(await tried(`${host}/other/app`, auths(entries))).toEqual(["problem", expect.anything()]);
  });
});

it.skipIf(missing)("a registry that asks nobody is right without credentials", async () => {
  const host = await registry({});
  expect(await tried(`${host}/app`, auths({ "quay.io": { auth: basic("a", "b") } }))).toEqual(["ok", "it asks nobody who they are"]);
});

describe.skipIf(missing)("a registry with tokens", () => {
  /** What a token server was asked, and what users may. */
  interface Asked {
    readonly method: string;
    readonly parameters: Record<string, string>;
    readonly user?: string;
  }
  let asked: Asked[];
  let given: string[];
  const rights: Record<string, string[]> = { builder: ["pull", "push"], reader: ["pull"], nobody: [] };

  function certified() {
    const openssl = (...args: string[]) => execFileSync("openssl", args, { cwd: folder, stdio: "pipe" });
    openssl(
      "req",
      "-x509",
      "-newkey",
      "rsa:2048",
      "-nodes",
      "-keyout",
      "token.key",
      "-out",
      "token.crt",
      "-subj",
      "/CN=tokens",
      "-days",
      "2",
    );
    return { key: readFileSync(join(folder, "token.key"), "utf8"), chain: readFileSync(join(folder, "token.crt"), "utf8") };
  }

  /** https://distribution.github.io/distribution/spec/auth/jwt/, signed by the key of a certificate in `x5c`. */
  function jwt(key: string, chain: string, claims: object): string {
    const x5c = [chain.replace(/-----[^-]+-----|\s/g, "")];
    const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
    const signed = `${encode({ typ: "JWT", alg: "RS256", x5c })}.${encode(claims)}`;
    return `${signed}.${createSign("RSA-SHA256").update(signed).sign(key).toString("base64url")}`;
  }

  const bodyOf = async (request: IncomingMessage) => {
    let body = "";
    for await (const chunk of request) body += chunk;
    return body;
  };

  async function start({ opaque = false, key = "token" as "token" | "access_token" } = {}): Promise<string> {
    const pair = certified();
    [asked, given] = [[], []];
    const server = createServer(async (request, response) => {
      const url = new URL(request.url ?? "", "http://x");
      const body = await bodyOf(request);
      const parameters = Object.fromEntries(request.method === "POST" ? new URLSearchParams(body) : url.searchParams);
      const [user, password] = Buffer.from(request.headers.authorization?.slice(6) ?? "", "base64")
        .toString()
        .split(":");
      asked.push({ method: request.method ?? "", parameters, ...(user && { user }) });
      const right = request.method === "POST" ? parameters.refresh_token === "hunter2" : password === "hunter2";
      if (!right) return response.writeHead(401).end(JSON.stringify({ errors: [{ code: "UNAUTHORIZED", message: "hunter2" }] }));
      // The intersection of what is asked and what is allowed: none is no error.
      const [type, name, wanted = ""] = (parameters.scope ?? "").split(":");
      const actions = wanted.split(",").filter((action) => (rights[user || "builder"] ?? []).includes(action));
      const now = Math.floor(Date.now() / 1000);
      const access = actions.length > 0 ? [{ type, name, actions }] : [];
      const claims = { iss: "tokens", aud: parameters.service, exp: now + 300, nbf: now - 10, iat: now, jti: randomUUID(), access };
      const token = opaque ? "opaque" : jwt(pair.key, pair.chain, claims);
      given.push(token);
      return response.end(JSON.stringify({ [key]: token }));
    });
    const port = await listening(server);
    const token = {
      realm: `http://127.0.0.1:${port}/token?account=x`,
      service: "the registry",
      issuer: "tokens",
      rootcertbundle: join(folder, "token.crt"),
    };
    return registry({ token });
  }

  it("gives one for a push, which the registry itself takes for one", async () => {
    const host = await start();
    const image = `${host}/team/app:latest`;
    expect(await tried(image, auths({ [host]: { auth: basic("builder", "hunter2") } }))).toEqual(["ok", "the user builder may push"]);
    expect(asked).toEqual([
      { method: "GET", user: "builder", parameters: { account: "x", service: "the registry", scope: "repository:team/app:pull,push" } },
    ]);
    const begin = (authorization: string) =>
      fetch(`http://${host}/v2/team/app/blobs/uploads/`, { method: "POST", headers: { authorization } }).then(({ status }) => status);
    expect([await begin(`Bearer ${given[0]}`), await begin("Bearer x")]).toEqual([202, 401]);
  });

  it.each(["reader", "nobody"])("gives %s one that is not for a push, which is a problem", async (user) => {
    const host = await start();
    expect(await tried(`${host}/team/app:latest`, auths({ [host]: { auth: basic(user, "hunter2") } }))).toEqual([
      "problem",
      expect.stringMatching(new RegExp(`^it knows the user ${user} of registryCredentials, who may not push to team/app`)),
    ]);
    const status = (
      await fetch(`http://${host}/v2/team/app/blobs/uploads/`, { method: "POST", headers: { authorization: `Bearer ${given[0]}` } })
    ).status;
    expect(status).toBe(401);
  });

  it("gives none to who is not known, which is a problem", async () => {
    const host = await start();
    expect(await tried(`${host}/team/app:latest`, auths({ [host]: { auth: basic("builder", "old") } }))).toEqual([
      "problem",
      expect.stringContaining("it refuses the user builder of registryCredentials (401)"),
    ]);
  });

  it("takes an identity token by a form, as of OAuth 2", async () => {
    const host = await start({ key: "access_token" });
    const entry = { auth: basic("00000000-0000-0000-0000-000000000000", ""), identitytoken: "hunter2" };
    expect(await tried(`${host}/team/app:latest`, auths({ [host]: entry }))).toEqual(["ok", "the identity token may push"]);
    expect(asked).toEqual([
      {
        method: "POST",
        parameters: {
          client_id: "openshift-multiarch",
          grant_type: "refresh_token",
          refresh_token: "hunter2",
          scope: "repository:team/app:pull,push",
          service: "the registry",
        },
      },
    ]);
    expect(await tried(`${host}/team/app:latest`, auths({ [host]: { ...entry, identitytoken: "old" } }))).toEqual([
      "problem",
      expect.anything(),
    ]);
  });

  it("may give one that nobody can read, which says nothing of rights", async () => {
    const host = await start({ opaque: true });
    expect(await tried(`${host}/team/app:latest`, auths({ [host]: { auth: basic("reader", "hunter2") } }))).toEqual([
      "ok",
      "it gives the user reader a token, which does not say what for",
    ]);
  });
});

describe("a registry that cannot be asked is not checked", () => {
  it("where nobody listens", async () => {
    const host = `127.0.0.1:${await freePort()}`;
    expect(await tried(`${host}/app`, auths({ [host]: { auth: basic("a", "b") } }))).toEqual([
      "unchecked",
      expect.stringContaining("ECONNREFUSED"),
    ]);
  });
  it("where the name is not known", async () => {
    expect(await tried("registry.invalid/app", auths({ "registry.invalid": { auth: basic("a", "b") } }))).toEqual([
      "unchecked",
      expect.stringMatching(/ENOTFOUND|EAI_AGAIN/),
    ]);
  });
  it("where it is no registry", async () => {
    const port = await listening(createServer((_, response) => response.writeHead(404).end("no")));
    expect(await tried(`127.0.0.1:${port}/app`, auths({ "quay.io": { auth: basic("a", "b") } }))).toEqual([
      "unchecked",
      expect.stringContaining("answers 404, and not how to log in"),
    ]);
  });
  it.skipIf(missing)("by plain http, unless it is an insecure one", async () => {
    const host = await registry({});
    expect(await tried(`${host}/app`, auths({ [host]: { auth: basic("a", "b") } }), { insecureRegistries: [] })).toEqual([
      "unchecked",
      expect.stringContaining("it speaks no TLS, so that builds need it in namespace.insecureRegistries"),
    ]);
  });
  it.skipIf(missing)("with a certificate of an unknown authority, unless that is in the trust bundle", async () => {
    const subject = ["-subj", "/CN=x", "-addext", "subjectAltName=IP:127.0.0.1"];
    const options = [
      "-x509",
      "-newkey",
      "ec",
      "-pkeyopt",
      "ec_paramgen_curve:prime256v1",
      "-nodes",
      "-days",
      "2",
      "-keyout",
      "k",
      "-out",
      "c",
    ];
    execFileSync("openssl", ["req", ...options, ...subject], { cwd: folder, stdio: "pipe" });
    const host = await registry({}, { certificate: join(folder, "c"), key: join(folder, "k") });
    const credentials = auths({ [host]: { auth: basic("a", "b") } });
    expect(await tried(`${host}/app`, credentials, { insecureRegistries: [] })).toEqual([
      "unchecked",
      expect.stringContaining("builds need its authority in namespace.trustBundle"),
    ]);
    const trustBundle = readFileSync(join(folder, "c"), "utf8");
    expect(await tried(`${host}/app`, credentials, { insecureRegistries: [], trustBundle })).toEqual(["ok", expect.anything()]);
  });
});

it("one repository is asked about once, however many builds push to it", async () => {
  const credentials = auths({ "registry.invalid": { auth: basic("a", "b") } });
  const builds = ["a:1", "a:2", "b", "a"].map((image) => ({ name: image, image: `registry.invalid:5000/${image}` }));
  const found = await registries({ builds, namespace: { insecureRegistries: [] }, registryCredentials: credentials });
  expect(found.map(({ what }) => what)).toEqual(["registry of registry.invalid:5000/a", "registry of registry.invalid:5000/b"]);
});

it.each([
  [
    'Bearer realm="https://auth.docker.io/token",service="registry.docker.io"',
    { scheme: "bearer", realm: "https://auth.docker.io/token", service: "registry.docker.io" },
  ],
  ['Basic realm="x", Bearer realm="https://a/t"', { scheme: "bearer", realm: "https://a/t" }],
  [['Basic realm="x"', 'Bearer service="s", realm="https://a/t"'], { scheme: "bearer", realm: "https://a/t", service: "s" }],
  ["BASIC realm=x", { scheme: "basic", realm: "" }],
  ['Bearer realm="no address"', undefined],
  ["Negotiate", undefined],
  [undefined, undefined],
])("the challenge %j is %j", (header, challenge) => {
  expect(challengeOf(header)).toEqual(challenge);
});

const claims = (value: object) => `e30.${Buffer.from(JSON.stringify(value)).toString("base64url")}.x`;
it.each([
  [claims({ access: [{ type: "repository", name: "a", actions: ["push"] }] }), ["push"]],
  [
    claims({
      access: [
        { type: "repository", name: "b", actions: ["push"] },
        { type: "registry", name: "a", actions: ["*"] },
      ],
    }),
    [],
  ],
  [claims({ access: null }), []],
  [claims({}), undefined],
  [claims({ access: "all" }), undefined],
  ["opaque", undefined],
])("a token lets do with the repository a: %s", (token, actions) => {
  expect(allows(token, "a")).toEqual(actions);
});
