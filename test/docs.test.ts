import { expect, it } from "vitest";
import { changes } from "./rehearsal/changes";

const outcomes = { "carried out": "carried out", partly: "warned about", refused: "refused" } as const;

/** Rows that say the same of keys that follow each other are one. */
function table(): string {
  const rows: { settings: string[]; outcome: string; effect: string; touches: string }[] = [];
  for (const { setting, what, outcome, effect, touches = [] } of changes) {
    const name = `\`${setting}\`${what ? ` (${what})` : ""}`;
    const shown = outcome === "refused" ? "" : touches.length === 0 ? "nothing" : touches.join(", ");
    const last = rows.at(-1);
    if (last?.effect === effect && last.touches === shown) last.settings.push(name);
    else rows.push({ settings: [name], outcome: outcomes[outcome], effect, touches: shown });
  }
  return rows.map((row) => `| ${row.settings.join(", ")} | ${row.outcome} | ${row.effect} | ${row.touches} |`).join("\n");
}

it("docs/changes.md has every change that the end-to-end test tries, with its outcome (`npx vitest run test/docs.test.ts -u` writes it)", async () => {
  const text = `# What a change of the configuration does

Each key of a running stack's configuration, changed alone. \`pulumi preview\` shows what is carried out before it happens, warns of what
the cluster does not hear of, and refuses what would need another cluster, by one message and an exit code. The rows are those that the
end-to-end test of the rehearsal tries with the real engine (\`test/rehearsal/changes.ts\`); the last column is what the preview touched there, in the stack
\`Pulumi.rehearsal.yaml\`.

| setting | outcome | effect | the preview touches |
| --- | --- | --- | --- |
${table()}
`;
  await expect(text).toMatchFileSnapshot("../docs/changes.md");
});
