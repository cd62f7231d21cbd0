/**
 * Texts of the user's, which have to reach a script as they were written. On the way both fill in what looks like a variable of theirs:
 * - Tekton its own, `$(context.pipelineRun.name)` and the like, in the tasks' parameters, which hold the texts by then; and all
 *   `$(params.NAME)` in the default of a Pipeline's parameter (tektoncd/pipeline, ApplyContexts and ApplyParameters). It has no escape.
 * - Kubernetes, in arguments and environments of containers: two dollars are one, `$(NAME)` is a variable of the container's
 *   (https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/, `args` and `env`).
 * So what begins like a variable gets its dollar from a variable: of that name Tekton knows none, and Kubernetes does not look at what
 * it has filled in. Tekton refuses a run whose tasks are given `$(NAME)` with another beginning than one of its own
 * (pipeline_validation.go, validateVarSubstitutionExpressions), hence the first half of the name.
 */

/** What each step has in its environment in front of all else, for the texts. */
export const dollar = { name: "context.DOLLAR", value: "$" } as const;
const fromVariable = `$(${dollar.name})`;

/** A text as it is written into a run. */
export const verbatim = (text: string): string => text.replace(/\$(\(?)/g, (_, open) => (open ? `${fromVariable}(` : "$$"));

/** What a text that is written into a run says. */
export const meant = (written: string): string => written.replace(/\$\$|\$\(context\.DOLLAR\)/g, () => "$");
