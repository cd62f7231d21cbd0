import type { Architecture } from "../../config/settings";
import type { BuildSource } from "../../tekton/build-source";
import type { RunEnvironment } from "../../tekton/runs";

/** What something else than the stack starts, in tests of what starts it. */
export const architectures: Architecture[] = ["amd64", "arm64"];
export const environment: RunEnvironment = {
  namespace: "build-multiarch",
  tasks: [],
  secrets: { registryCredentials: "registry-credentials" },
};
export const source: BuildSource & { architectures: Architecture[] } = {
  name: "htop",
  pipeline: "containerfile",
  repository: "https://git.example.com/team/app.git",
  revision: "main",
  context: ".",
  containerfile: "Containerfile",
  image: "registry.example.com/htop:latest",
  architectures,
};
