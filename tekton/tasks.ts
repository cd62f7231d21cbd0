import type { Task } from "./resources";
import { build } from "./steps/buildah-build/step";
import { push } from "./steps/buildah-push/step";
import { find } from "./steps/find-built/step";
import { clone } from "./steps/git-clone/step";
import { resolve } from "./steps/git-resolve/step";
import { maven } from "./steps/maven-package/step";
import { npm } from "./steps/npm-build/step";
import { pack } from "./steps/pack/step";
import { taskOf } from "./steps/parts";
import { prepare } from "./steps/prepare/step";
import { pushMember } from "./steps/push-member/step";
import { sbom } from "./steps/sbom/step";
import { unpack } from "./steps/unpack/step";
import type { TaskImages } from "./task-images";

/**
 * Every task that the pipelines use, with its scripts.
 *
 * @param sboms whether what is in an image is listed, and the list attached to it. Default: true.
 */
export const tasks = ({ buildah, nodejs, maven: jdk, syft }: TaskImages, sboms = true): Task[] => [
  taskOf(
    "git-clone",
    "Looks whether the image of a commit is there already, and else fetches it and lays its files on the shared volume, as one archive.",
    [resolve(nodejs), find(buildah), clone(nodejs)],
  ),
  taskOf("npm-build", "Installs and builds a Node.js application: exactly the locked versions, natively compiled for this node.", [
    unpack(nodejs),
    npm(nodejs),
    pack(nodejs),
  ]),
  taskOf("maven-package", "Packages a Java application, once for all architectures: bytecode is the same everywhere.", [
    unpack(jdk),
    maven(jdk),
    pack(jdk),
  ]),
  taskOf("prepare", "Runs a script of the user's own, in an image of the user's choice, on the sources.", [
    unpack(nodejs),
    prepare,
    pack(nodejs),
  ]),
  taskOf("buildah-build", "Builds the image of one architecture and pushes it without a tag.", [
    build(buildah),
    pushMember(buildah),
    ...(sboms ? [sbom(syft)] : []),
  ]),
  taskOf("buildah-push", "Joins the images of all architectures in one index, pushes it and reads it back.", [push(buildah, sboms)]),
];
