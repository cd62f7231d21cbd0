"""Calls through boto3 that leave every check to the service.

Arguments: endpoint, region. In: {"service", "operation", "params", "keys"}, one a line. Out, for each: the answer, or {"code", "message", "status"}.
"""

import json
import sys

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

endpoint, region = sys.argv[1:]
config = Config(parameter_validation=False, retries={"total_max_attempts": 1}, s3={"addressing_style": "path"})
for line in sys.stdin:
    request = json.loads(line)
    session = boto3.Session(*request["keys"], region_name=region)
    client = session.client(request["service"], endpoint_url=endpoint, config=config)
    try:
        answer = getattr(client, request["operation"])(**request["params"])
        del answer["ResponseMetadata"]
    except ClientError as error:
        answer = {
            "code": error.response["Error"]["Code"],
            "message": error.response["Error"]["Message"],
            "status": error.response["ResponseMetadata"]["HTTPStatusCode"],
        }
    print(json.dumps(answer, default=str), flush=True)
