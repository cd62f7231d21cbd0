// What Pulumi loads. It would check the types of the whole pack at every preview, with the tsconfig.json of whatever folder it happens to
// run in (@pulumi/pulumi, cmd/run-policy-pack/run.js): `npm run check` does that, and here nothing but the translation is needed.
require("tsx/cjs");
require("./index.ts");
