import { secretKeys } from "../config/secrets";
import { type JsonSchema, project, stackSchema } from "./stack-schema";

/** A setting, as docs/configuration.md shows it. */
interface Setting {
  /** As messages name it: `pools[].zones[].name`. */
  readonly key: string;
  readonly part: JsonSchema;
  readonly required: boolean;
}

/** In a cell of a table: of a text with several lines the first one. */
const code = (value: unknown) => {
  if (value === undefined) return "";
  const [first = "", ...more] = (typeof value === "string" ? value : JSON.stringify(value)).split("\n");
  return more.length > 0 ? `\`${first}\` ...` : `\`${first}\``;
};
/** As HTML, `<name>` would be a tag that nobody sees. */
const prose = (text = "") => text.replaceAll("<", "&lt;");
const row = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
const table = (heads: readonly string[], rows: readonly (readonly string[])[]) =>
  [row(heads), row(heads.map(() => "---")), ...rows.map(row)].join("\n");

/** A setting and all that is in it, depth first. */
function settingsIn({ key, part, required }: Setting): Setting[] {
  const inside = part.type === "array" ? { prefix: `${key}[]`, of: part.items } : { prefix: key, of: part };
  const names = Object.entries(inside.of?.properties ?? {});
  return [
    { key, part, required },
    ...names.flatMap(([name, child]) =>
      settingsIn({ key: `${inside.prefix}.${name}`, part: child, required: inside.of?.required?.includes(name) ?? false }),
    ),
  ];
}

const isGroup = ({ part }: Setting) => part.properties !== undefined || part.items?.properties !== undefined;

function values(setting: Setting): string {
  if (isGroup(setting)) return setting.part.type === "array" ? "a list of objects" : "an object";
  // Tags: what a key and a text may be depends on who takes them.
  return setting.part.errorMessage ?? "an object of keys and texts";
}

function defaultOf(setting: Setting): string {
  const { default: value } = setting.part;
  if (setting.required) return "required";
  if (value === undefined) return "none";
  return isGroup(setting) && JSON.stringify(value) === "{}" ? "those of its settings" : code(value);
}

const heads = ["setting", "what it is", "values", "unit", "default", "example", "a change is"];
const settingsTable = (settings: readonly Setting[], change: (key: string) => string) =>
  table(
    heads,
    settings.map((setting) => [
      code(setting.key),
      prose(setting.part.description),
      prose(values(setting)),
      setting.part.unit ?? "",
      defaultOf(setting),
      code(setting.part.examples?.[0]),
      isGroup(setting) ? "" : change(setting.key),
    ]),
  );

/** Settings of the AWS provider, and of the project without its name in front. */
export function settings(): { readonly aws: Setting[]; readonly own: Setting[] } {
  const { properties = {}, required = [] } = stackSchema().properties?.config ?? {};
  const under = (prefix: string, shown: string) =>
    Object.entries(properties).flatMap(([key, { else: part }]) =>
      part && key.startsWith(prefix) ? settingsIn({ key: shown + key.slice(prefix.length), part, required: required.includes(key) }) : [],
    );
  return { aws: under("aws:", "aws:"), own: under(`${project}:`, "") };
}

/**
 * The text of docs/configuration.md.
 * @param outcome what a change of a setting of a running stack is, in a word; undefined for one that the table of changes has not
 */
export function reference(outcome: (key: string) => string | undefined): string {
  const change = (key: string) => (outcome(key) ? `[${outcome(key)}](changes.md)` : "");
  const { aws, own } = settings();
  const groups = [...new Set(own.map(({ key }) => /^\w+/.exec(key)?.[0] ?? ""))];
  const sections = groups.map((group) => {
    const inGroup = own.filter(({ key }) => /^\w+/.exec(key)?.[0] === group);
    return `## ${group}\n\n${settingsTable(inGroup, change)}\n`;
  });
  const secrets = Object.entries(secretKeys).map(([key, { required, right, description }]) => [
    code(key),
    description,
    prose(right),
    required ? "required" : "none",
    change(key),
  ]);
  return `# Every setting

What a stack file, \`Pulumi.<stack>.yaml\`, may hold below \`config\`. \`npm run configure\` asks for what has no default and writes one;
\`Pulumi.dev.yaml\` is an example. In the file a setting of this project has the project's name in front of its first word
(\`${project}:cluster\`), and \`[]\` stands for each entry of a list. A setting that is none of these is refused, with the one that was
probably meant; so is a wrong value, with the words of the column "values". All mistakes are told at once, before anything is created.

Editors with the YAML language server (the YAML extension of VS Code, and others) know all of this from the first line of the file,
which names \`config/stack.schema.json\`: they complete, explain and check while one writes. What that cannot check, such as whether two
networks overlap, the preview does.

The last column is what happens to a change while the stack is running: it is carried out, warned about or refused; [the table of
changes](changes.md) says how. This page is made from \`config/schema/\` (\`npm run schema\`).

## AWS

${settingsTable(aws, change)}

Every other setting of Pulumi's AWS provider may be there as well (\`aws:assumeRoles\`, \`aws:endpoints\`, \`aws:maxRetries\` ...), and
reaches only that provider, not \`openshift-install\`. \`aws:secretKey\` and \`aws:token\` belong there encrypted, if at all.

${sections.join("\n")}
## Secrets

Set with \`pulumi config set --secret <setting> < FILE\`, which encrypts them in the file.

${table(["setting", "what it is", "values", "default", "a change is"], secrets)}
`;
}
