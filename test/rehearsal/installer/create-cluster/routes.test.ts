import { expect, it } from "vitest";
import { routeHosts } from "../../../../rehearsal/installer/create-cluster/routes";

it("hosts of Routes that name none are made of name, namespace and the default ingress's domain, and others are left alone", () => {
  const [policy, binding] = routeHosts("apps.multiarch.example.com");
  const spec = policy?.spec as { matchConditions: { expression: string }[]; mutations: { jsonPatch: { expression: string } }[] };
  expect(spec.matchConditions.map(({ expression }) => expression)).toEqual(["!has(object.spec.host) || object.spec.host == ''"]);
  expect(spec.mutations[0]?.jsonPatch.expression).toContain(
    `"/spec/host", value: object.metadata.name + '-' + object.metadata.namespace + '.apps.multiarch.example.com'`,
  );
  expect(binding?.spec).toEqual({ policyName: policy?.metadata.name });
});
