/**
 * What the engine says of a plan, from its event log (`--event-log`): one JSON object a line, apitype.EngineEvent of pulumi's Go SDK.
 * The Automation API reads the same log.
 */

/** A resource that does not stay as it is. */
export interface Step {
  readonly op: string;
  readonly type: string;
  readonly name: string;
  /** The properties for which it is updated or replaced. */
  readonly keys: readonly string[];
}

export interface Plan {
  /** How many resources get which operation: create, update, replace, delete, same, ... */
  readonly counts: Readonly<Record<string, number>>;
  readonly steps: readonly Step[];
  readonly warnings: readonly string[];
  readonly errors: readonly string[];
}

interface Metadata {
  readonly op: string;
  readonly urn: string;
  readonly type: string;
  readonly keys?: readonly string[] | null;
  readonly detailedDiff?: Readonly<Record<string, unknown>> | null;
}

interface EngineEvent {
  readonly resourcePreEvent?: { readonly metadata: Metadata };
  /** A refresh says what it found with the outputs, as it does not know before. */
  readonly resOutputsEvent?: { readonly metadata: Metadata };
  readonly diagnosticEvent?: { readonly urn?: string; readonly message: string; readonly severity: string; readonly ephemeral?: boolean };
  readonly policyEvent?: { readonly resourceUrn?: string; readonly message: string; readonly enforcementLevel: string };
  readonly summaryEvent?: { readonly resourceChanges?: Readonly<Record<string, number>> };
}

const touching = new Set(["create", "update", "replace", "delete", "import"]);

export const nameOf = (urn: string): string => plain(urn.split("::").slice(3).join("::"));

/** Reads an event log. A line that is cut off, as a killed engine leaves it, is passed over. */
export function readEvents(log: string): Plan {
  const events = log.split("\n").flatMap(parsed);
  const steps = new Map<string, Step>();
  for (const { resourcePreEvent, resOutputsEvent } of events) {
    const metadata = (resourcePreEvent ?? resOutputsEvent)?.metadata;
    if (!metadata || !touching.has(metadata.op)) continue;
    const { op, urn, type, keys, detailedDiff } = metadata;
    steps.set(`${op} ${urn}`, { op, type, name: nameOf(urn), keys: (keys?.length ? keys : Object.keys(detailedDiff ?? {})).map(plain) });
  }
  const counts = events.findLast(({ summaryEvent }) => summaryEvent?.resourceChanges)?.summaryEvent?.resourceChanges;
  return {
    counts: counts ?? countsOf([...steps.values()]),
    steps: [...steps.values()],
    warnings: said(events, ["warning"], ["advisory"]),
    errors: said(events, ["error"], ["mandatory"]),
  };
}

function parsed(line: string): EngineEvent[] {
  try {
    const event: unknown = JSON.parse(line);
    return typeof event === "object" && event !== null ? [event as EngineEvent] : [];
  } catch {
    return [];
  }
}

function countsOf(steps: readonly Step[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { op } of steps) counts[op] = (counts[op] ?? 0) + 1;
  return counts;
}

/** Messages of a severity, each once, with the name of the resource that they are about. */
function said(events: readonly EngineEvent[], severities: readonly string[], levels: readonly string[]): string[] {
  const messages = events.flatMap(({ diagnosticEvent: said, policyEvent: policy }) => {
    if (said && severities.includes(said.severity) && !said.ephemeral) return [about(said.urn, said.message)];
    if (policy && levels.includes(policy.enforcementLevel)) return [about(policy.resourceUrn, policy.message)];
    return [];
  });
  return [...new Set(messages)].filter((message) => message !== "");
}

function about(urn: string | undefined, message: string): string {
  const text = plain(message).trim();
  const name = urn === undefined || urn.includes("::pulumi:pulumi:Stack::") ? "" : nameOf(urn);
  return name === "" || text === "" ? text : `${name}: ${text}`;
}

/**
 * Text without colours: neither those of terminals nor pulumi's own marks for them. What would be shown in another order than it is
 * read, or not at all, is written as a number (Unicode Technical Standard 55, Source Code Handling).
 */
export const plain = (text: string): string =>
  text
    .replace(/[\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/g, (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, "0")}`)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences begin with one
    .replace(/\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])/g, "")
    .replace(/<\{%[^%]*%\}>/g, "")
    .replaceAll("\r\n", "\n")
    // biome-ignore lint/suspicious/noControlCharactersInRegex: none but tab and line feed is of use to a reader
    .replace(/[\x00-\x08\x0b-\x1f\x7f]/g, "");
