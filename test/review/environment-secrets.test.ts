import { expect, it } from "vitest";
import { environmentSecrets } from "../../review/environment-secrets";

it("the secrets of CI's environment are known", () => {
  expect(
    environmentSecrets({ PULUMI_CONFIG_PASSPHRASE: "a", AWS_SESSION_TOKEN: "b", AWS_SECRET_ACCESS_KEY: "c", GITHUB_TOKEN: "", PATH: "d" }),
  ).toEqual(["a", "c", "b"]);
});
