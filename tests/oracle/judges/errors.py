"""Errors: each mistake has AWS's own status and code, and botocore reads them."""

from botocore import UNSIGNED
from botocore.config import Config

from common import SESSION
from judges.bench import instances


def judge(bench):
    judge_ec2(bench)
    judge_ssm(bench)
    judge_keys(bench)
    judge_regions(bench)
    judge_operations(bench)


def judge_ec2(bench):
    # botocore would refuse some sizes before it sends them; so it does for SSM.
    ec2 = bench.client("ec2", parameter_validation=False)
    one = instances(ec2.describe_instances(MaxResults=5))[0]["InstanceId"]

    def refused(code, describe=ec2.describe_instances, **options):
        bench.refused(400, code, lambda: describe(**options), f"{code} {options}")

    for wrong in ["i-123", "i-xyz", "web-1", "mi-0123456789abcdef0", one + "0"]:
        refused("InvalidInstanceID.Malformed", InstanceIds=[wrong])
    unknown = ["i-0123456789abcdef0", "i-01234567"]
    refused("InvalidInstanceID.NotFound", InstanceIds=unknown[:1])
    refused("InvalidInstanceID.NotFound", InstanceIds=[one, *unknown])
    error = bench.refused(
        400,
        "InvalidInstanceID.NotFound",
        lambda: ec2.describe_instances(InstanceIds=unknown),
    )
    message = error.response["Error"]["Message"]
    bench.check(all(wrong in message for wrong in unknown), f"names both: {message}")
    for size in [-1, 0, 4, 1001]:
        refused("InvalidParameterValue", MaxResults=size)
    refused("InvalidParameterCombination", MaxResults=5, InstanceIds=[one])
    refused("InvalidParameterValue", NextToken="nonsense")
    refused("InvalidParameterValue", Filters=[{"Name": "colour", "Values": ["red"]}])
    many = [f"web-{number}" for number in range(201)]
    refused("FilterLimitExceeded", Filters=[{"Name": "tag:Name", "Values": many}])
    bench.refused(412, "DryRunOperation", lambda: ec2.describe_instances(DryRun=True))

    interfaces, subnets = ec2.describe_network_interfaces, ec2.describe_subnets
    kind = "InvalidNetworkInterfaceID"
    refused(f"{kind}.Malformed", interfaces, NetworkInterfaceIds=["eni-x"])
    refused(f"{kind}.NotFound", interfaces, NetworkInterfaceIds=["eni-0123456789abcdef0"])
    refused("InvalidSubnetID.Malformed", subnets, SubnetIds=["subnet-x"])
    refused("InvalidSubnetID.NotFound", subnets, SubnetIds=["subnet-0123456789abcdef0"])
    for describe in (interfaces, subnets):
        refused("InvalidParameterValue", describe, MaxResults=4)
        filters = [{"Name": "colour", "Values": ["red"]}]
        refused("InvalidParameterValue", describe, Filters=filters)


def judge_ssm(bench):
    ssm = bench.client("ssm", parameter_validation=False)

    def refused(code, **options):
        def call():
            ssm.describe_instance_information(**options)

        bench.refused(400, code, call, f"{code} {options}")

    for size in [0, 4, 51, 1000]:
        refused("ValidationException", MaxResults=size)
    refused("InvalidNextToken", NextToken="nonsense")
    refused("InvalidFilterKey", Filters=[{"Key": "colour", "Values": ["red"]}])


def judge_keys(bench):
    """Whose key or signature is wrong is told so in the words of each service."""
    right = bench.accounts[0]["keys"]
    role = f"arn:aws:iam::{bench.accounts[0]['id']}:role/ops"
    issued = bench.client("sts").assume_role(RoleArn=role, RoleSessionName="oracle")
    issued = issued["Credentials"]
    temporary = {"id": issued["AccessKeyId"], "secret": issued["SecretAccessKey"]}
    wrong_keys = {
        "unknown": {"id": "AKIAUNKNOWNUNKNOWN00", "secret": "secret"},
        "token": temporary | {"token": "another's token"},
        "no token": temporary,
        "secret": right | {"secret": "secret"},
    }
    unknown = {
        "ec2": (401, "AuthFailure"),
        "ssm": (400, "UnrecognizedClientException"),
        "sts": (403, "InvalidClientTokenId"),
    }
    secret = {
        "ec2": (401, "AuthFailure"),
        "ssm": (400, "InvalidSignatureException"),
        "sts": (403, "SignatureDoesNotMatch"),
    }
    for service, ask in CALLS.items():
        for kind, keys in wrong_keys.items():
            status, code = (secret if kind == "secret" else unknown)[service]
            client = bench.client(service, keys=keys)
            bench.refused(status, code, lambda: ask(client), f"{service}, wrong {kind}")
    judge_unsigned(bench)


def judge_unsigned(bench):
    expected = {
        "ec2": (400, "MissingParameter"),
        "ssm": (400, "MissingAuthenticationTokenException"),
        "sts": (403, "MissingAuthenticationToken"),
    }
    for service, ask in CALLS.items():
        client = SESSION.client(
            service,
            endpoint_url=bench.endpoint,
            region_name=bench.region,
            config=Config(signature_version=UNSIGNED),
        )
        status, code = expected[service]
        bench.refused(status, code, lambda: ask(client), f"{service}, unsigned")


def judge_regions(bench):
    """Keys do not work in a region that their account has not opted into."""
    for region in ["ap-east-1", "mars-north-1"]:
        ec2 = bench.client("ec2", region=region)
        bench.refused(401, "AuthFailure", ec2.describe_instances, region)


def judge_operations(bench):
    ec2, ssm, sts = (bench.client(service) for service in ("ec2", "ssm", "sts"))
    bench.refused(400, "InvalidAction", ec2.describe_vpcs)
    bench.refused(400, "InvalidAction", sts.get_session_token)
    bench.refused(400, "UnknownOperationException", ssm.describe_parameters)


CALLS = {
    "ec2": lambda client: client.describe_instances(),
    "ssm": lambda client: client.describe_instance_information(),
    "sts": lambda client: client.get_caller_identity(),
}
