import { home, type StepPart, stepOf } from "../parts";
import { nobody, params, resources, sources, workspaces } from "../shared";

/**
 * Lists what is in the image that an earlier step has built: an SPDX document on the shared volume, which the push attaches. syft's own
 * image holds that program alone, so this is no script; what makes the document the same each time is done by the push.
 *
 * An image without an SBOM is published all the same, with a warning, so a syft that fails fails nothing.
 */
export const sbom = (image: string): StepPart =>
  stepOf({
    name: "sbom",
    image,
    command: {
      words: [
        "/syft",
        "scan",
        "--quiet",
        // The push knows the name of the repository, and puts it in the place of this one.
        "--source-name=$(params.member)",
        `--output=spdx-json=$(workspaces.${workspaces.shared.name}.path)/$(params.member).sbom.json`,
        `oci-dir:${sources.mountPath}/image`,
      ],
      environment: {
        // The image's layers are unpacked there; nothing else of the container can be written to.
        TMPDIR: home,
        SYFT_CHECK_FOR_APP_UPDATE: "false",
        // A container that has too much is killed as a whole, and its task with it: collected before, memory lasts longer.
        GOMEMLIMIT: "3GiB",
      },
    },
    mayFail: true,
    written: [params.member],
    volumes: [{ ...sources, readOnly: true }],
    workspaces: [workspaces.shared],
    securityContext: { ...nobody, readOnlyRootFilesystem: true },
    computeResources: resources.describe,
  });
