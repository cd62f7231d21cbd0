import type { Emulator } from "./emulator";

/** Clusters of the tests: what one has in AWS, a kind each, made through boto3 under the names and tags of the installer and the operators. */

interface Answer {
  // biome-ignore lint/suspicious/noExplicitAny: answers of a dozen services
  readonly [key: string]: any;
}

/** @param domain the cluster's; the zone above it is made */
export async function makeCluster({ ask }: Emulator, infraId: string, domain: string, more: Readonly<Record<string, string>> = {}) {
  const made = async (service: string, operation: string, params: object): Promise<Answer> => {
    const answer = await ask(service, operation, params);
    if ("code" in answer) throw new Error(`${service} ${operation}: ${answer.code} ${answer.message}`);
    return answer;
  };
  const tags = (name: string) =>
    Object.entries({ [`kubernetes.io/cluster/${infraId}`]: "owned", Name: `${infraId}-${name}`, ...more }).map(([Key, Value]) => ({
      Key,
      Value,
    }));
  const of = (kind: string, name = kind) => ({ TagSpecifications: [{ ResourceType: kind, Tags: tags(name) }] });
  const ec2 = (operation: string, params: object) => made("ec2", operation, params);

  const { VpcId } = (await ec2("create_vpc", { CidrBlock: "10.0.0.0/16", ...of("vpc") })).Vpc;
  const { SubnetId } = (await ec2("create_subnet", { VpcId, CidrBlock: "10.0.0.0/24", AvailabilityZone: "eu-west-3a", ...of("subnet") }))
    .Subnet;
  const { InternetGatewayId } = (await ec2("create_internet_gateway", of("internet-gateway"))).InternetGateway;
  await ec2("attach_internet_gateway", { InternetGatewayId, VpcId });
  const { RouteTableId } = (await ec2("create_route_table", { VpcId, ...of("route-table") })).RouteTable;
  await ec2("associate_route_table", { RouteTableId, SubnetId });
  const { AllocationId } = await ec2("allocate_address", { Domain: "vpc", ...of("elastic-ip") });
  await ec2("create_nat_gateway", { SubnetId, AllocationId, ...of("natgateway") });
  await ec2("create_vpc_endpoint", {
    VpcId,
    VpcEndpointType: "Gateway",
    ServiceName: "com.amazonaws.eu-west-3.s3",
    RouteTableIds: [RouteTableId],
    ...of("vpc-endpoint"),
  });
  const group = async (name: string) =>
    (await ec2("create_security_group", { GroupName: `${infraId}-${name}`, Description: name, VpcId, ...of("security-group", name) }))
      .GroupId;
  const [node, controlPlane] = [await group("node"), await group("controlplane")];
  for (const [GroupId, source] of [
    [node, controlPlane],
    [controlPlane, node],
  ]) {
    const IpPermissions = [{ IpProtocol: "tcp", FromPort: 6443, ToPort: 6443, UserIdGroupPairs: [{ GroupId: source }] }];
    await ec2("authorize_security_group_ingress", { GroupId, IpPermissions });
  }
  const { Images } = await ec2("describe_images", {});
  const ImageId = Images[0].ImageId;
  const machine = { ImageId, InstanceType: "m6a.2xlarge", MinCount: 1, MaxCount: 1, SubnetId, SecurityGroupIds: [node] };
  const [{ InstanceId }] = (await ec2("run_instances", { ...machine, ...of("instance", "master-0") })).Instances;
  const { VolumeId } = await ec2("create_volume", { AvailabilityZone: "eu-west-3a", Size: 120, VolumeType: "gp3", ...of("volume", "pvc") });
  await ec2("create_snapshot", { VolumeId, ...of("snapshot") });
  await ec2("create_image", { InstanceId, Name: `${infraId}-ami`, ...of("image") });
  // moto drops the tags of these at their creation.
  const { DhcpOptionsId } = (await ec2("create_dhcp_options", { DhcpConfigurations: [{ Key: "domain-name", Values: [domain] }] }))
    .DhcpOptions;
  await ec2("create_tags", { Resources: [DhcpOptionsId], Tags: tags("dhcp-options") });
  // Somebody's own, in the cluster's network: no tag says so, and the network cannot go.
  await ec2("create_network_interface", { SubnetId, Description: "made by hand", Groups: [node] });

  const system = await made("efs", "create_file_system", {
    CreationToken: infraId,
    Encrypted: true,
    Tags: [{ Key: "Name", Value: `${infraId}-shared` }],
  });
  const { FileSystemId } = system;
  return {
    VpcId: VpcId as string,
    SubnetId: SubnetId as string,
    InstanceId: InstanceId as string,
    VolumeId: VolumeId as string,
    FileSystemId: FileSystemId as string,
    /** What can be made only when the file system is available; and what is in no network. */
    async rest() {
      await made("efs", "create_mount_target", { FileSystemId, SubnetId, SecurityGroups: [node] });
      await made("efs", "create_access_point", { FileSystemId, ClientToken: "pvc-1", Tags: tags("pvc-1") });

      const balanced = { Subnets: [SubnetId], Tags: tags("int") };
      await made("elbv2", "create_load_balancer", { Name: `${infraId}-int`, Type: "network", Scheme: "internal", ...balanced });
      await made("elbv2", "create_target_group", { Name: `${infraId}-aint`, Protocol: "TCP", Port: 6443, VpcId, Tags: tags("aint") });
      await made("elb", "create_load_balancer", {
        LoadBalancerName: "a1b2c3d4e5f6",
        SecurityGroups: [node],
        Listeners: [{ Protocol: "TCP", LoadBalancerPort: 443, InstanceProtocol: "TCP", InstancePort: 30443 }],
        ...balanced,
      });

      const base = domain.slice(domain.indexOf(".") + 1);
      const zone = async (Name: string, params: object) =>
        (await made("route53", "create_hosted_zone", { Name, CallerReference: `${infraId} ${Name}`, ...params })).HostedZone.Id.replace(
          "/hostedzone/",
          "",
        );
      const above = await zone(base, {});
      const own = await zone(domain, { VPC: { VPCRegion: "eu-west-3", VPCId: VpcId }, HostedZoneConfig: { PrivateZone: true } });
      await made("route53", "change_tags_for_resource", { ResourceType: "hostedzone", ResourceId: own, AddTags: tags("int") });
      for (const [HostedZoneId, host] of [
        [above, "api"],
        [above, "*.apps"],
        [above, "mine"],
        [own, "api-int"],
        [own, "*.apps"],
      ]) {
        const DNSName = `${host === "*.apps" ? "a1b2c3d4e5f6" : `${infraId}-ext`}-0123456789abcdef.elb.eu-west-3.amazonaws.com.`;
        const AliasTarget = { HostedZoneId: "Z1CMS0P5QUZ6D5", DNSName, EvaluateTargetHealth: false };
        const ResourceRecordSet = { Name: `${host}.${domain}.`, Type: "A", AliasTarget };
        const Changes = [{ Action: "CREATE", ResourceRecordSet }];
        await made("route53", "change_resource_record_sets", { HostedZoneId, ChangeBatch: { Changes } });
      }

      const Bucket = `openshift-bootstrap-data-${infraId}`;
      await made("s3", "create_bucket", { Bucket, CreateBucketConfiguration: { LocationConstraint: "eu-west-3" } });
      await made("s3", "put_bucket_tagging", { Bucket, Tagging: { TagSet: tags("bucket") } });
      await made("s3", "put_object", { Bucket, Key: "bootstrap.ign", Body: "{}" });

      const AssumeRolePolicyDocument = JSON.stringify({
        Version: "2012-10-17",
        Statement: [{ Effect: "Allow", Principal: { Service: "ec2.amazonaws.com" }, Action: "sts:AssumeRole" }],
      });
      const PolicyDocument = JSON.stringify({ Version: "2012-10-17", Statement: [{ Effect: "Allow", Action: "ec2:*", Resource: "*" }] });
      const [RoleName, InstanceProfileName] = [`${infraId}-master-role`, `${infraId}-master-profile`];
      await made("iam", "create_role", { RoleName, AssumeRolePolicyDocument, Tags: tags("master-role") });
      await made("iam", "put_role_policy", { RoleName, PolicyName: `${infraId}-master-policy`, PolicyDocument });
      await made("iam", "create_instance_profile", { InstanceProfileName, Tags: tags("master-profile") });
      await made("iam", "add_role_to_instance_profile", { InstanceProfileName, RoleName });
      const UserName = `${infraId.slice(0, 20)}-openshift-ingress-4f7xk`;
      await made("iam", "create_user", { UserName, Tags: tags("ingress") });
      await made("iam", "put_user_policy", { UserName, PolicyName: `${UserName}-policy`, PolicyDocument });
      await made("iam", "create_access_key", { UserName });
      const Url = `https://${infraId}-oidc.s3.eu-west-3.amazonaws.com`;
      await made("iam", "create_open_id_connect_provider", { Url, ThumbprintList: ["a".repeat(40)], Tags: tags("oidc") });
    },
  };
}
