"""AWS for the rehearsal: moto's server, and at run time what moto lacks or is too lax about.

Environment:
  EMULATOR_DELAY   seconds for which a file system, a mount target or an access point stays `creating` or `deleting` (2)
  EMULATOR_FAULTS  file with the operations that fail: see faults.py (none)
  EMULATOR_LACKS   instance types that RunInstances refuses, each with EC2's error code, which may be left out:
                   `x2gd.metal=InsufficientInstanceCapacity,m7g.metal=VcpuLimitExceeded`
  EMULATOR_LINGER  1: the tagging API goes on to list what it has once listed, deleted or not (0)
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

import faults
import file_systems  # noqa: F401
import machines  # noqa: F401
import model
import moto.server
import quotas  # noqa: F401
import rights  # noqa: F401
import rules
import tags  # noqa: F401
from moto.core.responses import ActionResult
from moto.iam.exceptions import DeleteConflictException
from moto.iam.models import IAMBackend
from moto.iam.responses import IamResponse
from moto.route53.models import Route53Backend
from moto.route53.responses import Route53
from wrapping import replace

create_backend_app = moto.server.create_backend_app
moto.server.create_backend_app = lambda service: model.guard(create_backend_app(service), rules.refusals, faults.due)

# -- IAM, names --------------------------------------------------------------------------------------------------------------


def simulate_principal_policy(self):
    """The account's one user may do everything."""
    actions = self._get_param("ActionNames") or []
    results = [
        {"EvalActionName": action, "EvalResourceName": "*", "EvalDecision": "allowed", "MatchedStatements": [], "MissingContextValues": []}
        for action in actions
    ]
    return ActionResult({"EvaluationResults": results, "IsTruncated": False})


IamResponse.simulate_principal_policy = simulate_principal_policy


@replace(IAMBackend)
def delete_user(old, self, user_name):
    """API_DeleteUser: what must be removed from a user first; moto forgets access keys."""
    if self.get_user(user_name).access_keys:
        raise DeleteConflictException("Cannot delete entity, must delete access keys first.")
    return old(user_name)


@replace(Route53)
def list_hosted_zones_by_name(old, self):
    """IsTruncated is always in AWS's answer, and openshift-install reads it unseen; moto leaves it out."""
    answer = old()
    answer.result.update(IsTruncated=False, MaxItems="100")
    return answer


@replace(Route53Backend)
def change_resource_record_sets(old, self, zoneid, change_list):
    """Answers have an asterisk as \\052, and requests may.

    https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/DomainNameFormat.html
    """
    for change in change_list:
        change["ResourceRecordSet"]["Name"] = change["ResourceRecordSet"]["Name"].replace("*", "\\052")
    return old(zoneid, change_list)


if __name__ == "__main__":
    moto.server.main(sys.argv[1:])
