"""Faults: botocore takes what was ordered for what it stands for, and retries as it would."""

import botocore.exceptions as failures
from botocore.parsers import ResponseParserError

from judges.errors import CALLS

CODES = {
    "throttle": {
        "ec2": (503, "RequestLimitExceeded"),
        "ssm": (400, "ThrottlingException"),
        "sts": (400, "Throttling"),
    },
    "internal_error": {
        "ec2": (500, "InternalError"),
        "ssm": (500, "InternalServerError"),
        "sts": (500, "InternalFailure"),
    },
    "unavailable": {
        "ec2": (503, "Unavailable"),
        "ssm": (503, "ServiceUnavailableException"),
        "sts": (503, "ServiceUnavailable"),
    },
    "access_denied": {
        "ec2": (403, "UnauthorizedOperation"),
        "ssm": (400, "AccessDeniedException"),
        "sts": (403, "AccessDenied"),
    },
    "expired_token": {
        "ec2": (400, "RequestExpired"),
        "ssm": (400, "ExpiredTokenException"),
        "sts": (403, "ExpiredToken"),
    },
    "unknown_key": {
        "ec2": (401, "AuthFailure"),
        "ssm": (400, "UnrecognizedClientException"),
        "sts": (403, "InvalidClientTokenId"),
    },
}
RETRIED = [
    ("throttle", "ec2"),
    ("throttle", "ssm"),
    ("throttle", "sts"),
    ("internal_error", "ec2"),
]


def judge(bench):
    for kind, services in CODES.items():
        for service, (status, code) in services.items():
            order(bench, kind, service=service)
            client = bench.client(service)
            ask = CALLS[service]
            bench.refused(status, code, lambda: ask(client), f"{kind} of {service}")
            clear(bench)
            ask(client)
    judge_retries(bench)
    judge_broken(bench)
    judge_nonsense(bench)
    judge_narrow(bench)


def judge_retries(bench):
    """One failure is got over by whoever asks again."""
    for kind, service in RETRIED:
        order(bench, kind, service=service, times=1)
        retries = {"mode": "standard", "total_max_attempts": 2}
        answer = CALLS[service](bench.client(service, retries=retries))
        attempts = answer["ResponseMetadata"]["RetryAttempts"]
        bench.equal(attempts, 1, f"{kind} of {service} retried")
        clear(bench)


def judge_broken(bench):
    """What is no answer at all."""
    broken = [
        ("hang", (failures.ReadTimeoutError,)),
        # botocore does not count what it reads, and finds half a document.
        ("cut", (failures.ConnectionClosedError, ResponseParserError)),
    ]
    for kind, expected in broken:
        order(bench, kind, service="ec2")
        ec2 = bench.client("ec2", read_timeout=0.5)
        try:
            ec2.describe_instances()
            bench.check(False, f"{kind} was answered")
        except expected:
            bench.check(True, kind)
        except Exception as error:  # noqa: BLE001: whatever it is, it is the wrong one
            bench.check(False, f"{kind} is a {type(error)}: {error}")
        clear(bench)


def judge_nonsense(bench):
    """A page that happens to be well-formed XML: botocore finds nothing of its own in it."""
    order(bench, "nonsense", service="ec2")
    answer = bench.client("ec2").describe_instances()
    bench.equal(answer.keys(), {"ResponseMetadata"}, "nonsense")
    headers = answer["ResponseMetadata"]["HTTPHeaders"]
    bench.equal(headers["content-type"], "text/html", "nonsense")
    clear(bench)


def judge_narrow(bench):
    """A fault strikes where it was ordered and nowhere else."""
    account = bench.accounts[0]["id"]
    where = {"operation": "DescribeInstances", "account": account, "region": bench.region}
    order(bench, "access_denied", **where)
    ec2 = bench.client("ec2")
    error = bench.refused(403, "UnauthorizedOperation", ec2.describe_instances)
    message = error.response["Error"]["Message"]
    bench.check("ec2:DescribeInstances" in message, f"names the action: {message}")
    ec2.describe_subnets()
    bench.client("ec2", account=1).describe_instances()
    bench.client("ec2", region=bench.away).describe_instances()
    clear(bench)


def order(bench, kind, **where):
    bench.control("POST", "faults", {"kind": kind, **where})


def clear(bench):
    bench.control("DELETE", "faults")
