"""What every judge has: the sandbox's accounts, clients for them, and a record."""

import json
import urllib.request

from botocore.exceptions import ClientError

from common import client

# One account's failures fill a screen; the first ones tell what is wrong.
MOST_FAILURES = 20


class Bench:
    def __init__(self, request):
        self.endpoint = request["endpoint"]
        self.region = request["region"]
        self.away = request["away"]
        self.accounts = request["accounts"]
        self.mfa_code = request["mfa_code"]
        self.web_identity_token = request["web_identity_token"]
        self.checks = 0
        self.failures = []

    def client(self, service, account=0, region=None, keys=None, **options):
        keys = keys or self.accounts[account]["keys"]
        return client(service, self.endpoint, region or self.region, keys, **options)

    def check(self, holds, what):
        self.checks += 1
        if not holds and len(self.failures) < MOST_FAILURES:
            self.failures.append(what)

    def equal(self, found, expected, what):
        self.check(found == expected, f"{what}: {found!r}, not {expected!r}")

    def refused(self, status, code, call, what=None):
        """The call is refused with this status and this error code; its error."""
        try:
            call()
        except ClientError as error:
            found = (
                error.response["ResponseMetadata"]["HTTPStatusCode"],
                error.response["Error"]["Code"],
            )
            self.equal(found, (status, code), what or code)
            self.check(error.response["Error"]["Message"], f"{code} says nothing")
            self.check(
                error.response["ResponseMetadata"].get("RequestId"),
                f"{code} has no request id",
            )
            return error
        self.check(False, f"{what or code}: was answered")
        return None

    def control(self, method, path, body=None):
        """Orders something of the sandbox itself."""
        data = None if body is None else json.dumps(body).encode()
        url = f"{self.endpoint}/_sandbox/{path}"
        call = urllib.request.Request(url, data=data, method=method)
        with urllib.request.urlopen(call, timeout=10) as reply:
            return reply.read()


def instances(page):
    """The instances of one page of DescribeInstances."""
    return [
        instance
        for reservation in page["Reservations"]
        for instance in reservation["Instances"]
    ]


def collect(client, operation, key, page_size=None, **options):
    """All pages of an operation: a list of lists."""
    paging = {} if page_size is None else {"PageSize": page_size}
    pages = client.get_paginator(operation).paginate(PaginationConfig=paging, **options)
    take = instances if key == "Instances" else lambda page: page[key]
    return [take(page) for page in pages]
