import { describe, expect, it } from "vitest";
import { authorities, bootstrapManifests, certificateOf } from "../../../../rehearsal/installer/create-cluster/install-directory";
import { parseVersion } from "../../../../rehearsal/installer/create-cluster/installer";

const base64 = (text: string) => Buffer.from(text).toString("base64");

describe("the bootstrap ignition file", () => {
  const files = (entries: Record<string, string>) =>
    JSON.stringify({ storage: { files: Object.entries(entries).map(([path, source]) => ({ path, contents: { source } })) } });

  it("gives the objects of both manifest folders, whatever their encoding, and nothing else", () => {
    const found = bootstrapManifests(
      files({
        "/opt/openshift/manifests/a.yaml": `data:text/plain;charset=utf-8;base64,${base64("kind: ConfigMap\nmetadata: {name: a}\n---\nkind: Secret\nmetadata: {name: b}\n")}`,
        "/opt/openshift/openshift/b.yml": `data:,${encodeURIComponent("kind: Machine\nmetadata: {name: c}\n")}`,
        "/opt/openshift/openshift/note.txt": "data:,hello",
        "/opt/openshift/other/d.yaml": "data:,kind%3A%20Pod",
        "/opt/openshift/manifests/empty.yaml": "data:,",
      }),
    );
    expect([...found].map(([file, objects]) => [file, objects.map(({ kind }) => kind)])).toEqual([
      ["a.yaml", ["ConfigMap", "Secret"]],
      ["b.yml", ["Machine"]],
      ["empty.yaml", []],
    ]);
  });
});

describe("the state file", () => {
  it("has an authority's certificate and key in base64", () => {
    const state = { [authorities.adminSigner]: { CertRaw: base64("certificate"), KeyRaw: base64("key") } };
    expect(certificateOf(state, authorities.adminSigner)).toEqual({ certificate: "certificate", key: "key" });
  });

  it("is refused without it, by name", () => {
    expect(() => certificateOf({}, authorities.loadBalancerSigner)).toThrow(/KubeAPIServerLBSignerCertKey/);
  });
});

describe("the installer's version", () => {
  it("is read with the release image", () => {
    const text = "openshift-install 4.19.0\nbuilt from commit module\nrelease image quay.io/a/b:c\nrelease architecture unknown\n";
    expect(parseVersion(text)).toEqual({ version: "4.19.0", releaseImage: "quay.io/a/b:c" });
  });

  it("is refused in another form", () => {
    expect(() => parseVersion("no such command")).toThrow(/something else than expected/);
  });
});
