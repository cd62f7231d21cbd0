import { expect, it } from "vitest";
import { parseFaults } from "../../../rehearsal/installer/faults";

it("faults of commands and of steps are read, none from an empty text", () => {
  expect(parseFaults("")).toEqual(new Map());
  expect(parseFaults("create manifests=3; destroy cluster: half=SIGKILL;create cluster: bootstrap=fails")).toEqual(
    new Map([
      ["create manifests", "3"],
      ["destroy cluster: half", "SIGKILL"],
      ["create cluster: bootstrap", "fails"],
    ]),
  );
});

it.each([
  ["create cluster: bootstrapping=hang", /create cluster has no step "create cluster: bootstrapping"; it has install-config, network,/],
  ["create manifests=fails", /"create manifests=fails" is no STEP=/],
  ["create manifests", /"create manifests" is no STEP=/],
  ["destroy cluster=kill", /"destroy cluster=kill" is no STEP=/],
])("%s is refused", (text, message) => {
  expect(() => parseFaults(text)).toThrow(message);
});
