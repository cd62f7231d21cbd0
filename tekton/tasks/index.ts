import type { Task } from "../resources";
import type { TaskImages } from "../task-images";
import { buildahBuild } from "./buildah-build/task";
import { buildahPush } from "./buildah-push/task";
import { gitClone } from "./git-clone/task";
import { mavenPackage } from "./maven-package/task";
import { npmBuild } from "./npm-build/task";
import { prepareOnce } from "./prepare/task";

/** Every task that the pipelines use, with its script. */
export const tasks = (images: TaskImages): Task[] => [
  gitClone(images),
  npmBuild(images),
  mavenPackage(images),
  prepareOnce(),
  buildahBuild(images),
  buildahPush(images),
];
