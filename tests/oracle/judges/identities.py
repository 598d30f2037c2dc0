"""Identities: who STS says a caller is, and the roles that botocore assumes by itself."""

import os
import tempfile

import boto3
from botocore.config import Config

from common import assume
from judges.bench import instances


def judge(bench):
    judge_users(bench)
    judge_roles(bench)
    judge_mfa(bench)
    judge_durations(bench)
    judge_profiles(bench)
    judge_regions(bench)


def judge_users(bench):
    for number, account in enumerate(bench.accounts):
        identity = bench.client("sts", account=number).get_caller_identity()
        found = (identity["Account"], identity["Arn"])
        bench.equal(found, (account["id"], account["arn"]), "user")
        bench.check(identity["UserId"].startswith("AIDA"), identity["UserId"])


def role_arn(account, role):
    return f"arn:aws:iam::{account['id']}:role/{role}"


def judge_roles(bench):
    """Whoever assumes a role sees what its account has, and nothing else."""
    for account in bench.accounts:
        keys = assume(
            bench.endpoint,
            bench.region,
            bench.accounts[0]["keys"],
            role_arn(account, "ops"),
            RoleSessionName="oracle@test",
        )
        identity = bench.client("sts", keys=keys).get_caller_identity()
        arn = f"arn:aws:sts::{account['id']}:assumed-role/ops/oracle@test"
        bench.equal(identity["Arn"], arn, "assumed role")
        bench.equal(identity["Account"], account["id"], "its account")
        bench.check(identity["UserId"].startswith("AROA"), identity["UserId"])
        own = bench.client("ec2", account=bench.accounts.index(account))
        found = bench.client("ec2", keys=keys).describe_instances()
        expected = own.describe_instances()
        bench.check(instances(found) == instances(expected), "fleet of a role")


def judge_mfa(bench):
    account = bench.accounts[0]
    sts = bench.client("sts")

    def call(role="mfa", **options):
        arn = role_arn(account, role)
        return lambda: sts.assume_role(RoleArn=arn, RoleSessionName="oracle", **options)

    serial, code = account["mfa"], bench.mfa_code
    wrong = "000000"
    for refused in [
        call(),
        call(SerialNumber=serial, TokenCode=wrong),
        call(SerialNumber=serial.replace("user", "nobody"), TokenCode=code),
        call(SerialNumber=serial),
        call("ops", SerialNumber=serial, TokenCode=wrong),
        call("nobody"),
    ]:
        bench.refused(403, "AccessDenied", refused)
    issued = call(SerialNumber=serial, TokenCode=code)()
    bench.check(issued["Credentials"]["SessionToken"], "no session token")
    bench.check(issued["AssumedRoleUser"]["Arn"].endswith("/mfa/oracle"), "role with MFA")


def judge_durations(bench):
    sts = bench.client("sts", parameter_validation=False)
    arn = role_arn(bench.accounts[0], "ops")

    def call(name="oracle", **options):
        return sts.assume_role(RoleArn=arn, RoleSessionName=name, **options)

    issued = call(DurationSeconds=900)
    date = issued["ResponseMetadata"]["HTTPHeaders"].get("date")
    bench.check(date is not None, "an answer has no date")
    longer = call(DurationSeconds=3600)["Credentials"]["Expiration"]
    difference = (longer - issued["Credentials"]["Expiration"]).total_seconds()
    bench.check(2690 <= difference <= 2760, f"two lengths differ by {difference} s")
    for seconds in [1, 899, 3601, 50000]:
        bench.refused(400, "ValidationError", lambda: call(DurationSeconds=seconds))
    for name in ["x", "a b", "ü" * 5, "x" * 65]:
        bench.refused(400, "ValidationError", lambda: call(name))


def judge_profiles(bench):
    """The credential providers of botocore itself, from files as people write them."""
    first, second = bench.accounts[:2]
    with tempfile.TemporaryDirectory() as home:
        token = os.path.join(home, "token")
        with open(token, "w", encoding="utf-8") as file:
            file.write(bench.web_identity_token)
        config = os.path.join(home, "config")
        with open(config, "w", encoding="utf-8") as file:
            file.write(CONFIG.format(
                id=first["keys"]["id"],
                secret=first["keys"]["secret"],
                own=role_arn(first, "ops"),
                other=role_arn(second, "ops"),
                token=token,
                region=bench.region,
                endpoint=bench.endpoint,
            ))  # fmt: skip
        os.environ["AWS_CONFIG_FILE"] = config
        expected = {
            "base": first["arn"],
            "own": f"arn:aws:sts::{first['id']}:assumed-role/ops/named",
            "chain": f"arn:aws:sts::{second['id']}:assumed-role/ops/chained",
            "web": f"arn:aws:sts::{second['id']}:assumed-role/ops/web",
        }
        for profile, arn in expected.items():
            session = boto3.session.Session(profile_name=profile)
            options = Config(retries={"total_max_attempts": 1})
            identity = session.client("sts", config=options).get_caller_identity()
            bench.equal(identity["Arn"], arn, f"profile {profile}")
            page = session.client("ec2", config=options).describe_instances(MaxResults=5)
            owners = {one["OwnerId"] for one in page["Reservations"]}
            bench.equal(owners, {identity["Account"]}, f"fleet of profile {profile}")


CONFIG = """\
[profile base]
region = {region}
endpoint_url = {endpoint}
aws_access_key_id = {id}
aws_secret_access_key = {secret}

[profile own]
region = {region}
endpoint_url = {endpoint}
source_profile = base
role_arn = {own}
role_session_name = named

[profile chain]
region = {region}
endpoint_url = {endpoint}
source_profile = own
role_arn = {other}
role_session_name = chained

[profile web]
region = {region}
endpoint_url = {endpoint}
role_arn = {other}
role_session_name = web
web_identity_token_file = {token}
"""


def judge_regions(bench):
    """The regions of AWS: those on request are told only to who asks for all."""
    ec2 = bench.client("ec2")
    usual = {one["RegionName"]: one for one in ec2.describe_regions()["Regions"]}
    every = ec2.describe_regions(AllRegions=True)["Regions"]
    every = {one["RegionName"]: one for one in every}
    bench.check(usual.keys() < every.keys(), "no region is on request only")
    known = set(boto3.session.Session().get_available_regions("ec2"))
    bench.equal(every.keys() - known, set(), "regions that botocore does not know")
    for name, region in every.items():
        bench.equal(region["Endpoint"], f"ec2.{name}.amazonaws.com", name)
        opted_in = region["OptInStatus"] != "not-opted-in"
        bench.equal(opted_in, name in usual, f"{name} is {region['OptInStatus']}")
    for names in ([bench.region], [bench.region, bench.away]):
        found = ec2.describe_regions(RegionNames=names)["Regions"]
        bench.equal({one["RegionName"] for one in found}, set(names), "regions by name")
    found = ec2.describe_regions(
        Filters=[{"Name": "region-name", "Values": ["us-*"]}], AllRegions=True
    )["Regions"]
    expected = {name for name in every if name.startswith("us-")}
    bench.equal({one["RegionName"] for one in found}, expected, "regions by filter")
    bench.refused(
        400,
        "InvalidParameterValue",
        lambda: ec2.describe_regions(RegionNames=["mars-north-1"]),
    )
