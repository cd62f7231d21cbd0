import { describe } from "vitest";
import { policySteps } from "./policy";

// By itself on a rehearsal that is up; the end-to-end test takes these steps as well.
describe("a preview of the rehearsal", policySteps);
