// Prints findings as JSON. A process of its own: AWS's SDK chooses credentials by the environment, and a private authority is taken by
// Node.js from a variable at its start. In: a Request as JSON on stdin; CLUSTER_SETTINGS, see infra/stages/aws-client.ts.
import { readFileSync } from "node:fs";
import { main } from "../infra/stages/program";
import { check, type Request } from "./checks";

main(async () => JSON.stringify(await check(JSON.parse(readFileSync(0, "utf8")) as Request)));
