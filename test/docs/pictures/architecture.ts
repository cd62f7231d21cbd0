import ELK, { type ElkExtendedEdge, type ElkNode } from "elkjs/lib/elk.bundled.js";
import { type Box, type Card, isBox, type Model, type Step } from "./model";
import { type Colours, element, picture, text } from "./svg";

/** The picture of a model: ELK places the cards and leads the arrows, this file gives them their looks. */

/** Pixels of a letter of the proportional fonts at 1 px of size, a little too wide, and exactly of the monospaced ones. */
const letter = { wide: 0.62, mono: 0.602 };
const size = { title: 15, type: 11, line: 12, step: 11 };
const padding = 14;
const lineHeight = 18;
const headHeight = 26;

const styles = `text{font-family:ui-sans-serif,system-ui,"Segoe UI",Helvetica,Arial,"DejaVu Sans",sans-serif}
.title{font-size:${size.title}px;font-weight:600}
.box-title{font-size:13px;font-weight:600}
.type{font-size:${size.type}px}
.line{font-size:${size.line}px}
.step-name{font-size:${size.step}px;text-anchor:middle;font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace}
.note{font-size:11px}
.arrow{fill:none;stroke-width:1.6}
.thin{fill:none;stroke-width:1.2}`;

const colours: Colours = {
  ".ground": { light: "fill:#ffffff", dark: "fill:#0d1117" },
  ".title,.box-title": { light: "fill:#1f2328", dark: "fill:#e6edf3" },
  ".line": { light: "fill:#3d444d", dark: "fill:#c3ccd6" },
  ".type,.note": { light: "fill:#6a737d", dark: "fill:#8b949e" },
  ".card": { light: "fill:#ffffff;stroke:#b6bfc9", dark: "fill:#161b22;stroke:#444c56" },
  ".box-account": { light: "fill:#fff8ee;stroke:#e0a23c", dark: "fill:#1c1608;stroke:#8f6410" },
  ".box-openshift": { light: "fill:#fdf3f3;stroke:#d8706f", dark: "fill:#1d1214;stroke:#8e3a3c" },
  ".box-nodes,.box-namespace,.box-images": { light: "fill:#f4f6f9;stroke:#c3ccd6", dark: "fill:#11161d;stroke:#3d444d" },
  ".amd64": { light: "fill:#dcebff;stroke:#2f73c9", dark: "fill:#10294a;stroke:#4f94ea" },
  ".arm64": { light: "fill:#d9f2e1;stroke:#2c8a4b", dark: "fill:#0d3320;stroke:#45b26b" },
  ".any": { light: "fill:#eceff3;stroke:#8c959f", dark: "fill:#21262d;stroke:#768390" },
  ".step-name": { light: "fill:#1f2328", dark: "fill:#e6edf3" },
  ".arrow": { light: "stroke:#57606a", dark: "stroke:#8b949e" },
  ".thin": { light: "stroke:#8c959f", dark: "stroke:#768390" },
  ".head": { light: "fill:#57606a", dark: "fill:#8b949e" },
};

const elk = new ELK();
const spacing = {
  "elk.algorithm": "layered",
  "elk.spacing.nodeNode": "26",
  "elk.layered.spacing.nodeNodeBetweenLayers": "38",
  "elk.spacing.edgeNode": "18",
  "elk.spacing.edgeEdge": "14",
  "elk.layered.spacing.edgeNodeBetweenLayers": "16",
  "elk.layered.spacing.edgeEdgeBetweenLayers": "12",
  "elk.json.shapeCoords": "ROOT",
  "elk.json.edgeCoords": "ROOT",
};

const rowOfCards = {
  "elk.hierarchyHandling": "SEPARATE_CHILDREN",
  "elk.direction": "DOWN",
  "elk.layered.considerModelOrder.strategy": "PREFER_NODES",
  "elk.layered.crossingMinimization.forceNodeModelOrder": "true",
  "elk.separateConnectedComponents": "false",
};

/** How the tasks of one pipeline run, as it is drawn in its card. */
interface Flow {
  readonly width: number;
  readonly height: number;
  readonly drawn: readonly string[];
}

export async function architecturePicture({ content, arrows }: Model): Promise<string> {
  const flows = new Map<string, Flow>();
  const cards = (part: Card | Box): Card[] => (isBox(part) ? part.content.flatMap(cards) : [part]);
  for (const card of content.flatMap(cards)) if (card.steps) flows.set(card.name, await flow(card.steps));
  const graph: ElkNode = {
    id: "picture",
    layoutOptions: {
      ...spacing,
      "elk.direction": "DOWN",
      "elk.hierarchyHandling": "INCLUDE_CHILDREN",
      "elk.layered.nodePlacement.strategy": "NETWORK_SIMPLEX",
      "elk.padding": "[top=20,left=20,bottom=20,right=20]",
    },
    children: content.map((part) => placed(part, flows)),
    edges: arrows.map(({ from, to, text: label }, i) => ({
      id: `arrow-${i}`,
      sources: [from],
      targets: [to],
      labels: label ? [{ text: label, width: label.length * 7, height: 14 }] : [],
    })),
  };
  const laid = await elk.layout(graph);
  const drawn = [
    ...(laid.children ?? []).flatMap((node, i) => draw(node, content[i], flows)),
    ...(laid.edges ?? []).map((edge) => arrow(edge, "arrow")),
    ...(laid.edges ?? []).flatMap(({ labels = [] }) => labels.map(({ x = 0, y = 0, text: label = "" }) => text(x, y + 11, "note", label))),
  ];
  const height = (laid.height ?? 0) + 34;
  const legend = text(
    20,
    height - 16,
    "note",
    "An arrow points from what is made first to what is made after it, and removed before it. Blue: runs on amd64; green: on arm64.",
  );
  return picture(laid.width ?? 0, height, "The architecture: AWS account, OpenShift cluster, builds", styles, colours, [
    marker,
    ...drawn,
    legend,
  ]);
}

const marker = element(
  "defs",
  {},
  element(
    "marker",
    { id: "head", viewBox: "0 0 8 8", refX: 7, refY: 4, markerWidth: 6.5, markerHeight: 6.5, orient: "auto" },
    element("path", { d: "M0,0.5 L8,4 L0,7.5 z", class: "head" }),
  ),
);

function placed(part: Card | Box, flows: ReadonlyMap<string, Flow>): ElkNode {
  if (isBox(part)) {
    return {
      id: part.id,
      layoutOptions: {
        ...spacing,
        "elk.padding": `[top=${headHeight + 14},left=18,bottom=18,right=18]`,
        // No arrow goes to one of these alone: in the order of the configuration, side by side.
        ...(part.content.every((inner) => !isBox(inner) && inner.steps) && rowOfCards),
      },
      children: part.content.map((inner) => placed(inner, flows)),
    };
  }
  const widest = Math.max(
    part.name.length * size.title,
    part.type.length * size.type,
    ...part.lines.map((line) => line.length * size.line),
  );
  const flow = flows.get(part.name);
  return {
    id: part.name,
    width: Math.max(widest * letter.wide, flow?.width ?? 0) + 2 * padding,
    height: headHeight + 20 + part.lines.length * lineHeight + (flow ? flow.height + 8 : 0) + 8,
  };
}

function draw(node: ElkNode, part: Card | Box, flows: ReadonlyMap<string, Flow>): string[] {
  const { x = 0, y = 0, width = 0, height = 0 } = node;
  if (isBox(part)) {
    return [
      element("rect", { x, y, width, height, rx: 10, class: `box-${part.id}` }),
      text(x + 16, y + 24, "box-title", part.title),
      ...(node.children ?? []).flatMap((child, i) => draw(child, part.content[i], flows)),
    ];
  }
  const inner = flows.get(part.name);
  const top = y + headHeight + 20 + part.lines.length * lineHeight;
  return [
    element("rect", { x, y, width, height, rx: 8, class: part.architecture ?? "card" }),
    text(x + padding, y + 24, "title", part.name),
    text(x + padding, y + 40, "type", part.type),
    ...part.lines.map((line, i) => text(x + padding, y + headHeight + 32 + i * lineHeight, "line", line)),
    ...(inner ? [element("g", { transform: `translate(${Math.round(x + padding)},${Math.round(top)})` }, ...inner.drawn)] : []),
  ];
}

async function flow(steps: readonly Step[]): Promise<Flow> {
  const graph: ElkNode = {
    id: "flow",
    layoutOptions: {
      ...spacing,
      "elk.direction": "RIGHT",
      "elk.layered.considerModelOrder.strategy": "PREFER_NODES",
      "elk.layered.crossingMinimization.forceNodeModelOrder": "true",
      "elk.spacing.nodeNode": "8",
      "elk.layered.spacing.nodeNodeBetweenLayers": "22",
      "elk.padding": "[top=0,left=0,bottom=0,right=0]",
    },
    children: steps.map(({ name }) => ({ id: name, width: name.length * size.step * letter.mono + 18, height: 24 })),
    edges: steps.flatMap(({ name, after }) => after.map((before) => ({ id: `${before}-${name}`, sources: [before], targets: [name] }))),
  };
  const laid = await elk.layout(graph);
  return {
    width: laid.width ?? 0,
    height: laid.height ?? 0,
    drawn: [
      ...(laid.edges ?? []).map((edge) => arrow(edge, "thin")),
      ...(laid.children ?? []).flatMap(({ id, x = 0, y = 0, width = 0, height = 0 }) => [
        element("rect", { x, y, width, height, rx: 12, class: steps.find(({ name }) => name === id)?.architecture ?? "any" }),
        text(x + width / 2, y + 16, "step-name", id),
      ]),
    ],
  };
}

/** A line with round corners through the bends that ELK gives it. */
function arrow({ sections = [] }: ElkExtendedEdge, style: string): string {
  const radius = 7;
  const d = sections.map(({ startPoint, bendPoints = [], endPoint }) => {
    const points = [startPoint, ...bendPoints, endPoint];
    const at = ({ x, y }: { x: number; y: number }) => `${Math.round(x * 10) / 10},${Math.round(y * 10) / 10}`;
    const toward = (from: { x: number; y: number }, to: { x: number; y: number }) => {
      const length = Math.hypot(to.x - from.x, to.y - from.y);
      const part = Math.min(radius, length / 2) / (length || 1);
      return { x: from.x + (to.x - from.x) * part, y: from.y + (to.y - from.y) * part };
    };
    const bends = points
      .slice(1, -1)
      .map((point, i) => `L${at(toward(point, points[i]))} Q${at(point)} ${at(toward(point, points[i + 2]))}`);
    return [`M${at(startPoint)}`, ...bends, `L${at(endPoint)}`].join(" ");
  });
  return element("path", { d: d.join(" "), class: style, "marker-end": "url(#head)" });
}
