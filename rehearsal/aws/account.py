"""What an account holds, asked and prepared over the AWS API alone.

In: one JSON document on stdin, {"action": "seed" | "everything", ...}; the AWS_* environment of any client.
Out: one JSON document on stdout.
"""

import json
import os
import sys

import boto3
from botocore.config import Config

REGION = os.environ["AWS_REGION"]


def client(service, region=REGION):
    # Over a plain endpoint, bucket names are no host names.
    return boto3.client(service, region_name=region, config=Config(retries={"max_attempts": 2}, s3={"addressing_style": "path"}))


def pages(service, operation, key, **arguments):
    for page in service.get_paginator(operation).paginate(**arguments):
        yield from page[key]


def name_of(tags):
    return next((tag["Value"] for tag in tags or [] if tag["Key"] == "Name"), "")


def seed(zone):
    """A public hosted zone of this name, once."""
    dns = client("route53")
    for found in pages(dns, "list_hosted_zones", "HostedZones"):
        if found["Name"] == f"{zone}." and not found["Config"]["PrivateZone"]:
            return found["Id"]
    return dns.create_hosted_zone(Name=zone, CallerReference=zone, HostedZoneConfig={"Comment": "rehearsal"})["HostedZone"]["Id"]


def everything():
    """All that an empty account does not have: each as kind, id and name. Default networks, CoreOS images and what is being deleted do not count."""
    found = []

    def add(kind, identifier, name=""):
        found.append(f"{kind} {identifier} {name}".strip())

    ec2 = client("ec2")
    default = {vpc["VpcId"] for vpc in pages(ec2, "describe_vpcs", "Vpcs") if vpc["IsDefault"]}
    for vpc in pages(ec2, "describe_vpcs", "Vpcs"):
        if vpc["VpcId"] not in default:
            add("vpc", vpc["VpcId"], name_of(vpc.get("Tags")))
    in_networks = (
        ("subnet", "describe_subnets", "Subnets", "SubnetId"),
        ("security-group", "describe_security_groups", "SecurityGroups", "GroupId"),
        ("route-table", "describe_route_tables", "RouteTables", "RouteTableId"),
        ("network-interface", "describe_network_interfaces", "NetworkInterfaces", "NetworkInterfaceId"),
        ("nat-gateway", "describe_nat_gateways", "NatGateways", "NatGatewayId"),
    )
    for kind, operation, key, identifier in in_networks:
        for item in pages(ec2, operation, key):
            if item.get("VpcId") not in default and item.get("State") != "deleted":
                add(kind, item[identifier], item.get("GroupName") or name_of(item.get("Tags") or item.get("TagSet")))
    for gateway in pages(ec2, "describe_internet_gateways", "InternetGateways"):
        if not any(attachment["VpcId"] in default for attachment in gateway["Attachments"]):
            add("internet-gateway", gateway["InternetGatewayId"], name_of(gateway.get("Tags")))
    for reservation in pages(ec2, "describe_instances", "Reservations"):
        for instance in reservation["Instances"]:
            if instance["State"]["Name"] != "terminated":
                add("instance", instance["InstanceId"], name_of(instance.get("Tags")))
    for volume in pages(ec2, "describe_volumes", "Volumes"):
        add("volume", volume["VolumeId"], name_of(volume.get("Tags")))
    for address in ec2.describe_addresses()["Addresses"]:
        add("address", address["AllocationId"], address.get("PublicIp", ""))

    efs = client("efs")

    def staying(things):
        return [thing for thing in things if thing["LifeCycleState"] != "deleting"]

    for system in staying(pages(efs, "describe_file_systems", "FileSystems")):
        add("file-system", system["FileSystemId"], system.get("Name") or "")
        for target in staying(efs.describe_mount_targets(FileSystemId=system["FileSystemId"])["MountTargets"]):
            add("mount-target", target["MountTargetId"])
    for point in staying(efs.describe_access_points()["AccessPoints"]):
        add("access-point", point["AccessPointId"], point.get("Name") or "")

    iam = client("iam")
    for role in pages(iam, "list_roles", "Roles"):
        add("role", role["RoleName"])
    for profile in pages(iam, "list_instance_profiles", "InstanceProfiles"):
        add("instance-profile", profile["InstanceProfileName"])
    for user in pages(iam, "list_users", "Users"):
        add("user", user["UserName"])

    dns = client("route53")
    for zone in pages(dns, "list_hosted_zones", "HostedZones"):
        if zone["Config"].get("Comment") != "rehearsal":
            add("hosted-zone", zone["Id"].rsplit("/", 1)[-1], zone["Name"])
        for record in pages(dns, "list_resource_record_sets", "ResourceRecordSets", HostedZoneId=zone["Id"]):
            if record["Type"] not in ("NS", "SOA"):
                add("record", record["Name"], record["Type"])
    for bucket in client("s3").list_buckets()["Buckets"]:
        add("bucket", bucket["Name"])
    for balancer in pages(client("elbv2"), "describe_load_balancers", "LoadBalancers"):
        add("load-balancer", balancer["LoadBalancerName"])
    return sorted(found)


def main():
    request = json.load(sys.stdin)
    action = request.pop("action")
    answer = {"seed": seed, "everything": everything}[action](**request)
    json.dump(answer, sys.stdout)


if __name__ == "__main__":
    main()
