import { execFile } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { places } from "../../../rehearsal/machine/places";
import { authority } from "../../cluster/api-server";
import { testSecret } from "../../leaks";
import { type Emulator, startEmulator } from "../aws/emulator";

/**
 * `install-config` reads and checks the file, by itself and with what AWS offers (pkg/types/validation, pkg/asset/installconfig/aws);
 * `manifests`, as in a real install, also looks for the domain's zone and divides the network.
 */
type Step = "install-config" | "manifests";

/** The product's own installer, against an emulated account that has a public zone `example.com`. */
export interface RealInstaller {
  readonly aws: Emulator;
  /** The emulator's services over TLS, for an install-config.yaml; and what the installer needs to reach them. */
  readonly endpoints: readonly { readonly name: string; readonly url: string }[];
  readonly environment: Readonly<Record<"OPENSHIFT_INSTALL_DATA" | "SSL_CERT_FILE" | "AWS_CA_BUNDLE", string>>;
  /** What `openshift-install create STEP` has against an install-config.yaml; nothing if it is right. */
  problems(step: Step, installConfig: InstallConfigFile): Promise<string[]>;
  /** What `openshift-install create ignition-configs` leaves of a right one: contents by path. */
  files(installConfig: InstallConfigFile): Promise<ReadonlyMap<string, string>>;
  /** The secret of the AWS key that it works with. */
  readonly secretKey: string;
  stop(): void;
}

/** An install-config.yaml, as far as it is looked at here. */
export interface InstallConfigFile {
  readonly platform: { readonly aws: { readonly serviceEndpoints?: unknown } };
}

/** For the tests of the file that calls it. */
export async function startInstaller(): Promise<RealInstaller> {
  const signer = authority();
  const aws = await startEmulator({ EMULATOR_DELAY: "0" });
  await aws.ask("route53", "create_hosted_zone", { Name: "example.com", CallerReference: "a" });
  // The installer demands https.
  const { key, certificate: cert } = signer.sign("127.0.0.1", "IP:127.0.0.1");
  const front = createServer({ key, cert }, (asked, answer) => {
    const { method, headers, url } = asked;
    const forwarded = request(`${aws.endpoint}${url}`, { method, headers }, (answered) => {
      answer.writeHead(answered.statusCode ?? 502, answered.headers);
      answered.pipe(answer);
    });
    forwarded.on("error", () => answer.destroy());
    asked.pipe(forwarded);
  });
  front.on("tlsClientError", () => {});
  await new Promise<void>((listening) => front.listen(0, "127.0.0.1", listening));
  const url = `https://127.0.0.1:${(front.address() as AddressInfo).port}`;
  const home = mkdtempSync(join(tmpdir(), "openshift-multiarch-test-installer-"));
  const trusted = join(home, "ca.crt");
  const secretKey = testSecret("the account's key");
  writeFileSync(trusted, signer.certificate);
  const environment = {
    OPENSHIFT_INSTALL_DATA: join(places.share, "openshift-install", "data"),
    SSL_CERT_FILE: trusted,
    AWS_CA_BUNDLE: trusted,
  };
  const env = {
    HOME: home,
    PATH: process.env.PATH,
    ...environment,
    AWS_ACCESS_KEY_ID: "test",
    AWS_SECRET_ACCESS_KEY: secretKey,
    AWS_CONFIG_FILE: "/dev/null",
    AWS_EC2_METADATA_DISABLED: "true",
  };
  const services = ["ec2", "elasticloadbalancing", "iam", "route53", "s3", "servicequotas", "sts", "tagging"];
  const endpoints = services.map((name) => ({ name, url }));

  /** Runs a step in a folder of its own, hands that over, and removes it. */
  async function create<T>(step: string, installConfig: InstallConfigFile, look: (folder: string, said: string) => T): Promise<T> {
    const folder = mkdtempSync(join(home, "install-"));
    const { aws: platform } = installConfig.platform;
    const reachable = { ...installConfig, platform: { aws: { serviceEndpoints: endpoints, ...platform } } };
    // JSON is YAML, as the stage writes it.
    writeFileSync(join(folder, "install-config.yaml"), JSON.stringify(reachable));
    const said = await new Promise<string>((ended, failed) =>
      execFile(join(places.bin, "openshift-install"), ["create", step, "--dir", folder], { env, timeout: 120_000 }, (error, _, stderr) => {
        if (error && typeof error.code !== "number") failed(new Error(`openshift-install did not end by itself: ${stderr}`));
        else ended(error ? stderr : "");
      }),
    );
    const seen = look(folder, said);
    rmSync(folder, { recursive: true });
    return seen;
  }

  return {
    aws,
    endpoints,
    environment,
    secretKey,
    problems: (step, installConfig) =>
      create(step, installConfig, (_, said) => said.split("\n").filter((line) => /^level=(?:error|fatal) /.test(line))),
    files: (installConfig) =>
      create("ignition-configs", installConfig, (folder, said) => {
        if (said !== "") throw new Error(said);
        const names = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) => statSync(join(folder, name)).isFile());
        return new Map(names.map((name) => [name, readFileSync(join(folder, name), "utf8")]));
      }),
    stop() {
      front.close();
      front.closeAllConnections();
      aws.stop();
      rmSync(home, { recursive: true, force: true });
    },
  };
}
