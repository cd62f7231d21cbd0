import { beforeAll, expect, it } from "vitest";
import type { Graph } from "../graph";
import { program, stackFile } from "../program";
import { architecturePicture } from "./pictures/architecture";
import { type Box, type Card, isBox, type Model, model } from "./pictures/model";

/** docs/architecture.svg is the program's own graph, with the example's stack file. */

const stack = stackFile("dev");
let graph: Graph;
let shown: Model;
beforeAll(async () => {
  graph = await program("dev", "running");
  shown = model(graph, "eu-west-3");
});

const cards = (part: Card | Box): Card[] => (isBox(part) ? part.content.flatMap(cards) : [part]);
const boxes = (part: Card | Box): Box[] => (isBox(part) ? [part, ...part.content.flatMap(boxes)] : []);
const allCards = () => shown.content.flatMap(cards);
const ofStack = () => graph.resources.filter(({ custom, parent }) => !custom && parent === graph.resources[0].parent);

it("docs/architecture.svg is the graph of index.ts with Pulumi.dev.yaml (`npx vitest run test/docs -u` writes it)", async () => {
  await expect(await architecturePicture(shown)).toMatchFileSnapshot("../../docs/architecture.svg");
});

it("every component of the program is on one card, and every card but the registry is a component", () => {
  const named = allCards().map(({ name }) => name);
  expect([...named].sort()).toEqual([...ofStack().map(({ name }) => name), "quay.io"].sort());
});

it("the arrows together say of each component what the engine would make before it, no more and no less", () => {
  const byUrn = new Map(graph.resources.map((resource) => [resource.urn, resource]));
  const components = ofStack();
  /** The component that a resource is in. One that is in none belongs to that whose name it begins with. */
  const home = (urn: string): string | undefined => {
    const inside = components.find(({ urn: own, type, name }) => {
      const resource = byUrn.get(urn);
      if (!resource) return false;
      const parents = resource.parent === graph.resources[0].parent ? "" : resource.parent;
      return urn === own || parents === name || (resource.urn.includes(`${type}$`) && resource.name.startsWith(name));
    });
    const { name } = byUrn.get(urn) ?? {};
    return (inside ?? components.find((component) => name === component.name || name?.startsWith(`${component.name}-`)))?.name;
  };
  const before = new Map<string, Set<string>>(components.map(({ name }) => [name, new Set<string>()]));
  for (const { urn, after } of graph.resources) {
    const own = home(urn);
    for (const other of after.map(home)) if (own && other && other !== own) before.get(own)?.add(other);
  }
  const engine = (name: string): Set<string> => new Set([...(before.get(name) ?? [])].flatMap((one) => [one, ...engine(one)]));

  const drawn = new Map<string, Set<string>>(components.map(({ name }) => [name, new Set<string>()]));
  for (const { from, to } of shown.arrows.filter(({ text }) => text === undefined)) {
    const box = shown.content.flatMap(boxes).find(({ id }) => id === to);
    for (const { name } of box ? cards(box) : allCards().filter(({ name }) => name === to)) if (name !== from) drawn.get(name)?.add(from);
  }
  const picture = (name: string): Set<string> => new Set([...(drawn.get(name) ?? [])].flatMap((one) => [one, ...picture(one)]));

  for (const { name } of components) expect([name, ...[...picture(name)].sort()]).toEqual([name, ...[...engine(name)].sort()]);
});

it("cards name machines, versions and images of the stack's file", () => {
  const lines = new Map(allCards().map(({ name, lines }) => [name, lines.join("\n")]));
  const { "openshift-multiarch:cluster": cluster, "openshift-multiarch:pools": pools, "openshift-multiarch:builds": builds } = stack;
  expect(lines.get("cluster")).toContain(`openshift-install ${cluster.version}`);
  for (const { architecture, instanceType, zones } of pools) {
    const expected = zones.map((zone) => `${zone.name}: ${zone.replicas} × ${instanceType}`).join("\n");
    expect(lines.get(`workers-${architecture}`)).toBe(expected);
  }
  expect(lines.get("quay.io")).toBe(builds.map(({ image }) => image.replace("quay.io/", "")).join("\n"));
});

it("a task that builds for an architecture is drawn as one of that architecture's nodes", () => {
  const steps = allCards().flatMap(({ steps = [] }) => steps);
  const builds = steps.filter(({ name }) => /-(?:amd64|arm64)$/.test(name));
  expect(builds).toHaveLength(8);
  for (const { name, architecture } of builds) expect(name.endsWith(`-${architecture}`)).toBe(true);
});

it("no text is wider than its card, at the widths of a wide font", async () => {
  const svg = await architecturePicture(shown);
  const rects = [...svg.matchAll(/<rect x="([\d.]+)" y="([\d.]+)" width="([\d.]+)" height="([\d.]+)" rx="8"/g)].map((m) =>
    m.slice(1).map(Number),
  );
  const texts = [...svg.matchAll(/<text x="([\d.]+)" y="([\d.]+)" class="(title|type|line)">([^<]*)</g)];
  expect(texts.length).toBeGreaterThan(30);
  for (const [, x, y, style, content] of texts) {
    const around = rects.find(([left, top, width, height]) => +x > left && +x < left + width && +y > top && +y < top + height);
    const size = { title: 15, type: 11, line: 12 }[style] ?? 0;
    // 0.6 em a letter is DejaVu Sans, the widest of the fonts that are asked for.
    expect(+x + content.length * size * 0.6, content).toBeLessThanOrEqual((around?.[0] ?? 0) + (around?.[2] ?? 0));
  }
});
