import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { KubeObject } from "./api";
import { readCrds } from "./crds";
import { readManifests } from "./tekton-manifests";

/**
 * The files that an installation reads. Parsing them takes a second or two, so they are read once, and best before anybody
 * waits for them.
 */
export class PipelinesSources {
  private crds: { needed: KubeObject[]; others: KubeObject[] } | undefined;
  private tekton: { version: string; objects: KubeObject[] } | undefined;

  /**
   * @param crdFolder the operator's CRDs.
   * @param tektonFolder Tekton's `config` folder and its `version` file.
   */
  constructor(
    private readonly crdFolder: string,
    private readonly tektonFolder: string,
  ) {}

  /** CRDs of the operator: the one that is served here, and the rest. @throws when TektonConfig is not among them. */
  operatorCrds() {
    if (!this.crds) {
      const isNeeded = ({ metadata }: KubeObject) => metadata.name === "tektonconfigs.operator.tekton.dev";
      const all = readCrds(this.crdFolder);
      if (!all.some(isNeeded)) throw new Error(`${this.crdFolder} does not hold the CRD of TektonConfig`);
      this.crds = { needed: all.filter(isNeeded), others: all.filter((crd) => !isNeeded(crd)) };
    }
    return this.crds;
  }

  /** Tekton's manifests as shipped, and their version. */
  manifests() {
    this.tekton ??= {
      version: readFileSync(join(this.tektonFolder, "version"), "utf8").trim(),
      objects: readManifests(join(this.tektonFolder, "config")),
    };
    return this.tekton;
  }
}
