import { expect, it } from "vitest";
import { masker } from "../../config/mask";
import { leaks, testSecret } from "../leaks";

const secret = testSecret("a secret");
const base64 = (text: string) => Buffer.from(text).toString("base64");

it("a secret is masked as it is, encoded, and in the documents that hold it", () => {
  const login = JSON.stringify({ auths: { "quay.io": { auth: base64(`user:${secret}`), email: "user@example.com" } } });
  const kubeconfig = `users:\n- name: admin\n  user:\n    client-key-data: ${base64(`-----BEGIN RSA PRIVATE KEY-----\n${secret}`)}\n`;
  const masked = masker([login, kubeconfig]);
  const text = [
    secret,
    `password: "${secret}"`,
    base64(`x${secret}`),
    Buffer.from(secret).toString("hex"),
    login,
    kubeconfig,
    kubeconfig.split(" ").at(-1),
  ].join("\n");
  expect(leaks(text, { secret })).not.toEqual([]);
  expect(leaks(masked(text), { secret })).toEqual([]);
});

it("a secret is masked where it stands in JSON, and in the base64 of URLs", () => {
  const quoted = 'pass"word\\of\tmany-letters';
  expect(masker([quoted])(JSON.stringify({ a: quoted }))).toBe('{"a":"[secret]"}');
  const bytes = "aa>>>???bbbbccccdddd????~~~~";
  expect(leaks(masker([bytes])(Buffer.from(bytes).toString("base64url")), { bytes })).toEqual([]);
});

it("what is no secret stays: names of users, short words, everything where there are none", () => {
  const login = JSON.stringify({ auths: { "quay.io": { username: "long-name-of-a-user", password: "rehearsal" } } });
  expect(masker([login])("rehearsal of long-name-of-a-user")).toBe("rehearsal of long-name-of-a-user");
  expect(masker([])("text")).toBe("text");
});

it("a secret within another one is masked with it", () => {
  expect(masker([secret, `${secret}-and-more`])(`${secret}-and-more`)).toBe("[secret]");
});
