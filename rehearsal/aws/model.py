"""Every request against botocore's own model of its service, as the service does it before anything else.

botocore's clients check required members, types and minima of what they send; the models have maxima, enums and patterns as
well, which only the services check. Operation and request are found and read by moto's own router and parsers.
"""

import functools

import regex
from botocore.exceptions import UnknownServiceError
from botocore.validate import ParamValidator
from moto.core.exceptions import ServiceException
from moto.core.parse import PROTOCOL_PARSERS, RequestParserError
from moto.core.request import determine_request_protocol
from moto.core.responses import BaseResponse
from moto.core.serialize import get_serializer_class
from moto.core.utils import get_service_model, service_name_from_moto_package_name

# Parameters of a query that belong to no operation: its name, and a signature (Signature Version 2 and 4).
COMMON = {"Action", "Version", "AWSAccessKeyId", "Signature", "SignatureMethod", "SignatureVersion", "Timestamp", "SecurityToken"}

# The code of a refusal where it is not its protocol's.
CODES = {
    "resourcegroupstaggingapi": "InvalidParameterException",  # API_GetResources, Errors
    "route53": "InvalidInput",  # API_ChangeResourceRecordSets, Errors
    "s3": "InvalidArgument",  # https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
}


class Refusal(ServiceException):
    """A class of our own: moto looks for the model of an exception in the package that the class is of."""


class Validator(ParamValidator):
    """botocore's, and what it leaves to the service: maxima, enums, patterns."""

    VALIDATED_METADATA_ATTRS = ParamValidator.VALIDATED_METADATA_ATTRS | {"max", "enum", "pattern"}

    def _validate(self, params, shape, errors, name):
        super()._validate(params, shape, errors, name)
        limits, kind = shape.metadata, shape.type_name
        size = len(params) if isinstance(params, (str, list, dict)) and kind in ("string", "list", "map") else None
        if size is not None and size > limits.get("max", size):
            errors.report(name, "too long", param=params, max_allowed=limits["max"])
        if kind in ("integer", "long", "float", "double") and not isinstance(params, str) and params > limits.get("max", params):
            errors.report(name, "too big", param=params, max_allowed=limits["max"])
        if kind == "string" and isinstance(params, str):
            if limits.get("enum") and params not in limits["enum"]:
                errors.report(name, "not in enum", param=params, enum=limits["enum"])
            pattern = compiled(limits.get("pattern"))
            if pattern and not pattern.fullmatch(params):
                errors.report(name, "pattern", param=params, pattern=limits["pattern"])


@functools.cache
def compiled(pattern):
    """A pattern of the models, which are Java's; None for one that this library cannot read."""
    try:
        return pattern and regex.compile(pattern)
    except regex.error:
        return None


class Query(dict):
    """The parameters of a query, which remember who asked for them."""

    def __init__(self, values):
        super().__init__(values)
        self.unknown = {name for name in values if name not in COMMON and not name.startswith("X-Amz-")}

    def get(self, name, default=None):
        self.unknown.discard(name)
        return super().get(name, default)


@functools.cache
def parser(protocol):
    """moto's, which takes any text that is not `true` for false; the services cannot read it."""

    class Strict(PROTOCOL_PARSERS[protocol]):
        def _parse_boolean(self, shape, *where):
            text = where[0].get(where[1], "false") if len(where) > 1 else getattr(where[0], "text", where[0])
            if str(text).lower() not in ("true", "false"):
                raise ValueError(f"{text!r} can not be converted to a Boolean")
            return super()._parse_boolean(shape, *where)

    return Strict


def constraint(reason, details):
    """In the words of the services' common front, for instance https://github.com/aws/aws-sdk-js/pull/3321"""
    return {
        "missing required field": lambda: "Member must not be null",
        "invalid length": lambda: f"Member must have length greater than or equal to {details['min_allowed']}",
        "too long": lambda: f"Member must have length less than or equal to {details['max_allowed']}",
        "invalid range": lambda: f"Member must have value greater than or equal to {details['min_allowed']}",
        "too big": lambda: f"Member must have value less than or equal to {details['max_allowed']}",
        "not in enum": lambda: f"Member must satisfy enum value set: [{', '.join(details['enum'])}]",
        "pattern": lambda: f"Member must satisfy regular expression pattern: {details['pattern']}",
    }.get(reason, lambda: reason)()


def ec2_refusal(reason, name, details):
    """https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html"""
    if reason == "missing required field":
        return Refusal("MissingParameter", f"The request must contain the parameter {details['required_name']}")
    member = regex.sub(r"\[\d+\]$", "", name).rsplit(".", 1)[-1]
    if reason == "not in enum":
        return Refusal("InvalidParameterValue", f"Invalid value '{details['param']}' for {member}.")
    text = f"Value ({details.get('param')}) for parameter {member} is invalid. {constraint(reason, details)}"
    return Refusal("InvalidParameterValue", text)


def path(name, details):
    """`.Tags[0].Key` as the services write it: tags.1.member.key"""
    parts = [part for part in [*name.split("."), details.get("required_name")] if part]
    parts = [part[0].lower() + part[1:] for part in parts]
    return regex.sub(r"\[(\d+)\]", lambda index: f".{int(index[1]) + 1}.member", ".".join(parts))


def refusal(service, protocol, errors):
    if protocol == "ec2":
        return ec2_refusal(*errors[0])
    texts = []
    for reason, name, details in errors:
        value = f"'{details['param']}'" if "param" in details else "null"
        texts.append(f"Value {value} at '{path(name, details)}' failed to satisfy constraint: {constraint(reason, details)}")
    count = f"{len(texts)} validation error{'s' if len(texts) > 1 else ''} detected"
    code = CODES.get(service, "ValidationError" if protocol == "query" else "ValidationException")
    return Refusal(code, f"{count}: {'; '.join(texts)}")


def verdict(model, operation, request, uri_match, rules):
    """The request's parameters, checked.

    Raises Refusal for what the service refuses.
    """
    service, protocol = model.service_name, determine_request_protocol(model, request.content_type)
    values = Query(request.values.to_dict())
    body = {"method": request.method, "values": values, "headers": request.headers, "body": request.data}
    try:
        params = parser(protocol)(operation).parse({**body, "url_path": request.path, "url_params": uri_match})
    except (ValueError, TypeError, AttributeError, RequestParserError) as error:
        code = {"ec2": "InvalidParameterValue", "query": "MalformedInput", "rest-xml": "MalformedXML"}.get(protocol, "SerializationException")
        raise Refusal(code, f"The request cannot be read as {operation.name}: {error}") from error
    # A misspelt parameter is refused by EC2 alone: https://github.com/aws/aws-sdk-cpp/issues/327
    if protocol == "ec2" and values.unknown:
        raise Refusal("UnknownParameter", f"The parameter {min(values.unknown)} is not recognized")
    if operation.input_shape is not None:
        errors = Validator().validate(params, operation.input_shape)._errors
        if errors:
            raise refusal(service, protocol, errors)
    for code, text in rules(service, operation.name, params):
        raise Refusal(code, text)


def guard(app, rules, faults):
    """Makes a service's application of moto refuse what the service refuses, and fail where it is to, before moto sees it.

    `faults` is given service and operation: the fault that is due, (HTTP status, code, text), or None.
    """

    def check():
        from flask import request as proxy

        request = proxy._get_current_object()
        # Both are one host, and moto tells them apart by the version alone, too.
        name = "elbv2" if app.service == "elb" and request.values.get("Version") == "2015-12-01" else app.service
        if request.content_encoding == "gzip":
            return None
        response = BaseResponse(service_name_from_moto_package_name(name))
        try:
            model = get_service_model(response.boto3_service_name)
        except UnknownServiceError:
            return None  # moto's own pages
        response.setup_class(request, use_raw_body=True)
        action = response._get_action()
        if action not in model.operation_names:
            return None  # moto knows, or says so
        operation = model.operation_model(action)
        fault = faults(name, action)
        try:
            if fault:
                raise Refusal(*fault[1:])
            verdict(model, operation, request, response.uri_match, rules)
        except Refusal as error:
            protocol = determine_request_protocol(model, request.content_type)
            serializer = get_serializer_class(model.service_name, protocol)(operation_model=operation)
            answer = serializer.serialize(error)
            return answer["body"], fault[0] if fault else answer["status_code"], answer["headers"]
        return None

    app.before_request(check)
    return app
