"""Tags: what the Resource Groups Tagging API and EC2 list by them."""

import os

from moto.core.resource_tagging import TaggedResource
from moto.ec2 import models as ec2_models
from moto.resourcegroupstaggingapi import models as tagging
from moto.route53.models import route53_backends
from wrapping import replace

LINGER = os.environ.get("EMULATOR_LINGER") == "1"
listed = {}


@replace(ec2_models.EC2Backend)
def iter_tagged_resources(old, self):
    """Three kinds that the API lists and moto does not.

    Types and ARNs: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html
    """
    yield from old()
    more = {
        "elastic-ip": [address.allocation_id for address in self.addresses if address.allocation_id],
        "vpc-endpoint": list(self.vpc_end_points),
        "dhcp-options": list(self.dhcp_options_sets),
    }
    for kind, ids in more.items():
        for id_ in ids:
            arn = f"arn:{self.partition}:ec2:{self.region_name}:{self.account_id}:{kind}/{id_}"
            yield TaggedResource(arn=arn, tags=dict(self.tags.get(id_, {})), resource_type=f"ec2:{kind}")


# Names of moto's for what API_TagDescription calls otherwise.
TYPES = {"vpc-elastic-ip": "elastic-ip", "nat-gateway": "natgateway"}


@replace(ec2_models.EC2Backend)
def describe_tags(old, self, filters=None):
    return [{**tag, "resource_type": TYPES.get(tag["resource_type"], tag["resource_type"])} for tag in old(filters)]


@replace(tagging.ResourceGroupsTaggingAPIBackend)
def _get_resources_generator(old, self, tag_filters=None, resource_type_filters=None, resource_arn_list=None):
    """Hosted zones, which moto does not list; and no terminated instance, unless things linger.

    AWS lists zones in us-east-1 alone. With endpoints of its own configured, openshift-install signs its request to us-east-1 for
    the cluster's region, so here every region has them.

    How long AWS goes on to list what is gone is nowhere promised: "shows resources that were deleted",
    https://repost.aws/questions/QUH0hblHnBT9iK5VpfsVRnBQ; the installer reckons with it, too (deleteRoute53 in pkg/destroy/aws/aws.go).
    """
    matches = tagging.make_tag_matcher(tag_filters)
    found = list(old(tag_filters, resource_type_filters, resource_arn_list))
    if not LINGER:
        reservations = ec2_models.ec2_backends[self.account_id][self.region_name].reservations.values()
        terminated = {
            f"instance/{instance.id}"
            for reservation in reservations
            for instance in reservation.instances
            if instance.state == "terminated"
        }
        found = [resource for resource in found if resource.arn.rsplit(":", 1)[-1] not in terminated]
    if not resource_type_filters and not resource_arn_list:
        dns = route53_backends[self.account_id]["aws"]
        for zone in list(dns.zones.values()):
            tags = dict(dns.list_tags_for_resource(zone.resource_id))
            if tags and matches(tags):
                arn = f"arn:aws:route53:::hostedzone/{zone.resource_id}"
                found.append(TaggedResource(arn=arn, tags=tags, resource_type="route53:hostedzone"))
    yield from found
    if LINGER and not resource_type_filters and not resource_arn_list:
        before = listed.setdefault((self.account_id, self.region_name), {})
        now = {resource.arn for resource in found}
        yield from [resource for arn, resource in before.items() if arn not in now and matches(resource.tags)]
        before.update({resource.arn: resource for resource in found})
