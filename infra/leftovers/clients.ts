import { EC2Client, type EC2ClientConfig } from "@aws-sdk/client-ec2";
import { EFSClient } from "@aws-sdk/client-efs";
import { ElasticLoadBalancingClient } from "@aws-sdk/client-elastic-load-balancing";
import { ElasticLoadBalancingV2Client } from "@aws-sdk/client-elastic-load-balancing-v2";
import { IAMClient } from "@aws-sdk/client-iam";
import { ResourceGroupsTaggingAPIClient } from "@aws-sdk/client-resource-groups-tagging-api";
import { Route53Client } from "@aws-sdk/client-route-53";
import { S3Client } from "@aws-sdk/client-s3";

/** What every client of the SDK takes: region, address, limits. */
export type ClientSettings = Pick<EC2ClientConfig, "credentials" | "endpoint" | "maxAttempts" | "requestHandler"> & {
  readonly region: string;
};

/** Clients of the services in which a cluster has something. */
export interface Clients {
  readonly region: string;
  readonly ec2: EC2Client;
  readonly efs: EFSClient;
  readonly elb: ElasticLoadBalancingClient;
  readonly elbv2: ElasticLoadBalancingV2Client;
  readonly iam: IAMClient;
  readonly route53: Route53Client;
  readonly s3: S3Client;
  /** The region's, and that of the region in which the partition's global services are. */
  readonly tagging: readonly ResourceGroupsTaggingAPIClient[];
}

/**
 * The region to ask for what is global, hosted zones and IAM; undefined where the installer's destroyer asks in none (RunWithContext in
 * pkg/destroy/aws/aws.go).
 */
export function globalRegion(region: string): string | undefined {
  if (region.startsWith("us-gov-")) return "us-gov-west-1";
  return /^cn-|-iso[a-z]?-|^eusc-/.test(region) ? undefined : "us-east-1";
}

/** @param settings for the service, which has one of these names among a cluster's addresses of AWS */
export function clients(settings: (...names: string[]) => ClientSettings): Clients {
  const tagging = settings("tagging", "resourcegroupstaggingapi");
  const { region } = tagging;
  const regions = [...new Set([region, globalRegion(region) ?? region])];
  const balancing = settings("elasticloadbalancing", "elb", "elbv2");
  return {
    region,
    ec2: new EC2Client(settings("ec2")),
    efs: new EFSClient(settings("elasticfilesystem", "efs")),
    elb: new ElasticLoadBalancingClient(balancing),
    elbv2: new ElasticLoadBalancingV2Client(balancing),
    iam: new IAMClient(settings("iam")),
    route53: new Route53Client(settings("route53")),
    s3: new S3Client(settings("s3")),
    tagging: regions.map((one) => new ResourceGroupsTaggingAPIClient({ ...tagging, region: one })),
  };
}
