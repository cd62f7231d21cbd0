import { createPrivateKey, createPublicKey, generateKeyPairSync } from "node:crypto";
import { describe, expect, it } from "vitest";
import { entitlementFiles } from "../../config/certificates";
import { asPkcs8, withAuth } from "../../config/secrets";
import { entitlement } from "./certificates";
import { problems, withValues } from "./stack";

const encoded = (text: string) => Buffer.from(text).toString("base64");
const auths = (entry: unknown, more = {}) => JSON.stringify({ auths: { "quay.io": entry }, ...more });
const pullSecret = "the pull secret of console.redhat.com/openshift/install/pull-secret, whole";
const registryCredentials =
  "a Docker config.json with the registries that builds push to, as podman login --authfile=FILE REGISTRY or oc registry login --to=FILE write it";
const pem = { publicKeyEncoding: { type: "spki", format: "pem" }, privateKeyEncoding: { type: "pkcs8", format: "pem" } } as const;
const newKey = (type: "rsa" | "ed25519") =>
  (type === "rsa" ? generateKeyPairSync(type, { modulusLength: 2048 }) : generateKeyPairSync(type)).privateKey
    .export({ type: "pkcs8", format: "pem" })
    .toString();
const ecKey = (type: "pkcs8" | "sec1", namedCurve = "P-256") =>
  generateKeyPairSync("ec", { namedCurve }).privateKey.export({ type, format: "pem" }).toString();
const elsewhere = "the passwords are with a program of the machine that wrote it";

const refused = (key: string, value: unknown, wrong: string, right: string) =>
  expect(problems(withValues({ [key]: value }))).toEqual([`${key} is (secret), but ${wrong}; expected ${right}`]);

describe.each([
  ["pullSecret", pullSecret],
  ["registryCredentials", registryCredentials],
])("%s", (key, right) => {
  it("is missing", () => {
    expect(problems(withValues({ [key]: undefined }))).toEqual([
      `${key} is missing; expected ${right}: pulumi config set --secret ${key} < FILE`,
    ]);
  });
  it.each([
    ["hunter2", "it is not JSON"],
    ["", "it is not JSON"],
    ["null", 'it has no registries under "auths"'],
    ['"auths"', 'it has no registries under "auths"'],
    ["[]", 'it has no registries under "auths"'],
    ["{}", 'it has no registries under "auths"'],
    ['{"auths":{}}', 'it has no registries under "auths"'],
    ['{"auths":["quay.io"]}', 'it has no registries under "auths"'],
    [auths("hunter2"), "its entry for quay.io is no object"],
    [auths(null), "its entry for quay.io is no object"],
    ['{"auths":{"hunter2hunter2":"x"}}', "one of its entries is no object"],
    ['{"auths":{"https://me:hunter2@quay.io":"x"}}', "one of its entries is no object"],
    ['{"auths":{"localhost":"x"}}', "its entry for localhost is no object"],
    [auths({ auth: encoded("u:p") }, { credsStore: "desktop" }), `it has credsStore: ${elsewhere}`],
    [auths({ auth: encoded("u:p") }, { credHelpers: { "quay.io": "secretservice" } }), `it has credHelpers: ${elsewhere}`],
    ['{"credsStore":"desktop"}', `it has credsStore: ${elsewhere}`],
    [auths({ credsStore: "desktop" }), `its entry for quay.io has credsStore: ${elsewhere}`],
    [auths({ credHelpers: "desktop" }), `its entry for quay.io has credHelpers: ${elsewhere}`],
  ])("%s: %s", (value, wrong) => refused(key, value, wrong, right));
  it("may be written as an object, too", () => {
    refused(key, { auths: {} }, 'it has no registries under "auths"', right);
  });
});

it.each([
  {},
  { auth: "" },
  { auth: 1 },
  { auth: "not base64, hunter2" },
  { auth: encoded("hunter2") },
  { auth: encoded(":hunter2") },
  { auth: "dTpwdw" },
])("the pull secret's entry %j has no auth", (entry) =>
  refused("pullSecret", auths(entry), 'its entry for quay.io has no "auth" (base64 of user:password)', pullSecret),
);

it.each([
  [{}, 'neither "auth" (base64 of user:password) nor "username" and "password"'],
  [{ username: "u" }, 'neither "auth" (base64 of user:password) nor "username" and "password"'],
  [{ password: "hunter2" }, 'neither "auth" (base64 of user:password) nor "username" and "password"'],
  [{ auth: "", username: "u", password: "" }, 'neither "auth" (base64 of user:password) nor "username" and "password"'],
  [{ username: "", password: "hunter2" }, 'neither "auth" (base64 of user:password) nor "username" and "password"'],
  [{ username: "u:v", password: "hunter2" }, 'a "username" with a colon, which ends the name of a user'],
  [{ auth: 1 }, 'an "auth" that is not the base64 of user:password'],
  [{ auth: encoded("hunter2") }, 'an "auth" that is not the base64 of user:password'],
  [{ auth: encoded(":hunter2") }, 'an "auth" that is not the base64 of user:password'],
  [{ auth: "dTpwdw" }, 'an "auth" that is not the base64 of user:password'],
  [{ auth: encoded("u:") }, 'an "auth" without a password'],
])("the registry's entry %j has %s", (entry, wrong) => {
  refused("registryCredentials", auths(entry), `its entry for quay.io has ${wrong}`, registryCredentials);
});

it.each([
  ["npmrc", "", "it is empty", "the text of an .npmrc file"],
  ["npmrc", " \n", "it is empty", "the text of an .npmrc file"],
  [
    "npmrc",
    // biome-ignore lint/suspicious/noTemplateCurlyInString: npm's own form.
    "//registry.example.com/:_authToken=${NPM_TOKEN}",
    "it takes a value from an environment variable, which a build does not have",
    "the text of an .npmrc file",
  ],
  ["mavenSettings", "<project/>", "it has no <settings> element", "the text of a settings.xml file"],
  [
    "mavenSettings",
    // biome-ignore lint/suspicious/noTemplateCurlyInString: Maven's own form.
    "<settings><servers><server><password>${env.TOKEN}</password></server></servers></settings>",
    "it takes a value from an environment variable, which a build does not have",
    "the text of a settings.xml file",
  ],
  ...[
    ["hunter2", "it is no private key in PEM"],
    [generateKeyPairSync("ec", { namedCurve: "P-256", ...pem }).publicKey, "it is no private key in PEM"],
    [newKey("rsa"), "it is not a key of an elliptic curve (ECDSA)"],
    [newKey("ed25519"), "it is not a key of an elliptic curve (ECDSA)"],
    [ecKey("pkcs8", "secp256k1"), "its curve is secp256k1, not one of P-256, P-384, P-521"],
    [ecKey("sec1", "P-224"), "its curve is secp224r1, not one of P-256, P-384, P-521"],
    [
      generateKeyPairSync("ec", {
        namedCurve: "P-256",
        ...pem,
        privateKeyEncoding: { ...pem.privateKeyEncoding, cipher: "aes-256-cbc", passphrase: "hunter2" },
      }).privateKey,
      "it is encrypted with a password",
    ],
    [
      "-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----\nhunter2\n-----END ENCRYPTED SIGSTORE PRIVATE KEY-----\n",
      "it is a key of cosign, which only cosign can open",
    ],
  ].map(([value, wrong]): [string, string, string, string] => [
    "signingPrivateKey",
    String(value),
    String(wrong),
    "an ECDSA private key in PEM without a password, as openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 writes it",
  ]),
])("%s %j is refused: %s", (key, value, wrong, right) => refused(key, value, wrong, right));

it.each([
  ["pullSecret", auths({ auth: encoded("u:p"), email: "you@example.com" })],
  ["registryCredentials", auths({ username: "u", password: "p:q" })],
  ["registryCredentials", auths({ auth: encoded("u:"), identitytoken: "x" })],
  ["npmrc", "registry=https://registry.example.com/"],
  // biome-ignore lint/suspicious/noTemplateCurlyInString: Maven's own form.
  ["mavenSettings", '<?xml version="1.0"?>\n<settings xmlns="x"><localRepository>${user.home}/m2</localRepository></settings>'],
  ["buildGitCredentials", JSON.stringify({ htop: "https://me:x@a.example.com" })],
  ["buildGitCredentials", JSON.stringify({ htop: { credentials: "https://me:x@a.example.com" } })],
  ["buildSecrets", JSON.stringify({ htop: { token: "x", "a.b_C-1": "1\n2" } })],
  ["rhelEntitlement", entitlement.whole],
  // As subscription-manager writes the file: the certificate has company, and the key is another file.
  [
    "rhelEntitlement",
    `${entitlement.certificate}-----BEGIN ENTITLEMENT DATA-----\neJzt\n-----END ENTITLEMENT DATA-----\n-----BEGIN RSA SIGNATURE-----\nabc=\n-----END RSA SIGNATURE-----\n${entitlement.key}`,
  ],
  ["rhelEntitlement", `${entitlement.key}\n${entitlement.certificate}`],
  ["signingPrivateKey", ecKey("pkcs8")],
  ["signingPrivateKey", ecKey("sec1")],
  ["signingPrivateKey", ecKey("pkcs8", "P-384")],
  ["signingPrivateKey", ecKey("sec1", "P-521")],
])("%s %s is right", (key, value) => expect(problems(withValues({ [key]: value }))).toEqual([]));

describe("a subscription of RHEL", () => {
  const right = "a certificate of /etc/pki/entitlement and its private key, as cat ID.pem ID-key.pem prints them";
  const { key, certificate } = entitlement;
  const newKey = (options = {}) =>
    generateKeyPairSync("ec", {
      namedCurve: "prime256v1",
      privateKeyEncoding: { type: "pkcs8", format: "pem", ...options },
      publicKeyEncoding: { type: "spki", format: "pem" },
    }).privateKey;
  it.each([
    ["", "it has no certificate"],
    ["hunter2", "it has no certificate"],
    [key, "it has no certificate"],
    [certificate, "it has no private key, or an encrypted one"],
    [certificate.repeat(2) + key, "it has more than one certificate, or more than one private key"],
    [certificate + key + newKey(), "it has more than one certificate, or more than one private key"],
    [certificate.replace("MII", "AAA") + key, "its certificate cannot be read"],
    [certificate + newKey(), "its private key is that of another certificate"],
    [certificate + key.replace(/\n.{10}/, "\nAAAAAAAAAA"), "its private key cannot be read"],
    [certificate + newKey({ cipher: "aes-256-cbc", passphrase: "x" }), "its private key is encrypted, and a build has no passphrase"],
  ])("%#: %s", (value, wrong) => refused("rhelEntitlement", value, wrong, right));

  it("becomes the two files of a host, each with all that belongs to it", () => {
    const data = "-----BEGIN ENTITLEMENT DATA-----\neJzt\n-----END ENTITLEMENT DATA-----\n";
    expect(entitlementFiles(`a comment\n${key}${certificate}${data}`)).toEqual({
      "entitlement.pem": certificate + data,
      "entitlement-key.pem": key,
    });
  });
});

describe("secrets of builds", () => {
  const right = "an object that has, by name of the build, an object of names of secrets and their texts";
  it.each<[unknown, string]>([
    ["hunter2", "it is no object"],
    ["[]", "it is no object"],
    ['["hunter2"]', "it is no object"],
    [{ htop: "hunter2" }, "what it has for one of the builds is no object of secrets"],
    [{ htop: {} }, "what it has for one of the builds is no object of secrets"],
    [{ htop: { "a/b": "x" } }, "one of its secrets has a name that is too long, or has other characters than A-Z a-z 0-9 . _ -"],
    [{ htop: { ".npmrc": "x" } }, "one of its secrets has a name that is too long, or has other characters than A-Z a-z 0-9 . _ -"],
    ['{"htop":{"__proto__":"x"}}', "one of its secrets has a name that is too long, or has other characters than A-Z a-z 0-9 . _ -"],
    [
      { htop: { ["x".repeat(202)]: "x" } },
      "one of its secrets has a name that is too long, or has other characters than A-Z a-z 0-9 . _ -",
    ],
    [{ htop: { token: "" } }, "one of its secrets is no text, or empty"],
    [{ htop: { token: 1 } }, "one of its secrets is no text, or empty"],
  ])("%j is refused: %s", (value, wrong) => refused("buildSecrets", value, wrong, right));
});

describe("Git credentials of builds", () => {
  const right = "an object that has, by name of the build, what gitCredentials may be";
  it.each<[unknown, string]>([
    ["https://me:hunter2@a.example.com", "it is no object"],
    ["[]", "it is no object"],
    [{ htop: 1 }, "what it has for one of the builds is neither a text nor an object"],
    [{ htop: null }, "what it has for one of the builds is neither a text nor an object"],
    [{ htop: "" }, "of what it has for one of the builds: it is empty"],
    [{ htop: {} }, "of what it has for one of the builds: it has neither credentials nor sshKey"],
    [
      { htop: { sshKey: "x" } },
      "of what it has for one of the builds: it has an sshKey and no knownHosts: whoever answers would be taken for the server",
    ],
    [{ htop: { token: "x" } }, "of what it has for one of the builds: it has other keys than credentials, sshKey, knownHosts"],
  ])("%j is refused: %s", (value, wrong) => refused("buildGitCredentials", value, wrong, right));
});

describe("registry credentials as buildah reads them", () => {
  it("have an auth made of user and password, and neither of these any more", () => {
    const config = {
      auths: { "quay.io": { username: "u", password: "p:\u00e9" }, "ghcr.io": { auth: encoded("a:b"), email: "x" } },
      other: 1,
    };
    expect(JSON.parse(withAuth(JSON.stringify(config)))).toEqual({
      auths: { "quay.io": { auth: encoded("u:p:\u00e9") }, "ghcr.io": { auth: encoded("a:b"), email: "x" } },
      other: 1,
    });
  });
  it("keep an auth that is there, whatever user and password say", () => {
    const config = {
      auths: { "quay.io": { auth: encoded("a:b"), username: "u", password: "p" }, "a.io": { auth: "", username: "u", password: "p" } },
    };
    expect(JSON.parse(withAuth(JSON.stringify(config))).auths).toEqual({
      "quay.io": { auth: encoded("a:b") },
      "a.io": { auth: encoded("u:p") },
    });
  });
  it("stay to the letter when every entry has its auth, and when they are wrong", () => {
    for (const config of [` {"auths": {"quay.io": {"auth": "${encoded("u:p")}"}}}\n`, "hunter2", '{"auths":{"a.io":1}}'])
      expect(withAuth(config)).toBe(config);
  });
});

describe("a key for signatures", () => {
  it("is handed on in the form that Chains reads, and is the same key", () => {
    const given = ecKey("sec1");
    expect(given).toContain("BEGIN EC PRIVATE KEY");
    const converted = asPkcs8(given);
    expect(converted).toMatch(/^-----BEGIN PRIVATE KEY-----/);
    const publicOf = (key: string) => createPublicKey(createPrivateKey(key)).export({ type: "spki", format: "pem" });
    expect(publicOf(converted)).toBe(publicOf(given));
  });

  it.each([
    // As `openssl ecparam -genkey` writes it.
    ["the parameters of its curve", "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n"],
    ["a certificate", entitlement.certificate],
    ["a comment", "mine: BEGIN PRIVATE KEY\n"],
  ])("is the first and only block, without %s in front of it", (_, before) => {
    for (const key of [ecKey("sec1"), ecKey("pkcs8")]) {
      expect(problems(withValues({ signingPrivateKey: before + key }))).toEqual([]);
      expect(asPkcs8(before + key)).toMatch(/^-----BEGIN PRIVATE KEY-----\n[A-Za-z0-9+/=\n]+-----END PRIVATE KEY-----\n$/);
    }
  });

  it("comes back as it was if it has that form", () => {
    const given = ecKey("pkcs8");
    expect(asPkcs8(given)).toBe(given);
  });
});
