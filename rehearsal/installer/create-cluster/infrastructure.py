"""Makes the AWS objects of a new cluster, under the names and tags that cluster-api-provider-aws and the installer give them.

Argument: create, remove-bootstrap (the way in for SSH, the bootstrap machine, the bucket) or remove-bucket.
In: the plan or the leftovers of infrastructure.ts (one JSON document on stdin), and the AWS_* environment of any client.
Out: one JSON document on stdout; of create: {"vpc": id, "instance": {"id", "dnsName"}}, the control plane's.

Left out, because nothing in the rehearsal looks at them: NAT gateways and their addresses, load balancers.
"""

import json
import sys

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError


def tag_list(tags):
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def client(service, region):
    # Over a plain endpoint, bucket names are no host names.
    config = Config(retries={"max_attempts": 2}, s3={"addressing_style": "path"})
    return boto3.client(service, region_name=region, config=config)


def remove_bucket(leftovers):
    """pkg/infrastructure/aws/clusterapi/aws.go, removeS3Bucket; one that is gone is no error there either."""
    s3, name = client("s3", leftovers["region"]), leftovers["bucket"]
    try:
        for page in s3.get_paginator("list_objects_v2").paginate(Bucket=name):
            for item in page.get("Contents", []):
                s3.delete_object(Bucket=name, Key=item["Key"])
        s3.delete_bucket(Bucket=name)
    except ClientError as error:
        if error.response["Error"]["Code"] != "NoSuchBucket":
            raise
    return {}


def remove_bootstrap(leftovers):
    """The order of pkg/infrastructure/clusterapi/clusterapi.go, DestroyBootstrap."""
    infra, ec2 = leftovers["infraId"], client("ec2", leftovers["region"])
    owned = {"Name": f"tag:kubernetes.io/cluster/{infra}", "Values": ["owned"]}
    groups = ec2.describe_security_groups(Filters=[owned, {"Name": "group-name", "Values": [f"{infra}-controlplane"]}])
    for group in groups["SecurityGroups"]:
        for permission in group["IpPermissions"]:
            everybody = [{"CidrIp": one["CidrIp"]} for one in permission["IpRanges"] if one["CidrIp"] == "0.0.0.0/0"]
            if permission.get("ToPort") == 22 and everybody:
                ports = {key: permission[key] for key in ("IpProtocol", "FromPort", "ToPort")}
                ec2.revoke_security_group_ingress(GroupId=group["GroupId"], IpPermissions=[{**ports, "IpRanges": everybody}])
    named = {"Name": "tag:Name", "Values": [f"{infra}-bootstrap"]}
    living = {"Name": "instance-state-name", "Values": ["pending", "running", "stopping", "stopped"]}
    found = ec2.describe_instances(Filters=[owned, named, living])["Reservations"]
    machines = [instance["InstanceId"] for reservation in found for instance in reservation["Instances"]]
    if machines:
        ec2.terminate_instances(InstanceIds=machines)
    return remove_bucket(leftovers)


def create(plan):
    infra, region = plan["infraId"], plan["region"]
    ec2, iam, dns, s3 = (client(service, region) for service in ("ec2", "iam", "route53", "s3"))

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

    # The bucket for the ignition file of the bootstrap machine: sigs.k8s.io/cluster-api-provider-aws, pkg/cloud/services/s3
    place = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
    s3.create_bucket(Bucket=plan["bucket"], **place)
    s3.put_bucket_tagging(Bucket=plan["bucket"], Tagging={"TagSet": tag_list({**plan["tags"], role_tag: "node"})})
    s3.put_object(Bucket=plan["bucket"], Key=f"control-plane/{infra}-bootstrap", Body=plan["bootstrap"]["ignition"].encode())

    # The machines
    def launch(machine):
        interface = {
            "DeviceIndex": 0,
            "SubnetId": subnets[machine["subnet"]],
            "Groups": [groups[role] for role in machine["securityGroups"]],
            "AssociatePublicIpAddress": machine["publicIp"],
        }
        return ec2.run_instances(
            ImageId=machine["image"],
            InstanceType=machine["instanceType"],
            MinCount=1,
            MaxCount=1,
            NetworkInterfaces=[interface],
            IamInstanceProfile={"Name": f"{infra}-master-profile"},
            MetadataOptions={"HttpTokens": machine["httpTokens"]},
            TagSpecifications=tags("instance", machine["name"], **{role_tag: "control-plane"}) + tags("volume", machine["name"]),
        )["Instances"][0]

    launch(plan["bootstrap"])
    instance = launch(plan["controlPlane"])

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

    return {"vpc": vpc, "instance": {"id": instance["InstanceId"], "dnsName": instance["PrivateDnsName"]}}


if __name__ == "__main__":
    action = {"create": create, "remove-bootstrap": remove_bootstrap, "remove-bucket": remove_bucket}[sys.argv[1]]
    try:
        json.dump(action(json.load(sys.stdin)), sys.stdout)
    except (BotoCoreError, ClientError) as error:
        sys.exit(str(error))
