import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { run } from "../../machine/exec";
import type { Api } from "./api";
import { problems, type TektonConfig, withDefaults } from "./tekton-config";

interface Review {
  apiVersion: string;
  kind: string;
  request: { uid: string; operation: string; name: string; object: TektonConfig; oldObject?: TektonConfig };
}

const manager = "openshift-pipelines-operator";
const mutatingName = "webhook.operator.tekton.dev";
const validatingName = "validation.webhook.operator.tekton.dev";
const registrations = "admissionregistration.k8s.io/v1";

/** What the webhooks answer to one review; `path` is theirs below. */
export function review(path: string, { request }: Review): object {
  const { uid, object, oldObject } = request;
  if (object.metadata.deletionTimestamp) return { uid, allowed: true };
  if (path === "/defaulting") {
    const patch = [{ op: object.spec === undefined ? "add" : "replace", path: "/spec", value: withDefaults(object.spec ?? {}) }];
    return { uid, allowed: true, patchType: "JSONPatch", patch: Buffer.from(JSON.stringify(patch)).toString("base64") };
  }
  const found = problems(object.metadata.name, object.spec ?? {}, oldObject?.spec);
  if (found.length === 0) return { uid, allowed: true };
  return { uid, allowed: false, status: { code: 400, reason: "BadRequest", message: `validation failed: ${found.join("\n")}` } };
}

/**
 * For how many milliseconds the webhooks are registered before they answer. Their program registers them when it starts
 * (cmd/openshift/webhook/kodata/validating-defaulting-webhook) and serves some seconds later; its Deployment has no readiness probe
 * (config/openshift/base/webhook.yaml), so to OLM the operator is installed by then.
 */
const defaultSilence = 3000;

/**
 * The operator's admission webhooks for TektonConfig, served on a free port of 127.0.0.1 (the API server runs on the same
 * machine) under a certificate that lives as long as this process. Until they answer, the API server refuses every change.
 */
export class Admission {
  private server: Server | undefined;
  private timer: NodeJS.Timeout | undefined;

  /** @param silence milliseconds from the registration to the first answer. */
  constructor(
    private readonly api: Api,
    private readonly silence = defaultSilence,
  ) {}

  async start(): Promise<void> {
    if (this.server) return;
    const pem = await run(
      ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "3650"].concat([
        "-subj",
        "/CN=127.0.0.1",
        "-addext",
        "subjectAltName=IP:127.0.0.1",
        "-keyout",
        "-",
        "-out",
        "-",
      ]),
    );
    const certificate = pem.slice(pem.indexOf("-----BEGIN CERTIFICATE-----"));
    const server = createServer({ key: pem, cert: certificate }, (incoming, response) => {
      const chunks: Buffer[] = [];
      incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
      incoming.on("end", () => {
        try {
          const asked: Review = JSON.parse(Buffer.concat(chunks).toString());
          const answer = review((incoming.url ?? "").split("?")[0] ?? "", asked);
          response.setHeader("content-type", "application/json");
          response.end(JSON.stringify({ apiVersion: asked.apiVersion, kind: asked.kind, response: answer }));
        } catch (error) {
          response.statusCode = 400;
          response.end(String(error));
        }
      });
    });
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(0, "127.0.0.1", resolve);
    });
    this.server = server;
    let answers = false;
    server.on("connection", (socket) => {
      if (!answers) socket.destroy();
    });
    const { port } = server.address() as AddressInfo;
    const webhook = (name: string, path: string) => ({
      name,
      admissionReviewVersions: ["v1"],
      clientConfig: { url: `https://127.0.0.1:${port}${path}`, caBundle: Buffer.from(certificate).toString("base64") },
      rules: [
        { apiGroups: ["operator.tekton.dev"], apiVersions: ["v1alpha1"], resources: ["tektonconfigs"], operations: ["CREATE", "UPDATE"] },
      ],
      failurePolicy: "Fail",
      sideEffects: "None",
      timeoutSeconds: 10,
    });
    await this.api.apply(
      {
        apiVersion: registrations,
        kind: "MutatingWebhookConfiguration",
        metadata: { name: mutatingName },
        webhooks: [webhook(mutatingName, "/defaulting")],
      },
      manager,
    );
    await this.api.apply(
      {
        apiVersion: registrations,
        kind: "ValidatingWebhookConfiguration",
        metadata: { name: validatingName },
        webhooks: [webhook(validatingName, "/validation")],
      },
      manager,
    );
    this.timer = setTimeout(() => {
      answers = true;
    }, this.silence);
  }

  /** Takes the webhooks out of the cluster; without the operator they would block every change. */
  async remove(): Promise<void> {
    await this.api.delete({ apiVersion: registrations, plural: "mutatingwebhookconfigurations" }, mutatingName);
    await this.api.delete({ apiVersion: registrations, plural: "validatingwebhookconfigurations" }, validatingName);
    this.stop();
  }

  stop(): void {
    clearTimeout(this.timer);
    this.server?.close();
    this.server = undefined;
  }
}
