import { expect, it } from "vitest";
import { signature } from "./push-trigger";

// https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries#testing-the-webhook-payload-validation
it("signs as GitHub does: its documentation has an example", () => {
  expect(signature("It's a Secret to Everybody", "Hello, World!")).toBe(
    "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17",
  );
});
