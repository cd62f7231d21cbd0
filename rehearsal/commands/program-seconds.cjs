// Loaded into every Node.js process below it (NODE_OPTIONS=--require=...): that of the Pulumi program appends the seconds that it took,
// user and system, as a line to the file PROGRAM_SECONDS.
const { appendFileSync } = require("node:fs");

const programs = /@pulumi[/\\]pulumi[/\\](cmd|bin[/\\]cmd)[/\\]run[/\\]?/;
if (process.env.PROGRAM_SECONDS && process.argv.some((word) => programs.test(word))) {
  process.on("exit", () => {
    const { user, system } = process.cpuUsage();
    appendFileSync(process.env.PROGRAM_SECONDS, `${(user + system) / 1e6}\n`);
  });
}
