"""AWS for the rehearsal: moto's server, and at run time what moto lacks or is too lax about.

Environment:
  EMULATOR_DELAY   seconds for which a file system, a mount target or an access point stays `creating` or `deleting` (2)
Arguments: those of moto_server (-H host -p port).

Every change below names what AWS does. Nothing of moto is copied: methods are wrapped or added, so a newer moto that has
learned one of these keeps working. Versions: packages.ts pins moto.
"""

import functools
import json
import os
import sys
import threading
import time

from moto.core.exceptions import JsonRESTError
from moto.core.resource_tagging import TaggedResource
from moto.core.responses import ActionResult
from moto.ec2 import models as ec2_models
from moto.ec2.exceptions import DependencyViolationError, EC2ClientError
from moto.ec2.models import instances, internet_gateways, security_groups, subnets, vpcs
from moto.ec2.models.elastic_network_interfaces import NetworkInterfaceBackend
from moto.efs import models as efs
from moto.efs import responses as efs_responses
from moto.efs import urls as efs_urls
from moto.efs.exceptions import EFSError, FileSystemInUse, FileSystemNotFound
from moto.iam.responses import IamResponse
from moto.resourcegroupstaggingapi import models as tagging
from moto.route53.models import route53_backends
from moto.route53.responses import Route53
from moto.servicequotas.models import ServiceQuotasBackend
from moto.servicequotas.responses import ServiceQuotasResponse

DELAY = float(os.environ.get("EMULATOR_DELAY", "2"))
JSON = {"Content-Type": "application/json"}


def replace(cls, name=None):
    """Decorator: puts the function in the place of a method, and hands the old one to it as first argument."""

    def take(function):
        method = name or function.__name__
        old = getattr(cls, method)

        @functools.wraps(old)
        def wrapper(self, *args, **kwargs):
            return function(functools.partial(old, self), self, *args, **kwargs)

        setattr(cls, method, wrapper)
        return function

    return take


# -- EFS: life cycles ------------------------------------------------------------------------------------------------
# https://docs.aws.amazon.com/efs/latest/ug/API_DescribeFileSystems.html: LifeCycleState creating, available, updating,
# deleting, ... Deletion is asynchronous: what is being deleted is still listed, and blocks what it blocked before.


def state(thing):
    if getattr(thing, "_deleting", False):
        return "deleting"
    return "creating" if time.time() < thing._born + DELAY else "available"


for kind in (efs.FileSystem, efs.MountTarget, efs.AccessPoint):

    @replace(kind, "__init__")
    def _born(old, self, *args, **kwargs):
        self._born = time.time()
        old(*args, **kwargs)

    kind.life_cycle_state = property(state, lambda self, value: None)

    @replace(kind, "info_json")
    def _info(old, self):
        return {**old(), "LifeCycleState": self.life_cycle_state}


def later(thing, remove):
    """Marks it as being deleted; it goes after the delay. A second deletion meanwhile is accepted and does nothing."""
    if getattr(thing, "_deleting", False):
        return
    thing._deleting = True
    timer = threading.Timer(DELAY, remove)
    timer.daemon = True
    timer.start()


class IncorrectFileSystemLifeCycleState(EFSError):
    code = 409

    def __init__(self, file_system_id):
        super().__init__(
            "IncorrectFileSystemLifeCycleState",
            f"File system '{file_system_id}' is not in the available state.",
        )


class AccessPointMissing(EFSError):
    code = 404

    def __init__(self, access_point_id):
        super().__init__("AccessPointNotFound", f"Access Point {access_point_id} does not exist.")


def file_system(backend, file_system_id):
    if file_system_id not in backend.file_systems_by_id:
        raise FileSystemNotFound(file_system_id)
    return backend.file_systems_by_id[file_system_id]


def available_file_system(backend, file_system_id):
    found = file_system(backend, file_system_id)
    if found.life_cycle_state != "available":
        raise IncorrectFileSystemLifeCycleState(file_system_id)
    return found


@replace(efs.FileSystem, "info_json")
def _(old, self):
    info = old()
    # The default key of the service, which AWS names for every encrypted file system without one of its own.
    if info.get("Encrypted") and not info.get("KmsKeyId"):
        region, account = self.file_system_arn.split(":")[3:5]
        info["KmsKeyId"] = f"arn:aws:kms:{region}:{account}:key/00000000-0000-4000-8000-000000000000"
    info["FileSystemProtection"] = {
        "ReplicationOverwriteProtection": getattr(self, "_protection", "ENABLED")
    }
    # Answers of other calls, which moto's version repeats here.
    for key in ("FileSystemPolicy", "LifecyclePolicies"):
        info.pop(key, None)
    return info


@replace(efs.EFSBackend)
def create_mount_target(old, self, file_system_id, subnet_id, ip_address=None, security_groups=None):
    available_file_system(self, file_system_id)
    if not security_groups:
        # API_CreateMountTarget: the default security group of the VPC.
        vpc_id = self.ec2_backend.get_subnet(subnet_id).vpc_id
        security_groups = [
            group.id
            for group in self.ec2_backend.describe_security_groups()
            if group.vpc_id == vpc_id and group.name == "default"
        ]
    target = old(file_system_id, subnet_id, ip_address, security_groups)
    interface = self.ec2_backend.enis[target.network_interface_id]
    interface.description = f"EFS mount target for {file_system_id} ({target.mount_target_id})"
    interface.requester_managed = True
    interface.status = "in-use"
    return target


@replace(efs.EFSBackend)
def delete_mount_target(old, self, mount_target_id):
    if mount_target_id not in self.mount_targets_by_id:
        old(mount_target_id)  # raises
    later(self.mount_targets_by_id[mount_target_id], functools.partial(old, mount_target_id))


@replace(efs.EFSBackend)
def delete_file_system(old, self, file_system_id):
    found = file_system(self, file_system_id)
    if found.number_of_mount_targets > 0:
        old(file_system_id)  # raises
    if any(point.file_system_id == file_system_id for point in self.access_points.values()):
        # Not in AWS's documentation of the call; the stricter reading, so that forgotten access points show.
        raise FileSystemInUse("Must delete all access points before deleting file system.")
    later(found, functools.partial(old, file_system_id))


@replace(efs.EFSBackend)
def create_access_point(old, self, client_token, tags, file_system_id, posix_user, root_directory):
    available_file_system(self, file_system_id)
    return old(client_token, tags, file_system_id, posix_user, root_directory)


@replace(efs.EFSBackend)
def delete_access_point(old, self, access_point_id):
    if access_point_id not in self.access_points:
        raise AccessPointMissing(access_point_id)
    later(self.access_points[access_point_id], functools.partial(old, access_point_id))


# -- EFS: calls that moto has not ------------------------------------------------------------------------------------


def efs_call(method, path=None):
    """Adds a call to moto's EFS; the function gets the response object, whose file system exists, and that file system."""

    def take(function):
        def handler(self):
            found = file_system(self.efs_backend, self._get_param("FileSystemId"))
            body = function(self, found)
            return ("" if body is None else json.dumps(body)), {"status": 200, **JSON}

        setattr(efs_responses.EFSResponse, method, handler)
        if path:
            efs_urls.url_paths[path] = efs_urls.response.dispatch
        return function

    return take


@efs_call("update_file_system")
def _(self, found):
    found.throughput_mode = self._get_param("ThroughputMode") or found.throughput_mode
    found.provisioned_throughput_in_mibps = self._get_param("ProvisionedThroughputInMibps")
    return found.info_json()


@efs_call("update_file_system_protection", "/2015-02-01/file-systems/<file_system_id>/protection")
def _(self, found):
    found._protection = self._get_param("ReplicationOverwriteProtection")
    return {"ReplicationOverwriteProtection": found._protection}


@efs_call("put_backup_policy")
def _(self, found):
    found._backup = self._get_param("BackupPolicy")["Status"] == "ENABLED"
    return {"BackupPolicy": {"Status": "ENABLED" if found._backup else "DISABLED"}}


@efs_call("describe_backup_policy")
def _(self, found):
    return {"BackupPolicy": {"Status": "ENABLED" if found._backup else "DISABLED"}}


@efs_call("delete_file_system_policy")
def _(self, found):
    found.file_system_policy = None


class ReplicationNotFound(EFSError):
    code = 404

    def __init__(self, file_system_id):
        super().__init__("ReplicationNotFound", f"File system '{file_system_id}' has no replication configuration.")


def describe_replication_configurations(self):
    wanted = self._get_param("FileSystemId")
    if wanted:
        file_system(self.efs_backend, wanted)
        raise ReplicationNotFound(wanted)
    return json.dumps({"Replications": []}), JSON


def describe_account_preferences(self):
    return json.dumps({"ResourceIdPreference": {"ResourceIdType": "LONG_ID", "Resources": ["FILE_SYSTEM", "MOUNT_TARGET"]}}), JSON


efs_responses.EFSResponse.describe_replication_configurations = describe_replication_configurations
efs_responses.EFSResponse.describe_account_preferences = describe_account_preferences
efs_urls.url_paths["/2015-02-01/file-systems/replication-configurations"] = efs_urls.response.dispatch
efs_urls.url_paths["/2015-02-01/account-preferences"] = efs_urls.response.dispatch
# Tags are set and read by id or by ARN; an ARN has a slash in it.
efs_urls.url_paths["/2015-02-01/resource-tags/<path:resource_id>"] = efs_urls.response.dispatch


@replace(efs.EFSBackend)
def list_tags_for_resource(old, self, resource_id):
    return old(resource_id.rsplit("/", 1)[-1])


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


# -- IAM, quotas, names, tagging --------------------------------------------------------------------------------------------


def simulate_principal_policy(self):
    """The account's one user may do everything."""
    actions = self._get_param("ActionNames") or []
    results = [
        {"EvalActionName": action, "EvalResourceName": "*", "EvalDecision": "allowed", "MatchedStatements": [], "MissingContextValues": []}
        for action in actions
    ]
    return ActionResult({"EvaluationResults": results, "IsTruncated": False})


IamResponse.simulate_principal_policy = simulate_principal_policy


class QuotaAccessDenied(JsonRESTError):
    def __init__(self, action):
        super().__init__(
            "AccessDeniedException",
            f"User: arn:aws:iam::123456789012:user/rehearsal is not authorized to perform: servicequotas:{action}",
        )


@replace(ServiceQuotasBackend)
def list_aws_default_service_quotas(old, self, service_code):
    """As for a user without that right, which makes openshift-install skip its quota check; moto knows those of vpc only."""
    raise QuotaAccessDenied("ListAWSDefaultServiceQuotas")


@replace(ServiceQuotasBackend)
def get_service_quota(old, self, service_code, quota_code):
    if service_code == "vpc":
        return old(service_code, quota_code)
    raise QuotaAccessDenied("GetServiceQuota")


def list_service_quotas(self):
    raise QuotaAccessDenied("ListServiceQuotas")


ServiceQuotasResponse.list_service_quotas = list_service_quotas


@replace(Route53)
def list_hosted_zones_by_name(old, self):
    """IsTruncated is always in AWS's answer, and openshift-install reads it unseen; moto leaves it out."""
    answer = old()
    answer.result.update(IsTruncated=False, MaxItems="100")
    return answer


@replace(tagging.ResourceGroupsTaggingAPIBackend)
def _get_resources_generator(old, self, tag_filters=None, resource_type_filters=None, resource_arn_list=None):
    """Hosted zones, which moto does not list; and no terminated instance.

    AWS lists zones in us-east-1 alone. With endpoints of its own configured, openshift-install signs its request to us-east-1 for
    the cluster's region, so here every region has them.
    """
    reservations = ec2_models.ec2_backends[self.account_id][self.region_name].reservations.values()
    terminated = {
        f"instance/{instance.id}" for reservation in reservations for instance in reservation.instances if instance.state == "terminated"
    }
    for resource in old(tag_filters, resource_type_filters, resource_arn_list):
        if resource.arn.rsplit(":", 1)[-1] not in terminated:
            yield resource
    if resource_type_filters or resource_arn_list:
        return
    matches = tagging.make_tag_matcher(tag_filters)
    dns = route53_backends[self.account_id]["aws"]
    for zone in list(dns.zones.values()):
        tags = dict(dns.list_tags_for_resource(zone.resource_id))
        if tags and matches(tags):
            yield TaggedResource(arn=f"arn:aws:route53:::hostedzone/{zone.resource_id}", tags=tags, resource_type="route53:hostedzone")


if __name__ == "__main__":
    from moto.server import main

    main(sys.argv[1:])
