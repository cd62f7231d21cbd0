import { afterAll, beforeAll, expect, it } from "vitest";
import { scrubber, secretsIn, tail } from "../../../infra/log-tail";
import { leaks, testSecret } from "../../leaks";
import { unchecked } from "./configurations";
import { type RealInstaller, startInstaller } from "./real-installer";

let installer: RealInstaller;
beforeAll(async () => {
  installer = await startInstaller();
}, 120_000);
afterAll(() => installer?.stop());

/** Files that an ignition file writes, in clear: https://coreos.github.io/ignition/configuration-v3_2/ */
function written(ignition: string): Map<string, string> {
  const { storage } = JSON.parse(ignition) as { storage: { files: { path: string; contents?: { source?: string } }[] } };
  return new Map(
    storage.files.map(({ path, contents }) => [
      path,
      Buffer.from(/base64,(.*)$/.exec(contents?.source ?? "")?.[1] ?? "", "base64").toString(),
    ]),
  );
}

it("no secret that the product's own installer makes or is given is in the end of a log that has them all in clear", async () => {
  const auth = Buffer.from(`user:${testSecret("pull secret")}`).toString("base64");
  const files = await installer.files(unchecked({ pullSecret: JSON.stringify({ auths: { "quay.io": { auth } } }) }));
  const bootstrap = written(files.get("bootstrap.ign") ?? "");
  const keys = [...bootstrap].filter(([path]) => path.endsWith(".key"));
  expect(keys.length).toBeGreaterThan(10);
  const credentials = [...bootstrap].find(([path]) => path.includes("cloud-creds-secret"))?.[1] ?? "";
  const needles = {
    auth,
    password: files.get("auth/kubeadmin-password") ?? "",
    "AWS key": installer.secretKey,
    "administrator's key": /client-key-data: (\S+)/.exec(files.get("auth/kubeconfig") ?? "")?.[1] ?? "",
    ...Object.fromEntries(keys.map(([path, key]) => [path, key.split("\n")[1] ?? ""])),
  };
  const log = [...Object.values(needles), credentials, ...keys.map(([, key]) => key)].join("\n");
  expect(new Set(leaks(log, needles).map(({ secret }) => secret))).toEqual(new Set(Object.keys(needles)));
  const read = [".openshift_install_state.json", "auth/kubeadmin-password", "auth/kubeconfig"].map((name) => files.get(name) ?? "");
  expect(leaks(tail(log, scrubber(read.flatMap(secretsIn))), needles)).toEqual([]);
}, 300_000);
