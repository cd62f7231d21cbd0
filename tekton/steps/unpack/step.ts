import { type StepPart, stepOf } from "../parts";
import { carrying, params, script } from "../shared";

/** Unpacks the sources for the steps behind it: what they run, code of third parties included, never sees the shared volume. */
export const unpack = (image: string): StepPart =>
  stepOf({
    name: "unpack",
    image,
    script: script("unpack"),
    params: [params.archive, params.rebuild],
    ...carrying,
  });
