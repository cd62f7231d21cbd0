"""Refusals for a missing right, where rights are checked (moto's `INITIAL_NO_AUTH_ACTION_COUNT`, or POST /moto-api/reset-auth).

moto words all of them as EC2 does; the clients of other protocols cannot read that.
"""

import json
from xml.sax.saxutils import escape

from moto.iam.access_control import IAMRequest
from werkzeug.exceptions import HTTPException
from wrapping import replace


class Denied(HTTPException):
    code = 403


# "Common Errors" in the API reference of each: AccessDeniedException, of JSON services by their protocol's member `__type`
# (https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html, Operation error serialization); of Route 53 in REST-XML's ErrorResponse.
@replace(IAMRequest)
def _raise_access_denied(old, self):
    text = f"User: {self._access_key.arn} is not authorized to perform: {self._action}"
    if self._service in ("servicequotas", "elasticfilesystem"):
        raise Denied(json.dumps({"__type": "AccessDeniedException", "message": text}))
    if self._service == "route53":
        error = f"<Error><Type>Sender</Type><Code>AccessDenied</Code><Message>{escape(text)}</Message></Error>"
        raise Denied(f'<ErrorResponse xmlns="https://route53.amazonaws.com/doc/2013-04-01/">{error}<RequestId>0</RequestId></ErrorResponse>')
    old()
