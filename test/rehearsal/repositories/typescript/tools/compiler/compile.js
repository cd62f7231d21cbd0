#!/usr/bin/env node
const { mkdirSync, readdirSync, readFileSync, writeFileSync } = require("node:fs");
const { stripTypeScriptTypes } = require("node:module");
const { join } = require("node:path");

const [from, to] = process.argv.slice(2);
mkdirSync(to, { recursive: true });
for (const file of readdirSync(from)) {
  writeFileSync(join(to, file.replace(/\.ts$/, ".js")), stripTypeScriptTypes(readFileSync(join(from, file), "utf8")));
}
