#!/usr/bin/env node
// As the real one: hooks need a .git, and where there is none that is said and is no failure.
const { existsSync } = require("node:fs");

if (!existsSync(".git")) process.stdout.write(".git can't be found");
