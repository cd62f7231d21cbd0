import { describe, expect, it } from "vitest";
import { explanations, type Work } from "../../infra/causes";

/** What a log is explained by: AWS's words, and the beginning of the remedy. */
const explained = (work: Work, ...lines: string[]) => explanations(lines.join("\n"), work).map(({ said, remedy }) => [said, remedy]);
const saying = (text: string) => expect.stringContaining(text);

/** Lines that installers have written, from the reports that are named. */
const capacity =
  "level=error msg=Error: creating EC2 Instance: InsufficientInstanceCapacity: We currently do not have sufficient m6i.xlarge capacity in the Availability Zone you requested (us-east-2a). Our system will be working on provisioning additional capacity. You can currently get m6i.xlarge capacity by not specifying an Availability Zone in your request or choosing us-east-2b, us-east-2c.";
const addresses = [
  // kubernetes-sigs/cluster-api-provider-aws pull request 4304, as the installer's own log has what its controllers say.
  'time="2023-06-06T11:34:44Z" level=debug msg="E0606 11:34:44.467623       1 controller.go:329] \\"Reconciler error\\" err=<"',
  'time="2023-06-06T11:34:44Z" level=debug msg="\\tfailed to create one or more IP addresses for NAT gateways: failed to allocate Elastic IP: AddressLimitExceeded: The maximum number of addresses has been reached."',
  'time="2023-06-06T11:34:44Z" level=debug msg="\\t\\tstatus code: 400, request id: 162c8357-0949-45bc-b298-c9b3b41b9a17"',
  'time="2023-06-06T11:34:44Z" level=debug msg=" > controller=\\"awscluster\\" controllerGroup=\\"infrastructure.cluster.x-k8s.io\\" controllerKind=\\"AWSCluster\\""',
];
// openshift/installer pull request 8627.
const notReady =
  'time="2023-06-06T11:49:31Z" level=error msg="failed to fetch Cluster: failed to generate asset \\"Cluster\\": failed to create cluster: infrastructure was not ready within 15m0s: client rate limiter Wait returned an error: context deadline exceeded"';

describe("an install that failed", () => {
  it.each([
    // red-hat-storage/ocs-ci issue 9263.
    [capacity, "InsufficientInstanceCapacity: We currently do not have sufficient m6i.xlarge capacity", "run pulumi up again later"],
    // openshift/installer issue 2736.
    [
      "level=error msg=Error: Error launching source instance: VcpuLimitExceeded: You have requested more vCPU capacity than your current vCPU limit of 1 allows for the instance bucket that the specified instance type belongs to. Please visit http://aws.amazon.com/contact-us/ec2-request to request an adjustment to this limit.",
      "VcpuLimitExceeded: You have requested more vCPU capacity",
      "--quota-code L-1216C47A",
    ],
    // The same as aws-sdk-go-v2 and smithy-go write it, which newer installers have (aws/transport/http/response_error.go, errors.go).
    [
      'time="2026-08-12T14:44:01Z" level=debug msg="failed to run instance: operation error EC2: RunInstances, https response error StatusCode: 400, RequestID: cb90a8d4-2209-458c-b3b9-f7c53b5d8e1d, api error VcpuLimitExceeded: You have requested more vCPU capacity than your current vCPU limit of 8 allows for the instance bucket that the specified instance type belongs to."',
      "VcpuLimitExceeded: You have requested more vCPU capacity",
      "--quota-code L-1216C47A",
    ],
    // okd-project/okd issue 80.
    [
      "level=error msg=Error: Error creating EIP: AddressLimitExceeded: The maximum number of addresses has been reached.",
      "AddressLimitExceeded: The maximum number of addresses has been reached.",
      "--service-code ec2 --quota-code L-0263D0A3",
    ],
    // redhat-openshift-ecosystem/community-operators-prod issues 1025 and 1021.
    [
      "level=error msg=Error: Error creating VPC: VpcLimitExceeded: The maximum number of VPCs has been reached.",
      "VpcLimitExceeded: The maximum number of VPCs has been reached.",
      "--service-code vpc --quota-code L-F678F1CE",
    ],
    [
      'level=error msg="Error: Error creating IAM instance profile ci-op-42r2swbg-96ace-47qjt-bootstrap-profile: LimitExceeded: Cannot exceed quota for InstanceProfilesPerAccount: 1000"',
      "LimitExceeded: Cannot exceed quota for InstanceProfilesPerAccount: 1000",
      "delete what is not needed any more of the kind that AWS names",
    ],
    // openshift/installer pull request 8162.
    [
      'level=debug msg="\\tfailed to modify network interfaces on instance \\"i-0d7e3337b6d90b17e\\": failed to modify interface \\"eni-0911432a902c464ba\\" to have security groups [sg-0066ee636d09815e7 sg-0597c306acdbee4ae]: SecurityGroupsPerInterfaceLimitExceeded: The maximum number of security groups per interface has been reached."',
      "SecurityGroupsPerInterfaceLimitExceeded: The maximum number of security groups per interface has been reached.",
      "--quota-code L-2AFB9258",
    ],
    // openshift/installer issue 1709.
    [
      "level=error msg=\t* aws_instance.master.0: Error launching source instance: PendingVerification: Your request for accessing resources in this region is being validated, and you will not be able to launch additional resources in this region until the validation is complete. We will notify you by email once your request has been validated.",
      "PendingVerification: Your request for accessing resources in this region is being validated",
      "four hours at most",
    ],
    // okd-project/okd issue 1384.
    [
      "level=error msg=Error: error getting S3 bucket (t9-zfrhn-bootstrap) policy: AccessDenied: Access Denied",
      "AccessDenied: Access Denied",
      "give the credentials the right that is named",
    ],
    // openshift/cluster-node-tuning-operator pull request 990.
    [
      'level=error msg="failed to create infra: cannot list vpcs: UnauthorizedOperation: You are not authorized to perform this operation. User: arn:aws:iam::820196288204:user/ci is not authorized to perform: ec2:DescribeVpcs with an explicit deny in a service control policy\\n\\tstatus code: 403, request id: 837d4c69-9a00-4130-ab09-10d70a61e6c3"',
      "UnauthorizedOperation: You are not authorized to perform this operation.",
      "a service control policy of the account's organization forbids it",
    ],
    // openshift/installer, cmd/openshift-install/create.go; issue 10510.
    [
      "level=error msg=Failed waiting for Kubernetes API. This error usually happens when there is a problem on the bootstrap host that prevents creating a temporary control plane.",
      "Failed waiting for Kubernetes API.",
      "port 6443 of the cluster could not be reached",
    ],
    [
      "level=error msg=Failed to wait for bootstrapping to complete. This error usually happens when there is a problem with control plane hosts that prevents the control plane operators from creating the control plane.",
      "Failed to wait for bootstrapping to complete.",
      "the control plane had no way to the registries",
    ],
  ])("is explained by %s", (line, said, remedy) => {
    expect(explained("install", "level=info msg=Creating infrastructure resources...", line)).toEqual([[saying(said), saying(remedy)]]);
  });

  it("is explained by what AWS answered a controller, which is said at the level of debugging alone", () => {
    expect(explained("install", ...addresses, notReady)).toEqual([
      ["AddressLimitExceeded: The maximum number of addresses has been reached.", saying("L-0263D0A3")],
    ]);
  });

  it("is explained by an error before anything else, and by nothing twice", () => {
    expect(explained("install", capacity, ...addresses, notReady, ...addresses).map(([said]) => said?.split(":")[0])).toEqual([
      "InsufficientInstanceCapacity",
      "AddressLimitExceeded",
    ]);
  });

  // openshift/machine-config-operator pull request 386.
  const throttled =
    "level=debug msg=Validate Response ec2/CreateVpc failed, not retrying, error RequestLimitExceeded: Request limit exceeded.";

  it("is explained by what goes by itself only where there is nothing else", () => {
    expect(explained("install", throttled)).toEqual([["RequestLimitExceeded: Request limit exceeded.", saying("too many requests")]]);
    expect(explained("install", ...addresses, throttled).map(([said]) => said?.split(":")[0])).toEqual(["AddressLimitExceeded"]);
  });

  // okd-project/okd-scos issue 3, shortened.
  it("is explained without what AWS encodes for its administrators", () => {
    const line =
      'time="2022-11-02T11:16:00Z" level=error msg="UnauthorizedOperation: You are not authorized to perform this operation. Encoded authorization failure message: jdKjBcZEAySjIK0A8mKNsduSnHmoPAf68VPLTt9EwBamIOImVyda6Agf8QLNF_2iX"';
    expect(explained("install", line).map(([said]) => said)).toEqual([
      "UnauthorizedOperation: You are not authorized to perform this operation.",
    ]);
  });

  it.each([
    ["nothing that is known", "level=fatal msg=failed to fetch Cluster"],
    // openshift/installer, pkg/asset/quota/quota.go.
    [
      "a question that it does without",
      "level=debug msg=Missing permissions to fetch Quotas and therefore will skip checking them: failed to load Quota for services: AccessDeniedException: no",
    ],
    ["a code of a removal", "level=debug msg=DependencyViolation: The vpc 'vpc-0d364a8acdb685257' has dependencies and cannot be deleted."],
    ["nothing at all", ""],
  ])("is not explained by %s", (_, line) => {
    expect(explained("install", line)).toEqual([]);
  });
});

describe("a removal that failed", () => {
  // keycloak/keycloak-benchmark issue 657.
  const dependent = (minute: string, vpc: string) =>
    `time="2023-12-20T11:${minute}:12Z" level=debug msg="DependencyViolation: The vpc '${vpc}' has dependencies and cannot be deleted.\\n\\tstatus code: 400, request id: 8ee2f0c4-5a3f-4577-ab61-bdfd0d6680c8" arn="arn:aws:ec2:eu-west-1:606671647913:vpc/${vpc}"`;

  it("is explained by what something else still uses, with the object", () => {
    expect(explained("destroy", dependent("30", "vpc-0d364a8acdb685257"))).toEqual([
      [
        "DependencyViolation: The vpc 'vpc-0d364a8acdb685257' has dependencies and cannot be deleted. (arn:aws:ec2:eu-west-1:606671647913:vpc/vpc-0d364a8acdb685257)",
        saying("something that is not the cluster's own still uses it"),
      ],
    ]);
  });

  it("is explained by what stayed to the end, not by what was refused before and went", () => {
    // openshift/installer issue 1433.
    const volume =
      'time="2023-12-20T11:10:12Z" level=debug msg="deleting arn:aws:ec2:us-east-2:370534244081:volume/vol-09a485babe825373b: VolumeInUse: Volume vol-09a485babe825373b is currently attached to i-0207ac6d4524b48f8\\n\\tstatus code: 400, request id: 0d577313-4823-441e-bdb4-9dbc41fec563"';
    expect(explained("destroy", volume, dependent("32", "vpc-1"), dependent("33", "vpc-2")).map(([said]) => said)).toEqual([
      saying("DependencyViolation: The vpc 'vpc-2'"),
    ]);
    expect(explained("destroy", volume).map(([said]) => said)).toEqual([
      "VolumeInUse: Volume vol-09a485babe825373b is currently attached to i-0207ac6d4524b48f8",
    ]);
  });

  it.each([
    // openshift/installer pull request 9222.
    [
      'time="2024-11-19T12:22:19Z" level=info msg="untag shared resources: AccessDeniedException: User: arn:aws:iam::460538899914:user/ci-op-minimal-perm is not authorized to perform: tag:UntagResources because no identity-based policy allows the tag:UntagResources action\\n\\tstatus code: 400, request id: 464de6ab-3de5-496d-a163-594dade11619"',
      "is not authorized to perform: tag:UntagResources because no identity-based policy allows the tag:UntagResources action",
      "give the credentials the right that is named",
    ],
    // okd-project/okd issue 2253.
    [
      "level=warning msg=operation error EC2: DescribeInstances, https response error StatusCode: 400, RequestID: 65ecea0e-fb1c-47da-b03a-512e51e74938, api error InvalidInstanceID.NotFound: The instance ID 'i-0a7d1ec4340167878' does not exist arn=arn:aws:ec2:eu-west-1:123456789012:instance/i-0a7d1ec4340167878",
      "InvalidInstanceID.NotFound: The instance ID 'i-0a7d1ec4340167878' does not exist (arn:aws:ec2:eu-west-1:123456789012:instance/i-0a7d1ec4340167878)",
      "AWS still lists what is gone",
    ],
  ])("is explained by %s", (line, said, remedy) => {
    expect(explained("destroy", line)).toEqual([[saying(said), saying(remedy)]]);
  });

  it("is not explained by a code of an install", () => {
    expect(explained("destroy", capacity)).toEqual([]);
  });
});
