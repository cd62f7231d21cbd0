"""EC2: what security groups, networks and instances of moto lack or are too lax about."""

import os

from moto.core.responses import BaseResponse
from moto.ec2.exceptions import DependencyViolationError, EC2ClientError
from moto.ec2.models import instances, security_groups, subnets, vpcs
from moto.ec2.models.elastic_ip_addresses import ElasticAddressBackend
from moto.ec2.models.elastic_network_interfaces import NetworkInterfaceBackend
from moto.ec2.models.nat_gateways import NatGateway, NatGatewayBackend
from moto.efs import models as efs
from wrapping import replace

# -- EC2: rules ------------------------------------------------------------------------------------------------------


security_groups.SecurityGroupRule.description = property(
    lambda self: self.ip_range.get("Description") or self.source_group.get("Description")
)


@replace(security_groups.SecurityGroupRule, "__eq__")
def _(old, self, other):
    """Which rule is meant is said by protocol, ports and source; a description is no part of it."""
    mine, theirs = self.source_group, other.source_group
    if mine.get("GroupId") and mine.get("GroupId") == theirs.get("GroupId"):
        self.source_group = other.source_group = {"GroupId": mine["GroupId"]}
        try:
            return old(other)
        finally:
            self.source_group, other.source_group = mine, theirs
    return old(other)


# A class that has __eq__ and no __hash__ cannot be hashed; moto's own has neither.
security_groups.SecurityGroupRule.__hash__ = None


# -- EC2: refusals ---------------------------------------------------------------------------------------------------
# https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html, DependencyViolation


class InterfaceInUse(EC2ClientError):
    def __init__(self, interface_id):
        super().__init__("InvalidParameterValue", f"Network interface '{interface_id}' is currently in use.")


@replace(security_groups.SecurityGroupBackend)
def delete_security_group(old, self, name=None, group_id=None):
    group = self.get_security_group_from_id(group_id) if group_id else None
    if group:
        attached = any(group.id in [own.id for own in interface.group_set] for interface in self.enis.values())
        named = any(
            rule.source_group.get("GroupId") == group.id
            for other in self.describe_security_groups()
            if other.id != group.id
            for rule in [*other.ingress_rules, *other.egress_rules]
        )
        if attached or named:
            raise DependencyViolationError(f"resource {group.id} has a dependent object")
    return old(name, group_id)


@replace(subnets.SubnetBackend)
def delete_subnet(old, self, subnet_id):
    if any(interface.subnet.id == subnet_id for interface in self.enis.values()):
        raise DependencyViolationError(f"The subnet '{subnet_id}' has dependencies and cannot be deleted.")
    return old(subnet_id)


@replace(vpcs.VPCBackend)
def delete_vpc(old, self, vpc_id):
    gateways = any(gateway.vpc and gateway.vpc.id == vpc_id for gateway in self.internet_gateways.values())
    groups = any(group.vpc_id == vpc_id and group.name != "default" for group in self.describe_security_groups())
    interfaces = any(interface.subnet.vpc_id == vpc_id for interface in self.enis.values())
    if gateways or groups or interfaces:
        raise DependencyViolationError(f"The vpc '{vpc_id}' has dependencies and cannot be deleted.")
    return old(vpc_id)


@replace(NetworkInterfaceBackend)
def delete_network_interface(old, self, eni_id):
    interface = self.enis.get(eni_id)
    if interface is not None:
        # The one of a mount target goes with it and in no other way; EFS itself comes here while deleting the target.
        target = next(
            (
                target
                for target in efs.efs_backends[self.account_id][self.region_name].mount_targets_by_id.values()
                if target.network_interface_id == eni_id
            ),
            None,
        )
        if (target is not None and not getattr(target, "_deleting", False)) or interface.instance is not None:
            raise InterfaceInUse(eni_id)
    return old(eni_id)


@replace(instances.Instance)
def terminate(old, self):
    # The primary interface of an instance goes with it unless the launch said otherwise; moto keeps it.
    gone = [interface for interface in self.nics.values() if interface.delete_on_termination or interface.device_index in (0, "0")]
    for interface in gone:
        interface.instance = None
    before = old()
    for interface in gone:
        self.ec2_backend.enis.pop(interface.id, None)
    return before


instances.Instance.network_interfaces = property(
    lambda self: [] if self.state == "terminated" else list(self.nics.values())
)


# -- EC2: filters ----------------------------------------------------------------------------------------------------


@replace(vpcs.VPCEndPoint)
def get_filter_value(old, self, filter_name, method_name=None):
    """https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeVpcEndpoints.html"""
    return self.id if filter_name == "vpc-endpoint-id" else old(filter_name)


@replace(vpcs.VPCBackend)
def delete_vpc_endpoints(old, self, vpce_ids=None):
    """API_DeleteVpcEndpoints: the routes go with a gateway endpoint. moto fails for a route table that is gone, and lists the endpoint for ever."""
    for id_ in vpce_ids or []:
        endpoint = self.vpc_end_points.get(id_)
        if endpoint:
            endpoint.route_table_ids = [table for table in endpoint.route_table_ids or [] if table in self.route_tables]
    old(vpce_ids)
    for id_ in vpce_ids or []:
        self.vpc_end_points.pop(id_, None)


# -- EC2: NAT gateways and addresses ---------------------------------------------------------------------------------


@replace(NatGateway, "__init__")
def _nat_gateway(old, self, *args, **kwargs):
    old(*args, **kwargs)
    # API_NetworkInterface, InterfaceType; its interface cannot be deleted by anybody else.
    self._eni.interface_type = "nat_gateway"
    self._eni.requester_managed = True


@replace(NatGatewayBackend)
def delete_nat_gateway(old, self, nat_gateway_id):
    """API_DeleteNatGateway: "disassociates its Elastic IP address, but does not release the address". moto leaves both, and the interface."""
    gateway = old(nat_gateway_id)
    for address in self.addresses:
        if address.eni is gateway._eni:
            address.eni = address.association_id = None
    self.enis.pop(gateway._eni.id, None)
    return gateway


class AddressInUse(EC2ClientError):
    def __init__(self, allocation_id):
        super().__init__("InvalidIPAddress.InUse", f"Address {allocation_id} is in use.")


@replace(ElasticAddressBackend)
def release_address(old, self, address=None, allocation_id=None):
    """API_ReleaseAddress: one of a VPC must be disassociated first."""
    if allocation_id and any(one.association_id for one in self.address_by_allocation([allocation_id])):
        raise AddressInUse(allocation_id)
    return old(address, allocation_id)


# -- EC2: launches that cannot be had --------------------------------------------------------------------------------


class NotToBeHad(EC2ClientError):
    """https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html; lacking capacity is a server's error there."""

    def __init__(self, code, text, status=400):
        super().__init__(code, text)
        self.status = status


@replace(BaseResponse)
def serialized(old, self, result):
    status, headers, body = old(result)
    return getattr(result.result, "status", status) if isinstance(result.result, NotToBeHad) else status, headers, body


def lacking():
    """What EMULATOR_LACKS says: error code by instance type."""
    entries = [entry.strip().partition("=") for entry in os.environ.get("EMULATOR_LACKS", "").split(",")]
    return {kind: code or "InsufficientInstanceCapacity" for kind, _, code in entries if kind}


# Texts: commonwarexyz/monorepo#2859, bentoml/bentoctl#202, saltstack/salt-ci-images#716, kubernetes-sigs/provider-aws-test-infra#354
TEXTS = {
    "InsufficientInstanceCapacity": "We currently do not have sufficient {kind} capacity in the Availability Zone you requested ({zone}). Our"
    " system will be working on provisioning additional capacity. You can currently get {kind} capacity by not specifying an"
    " Availability Zone in your request or choosing {others}.",
    "VcpuLimitExceeded": "You have requested more vCPU capacity than your current vCPU limit of 32 allows for the instance bucket that"
    " the specified instance type belongs to. Please visit http://aws.amazon.com/contact-us/ec2-request to request an adjustment to this"
    " limit.",
    "InstanceLimitExceeded": "You have requested more instances (1) than your current instance limit of 0 allows for the specified"
    " instance type. Please visit http://aws.amazon.com/contact-us/ec2-request to request an adjustment to this limit.",
    "Unsupported": "Your requested instance type ({kind}) is not supported in your requested Availability Zone ({zone}). Please retry your"
    " request by not specifying an Availability Zone or choosing {others}.",
}


@replace(instances.InstanceBackend)
def run_instances(old, self, image_id, count, user_data, security_group_names, **wanted):
    kind = wanted["instance_type"]
    subnet = wanted.get("subnet_id") or next((one["SubnetId"] for one in wanted.get("nics") or [] if one.get("SubnetId")), None)
    zone = self.get_subnet(subnet).availability_zone if subnet else wanted.get("placement")
    offers = [one["Location"] for one in self.describe_instance_type_offerings("availability-zone", {"instance-type": [kind]})]
    others = ", ".join(sorted(one for one in offers if one != zone))
    code = lacking().get(kind) or ("Unsupported" if zone and offers and zone not in offers else None)
    if code:
        text = TEXTS.get(code, code).format(kind=kind, zone=zone or "any", others=others)
        raise NotToBeHad(code, text, 500 if code == "InsufficientInstanceCapacity" else 400)
    return old(image_id, count, user_data, security_group_names, **wanted)
