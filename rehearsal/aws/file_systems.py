"""EFS: life cycles that take time, refusals, and calls that moto has not."""

import functools
import json
import os
import threading
import time

from moto.efs import models as efs
from moto.efs import responses as efs_responses
from moto.efs import urls as efs_urls
from moto.efs.exceptions import (
    EFSError,
    FileSystemInUse,
    FileSystemNotFound,
    SecurityGroupLimitExceeded,
    SubnetNotFound,
)
from wrapping import replace

DELAY = float(os.environ.get("EMULATOR_DELAY", "2"))
JSON = {"Content-Type": "application/json"}


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


class GroupMissing(EFSError):
    code = 400

    def __init__(self, group_id):
        super().__init__("SecurityGroupNotFound", f"The SecurityGroup ID '{group_id}' does not exist")


def check_groups(backend, vpc_id, wanted):
    """API_CreateMountTarget: five at most, and all in the subnet's VPC."""
    known = {group.id for group in backend.ec2_backend.describe_security_groups() if group.vpc_id == vpc_id}
    for group_id in wanted:
        if group_id not in known:
            raise GroupMissing(group_id)
    if len(wanted) > 5:
        raise SecurityGroupLimitExceeded("The maximum number of security groups per interface has been reached.")


@replace(efs.EFSBackend)
def modify_mount_target_security_groups(old, self, mount_target_id, security_groups):
    target = self.mount_targets_by_id.get(mount_target_id)
    if target is not None:
        check_groups(self, target.vpc_id, security_groups or [])
    return old(mount_target_id, security_groups)


@replace(efs.EFSBackend)
def create_mount_target(old, self, file_system_id, subnet_id, ip_address=None, security_groups=None):
    available_file_system(self, file_system_id)
    vpc_id = next((subnet.vpc_id for subnet in self.ec2_backend.describe_subnets() if subnet.id == subnet_id), None)
    if vpc_id is None:
        raise SubnetNotFound(subnet_id)
    check_groups(self, vpc_id, security_groups or [])
    if not security_groups:
        # API_CreateMountTarget: the default security group of the VPC.
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


@replace(efs.AccessPoint, "__init__")
def _(old, self, *args, **kwargs):
    """API_AccessPointDescription: ids have 17 digits, and mount.efs refuses others; moto makes 8."""
    old(*args, **kwargs)
    short = self.access_point_id
    self.access_point_id = f"fsap-{efs.mock_random.get_random_hex(17)}"
    self.access_point_arn = self.access_point_arn.replace(short, self.access_point_id)


class AccessPointExists(EFSError):
    code = 409

    def __init__(self, access_point_id):
        super().__init__("AccessPointAlreadyExists", f"Access Point already exists: {access_point_id}")


@replace(efs.EFSBackend)
def create_access_point(old, self, client_token, tags, file_system_id, posix_user, root_directory):
    """API_CreateAccessPoint: the token makes a repeated request harmless, and cannot be used for another one."""
    available_file_system(self, file_system_id)
    for point in self.access_points.values():
        if point.client_token == client_token and state(point) != "deleting":
            if (point.file_system_id, point.posix_user, point.root_directory) != (file_system_id, posix_user, root_directory):
                raise AccessPointExists(point.access_point_id)
            return point
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
