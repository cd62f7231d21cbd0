"""Rights, where they are checked: moto holds each action against the policies of who asks.

That begins after `INITIAL_NO_AUTH_ACTION_COUNT` actions, or POST /moto-api/reset-auth. moto words all refusals as one; the clients of
some protocols cannot read that, and each service has a code of its own.
"""

from model import Refusal
from moto.core.exceptions import AccessDeniedError
from moto.core.request import determine_request_protocol
from moto.core.responses import BaseResponse
from moto.core.serialize import get_serializer_class
from moto.core.utils import get_service_model
from moto.iam.access_control import IAMRequestBase
from werkzeug.exceptions import HTTPException
from wrapping import replace

# IAM's names of what requests call otherwise: https://docs.aws.amazon.com/service-authorization/latest/reference/
NAMES = {"tagging:GetResources": "tag:GetResources", "tagging:GetTagKeys": "tag:GetTagKeys", "s3:HeadBucket": "s3:ListBucket"}
# EC2's errors-overview; "Common Errors" in the API references of services with JSON. All others: AccessDenied.
CODES = {"ec2": "UnauthorizedOperation", "json": "AccessDeniedException", "rest-json": "AccessDeniedException"}


class Denied(HTTPException):
    def __init__(self, body, code):
        super().__init__(body)
        self.code = code


@replace(IAMRequestBase, "__init__")
def named(old, self, *args, **kwargs):
    old(*args, **kwargs)
    self._action = NAMES.get(self._action, self._action)


@replace(BaseResponse)
def _authenticate_and_authorize_normal_action(old, self, resource="*"):
    try:
        old(resource)
    except AccessDeniedError as error:
        model = get_service_model(self.boto3_service_name)
        protocol = determine_request_protocol(model, self.headers.get("Content-Type"))
        operation = model.operation_model(self._get_action())
        refusal = Refusal(CODES.get(protocol, "AccessDenied"), error.message)
        answer = get_serializer_class(model.service_name, protocol)(operation_model=operation).serialize(refusal)
        # The models have no such errors; Common Errors: 403, and 400 in the protocol `json`.
        raise Denied(answer["body"], 400 if protocol == "json" else 403) from error
