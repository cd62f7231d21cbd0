import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { describe, expect, it } from "vitest";
import { TextDocument } from "vscode-languageserver-textdocument";
import { getLanguageService } from "yaml-language-server";

// The server that YAML has in VS Code, Neovim and others: it follows the first line of a stack file to the schema.
const root = resolve(__dirname, "../..");
const service = getLanguageService({
  schemaRequestService: async (uri) => readFileSync(fileURLToPath(uri), "utf8"),
  // Without this it swallows its own errors.
  telemetry: {
    send: () => {},
    sendError: (name, error) => {
      throw new Error(name, { cause: error });
    },
    sendTrack: () => {},
  },
  workspaceContext: { resolveRelativePath: (path, resource) => new URL(path, resource).href },
});
service.configure({ validate: true, hover: true, completion: true, schemas: [] });

const example = readFileSync(join(root, "Pulumi.dev.yaml"), "utf8");
// The server keeps what it knows of a version of a document.
let version = 0;
const documentOf = (text: string) => TextDocument.create(pathToFileURL(join(root, "Pulumi.dev.yaml")).href, "yaml", ++version, text);
const changed = (from: string | RegExp, to: string) => {
  const text = example.replace(from, to);
  expect(text).not.toBe(example);
  return text;
};
const complaints = async (text: string) => (await service.doValidation(documentOf(text), false)).map(({ message }) => message);
/** Where a text begins in the example. */
const position = (text: string, of: string) => documentOf(of).positionAt(of.indexOf(text));

describe("an editor", () => {
  it.each(["Pulumi.dev.yaml", "Pulumi.rehearsal.yaml"])("has nothing against %s", async (name) => {
    expect(await complaints(readFileSync(join(root, name), "utf8"))).toEqual([]);
  });

  it.each([
    ["a wrong value, in the program's words", "m7g.2xlarge", "m7g", /^an EC2 instance type such as "m6a.2xlarge"/],
    ["a type of the other architecture", "m7g.2xlarge", "m7a.2xlarge", /^an arm64 \(Graviton\) type, such as "m7g.2xlarge"/],
    ["a version that YAML makes a number of", /version: "4\.20\.33"/, "version: 4.20", /^a full OpenShift version .* in quotes/],
    ["a name of a setting", "baseDomain:", "baseDomian:", /^Property baseDomian is not allowed/],
    ["a missing setting", /\n +baseDomain: .*/, "", /^Missing property "baseDomain"/],
  ])("tells of %s", async (_, from, to, message) => {
    expect(await complaints(changed(from, to))).toContainEqual(expect.stringMatching(message));
  });

  it("says of a setting under the pointer what it is", async () => {
    const hover = await service.doHover(documentOf(example), position("iops:", example));
    expect(JSON.stringify(hover?.contents)).toContain("Operations that the volume is paid for");
  });

  it("offers the settings that an object may have", async () => {
    const text = changed(/( +)baseDomain: .*/, "$1des");
    const { items } = await service.doComplete(documentOf(text), { ...position("des\n", text), character: 7 }, false);
    expect(items.map(({ label }) => label)).toContain("destroyMinutes");
  });
});
