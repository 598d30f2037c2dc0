"""What the scripts of the oracle share: clients, and JSON in and out.

Keys and endpoints come in a request on standard input; no script reads the AWS
settings of whoever runs it.
"""

import faulthandler
import json
import sys

import boto3
from botocore.config import Config

# A script that is still at work then has lost its way; it says where.
faulthandler.dump_traceback_later(90, exit=True)


# One for all clients: it reads the service models once.
SESSION = boto3.session.Session()


def client(service, endpoint, region, keys, **options):
    """A boto3 client; `keys` are id, secret and, of a role's session, token.

    Options are those of botocore's Config.
    """
    options.setdefault("retries", {"total_max_attempts": 1})
    return SESSION.client(
        service,
        endpoint_url=endpoint,
        region_name=region,
        aws_access_key_id=keys["id"],
        aws_secret_access_key=keys["secret"],
        aws_session_token=keys.get("token"),
        config=Config(**options),
    )


def assume(endpoint, region, keys, role_arn, **options):
    """The keys of a role's session."""
    sts = client("sts", endpoint, region, keys)
    options.setdefault("RoleSessionName", "oracle")
    issued = sts.assume_role(RoleArn=role_arn, **options)["Credentials"]
    return {
        "id": issued["AccessKeyId"],
        "secret": issued["SecretAccessKey"],
        "token": issued["SessionToken"],
    }


def read_request():
    """The request, which is all of standard input."""
    return json.loads(sys.stdin.buffer.read())


def answer(value):
    """Writes the answer, which is all of standard output."""
    json.dump(value, sys.stdout)
    sys.stdout.flush()
