import * as z from "zod";
import { defaults } from "../defaults";
import { fileSystemTagProblem } from "../tags";
import { oneOf, tags } from "./parts";

const lifecycles = [1, 7, 14, 30, 60, 90, 180, 270, 365].map((days) => `AFTER_${days}_DAY${days === 1 ? "" : "S"}`);
export const fileSystem = z
  .strictObject(
    {
      lifecycle: oneOf(["NEVER", ...lifecycles], `when unused files move to the cheaper class: NEVER, ${lifecycles.join(", ")}`).default(
        defaults.fileSystem.lifecycle,
      ),
      tags: tags(fileSystemTagProblem, "a text").default({}),
    },
    { error: "an object with lifecycle and tags" },
  )
  .prefault({});
