import type { Point } from "../point";
import { account } from "./account";
import { before } from "./before";
import { fileSystem } from "./files";
import { installing } from "./install";
import { removal } from "./removal";

/** All of them, in the order of the stages. */
export const points: readonly Point[] = [...before, ...installing, ...fileSystem, ...removal, ...account];
