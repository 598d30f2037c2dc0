"""Agents: DescribeInstanceInformation, its filters in both forms, and hybrid nodes."""

from judges.bench import collect

ASKED = "describe_instance_information", "InstanceInformationList"


def tag_reader(tags, key):
    return lambda node: [value for name, value in tags[node["InstanceId"]] if name == key]


def field(name):
    return lambda node: [node[name]] if name in node else []


FIELDS = {
    "InstanceIds": field("InstanceId"),
    "PingStatus": field("PingStatus"),
    "PlatformTypes": field("PlatformType"),
    "ResourceType": field("ResourceType"),
    "AgentVersion": field("AgentVersion"),
    "ActivationIds": field("ActivationId"),
    "IamRole": field("IamRole"),
    "AssociationStatus": field("AssociationStatus"),
    "SourceIds": field("SourceId"),
    "SourceTypes": field("SourceType"),
}


def judge(bench):
    ssm, ec2 = bench.client("ssm"), bench.client("ec2")
    nodes = [node for page in collect(ssm, *ASKED, 50) for node in page]
    (instances,) = collect(ec2, "describe_instances", "Instances")
    known = {instance["InstanceId"]: instance for instance in instances}
    judge_nodes(bench, nodes, known)
    for key, read in FIELDS.items():
        judge_filter(bench, ssm, nodes, key, read)
    judge_tags(bench, ssm, nodes, known)
    judge_together(bench, ssm, nodes)
    judge_old_form(bench, ssm, nodes)


def judge_nodes(bench, nodes, instances):
    hybrid = [node for node in nodes if node["ResourceType"] == "ManagedInstance"]
    bench.check(hybrid, "no hybrid node")
    bench.check(len(hybrid) < len(nodes), "no instance has an agent")
    for node in hybrid:
        bench.check(node["InstanceId"].startswith("mi-"), f"hybrid {node['InstanceId']}")
        bench.check(node["Name"] and node["ActivationId"], "a hybrid node has both")
    for node in nodes:
        if node in hybrid:
            continue
        instance = instances.get(node["InstanceId"])
        bench.check(instance, f"{node['InstanceId']} is no instance")
        bench.equal(node["IPAddress"], instance["PrivateIpAddress"], "its address")
        running = instance["State"]["Name"] == "running"
        online = node["PingStatus"] == "Online"
        bench.check(running or not online, f"{node['InstanceId']} is stopped and online")


def choose(ssm, filters):
    pages = collect(ssm, *ASKED, 50, Filters=filters)
    return [node["InstanceId"] for page in pages for node in page]


def judge_filter(bench, ssm, nodes, key, read):
    values = sorted({value for node in nodes for value in read(node)})
    # Values are exact here: a glob is a value that nothing has.
    for wanted in [values[:1], values[-2:], ["no such value"], ["*"]]:
        if not wanted:
            continue
        found = choose(ssm, [{"Key": key, "Values": wanted}])
        expected = [node["InstanceId"] for node in nodes if set(read(node)) & set(wanted)]
        bench.equal(found, expected, f"{key} {wanted}")


def judge_tags(bench, ssm, nodes, instances):
    """Tags are those of the instance; hybrid nodes have some that EC2 does not tell."""
    tags = {
        node["InstanceId"]: [
            (tag["Key"], tag["Value"])
            for tag in instances.get(node["InstanceId"], {}).get("Tags", [])
        ]
        for node in nodes
    }
    pairs = sorted({pair for pairs in tags.values() for pair in pairs})
    for key, value in pairs[:: max(1, len(pairs) // 12)]:
        found = choose(ssm, [{"Key": f"tag:{key}", "Values": [value]}])
        found = [node for node in found if node in instances]
        expected = [node for node in tags if (key, value) in tags[node]]
        bench.equal(found, expected, f"tag:{key} {value}")


def judge_together(bench, ssm, nodes):
    online = [node["InstanceId"] for node in nodes if node["PingStatus"] == "Online"]
    linux = [node["InstanceId"] for node in nodes if node["PlatformType"] == "Linux"]
    both = [
        {"Key": "PingStatus", "Values": ["Online"]},
        {"Key": "PlatformTypes", "Values": ["Linux"]},
    ]
    expected = [node for node in online if node in linux]
    bench.equal(choose(ssm, both), expected, "online and Linux")


def judge_old_form(bench, ssm, nodes):
    wanted = [node["InstanceId"] for node in nodes[:2]]
    old = [{"key": "InstanceIds", "valueSet": wanted}]
    answer = ssm.describe_instance_information(InstanceInformationFilterList=old)
    found = [node["InstanceId"] for node in answer["InstanceInformationList"]]
    bench.equal(found, wanted, "the old form")
    bench.refused(
        400,
        "ValidationException",
        lambda: ssm.describe_instance_information(
            InstanceInformationFilterList=old,
            Filters=[{"Key": "InstanceIds", "Values": wanted}],
        ),
        "both forms at once",
    )
    bench.refused(
        400,
        "InvalidFilterKey",
        lambda: choose(ssm, [{"Key": "Colour", "Values": ["red"]}]),
    )
