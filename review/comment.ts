import type { Plan, Step } from "./events";
import { code, fenced, firstLines, shares } from "./markdown";

/** What came of the preview of one stack. */
export interface StackPreview {
  readonly stack: string;
  /** Exit code of pulumi; undefined when it could not be started or was ended. */
  readonly code: number | undefined;
  /** What the engine said; undefined when it was not reached. */
  readonly plan?: Plan;
  /** The diff as a reviewer reads it. */
  readonly diff: string;
  /** What the reader should know of how the preview was made. */
  readonly notes: readonly string[];
  /** Why there is no plan. */
  readonly problem?: string;
}

/** By which the comment is found again at the next push. */
export const marker = "<!-- openshift-multiarch: preview -->";

/** GitHub refuses longer comments: "body is too long (maximum is 65536 characters)". */
export const commentLimit = 65_536;

/** Characters of a stack's messages of one severity, and of its list of losses, before the rest is counted only. */
const messageRoom = 3_000;
const listed = 20;

/**
 * The comment of a pull request: for every stack what is planned, warnings and losses first, the diff folded up. Diffs are cut at a
 * line, evenly, so that the whole is never longer than `limit`; without one nothing is cut, however long.
 *
 * @param commit what was previewed: a push whose preview never came leaves the comment of an older one.
 */
export function comment(previews: readonly StackPreview[], limit = commentLimit, commit?: string): string {
  const head = `${marker}\n\n## Preview${commit ? ` of ${code(commit.slice(0, 10))}` : ""}`;
  const share = Math.floor((limit - head.length) / Math.max(1, previews.length));
  const tops = previews.map((preview) => top(preview, share - cut(0, 999_999).length - 4));
  const room = limit - head.length - tops.reduce((sum, text) => sum + text.length + 4, 0);
  const rooms = shares(
    previews.map(({ diff }) => (diff === "" ? 0 : diff.length + aroundDiff(diff))),
    room,
  );
  return [head, ...previews.flatMap(({ diff }, index) => [tops[index] ?? "", folded(diff, rooms[index] ?? 0)])]
    .filter(Boolean)
    .join("\n\n");
}

/** All of a section but its diff. */
function top(preview: StackPreview, room: number): string {
  const { stack, plan, notes } = preview;
  const messages = Number.isFinite(room) ? messageRoom : room;
  const parts = [
    `### ${code(stack)}`,
    verdict(preview),
    alert("CAUTION", "Errors", [...(plan?.errors ?? []), ...(preview.problem === undefined ? [] : [preview.problem])], messages),
    alert("WARNING", "Warnings", plan?.warnings ?? [], messages),
    losses(plan?.steps ?? []),
    builds(plan?.steps ?? []),
    updates(plan?.steps ?? []),
    ...notes.map((note) => `> [!NOTE]\n${fenced(note, "> ")}`),
  ].filter(Boolean);
  if (parts.join("\n\n").length <= room) return parts.join("\n\n");
  // Where there are so many stacks that even this has no room, whole parts go, the last ones first.
  const gone = "**Cut:** more is in the log of the job.";
  while (parts.length > 2 && [...parts, gone].join("\n\n").length > room) parts.pop();
  return [...parts, gone].join("\n\n");
}

export const failed = ({ code, plan, problem }: StackPreview): boolean =>
  code !== 0 || problem !== undefined || (plan?.errors.length ?? 0) > 0;

function verdict(preview: StackPreview): string {
  const counts = preview.plan ? countLine(preview.plan.counts) : "";
  if (!failed(preview)) return counts;
  return `**The preview failed.**${preview.plan ? ` Until then: ${counts}` : " Nothing is known of what would change."}`;
}

const order = ["create", "update", "replace", "delete"];
/** What is done to the state alone. */
const silent = new Set(["same", "read", "read-replacement", "discard", "refresh"]);

/** `**1 to create, 3 to update**, 69 unchanged`. */
export function countLine(counts: Plan["counts"]): string {
  const place = (op: string) => (order.includes(op) ? order.indexOf(op) : order.length);
  const changes = Object.entries(counts)
    .filter(([op, count]) => count > 0 && !silent.has(op))
    .sort(([a], [b]) => place(a) - place(b) || (a < b ? -1 : 1))
    .map(([op, count]) => `${count} to ${op.replace(/[^a-z-]/g, "")}`);
  const same = counts.same ?? 0;
  return `**${changes.join(", ") || "No changes"}**${same > 0 ? `, ${same} unchanged` : ""}`;
}

function alert(kind: "CAUTION" | "WARNING", title: string, messages: readonly string[], room: number): string {
  if (messages.length === 0) return "";
  const { shown, left } = firstLines(messages.join("\n"), room);
  // A first line that is longer than all the room is cut itself.
  const text = shown === "" ? `${messages.join("\n").slice(0, room)}...` : shown;
  const more = left > 0 ? `\n>\n> ${left} more ${left === 1 ? "line" : "lines"} in the log of the job.` : "";
  return `> [!${kind}]\n> ${title}\n>\n${fenced(text, "> ")}${more}`;
}

const short = (text: string): string => code(text.slice(0, 100));
const properties = ({ keys }: Step): string => keys.slice(0, 5).map(short).join(", ");

/** A line for each step, up to `listed`. */
function lines(steps: readonly Step[], line: (step: Step) => string): string[] {
  const more = steps.length > listed ? [`- and ${steps.length - listed} more`] : [];
  return [...steps.slice(0, listed).map((step) => `- ${line(step)}`), ...more];
}

/** Names of the builds that get a run, as `MultiArchBuild` names its children: an image is built anew by another run. */
const built = (steps: readonly Step[]): string[] =>
  steps.flatMap(({ op, type, name }) =>
    type === "kubernetes:tekton.dev/v1:PipelineRun" && (op === "create" || op === "replace") ? [name.replace(/-run$/, "")] : [],
  );

/** What is taken away or made anew: the one thing that cannot be taken back. The runs of images that are built again are none. */
function losses(steps: readonly Step[]): string {
  const runs = new Set(built(steps).flatMap((name) => [`${name}-run`, `${name}-suffix`]));
  const lost = steps.filter(({ op, name }) => op === "delete" || (op === "replace" && !runs.has(name)));
  if (lost.length === 0) return "";
  const list = lines(lost, (step) => {
    const reason = step.op === "replace" && step.keys.length > 0 ? ` for ${properties(step)}` : "";
    return `${step.op} ${short(step.name)} (${short(step.type)})${reason}`;
  });
  return ["> [!WARNING]", `> Will be deleted or replaced: ${lost.length}`, ">", ...list.map((line) => `> ${line}`)].join("\n");
}

function builds(steps: readonly Step[]): string {
  const names = built(steps);
  const more = names.length > listed ? ` and ${names.length - listed} more` : "";
  return names.length === 0 ? "" : `Will be built: ${names.slice(0, listed).map(short).join(", ")}${more}`;
}

function updates(steps: readonly Step[]): string {
  const updated = steps.filter(({ op }) => op === "update");
  if (updated.length === 0) return "";
  const list = lines(updated, (step) => `${short(step.name)}${step.keys.length > 0 ? ` (${properties(step)})` : ""}`);
  return [`Will be updated: ${updated.length}`, "", ...list].join("\n");
}

const opening = (summary: string) => `<details><summary>${summary}</summary>\n\n`;
const closing = "\n\n</details>";
const cut = (shown: number, all: number) =>
  `\n\n**Cut:** ${shown} of ${all} lines have room in a comment. The log of the job has them all.`;

/** Characters around a diff, at most. */
const aroundDiff = (diff: string): number => {
  const all = diff.split("\n").length;
  return opening("The diff").length + closing.length + cut(all, all).length + fenced(diff).length - diff.length;
};

function folded(diff: string, room: number): string {
  if (diff === "") return "";
  const around = aroundDiff(diff);
  const { shown, left, all } = firstLines(diff, room - around + 1);
  // Without room for a single line and its frame there is only the note, if that has room.
  if (shown === "") return cut(0, all).length <= room ? cut(0, all).trim() : "";
  return `${opening("The diff")}${fenced(shown)}${left > 0 ? cut(all - left, all) : ""}${closing}`;
}
