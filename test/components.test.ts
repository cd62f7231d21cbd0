import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import * as grpc from "@grpc/grpc-js";
import type * as pulumi from "@pulumi/pulumi";
import { ResourceProviderClient } from "@pulumi/pulumi/proto/provider_grpc_pb";
import { GetSchemaRequest, type GetSchemaResponse } from "@pulumi/pulumi/proto/provider_pb";
import { getPulumiComponents } from "@pulumi/pulumi/provider/experimental/provider";
import { expect, it, vi } from "vitest";
import { parse } from "yaml";
import * as components from "../components";
import { type ImageArgs, ImageBuilds, type ImageBuildsArgs, referencesOf } from "../components";
import { graph, resolved } from "./graph";
import { testSecret } from "./leaks";

/** The components that other programs can use, as Pulumi reads, starts and constructs them. */

const root = join(__dirname, "..");
vi.mock("../tekton/follow", () => ({
  follow: async (_: unknown, { build }: { build: string }) => {
    return { image: `quay.io/example/${build}@sha256:${"a".repeat(64)}`, members: [], run: `${build}-abcde`, commit: "c0ffee" };
  },
}));

const image = (name: string, more: Partial<ImageArgs> = {}): ImageArgs => ({
  name,
  pipeline: "containerfile",
  repository: "https://github.com/example/app.git",
  image: `quay.io/example/${name}:latest`,
  ...more,
});
const secrets = { token: testSecret("token of the kubeconfig"), password: testSecret("password of the registry") };
const args = (more: Partial<ImageBuildsArgs> = {}): ImageBuildsArgs => ({
  kubeconfig: JSON.stringify({
    "current-context": "mine",
    contexts: [{ name: "mine", context: { cluster: "mine", user: "mine" } }],
    clusters: [{ name: "mine", cluster: { server: "https://api.example.com:6443" } }],
    users: [{ name: "mine", user: { token: secrets.token } }],
  }),
  clusterIdentifier: "mine",
  storageClass: "shared",
  registryCredentials: JSON.stringify({ auths: { "quay.io": { username: "user", password: secrets.password } } }),
  architectures: ["arm64", "amd64"],
  images: [image("htop"), image("app", { pipeline: "nodejs", context: "apps/one" })],
  ...more,
});

/** The component as an update makes it. */
async function made(given: ImageBuildsArgs) {
  let component: ImageBuilds | undefined;
  const result = await graph(
    () => {
      component = new ImageBuilds("mine", given);
      return component.references.apply(() => ({}));
    },
    { outputs: (type, name) => (type.endsWith(":PipelineRun") ? { metadata: { name, uid: name } } : { result: "abcde" }) },
  );
  return { ...result, component: component as unknown as ImageBuilds };
}
const value = <T>(output: pulumi.Output<T>) => resolved(output);

it("ImageBuilds makes a namespace with the tasks, and a pipeline and a run for each image, with a provider of its own", async () => {
  const { resources } = await made(args());
  const kinds = resources.filter(({ type }) => type.startsWith("kubernetes:")).map(({ type }) => type.split(":").at(-1));
  expect(kinds.filter((kind) => kind === "Namespace")).toHaveLength(1);
  expect(kinds.filter((kind) => kind === "Task")).toHaveLength(6);
  expect(kinds.filter((kind) => kind === "Pipeline" || kind === "PipelineRun")).toHaveLength(4);
  const provider = resources.find(({ type }) => type === "pulumi:providers:kubernetes");
  expect(provider?.sent).toMatchObject({ clusterIdentifier: "mine" });
  for (const { type, provider: used } of resources) if (type.startsWith("kubernetes:")) expect(used).toBe("mine-cluster");
});

it("every resource of ImageBuilds is named after it, so that a program may have two", async () => {
  const { resources } = await made(args());
  expect(resources.map(({ name }) => name).filter((name) => name !== "mine" && !name.startsWith("mine-"))).toEqual([]);
});

it("the secrets given to ImageBuilds are encrypted in the state", async () => {
  const { resources, outputs } = await made(args());
  const plain = JSON.stringify([resources.map((resource) => resource.plain), outputs.map((output) => output.plain)]);
  for (const secret of Object.values(secrets)) {
    expect(plain).not.toContain(secret);
    expect(plain).not.toContain(Buffer.from(`user:${secret}`).toString("base64"));
  }
});

it("ImageBuilds knows what was pushed, by name of the image", async () => {
  const { component } = await made(args());
  expect(await value(component.references)).toEqual(
    Object.fromEntries(["htop", "app"].map((name) => [name, `quay.io/example/${name}@sha256:${"a".repeat(64)}`])),
  );
});

it("an image that was not built fails ImageBuilds, with the reason of each, although another was built", () => {
  const built = { image: "quay.io/example/app@sha256:1" };
  expect(referencesOf({ app: built })).toEqual({ app: built.image });
  expect(() => referencesOf({ htop: { failure: "task push failed" }, app: built, top: { failure: "task clone failed" } })).toThrow(
    "Images were not built:\n  - htop: task push failed\n  - top: task clone failed",
  );
});

it.each([
  [
    "a pipeline that there is not",
    { images: [image("app", { pipeline: "node" })] },
    "images[0].pipeline: expected one of containerfile, nodejs, quarkus",
  ],
  ["an image without a registry", { images: [image("htop"), image("app", { image: "app" })] }, "images[1].image: expected registry"],
  ["a tag that is none", { images: [image("app", { tags: ["a b"] })] }, "images[0].tags.0: expected a tag of at most 128 characters"],
  ["an ARG that is none", { images: [image("app", { buildArgs: { "A-B": "x" } })] }, "images[0].buildArgs.A-B: expected a name of letters"],
  ["a namespace of the cluster's own", { namespace: "openshift-builds" }, "name: expected lower-case"],
  [
    "an architecture that there is not",
    { architectures: ["amd64", "s390x"] },
    'architectures is ["amd64","s390x"]; expected one or more of amd64, arm64',
  ],
  ["no architecture", { architectures: [] }, "architectures is []"],
])("ImageBuilds refuses %s before it makes anything", async (_, wrong, message) => {
  let said = "";
  const { resources } = await graph(() => {
    try {
      new ImageBuilds("mine", args(wrong));
    } catch (error) {
      said = (error as Error).message;
    }
  });
  expect(said).toContain(message);
  expect(resources.filter(({ custom }) => custom)).toEqual([]);
});

it("Pulumi's own plugin host reads the package's schema from the sources: components, their arguments and outputs", async () => {
  expect(parse(readFileSync(join(root, "PulumiPlugin.yaml"), "utf8"))).toEqual({ runtime: "nodejs" });
  const { name, version, resources, types } = JSON.parse(await schemaOf(root));
  expect({ name, version }).toEqual({
    name: "openshift-multiarch",
    version: JSON.parse(readFileSync(join(root, "package.json"), "utf8")).version,
  });
  const classes = getPulumiComponents(components).map((component) => component.name);
  expect(Object.keys(resources).sort()).toEqual(classes.map((component) => `openshift-multiarch:index:${component}`).sort());
  const builds = resources["openshift-multiarch:index:ImageBuilds"];
  expect(Object.keys(builds.inputProperties).sort()).toEqual(
    [...Object.keys(args()), "lastResults", "mavenSettings", "namespace", "npmrc", "sbom"].sort(),
  );
  expect(builds.requiredInputs.sort()).toEqual(Object.keys(args()).sort());
  expect(Object.keys(builds.properties).sort()).toEqual(["references", "results"]);
  expect(types["openshift-multiarch:index:ImageArgs"].required.sort()).toEqual(Object.keys(image("x")).sort());
}, 180_000);

/** As the Node.js language host starts a plugin (`pulumi package get-schema .`): it prints the port of its service. */
async function schemaOf(folder: string): Promise<string> {
  const host = require.resolve("@pulumi/pulumi/cmd/run-plugin");
  const plugin: ChildProcess = spawn(process.execPath, [host, "--pwd", folder, folder, "127.0.0.1:1"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  try {
    const port = await new Promise<string>((resolve, reject) => {
      createInterface({ input: plugin.stdout as NodeJS.ReadableStream }).once("line", resolve);
      plugin.once("exit", (code) => reject(new Error(`the plugin ended with ${code}`)));
    });
    const client = new ResourceProviderClient(`127.0.0.1:${port}`, grpc.credentials.createInsecure(), {
      "grpc.max_receive_message_length": -1,
    });
    const answer = await new Promise<GetSchemaResponse>((resolve, reject) =>
      client.getSchema(new GetSchemaRequest(), (error, response) => (error ? reject(error) : resolve(response))),
    );
    client.close();
    return answer.getSchema();
  } finally {
    plugin.removeAllListeners("exit");
    plugin.kill();
  }
}
