const express = require("express");
// Comes as one compiled module per architecture: node_modules of another architecture fails here.
const { crc32 } = require("@node-rs/crc32");
const { name, version } = require("./package.json");

const greeting = () => ({ application: name, version, node: process.version, architecture: process.arch, checksum: crc32(name) });

if (process.argv.includes("--version")) {
  console.log(JSON.stringify(greeting()));
} else {
  const port = Number(process.env.PORT ?? 8080);
  const server = express()
    .get("/", (_request, response) => response.json(greeting()))
    .listen(port, () => console.log(`${name} ${version} on ${process.arch} listens on port ${port}`));
  for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => server.close());
}
