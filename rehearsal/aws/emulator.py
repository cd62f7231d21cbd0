"""AWS for the rehearsal: moto's server, and at run time what moto lacks or is too lax about.

Environment:
  EMULATOR_DELAY   seconds for which a file system, a mount target or an access point stays `creating` or `deleting` (2)
  EMULATOR_LACKS   instance types that RunInstances refuses, each with EC2's error code, which may be left out:
                   `x2gd.metal=InsufficientInstanceCapacity,m7g.metal=VcpuLimitExceeded`
  EMULATOR_QUOTAS  quotas of the account: `ec2/L-1216C47A=16,vpc/L-F678F1CE=1`
Arguments: those of moto_server (-H host -p port).

Every request is held against the model of its service (model.py) and documented rules (rules.py) before moto sees it. Every
change of moto names what AWS does. Nothing of moto is copied: methods are wrapped or added, so a newer moto that has learned
one of these keeps working. Versions: requirements.txt.
"""

import os
import sys

# moto looks whether images and instance types exist only when it is told to, and reads this when it is loaded.
os.environ |= {"MOTO_ENABLE_AMI_VALIDATION": "true", "MOTO_EC2_ENABLE_INSTANCE_TYPE_VALIDATION": "true"}

import file_systems  # noqa: F401
import machines  # noqa: F401
import model
import moto.server
import quotas  # noqa: F401
import rights  # noqa: F401
import rules
from moto.core.resource_tagging import TaggedResource
from moto.core.responses import ActionResult
from moto.ec2 import models as ec2_models
from moto.iam.responses import IamResponse
from moto.resourcegroupstaggingapi import models as tagging
from moto.route53.models import route53_backends
from moto.route53.responses import Route53
from wrapping import replace

create_backend_app = moto.server.create_backend_app
moto.server.create_backend_app = lambda service: model.guard(create_backend_app(service), rules.refusals)

# -- IAM, names, tagging ----------------------------------------------------------------------------------------------------


def simulate_principal_policy(self):
    """The account's one user may do everything."""
    actions = self._get_param("ActionNames") or []
    results = [
        {"EvalActionName": action, "EvalResourceName": "*", "EvalDecision": "allowed", "MatchedStatements": [], "MissingContextValues": []}
        for action in actions
    ]
    return ActionResult({"EvaluationResults": results, "IsTruncated": False})


IamResponse.simulate_principal_policy = simulate_principal_policy


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
    moto.server.main(sys.argv[1:])
