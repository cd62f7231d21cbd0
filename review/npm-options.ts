import { Mistake } from "./mistake";

/**
 * Refuses options that stood in front of `--`: npm takes them for its own, hands their values on as words or not at all, and tells the
 * program by its environment alone (https://docs.npmjs.com/cli/v11/using-npm/config#environment-variables): `--newest` is
 * `npm_config_newest=true`, `--no-follow` is `npm_config_follow=`.
 * @param command as `npm run` knows it. @param options of the program, without dashes. @param words that it was given.
 * @throws Mistake
 */
export function refuseSwallowed(command: string, options: readonly string[], words: readonly string[], env = process.env): void {
  const swallowed = options.filter((option) => {
    const value = env[`npm_config_${option.replace(/^no-/, "").replaceAll("-", "_")}`];
    const set = value !== undefined && option.startsWith("no-") === (value === "" || value === "false");
    return set && !words.some((word) => word === `--${option}` || word.startsWith(`--${option}=`));
  });
  if (swallowed.length === 0) return;
  const names = swallowed.map((option) => `--${option}`).join(" and ");
  throw new Mistake(`npm has taken ${names} for an option of its own: put -- in front, as in npm run ${command} -- ${names.split(" ")[0]}`);
}
