"""What AWS refuses by rules that its service models do not have.

Each rule names the document that has it; where the texts of the refusals are known from reports, the report.
"""

import ipaddress
import json
import os

import regex
from botocore.session import Session

# "Constraints: Up to 255 characters in length. Valid characters: a-z, A-Z, 0-9, spaces, and ._-:/()#,@[]+=&;{}!$*"
# https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateSecurityGroup.html (GroupName, GroupDescription), API_IpRange.html,
# API_Ipv6Range.html, API_PrefixListId.html, API_UserIdGroupPair.html, API_SecurityGroupRuleRequest.html (Description)
# Texts: hashicorp/terraform-provider-aws#43854, cds-snc/notification-terraform#561, aws-cloudformation/cfn-lint#173
DESCRIPTION = regex.compile(r"[a-zA-Z0-9. _\-:/()#,@\[\]+=&;{}!$*]{0,255}")
DESCRIPTIONS = "Valid descriptions are strings less than 256 characters from the following set:  a-zA-Z0-9. _-:/()#,@[]+=&;{}!$*"


def security_group(params):
    name, description = params.get("GroupName", ""), params.get("Description", "")
    for member, text in (("GroupName", name), ("GroupDescription", description)):
        if not text.isascii():
            yield "InvalidParameterValue", f"Value ({text}) for parameter {member} is invalid. Character sets beyond ASCII are not supported."
    if not DESCRIPTION.fullmatch(description):
        yield "InvalidParameterValue", f"Invalid security group description. {DESCRIPTIONS}"
    # https://github.com/pulumi/pulumi-awsx/issues/328
    if name.startswith("sg-"):
        yield "InvalidParameterValue", f"Value ({name}) for parameter GroupName is invalid. Group names may not be in the format sg-*."
    if not DESCRIPTION.fullmatch(name):
        yield "InvalidParameterValue", f"Invalid security group name. {DESCRIPTIONS.replace('descriptions', 'names')}"


def every(value, key):
    """All values under a key, at any depth."""
    if isinstance(value, dict):
        for name, item in value.items():
            if name == key:
                yield item
            yield from every(item, key)
    elif isinstance(value, list):
        for item in value:
            yield from every(item, key)


def rule_descriptions(params):
    if not all(DESCRIPTION.fullmatch(text) for text in every(params, "Description")):
        yield "InvalidParameterValue", f"Invalid rule description. {DESCRIPTIONS}"


def cidr(limit, code):
    """"The allowed block size is between a /16 netmask and /28 netmask": API_CreateVpc, API_CreateSubnet"""

    def check(params):
        block = params.get("CidrBlock")
        if block is None:
            return
        try:
            network = ipaddress.IPv4Network(block, strict=False)
        except ValueError:
            yield "InvalidParameterValue", f"Value ({block}) for parameter cidrBlock is invalid. This is not a valid CIDR block."
            return
        if not limit[0] <= network.prefixlen <= limit[1]:
            # https://github.com/kubernetes/kops/pull/15841
            yield code, f"The CIDR '{block}' is invalid."

    return check


def ec2_tags(params, create_tags=False):
    """https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Tags.html#tag-restrictions; EC2 takes any characters."""
    lists = [params.get("Tags", [])] if create_tags else [one.get("Tags", []) for one in params.get("TagSpecifications", [])]
    for tags in lists:
        keys = [tag.get("Key") for tag in tags]
        for tag in tags:
            key, value = tag.get("Key"), tag.get("Value", "")
            if not key:
                yield "InvalidParameterValue", "Tag key cannot be null or empty"
            elif len(key) > 128:
                yield "InvalidParameterValue", "Tag key exceeds the maximum length of 128 characters"
            elif len(value) > 256:
                # https://github.com/iriusrisk/GoCD-EC2-Elastic-Agent-Plugin/issues/24
                yield "InvalidParameterValue", "Tag value exceeds the maximum length of 256 characters"
            elif key.lower().startswith("aws:"):
                # https://github.com/jcjorel/ec2-spot-converter/issues/13, AndrewFarley/AWS-Automated-Daily-Instance-AMI-Snapshots#7
                which = f"Value ( {key} ) for parameter key is invalid. " if create_tags else ""
                yield "InvalidParameterValue", f"{which}Tag keys starting with 'aws:' are reserved for internal use"
            elif keys.count(key) > 1:
                yield "InvalidParameterValue", f"Duplicate tag key '{key}' specified."
        if len(tags) > 50:
            yield "TagLimitExceeded", "The maximum number of Tags for a resource has been reached."


def iam_tags(params):
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/id_tags.html; the rest is the model's.

    Text: terraform-aws-modules/terraform-aws-rds-aurora#189
    """
    keys = [tag["Key"].lower() for tag in params.get("Tags", [])]
    if any(key.startswith("aws:") for key in keys):
        yield "InvalidInput", "Tag keys beginning with aws: are reserved for system use."
    if len(set(keys)) < len(keys):
        yield "InvalidInput", "Duplicate tag keys found. Please note that Tag keys are case insensitive."


def efs_tags(params):
    """https://docs.aws.amazon.com/efs/latest/ug/manage-fs-tags.html: 50 tags, each key once; keys and values are the model's"""
    keys = [tag["Key"] for tag in params.get("Tags", [])]
    if len(set(keys)) < len(keys) or len(keys) > 50:
        yield "BadRequest", "Tags contain a key twice" if len(set(keys)) < len(keys) else "More than 50 tags"


def route53_tags(params):
    """https://docs.aws.amazon.com/Route53/latest/APIReference/API_ChangeTagsForResource.html and its tag restrictions"""
    if any(tag.get("Key", "").lower().startswith("aws:") for tag in params.get("AddTags", [])):
        yield "InvalidInput", "Tag keys that start with aws: are reserved"


def bucket_name(params):
    """https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html, general purpose buckets"""
    name = params.get("Bucket", "")
    reserved = name.startswith(("xn--", "sthree-", "amzn-s3-demo-")) or name.endswith(("-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3"))
    address = regex.fullmatch(r"\d+\.\d+\.\d+\.\d+", name)
    if reserved or address or ".." in name or not regex.fullmatch(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", name):
        yield "InvalidBucketName", "The specified bucket is not valid."


# What a client of the file system may do, and the API's own operations:
# https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonelasticfilesystem.html
EFS_ACTIONS = ["ClientMount", "ClientWrite", "ClientRootAccess", *Session().get_service_model("efs").operation_names]
EFS_CLIENT = "elasticfilesystem:"


def file_system_policy(params):
    """https://docs.aws.amazon.com/efs/latest/ug/API_PutFileSystemPolicy.html: InvalidPolicyException

    "Returned if the FileSystemPolicy is malformed or contains an error such as a parameter value that is not valid or a missing
    required parameter." Elements: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
    """
    problem = policy_problem(params.get("Policy", ""))
    if problem:
        yield "InvalidPolicyException", problem


def policy_problem(text):
    try:
        policy = json.loads(text)
    except ValueError:
        return "Policy is not valid JSON"
    if not isinstance(policy, dict) or not policy.keys() <= {"Version", "Id", "Statement"}:
        return "Policy has elements that are none of Version, Id, Statement"
    if policy.get("Version", "2008-10-17") not in ("2012-10-17", "2008-10-17"):
        return "Policy has an invalid Version"
    statements = policy.get("Statement")
    statements = statements if isinstance(statements, list) else [statements]
    if not all(isinstance(one, dict) for one in statements) or not statements:
        return "Policy has no Statement"
    return next(filter(None, map(statement_problem, statements)), None)


def statement_problem(statement):
    known = {"Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition"}
    if not statement.keys() <= known:
        return f"Policy contains an unknown element: {min(statement.keys() - known)}"
    if statement.get("Effect") not in ("Allow", "Deny"):
        return "Policy contains an invalid Effect"
    if not valid_principal(statement.get("Principal", statement.get("NotPrincipal"))):
        return "Policy contains an invalid Principal block"
    actions = statement.get("Action", statement.get("NotAction"))
    actions = actions if isinstance(actions, list) else [actions]
    if not actions or not all(isinstance(action, str) and known_action(action) for action in actions):
        return "Policy contains an invalid Action"
    operators = statement.get("Condition", {})
    if not isinstance(operators, dict) or not all(isinstance(keys, dict) and keys for keys in operators.values()):
        return "Policy contains an invalid Condition block"
    return None


def valid_principal(principal):
    if principal == "*":
        return True
    if not isinstance(principal, dict) or not principal or not principal.keys() <= {"AWS", "Service", "Federated", "CanonicalUser"}:
        return False
    aws = principal.get("AWS", [])
    names = aws if isinstance(aws, list) else [aws]
    return all(name == "*" or regex.fullmatch(r"\d{12}|arn:aws[a-z-]*:(iam|sts)::\d{12}:.+|A[A-Z0-9]{15,}", name) for name in names)


def known_action(action):
    """The service's own, or a wildcard that matches one."""
    pattern = regex.escape(action).replace(r"\*", ".*").replace(r"\?", ".")
    return any(regex.fullmatch(pattern, EFS_CLIENT + name, regex.IGNORECASE) for name in EFS_ACTIONS)


RULES = {
    ("ec2", "CreateSecurityGroup"): [security_group],
    ("ec2", "AuthorizeSecurityGroupIngress"): [rule_descriptions],
    ("ec2", "AuthorizeSecurityGroupEgress"): [rule_descriptions],
    ("ec2", "ModifySecurityGroupRules"): [rule_descriptions],
    ("ec2", "UpdateSecurityGroupRuleDescriptionsIngress"): [rule_descriptions],
    ("ec2", "UpdateSecurityGroupRuleDescriptionsEgress"): [rule_descriptions],
    ("ec2", "CreateVpc"): [cidr((16, 28), "InvalidVpc.Range")],
    ("ec2", "CreateSubnet"): [cidr((16, 28), "InvalidSubnet.Range")],
    ("ec2", "CreateTags"): [lambda params: ec2_tags(params, create_tags=True)],
    ("efs", "CreateFileSystem"): [efs_tags],
    ("efs", "CreateAccessPoint"): [efs_tags],
    ("efs", "TagResource"): [efs_tags],
    ("efs", "PutFileSystemPolicy"): [file_system_policy],
    ("route53", "ChangeTagsForResource"): [route53_tags],
    ("s3", "CreateBucket"): [bucket_name],
}


def refusals(service, operation, params):
    """Code and text for each rule that the request breaks."""
    for rule in RULES.get((service, operation), []):
        yield from rule(params)
    if service == "ec2":
        yield from ec2_tags(params)
    if service == "iam":
        yield from iam_tags(params)
