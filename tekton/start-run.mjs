// Makes the run that it is given, as the one of today: asked twice on a day, it makes one. Its pod's account may do nothing else.
// In: RUN (a PipelineRun), API (address of the Kubernetes API), TOKEN_FILE.
import { readFileSync } from "node:fs";

const { RUN = "{}", API, TOKEN_FILE = "" } = process.env;
const { metadata, spec, ...rest } = JSON.parse(RUN);
const { generateName, ...others } = metadata;
const today = new Date().toISOString().slice(0, 10);
const name = `${generateName}${today.replaceAll("-", "")}`;
const run = { ...rest, metadata: { ...others, name }, spec: { ...spec, params: [...spec.params, { name: "rebuild", value: today }] } };

const answer = await fetch(`${API}/apis/tekton.dev/v1/namespaces/${metadata.namespace}/pipelineruns`, {
  method: "POST",
  headers: { authorization: `Bearer ${readFileSync(TOKEN_FILE, "utf8").trim()}`, "content-type": "application/json" },
  body: JSON.stringify(run),
});
if (answer.ok) console.log(`${name} is started`);
else if (answer.status === 409) console.log(`${name} has been started already`);
else {
  console.error(`${name} is not started: ${answer.status} ${await answer.text()}`);
  process.exitCode = 1;
}
