import { describe, expect, it } from "vitest";
import { efsCredentialsRequest, efsRoleArn, efsSecretFile } from "../../infra/cloud-credentials";

describe("the role of the EFS driver", () => {
  it("has the infra ID and the Secret's place in its name, as far as 64 characters go", () => {
    expect(efsRoleArn("lab-x1y2z", "123456789012", "eu-west-3")).toBe(
      "arn:aws:iam::123456789012:role/lab-x1y2z-openshift-cluster-csi-drivers-aws-efs-cloud-credential",
    );
    const longest = efsRoleArn("a-cluster-of-a-long-n-x1y2z", "123456789012", "eu-west-3").split("/")[1];
    // Still another name than that of the role for EBS, ...-ebs-cl.
    expect(longest).toBe("a-cluster-of-a-long-n-x1y2z-openshift-cluster-csi-drivers-aws-ef");
    expect(longest).toHaveLength(64);
  });

  it.each([
    ["us-gov-west-1", "arn:aws-us-gov:"],
    ["eusc-de-east-1", "arn:aws-eusc:"],
    ["us-east-1", "arn:aws:"],
  ])("is of the partition of %s", (region, start) => {
    expect(efsRoleArn("a-x1y2z", "123456789012", region)).toContain(start);
  });

  it("is asked for with the Secret of which ccoctl writes the file", () => {
    const { namespace, name } = efsCredentialsRequest.spec.secretRef;
    expect(efsSecretFile).toBe(`${namespace}-${name}-credentials.yaml`);
  });
});
