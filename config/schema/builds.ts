import * as z from "zod";
import { defaults } from "../defaults";
import { isImageToPush, withTag } from "../images";
import { label, oneOf, text } from "./parts";

const insideRepository = (right: string) =>
  z
    .string({ error: right })
    .refine(
      (value) => /^[A-Za-z0-9._@+/-]+$/.test(value) && !value.startsWith("/") && !value.startsWith("-") && !value.split("/").includes(".."),
      {
        error: right,
      },
    );
const pipelineKinds = ["containerfile", "nodejs", "quarkus"] as const;
const gitUrlText =
  'an https://, http:// or git:// address without user, password, query or fragment, such as "https://github.com/example/app.git"';
export const build = z.strictObject(
  {
    name: text(/^(?=.{1,40}$)[a-z](?:[a-z0-9-]*[a-z0-9])?$/, `${label}, at most 40 characters`),
    pipeline: oneOf(pipelineKinds),
    repository: z.string({ error: gitUrlText }).refine(
      (value) => {
        return /^(?:https?|git):\/\/[^\s/@?#]+\/[^\s?#]+$/.test(value) && URL.canParse(value);
      },
      { error: gitUrlText },
    ),
    revision: text(/^(?!-)(?!.*\.\.)[A-Za-z0-9._/+@-]{1,250}$/, "a branch, a tag or a commit").default(defaults.build.revision),
    context: insideRepository("a folder of the repository, relative and without ..").default(defaults.build.context),
    containerfile: insideRepository("a file below the context, relative and without ..").default(defaults.build.containerfile),
    image: z
      .string({ error: 'where to push, such as "quay.io/example/app:latest"' })
      .refine(isImageToPush, {
        error: 'registry, lower-case repository and tag, without a digest, such as "quay.io/example/app:latest"',
      })
      .transform(withTag),
  },
  { error: "an object with name, pipeline, repository and image" },
);
