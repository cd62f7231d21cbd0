"""Operations that fail although nothing is wrong with them, as they do on AWS.

The file that EMULATOR_FAULTS names has a rule on each line; it may be written anew at any time, which forgets what has been counted:

  SERVICE OPERATION CODE [after=N] [times=N] [delay=SECONDS]

SERVICE and OPERATION are those of the API (`ec2 RunInstances`) or *. CODE is one of CODES, or `none` for a call that only takes time.
The first `after` calls (0) are answered as usual, then `times` calls (all) have the fault. The first rule that is due decides. The file with `.fired`
behind its name gets the rule of each fault, a line each time.
"""

import os
import time

# Codes that AWS documents, with status and text: "Common Errors" of the API references, EC2's errors-overview, S3's ErrorResponses.
CODES = {
    "Throttling": (400, "Rate exceeded"),
    "RequestLimitExceeded": (503, "Request limit exceeded."),
    "InternalError": (500, "An internal error has occurred"),
    "InternalFailure": (500, "The request processing has failed because of an unknown error, exception or failure."),
    "ServiceUnavailable": (503, "The service is unavailable. Please try again shortly."),
    "DependencyViolation": (400, "The resource has a dependency and cannot be deleted."),
    "DeleteConflict": (409, "Cannot delete entity, must detach all policies first."),
    "ExpiredToken": (403, "The security token included in the request is expired"),
    "RequestExpired": (400, "Request has expired."),
    "AuthFailure": (401, "AWS was not able to validate the provided access credentials"),
    "UnauthorizedOperation": (403, "You are not authorized to perform this operation."),
    "InsufficientInstanceCapacity": (500, "We currently do not have sufficient capacity in the Availability Zone you requested."),
}


class Rule:
    def __init__(self, line):
        self.line = line.strip()
        self.service, self.operation, self.code, *options = line.split()
        numbers = dict(option.split("=") for option in options)
        self.after, self.times, self.delay = (float(numbers.pop(name, default)) for name, default in (("after", 0), ("times", "inf"), ("delay", 0)))
        if numbers or self.code not in (*CODES, "none"):
            raise ValueError(f"no rule of a fault: {line}")

    def due(self, service, operation):
        if self.service not in ("*", service) or self.operation not in ("*", operation):
            return False
        self.after -= 1
        if self.after >= 0 or self.times <= 0:
            return False
        self.times -= 1
        return True


class Faults:
    """The rules of a file, read again when it has changed."""

    def __init__(self, file):
        self.file, self.version, self.rules = file, None, []

    def due(self, service, operation):
        if not self.file or not os.path.exists(self.file):
            return None
        status = os.stat(self.file)
        version = (status.st_mtime_ns, status.st_ino)
        if version != self.version:
            with open(self.file) as lines:
                self.rules = [Rule(line) for line in lines if line.strip()]
            self.version = version
        rule = next((rule for rule in self.rules if rule.due(service, operation)), None)
        if rule is None:
            return None
        with open(f"{self.file}.fired", "a") as fired:
            fired.write(f"{rule.line}\n")
        time.sleep(rule.delay)
        status, text = CODES.get(rule.code, (0, ""))
        return (status, rule.code, text) if status else None


due = Faults(os.environ.get("EMULATOR_FAULTS")).due
