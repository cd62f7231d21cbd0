"""Makes the AWS objects of a new cluster, under the names and tags that cluster-api-provider-aws and the installer give them.

In: the plan that infrastructure.ts makes (one JSON document on stdin), and the AWS_* environment of any client.
Out: {"vpc": id, "instance": {"id", "dnsName"}} on stdout.

Left out, because nothing in the rehearsal looks at them: NAT gateways and their addresses, load balancers, the S3 bucket of the
ignition files, the bootstrap machine.
"""

import json
import sys

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError


def tag_list(tags):
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def main():
    plan = json.load(sys.stdin)
    infra, region = plan["infraId"], plan["region"]
    config = Config(retries={"max_attempts": 2})
    ec2 = boto3.client("ec2", region_name=region, config=config)
    iam = boto3.client("iam", region_name=region, config=config)
    dns = boto3.client("route53", region_name=region, config=config)

    def tags(kind, name, **more):
        return [{"ResourceType": kind, "Tags": tag_list({"Name": name, **plan["tags"], **more})}]

    role_tag = "sigs.k8s.io/cluster-api-provider-aws/role"

    # IAM, which the installer makes itself: pkg/infrastructure/aws/clusterapi/iam.go
    trust = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}],
    }
    for role, actions in plan["roles"].items():
        name, profile = f"{infra}-{role}-role", f"{infra}-{role}-profile"
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust), Path="/", Tags=tag_list(plan["iamTags"]))
        policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": actions, "Resource": "*"}]}
        iam.put_role_policy(RoleName=name, PolicyName=f"{infra}-{role}-policy", PolicyDocument=json.dumps(policy))
        iam.create_instance_profile(InstanceProfileName=profile, Path="/", Tags=tag_list(plan["iamTags"]))
        iam.add_role_to_instance_profile(InstanceProfileName=profile, RoleName=name)

    # The network
    common = {role_tag: "common"}
    vpc = ec2.create_vpc(CidrBlock=plan["cidr"], TagSpecifications=tags("vpc", f"{infra}-vpc", **common))["Vpc"]["VpcId"]
    for attribute in ("EnableDnsSupport", "EnableDnsHostnames"):
        ec2.modify_vpc_attribute(VpcId=vpc, **{attribute: {"Value": True}})
    gateway = ec2.create_internet_gateway(TagSpecifications=tags("internet-gateway", f"{infra}-igw", **common))
    gateway = gateway["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    subnets = {}
    for subnet in plan["subnets"]:
        kind, balancer = ("public", "elb") if subnet["public"] else ("private", "internal-elb")
        zone = subnet["zone"]
        subnets[subnet["name"]] = ec2.create_subnet(
            VpcId=vpc,
            CidrBlock=subnet["cidr"],
            AvailabilityZone=zone,
            TagSpecifications=tags("subnet", subnet["name"], **{role_tag: kind, f"kubernetes.io/role/{balancer}": "1"}),
        )["Subnet"]["SubnetId"]
        table = ec2.create_route_table(VpcId=vpc, TagSpecifications=tags("route-table", f"{infra}-rt-{kind}-{zone}", **common))
        table = table["RouteTable"]["RouteTableId"]
        ec2.associate_route_table(RouteTableId=table, SubnetId=subnets[subnet["name"]])
        if subnet["public"]:
            ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)

    # Security groups first, then the rules, which name each other's groups
    groups = {}
    for role in plan["securityGroups"]:
        groups[role] = ec2.create_security_group(
            GroupName=f"{infra}-{role}",
            Description=f"Kubernetes cluster {infra}: {role}",
            VpcId=vpc,
            TagSpecifications=tags("security-group", f"{infra}-{role}", **{role_tag: role}),
        )["GroupId"]
    for role, rules in plan["securityGroups"].items():
        permissions = []
        for rule in rules:
            permission = {"IpProtocol": rule["protocol"], "FromPort": rule["from"], "ToPort": rule["to"]}
            text = rule["description"]
            permission["IpRanges"] = [{"CidrIp": cidr, "Description": text} for cidr in rule["cidrs"]]
            permission["UserIdGroupPairs"] = [{"GroupId": groups[source], "Description": text} for source in rule["groups"]]
            permissions.append({key: value for key, value in permission.items() if value != []})
        if permissions:
            ec2.authorize_security_group_ingress(GroupId=groups[role], IpPermissions=permissions)

    # The control plane's machine
    machine = plan["controlPlane"]
    instance = ec2.run_instances(
        ImageId=machine["image"],
        InstanceType=machine["instanceType"],
        MinCount=1,
        MaxCount=1,
        SubnetId=subnets[machine["subnet"]],
        SecurityGroupIds=[groups[role] for role in machine["securityGroups"]],
        IamInstanceProfile={"Name": f"{infra}-master-profile"},
        MetadataOptions={"HttpTokens": machine["httpTokens"]},
        TagSpecifications=tags("instance", machine["name"], **{role_tag: "control-plane"})
        + tags("volume", machine["name"]),
    )["Instances"][0]

    # Names: pkg/infrastructure/aws/clusterapi/aws.go, InfraReady
    zones = dns.list_hosted_zones_by_name(DNSName=plan["baseDomain"])["HostedZones"]
    public = [zone["Id"] for zone in zones if zone["Name"] == f"{plan['baseDomain']}." and not zone["Config"]["PrivateZone"]]
    if not public:
        sys.exit(f"no public route53 zone found matching name {plan['baseDomain']!r}")
    private = dns.create_hosted_zone(
        Name=plan["clusterDomain"],
        CallerReference=infra,
        VPC={"VPCRegion": region, "VPCId": vpc},
        HostedZoneConfig={"PrivateZone": True, "Comment": "Created by Openshift Installer"},
    )["HostedZone"]["Id"]
    dns.change_tags_for_resource(
        ResourceType="hostedzone", ResourceId=private.rsplit("/", 1)[-1], AddTags=tag_list({"Name": f"{infra}-int", **plan["iamTags"]})
    )
    for zone, host in ((public[0], "api"), (private, "api"), (private, "api-int")):
        record = {
            "Name": f"{host}.{plan['clusterDomain']}.",
            "Type": "A",
            "TTL": 60,
            "ResourceRecords": [{"Value": instance["PrivateIpAddress"]}],
        }
        dns.change_resource_record_sets(HostedZoneId=zone, ChangeBatch={"Changes": [{"Action": "UPSERT", "ResourceRecordSet": record}]})

    json.dump({"vpc": vpc, "instance": {"id": instance["InstanceId"], "dnsName": instance["PrivateDnsName"]}}, sys.stdout)


if __name__ == "__main__":
    try:
        main()
    except (BotoCoreError, ClientError) as error:
        sys.exit(str(error))
