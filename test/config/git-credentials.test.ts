import { execFileSync } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { gitCredentialFiles } from "../../config/git-credentials";
import { problems, withValues } from "./stack";

const folder = mkdtempSync(join(tmpdir(), "keys-"));
afterAll(() => rmSync(folder, { recursive: true }));
/** A private key by ssh-keygen itself. */
function key(name: string, ...options: string[]): string {
  execFileSync("ssh-keygen", ["-q", "-C", "", "-N", "", "-f", join(folder, name), ...options]);
  return readFileSync(join(folder, name), "utf8");
}
const ed25519 = key("ed25519", "-t", "ed25519");
const publicKey = readFileSync(join(folder, "ed25519.pub"), "utf8").trim();
const knownHosts = `# github.com:22 SSH-2.0\ngithub.com ${publicKey}\n|1|abc=|def= ${publicKey} comment\n@cert-authority *.example.com ${publicKey}\n`;
const whole = (sshKey: string, more = {}) => JSON.stringify({ sshKey, knownHosts, ...more });

const right =
  "the text of a .git-credentials file, lines https://USER:TOKEN@HOST, or an object with credentials (such a text), sshKey and knownHosts";
const refused = (value: unknown, wrong: string) =>
  expect(problems(withValues({ gitCredentials: value }))).toEqual([`gitCredentials is (secret), but ${wrong}; expected ${right}`]);
const taken = (value: unknown) => expect(problems(withValues({ gitCredentials: value }))).toEqual([]);
const noLine = (number: number) =>
  `line ${number} of its credentials is not https://USER:TOKEN@HOST or https://USER:TOKEN@HOST/PATH, with %40 and the like for what is special in addresses`;

describe("tokens for https", () => {
  it.each([
    ["", "it is empty"],
    ["\n", "it is empty"],
    ["# none\n", "its credentials have no line"],
    ["hunter2", noLine(1)],
    ["https://hunter2@github.com", noLine(1)],
    ["https://me:hunter2@", noLine(1)],
    ["https://:hunter2@github.com", noLine(1)],
    ["https://me:hunt/er2@github.com", noLine(1)],
    ["https://me:hunt@er2@github.com", noLine(1)],
    ["https://me:%hunter2@github.com", noLine(1)],
    ["https://me:hunter2@github.com:port", noLine(1)],
    ["https://me:hunter2@github.com?x=1", noLine(1)],
    ["ssh://me:hunter2@github.com", noLine(1)],
    ["# mine\n\nhttps://me:hunter2@github.com\nhunter2", noLine(4)],
    [
      "https://a:b@a.com\nhttps://c:d@b.com/x\nhttps://e:f@b.com/x/",
      "the lines 2 and 3 of its credentials are for the same: one of them would never be used",
    ],
  ])("%j is refused: %s", refused);
  it.each([
    "https://me:token@github.com",
    "https://me:token@github.com/\r\nhttp://me:to%2Fken@10.0.0.1:8080/team/app.git\r\n",
    "# two\nhttps://a:b@github.com\nhttps://a:b@github.com/team\n",
  ])("%j is right", taken);
});

describe("a key for ssh", () => {
  const wrong: [value: unknown, problem: string][] = [
    ["{", "it begins as JSON does, and is none"],
    ['"x"', "it is JSON, and no object"],
    ["[]", "it is JSON, and no object"],
    ["{}", "it has neither credentials nor sshKey"],
    [{ hunter2: "x" }, "it has other keys than credentials, sshKey, knownHosts"],
    [{ credentials: 1 }, "its credentials is no text, or an empty one"],
    [{ sshKey: " " }, "its sshKey is no text, or an empty one"],
    [{ credentials: "hunter2" }, noLine(1)],
    [{ knownHosts }, "it has neither credentials nor sshKey"],
    [{ credentials: "https://me:x@github.com", knownHosts }, "it has knownHosts and no sshKey, which alone needs them"],
    [{ sshKey: ed25519 }, "it has an sshKey and no knownHosts: whoever answers would be taken for the server"],
    [ed25519, "it is a key alone: whom it is shown to is not checked without knownHosts"],
    [whole(publicKey), "its sshKey is the public half of a key"],
    [whole("PuTTY-User-Key-File-3: ssh-ed25519"), "its sshKey has PuTTY's form: export it in OpenSSH's"],
    [whole("hunter2"), "its sshKey is no private key, or not all of it: the lines from -----BEGIN to -----END, each by itself"],
    [
      whole(ed25519.replace(/-----END[\s\S]*/, "")),
      "its sshKey is no private key, or not all of it: the lines from -----BEGIN to -----END, each by itself",
    ],
    [
      whole(ed25519.replaceAll("\n", "\\n")),
      "its sshKey is no private key, or not all of it: the lines from -----BEGIN to -----END, each by itself",
    ],
    [whole(ed25519.replace(/\n[^\n]+\n-----END/, "\n-----END")), "its sshKey is damaged: it cannot be read"],
    [whole(ed25519.replace("b3Bl", "AAAA")), "its sshKey is damaged: it cannot be read"],
    [whole("-----BEGIN RSA PRIVATE KEY-----\naHVudGVyMg==\n-----END RSA PRIVATE KEY-----"), "its sshKey is damaged: it cannot be read"],
    [whole(ed25519, { knownHosts: publicKey }), "line 1 of its knownHosts is not HOST TYPE KEY, as ssh-keyscan prints it"],
    [whole(ed25519, { knownHosts: `${knownHosts}hunter2` }), "line 5 of its knownHosts is not HOST TYPE KEY, as ssh-keyscan prints it"],
    [whole(ed25519, { knownHosts: ed25519 }), "line 1 of its knownHosts is not HOST TYPE KEY, as ssh-keyscan prints it"],
  ];
  it.each(wrong.map(([value, problem], i) => [i, problem, value] as const))("wrong value %i is refused: %s", (_, problem, value) =>
    refused(value, problem),
  );

  const forms = [
    ["ed25519", ["-t", "ed25519"]],
    ["rsa", ["-t", "rsa", "-b", "2048"]],
    ["ecdsa", ["-t", "ecdsa"]],
    ["rsa as PEM", ["-t", "rsa", "-b", "2048", "-m", "PEM"]],
    ["ecdsa as PEM", ["-t", "ecdsa", "-m", "PEM"]],
    ["rsa as PKCS 8", ["-t", "rsa", "-b", "2048", "-m", "PKCS8"]],
  ] as const;
  it.each(forms)("of ssh-keygen is right (%s), and refused with a passphrase", (name, options) => {
    const file = name.replaceAll(" ", "-");
    taken(whole(key(`open-${file}`, ...options)));
    taken(
      whole(readFileSync(join(folder, `open-${file}`), "utf8").replaceAll("\n", "\r\n"), { credentials: "https://me:token@github.com" }),
    );
    refused(
      whole(key(`locked-${file}`, ...options, "-N", "hunter2hunter2")),
      "its sshKey has a passphrase, which nobody can type in a build: use a key without one, for this purpose alone",
    );
  });

  it("may be of PKCS 8 with a passphrase as other programs write it, and is refused", () => {
    const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
    const pem = privateKey.export({ type: "pkcs8", format: "pem", cipher: "aes-256-cbc", passphrase: "hunter2" }).toString();
    refused(whole(pem), "its sshKey has a passphrase, which nobody can type in a build: use a key without one, for this purpose alone");
  });
});

it("each part becomes the file that the task git-clone looks for", () => {
  const credentials = "https://me:token@github.com\n";
  expect(gitCredentialFiles(credentials)).toEqual({ ".git-credentials": credentials });
  expect(gitCredentialFiles(whole(ed25519))).toEqual({ "ssh-privatekey": ed25519, known_hosts: knownHosts });
  expect(Object.keys(gitCredentialFiles(whole(ed25519, { credentials })))).toEqual([".git-credentials", "ssh-privatekey", "known_hosts"]);
});
