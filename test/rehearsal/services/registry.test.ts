import { describe, expect, it } from "vitest";
import { dockerConfig, frontConfig } from "../../../rehearsal/services/registry";

describe("registry front", () => {
  it("asks for a user for everything but reading, and for the root of the API", () => {
    const text = frontConfig("/run/front", "/run/front/htpasswd");
    expect(text).toMatch(/location = \/v2\/ \{\s+auth_basic "/);
    expect(text).toMatch(/limit_except GET HEAD \{\s+auth_basic "/);
    expect(text).toContain("client_max_body_size 0;");
    expect(text).toContain("listen 10.213.0.1:5000;");
  });

  it("writes credentials as a docker configuration", () => {
    const { auths } = JSON.parse(dockerConfig({ username: "u", password: "p" }));
    expect(Buffer.from(auths["10.213.0.1:5000"].auth, "base64").toString()).toBe("u:p");
  });
});
