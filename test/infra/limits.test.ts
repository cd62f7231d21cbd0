import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { minutes, timeouts } from "../../infra/limits";

const folder = join(__dirname, "../../infra/stages");
const scripts = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".sh"));
const text = (file: string) => readFileSync(join(folder, file), "utf8");
/** Minutes after which a script ends what it runs, in the order of the file. */
const limits = (file: string) => [...text(file).matchAll(/watched "\$log" (\d+)/g)].map((match) => Number(match[1]));

describe("time-outs", () => {
  it("are made of the limits that the stages have, of all of them", () => {
    expect(limits("identity.sh")).toEqual([minutes.manifests, minutes.manifests]);
    expect(limits("credentials.sh")).toEqual([minutes.manifests]);
    const install = scripts.filter((file) => !/^(?:identity|credentials)\.sh$/.test(file)).flatMap(limits);
    expect(install).toEqual(expect.arrayContaining([minutes.wait, minutes.install]));
    expect(install.filter((limit) => ![minutes.wait, minutes.install, minutes.bootstrap].some((known) => known === limit))).toEqual([]);
    expect(text("access.sh")).toContain(`SECONDS + ${minutes.access * 60}`);
    const removal = scripts.filter((file) => /watched "\$log" "\$\{DESTROY_MINUTES:\?\}"/.test(text(file)));
    expect(removal).toHaveLength(1);
  });

  it.each([10, 60, 600])("leave every stage the time that it gives itself, for a removal of %d minutes", (removal) => {
    const number = (limit: string) => Number(/^(\d+)m$/.exec(limit)?.[1]);
    const given = timeouts(removal);
    // Questions to the API server of an earlier install, its removal, the install, one more wait; or its bootstrap machine's removal.
    expect(number(given.install)).toBeGreaterThan(20 + Math.max(removal + 240, 30) + 90);
    expect(number(given.removal)).toBeGreaterThan(removal);
    expect(number(given.identity)).toBeGreaterThan(20);
    // Ends of ccoctl and of the look for what it has left are among the rest.
    expect(number(given.credentials)).toBeGreaterThan(10 + 2 * 15);
    expect(number(given.access)).toBeGreaterThan(15);
    expect(number(given.tools)).toBeGreaterThanOrEqual(30);
  });
});
