"""Pages: joined they are the whole, whatever their size, and nothing comes twice."""

import datetime

from judges.bench import collect, instances
from judges.wire import Watch

EC2 = [
    ("describe_instances", "Instances", "InstanceId"),
    ("describe_network_interfaces", "NetworkInterfaces", "NetworkInterfaceId"),
    ("describe_subnets", "Subnets", "SubnetId"),
]
SIZES = [5, 7, 50, 100, 999, 1000]


def judge(bench):
    judge_wire(bench)
    ec2 = bench.client("ec2")
    for operation, key, name in EC2:
        judge_sizes(bench, ec2, operation, key, name)
    judge_agents(bench)
    judge_by_hand(bench, ec2)
    judge_resumption(bench, ec2)
    judge_ids(bench, ec2)
    judge_types(bench, ec2)
    judge_fleets(bench)


def judge_wire(bench):
    ec2, ssm, sts = (bench.client(service) for service in ("ec2", "ssm", "sts"))
    for watched in (ec2, ssm, sts):
        Watch(bench, watched)
    for operation, key, _ in EC2:
        collect(ec2, operation, key, 20)
    ec2.describe_regions(AllRegions=True)
    collect(ssm, "describe_instance_information", "InstanceInformationList", 50)
    sts.get_caller_identity()
    role = f"arn:aws:iam::{bench.accounts[0]['id']}:role/ops"
    sts.assume_role(RoleArn=role, RoleSessionName="oracle")


def judge_sizes(bench, client, operation, key, name):
    (whole,) = collect(client, operation, key)
    ids = [one[name] for one in whole]
    bench.check(len(ids) > 5, f"{operation}: only {len(ids)}")
    bench.equal(len(set(ids)), len(ids), f"{operation}: ids that differ")
    for size in SIZES:
        pages = collect(client, operation, key, size)
        joined = [one for page in pages for one in page]
        bench.check(joined == whole, f"{operation} by {size}: not the whole")
        counts = [len(page) for page in pages]
        full, last = divmod(len(whole), size)
        expected = [size] * full + ([last] if last else [])
        bench.equal(counts, expected, f"{operation} by {size}: counts")


def judge_agents(bench):
    ssm = bench.client("ssm")
    asked = "describe_instance_information", "InstanceInformationList"
    by_fifty = [node for page in collect(ssm, *asked, 50) for node in page]
    for size in [5, 11, None]:
        pages = collect(ssm, *asked, size)
        joined = [node["InstanceId"] for page in pages for node in page]
        expected = [node["InstanceId"] for node in by_fifty]
        bench.equal(joined, expected, f"agents by {size}")
        # Nobody who names no size gets more than ten.
        bench.equal(len(pages[0]), size or 10, f"agents by {size}: first page")


def judge_by_hand(bench, ec2):
    """The size may change from page to page; a token serves its own question only."""
    first = ec2.describe_instances(MaxResults=5)
    rest = ec2.describe_instances(MaxResults=1000, NextToken=first["NextToken"])
    (whole,) = collect(ec2, "describe_instances", "Instances")
    bench.check(instances(first) + instances(rest) == whole, "pages of two sizes")
    again = ec2.describe_instances(MaxResults=5, NextToken="")
    bench.equal(instances(again), instances(first), "an empty token begins anew")
    bench.check("NextToken" not in rest, "the last page has a token")

    token = first["NextToken"]
    running = [{"Name": "instance-state-name", "Values": ["running"]}]
    questions = [
        lambda: ec2.describe_instances(MaxResults=5, NextToken=token, Filters=running),
        lambda: bench.client("ec2", account=1).describe_instances(
            MaxResults=5, NextToken=token
        ),
        lambda: bench.client("ec2", region=bench.away).describe_instances(
            MaxResults=5, NextToken=token
        ),
        lambda: ec2.describe_network_interfaces(MaxResults=5, NextToken=token),
        lambda: ec2.describe_instances(MaxResults=5, NextToken=token + "x"),
    ]
    for question in questions:
        bench.refused(400, "InvalidParameterValue", question, "another's token")


def judge_resumption(bench, ec2):
    """botocore's own tokens: a result cut by MaxItems goes on where it ended."""
    paginator = ec2.get_paginator("describe_instances")
    (whole,) = collect(ec2, "describe_instances", "Instances")
    found, token = [], None
    while True:
        paging = {"PageSize": 10, "MaxItems": 25, "StartingToken": token}
        part = paginator.paginate(PaginationConfig=paging).build_full_result()
        found += instances(part)
        token = part.get("NextToken")
        if token is None or len(found) > len(whole):
            break
    ids = [instance["InstanceId"] for instance in found]
    # MaxItems counts reservations, which a page may cut in two.
    bench.equal(set(ids), {one["InstanceId"] for one in whole}, "resumed")


def judge_ids(bench, ec2):
    (whole,) = collect(ec2, "describe_instances", "Instances")
    for wanted in (whole[:1], whole[3:9], whole[::-2]):
        ids = [instance["InstanceId"] for instance in wanted]
        found = instances(ec2.describe_instances(InstanceIds=ids))
        key = lambda instance: instance["InstanceId"]
        bench.equal(sorted(found, key=key), sorted(wanted, key=key), "by ids")


def judge_types(bench, ec2):
    (whole,) = collect(ec2, "describe_instances", "Instances")
    running = [one for one in whole if one["State"]["Name"] == "running"]
    needed = {
        "ImageId", "InstanceType", "LaunchTime", "Placement", "PrivateDnsName",
        "PrivateIpAddress", "SubnetId", "VpcId", "Architecture", "NetworkInterfaces",
        "PlatformDetails", "SecurityGroups", "Tags", "BlockDeviceMappings",
    }  # fmt: skip
    now = datetime.datetime.now(datetime.timezone.utc)
    for instance in running:
        missing = needed - instance.keys()
        bench.check(not missing, f"{instance['InstanceId']} lacks {missing}")
        bench.check(instance["LaunchTime"] <= now, "launched in the future")
        primary = instance["NetworkInterfaces"][0]
        shown = (instance["PrivateIpAddress"], instance["SecurityGroups"])
        own = (primary["PrivateIpAddress"], primary["Groups"])
        bench.equal(shown, own, f"{instance['InstanceId']} and its interface")


def judge_fleets(bench):
    """No two accounts and no two regions share an instance."""
    seen = set()
    for account in range(len(bench.accounts)):
        for region in (bench.region, bench.away):
            ec2 = bench.client("ec2", account=account, region=region)
            answer = ec2.describe_instances()
            ids = {instance["InstanceId"] for instance in instances(answer)}
            bench.check(ids and not ids & seen, f"fleet of {account} in {region}")
            seen |= ids
            owners = {one["OwnerId"] for one in answer["Reservations"]}
            bench.equal(owners, {bench.accounts[account]["id"]}, "owners")
            zones = {one["Placement"]["AvailabilityZone"] for one in instances(answer)}
            bench.check(all(zone.startswith(region) for zone in zones), "zones")
