import { type StepPart, stepOf } from "../parts";
import { carrying, params, script } from "../shared";

/** Packs what the steps before it have made of the sources: one archive, as many small files are slow on a file system over the network. */
export const pack = (image: string): StepPart =>
  stepOf({
    name: "pack",
    image,
    script: script("pack"),
    params: [params.packed],
    ...carrying,
  });
