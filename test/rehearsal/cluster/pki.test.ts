import { describe, expect, it } from "vitest";
import { certificateConfig } from "../../../rehearsal/cluster/pki";

describe("certificates", () => {
  it("list names and addresses of a server", () => {
    const config = certificateConfig(["api.x.test", "10.213.0.1"], false);
    expect(config).toContain("subjectAltName = DNS:api.x.test, IP:10.213.0.1");
    expect(config).toContain("serverAuth");
  });

  it("let a client be no server, and only a CA sign", () => {
    expect(certificateConfig(undefined, false)).not.toMatch(/serverAuth|subjectAltName|keyCertSign/);
    expect(certificateConfig(undefined, true)).toContain("keyCertSign");
  });
});
