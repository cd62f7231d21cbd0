import * as z from "zod";
import { defaults } from "../defaults";
import { fileSystemTagProblem, fileSystemTags, mostFileSystemTags } from "../tags";
import { oneOf, tags } from "./parts";

const lifecycles = [1, 7, 14, 30, 60, 90, 180, 270, 365].map((days) => `AFTER_${days}_DAY${days === 1 ? "" : "S"}`);
export const fileSystem = z
  .strictObject(
    {
      lifecycle: oneOf(["NEVER", ...lifecycles], `when unused files move to the cheaper class: NEVER, ${lifecycles.join(", ")}`)
        .default(defaults.fileSystem.lifecycle)
        .meta({
          description:
            "When a file that nobody has read moves to the storage class for infrequent access, which is cheaper to keep and dearer to read.",
          examples: ["AFTER_90_DAYS"],
        }),
      tags: tags(fileSystemTagProblem, fileSystemTags)
        .default({})
        .meta({
          description: `Tags of the file system and its security group, beside those of cluster.tags, over which they win; together at most ${mostFileSystemTags}.`,
          examples: [{ team: "build" }],
        }),
    },
    { error: "an object with lifecycle and tags" },
  )
  .prefault({})
  .meta({ description: "The EFS file system that the nodes of all architectures share." });
