import type { StackValidationPolicy } from "@pulumi/policy";
import { defaults } from "../config/defaults";
import { type Field, fields, mayHoldContainers, objects } from "./kubernetes";
import { NotKnown, type Planned, readable, rule } from "./rule";

/** A Task's parameter in the place of an image: what is run, the parameter's value says. */
const parameter = /^\$\(params\.([\w-]+)\)$/;

/**
 * `image` of a container or step, `reference` of a volume that is an image; any other value of such a key is a schema or a name. And what
 * the parameter prepare-image of Pipelines and runs says, the image of a user's own step.
 */
function* images(resource: Planned): Generator<Field> {
  for (const { path, object } of objects(resource)) {
    for (const [index, param] of (object?.spec?.params ?? []).entries?.() ?? []) {
      const key = param?.value === undefined ? "default" : "value";
      const value = param?.[key];
      if (param?.name === "prepare-image" && value) yield { path: `${path}spec.params[${index}].${key}`, key, holder: "params", value };
    }
  }
  for (const field of fields(resource)) {
    const { key, holder, value } = field;
    if (typeof value === "string" && parameter.test(value)) continue;
    if (mayHoldContainers(field, resource)) yield field;
    else if (key === "image" || (key === "reference" && holder === "image"))
      if (typeof value === "string" || value instanceof NotKnown) yield field;
  }
}

/** As the specification writes it: https://github.com/opencontainers/image-spec/blob/main/descriptor.md#digests */
const byDigest = (image: string) => /@(?:sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$/.test(image);

/** Tags of a minor version, so that security fixes arrive: docs/decisions.md. */
const defaultImages: string[] = Object.values(defaults.namespace.taskImages);

/** Which image runs does not change without a change of the plan. */
export const imagesByDigest = rule<{ tags: string[] }>(
  {
    name: "images-by-digest",
    description: "Every container image is named by its digest, but for the program's own defaults.",
    enforcementLevel: "mandatory",
    severity: "high",
  },
  function* (resource, { tags }) {
    for (const { path, value } of images(resource)) {
      if (value instanceof NotKnown) yield value;
      else if (!byDigest(value) && !tags.includes(value))
        yield `${path}: the image has no digest (REPOSITORY@sha256:...), so another one can take its place`;
    }
  },
  {
    tags: {
      type: "array",
      items: { type: "string" },
      default: defaultImages,
      description: "Images that may be named by their tag",
    },
  },
);

/** The defaults are for the start: whoever depends on his builds pins them, and makes this rule mandatory. Said once, not for each Task. */
export const defaultImagesByDigest: StackValidationPolicy = {
  name: "default-images-by-digest",
  description: "The task images are named by their digests.",
  enforcementLevel: "advisory",
  severity: "low",
  validateStack: ({ resources }, report) => {
    const theirs = resources.filter(({ type, name, props }) =>
      [...images({ type, name, inputs: readable(props) })].some(({ value }) => defaultImages.includes(value)),
    );
    if (theirs.length > 0)
      report(
        `the default images of ${theirs
          .map(({ name }) => name)
          .sort()
          .join(", ")} are named by tags, which move with every fix; set openshift-multiarch:namespace.taskImages to images with digests`,
      );
  },
};
