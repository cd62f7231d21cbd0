const { cpSync } = require("node:fs");

cpSync("source", "dist", { recursive: true });
