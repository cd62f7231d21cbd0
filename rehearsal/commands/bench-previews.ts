import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseDocument } from "yaml";
import { run } from "../machine/exec";
import { checkout, gitRepository, places, registry } from "../machine/places";
import { configFile, pulumiEnvironment, stack } from "../stack/environment";

/** `pulumi preview` of the stack. @param file its configuration. @param environment beside Pulumi's own. */
export async function preview(file: string, environment: Record<string, string> = {}): Promise<void> {
  const args = ["preview", "--non-interactive", "--stack", stack, "--config-file", file];
  await run([join(places.path, "pulumi"), ...args], { cwd: checkout, env: { ...pulumiEnvironment(), ...environment } });
}

/** Seconds of `pulumi preview` of the stack with so many builds in place of its own. */
async function previewOf(count: number): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), "bench-preview-"));
  try {
    const config = parseDocument(readFileSync(configFile, "utf8"));
    const builds = Array.from({ length: count }, (_, i) => ({
      name: `app-${i}`,
      pipeline: "containerfile",
      repository: gitRepository,
      context: "htop",
      image: `${registry}/bench/app-${i}:latest`,
    }));
    config.setIn(["config", "openshift-multiarch:builds"], config.createNode(builds));
    const file = join(folder, `Pulumi.${stack}.yaml`);
    writeFileSync(file, config.toString({ lineWidth: 0 }), { mode: 0o600 });
    const started = Date.now();
    // As `npm run preview` asks for it: see review/pulumi.ts.
    await preview(file, { PULUMI_SKIP_CHECKPOINTS: "true" });
    return (Date.now() - started) / 1000;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Seconds of a preview with 1, 10 and 100 builds, and milliseconds that each of the last 90 costs. */
export async function previewsOfBuilds(): Promise<{ seconds: Record<1 | 10 | 100, number>; each: number }> {
  const seconds = { 1: await previewOf(1), 10: await previewOf(10), 100: await previewOf(100) };
  return { seconds, each: ((seconds[100] - seconds[10]) / 90) * 1000 };
}
