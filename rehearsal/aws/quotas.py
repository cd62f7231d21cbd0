"""Service Quotas: what moto, which knows the defaults of vpc alone, lacks.

EMULATOR_QUOTAS sets the account's own values, `<service>/<code>=<value>,...`.

Defaults: "On-Demand Instance quotas" (EC2 User Guide), "Elastic IP address quota" (VPC User Guide), "Amazon EFS quotas" (EFS User Guide).
"""

import json
import os

from moto.core.exceptions import JsonRESTError
from moto.servicequotas.exceptions import NoSuchResource
from moto.servicequotas.models import ServiceQuotasBackend
from moto.servicequotas.responses import ServiceQuotasResponse
from wrapping import replace

FAMILIES = "L-6E869C2A L-74FC7D96 L-DB2E81BA L-F7808C92 L-43DA4232 L-1945791B L-417A185B L-2C3B7624 L-7295265B".split()
DEFAULTS = {
    "ec2/L-1216C47A": 5,
    **{f"ec2/{code}": 0 for code in FAMILIES},
    "ec2/L-0263D0A3": 5,
    "elasticfilesystem/L-848C634D": 1000,
}
# With the default nobody can make a cluster: this account has asked for more.
APPLIED = {"ec2/L-1216C47A": 64, "ec2/L-0263D0A3": 5}


def own():
    entries = [entry.strip().partition("=") for entry in os.environ.get("EMULATOR_QUOTAS", "").split(",")]
    return {name: float(value) for name, _, value in entries if name}


def quota(service_code, quota_code, value):
    return {"ServiceCode": service_code, "QuotaCode": quota_code, "Value": float(value), "Adjustable": True, "GlobalQuota": False}


@replace(ServiceQuotasBackend)
def get_service_quota(old, self, service_code, quota_code):
    """The applied value; for some quotas there is the default alone, and this call has none (API_GetServiceQuota)."""
    name = f"{service_code}/{quota_code}"
    values = {**APPLIED, **own()}
    if name in values:
        return quota(service_code, quota_code, values[name])
    return old(service_code, quota_code)


def get_aws_default_service_quota(self):
    params = json.loads(self.body)
    name = f"{params['ServiceCode']}/{params['QuotaCode']}"
    if name not in DEFAULTS:
        raise NoSuchResource
    return json.dumps({"Quota": quota(params["ServiceCode"], params["QuotaCode"], DEFAULTS[name])})


ServiceQuotasResponse.get_aws_default_service_quota = get_aws_default_service_quota


class AccessDenied(JsonRESTError):
    def __init__(self, action):
        user = "arn:aws:iam::123456789012:user/rehearsal"
        super().__init__("AccessDeniedException", f"User: {user} is not authorized to perform: servicequotas:{action}")


# As for a user without these two rights, which makes openshift-install skip its quota check: it asks for lists alone.
@replace(ServiceQuotasBackend)
def list_aws_default_service_quotas(old, self, service_code):
    raise AccessDenied("ListAWSDefaultServiceQuotas")


def list_service_quotas(self):
    raise AccessDenied("ListServiceQuotas")


ServiceQuotasResponse.list_service_quotas = list_service_quotas
