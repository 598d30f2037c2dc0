"""Says what boto3 describes, in the fields that the program under test prints.

Each question is asked page by page and filtered by the server. Nothing here is
taken from the program: the fields are put together anew from AWS's own.
"""

from common import answer, assume, client, read_request

IDENTITY = ("Account", "Arn", "UserId")
PING = {"Online": "online", "ConnectionLost": "lost", "Inactive": "inactive"}


def main():
    answer({question["label"]: describe(question) for question in read_request()})


def describe(question):
    endpoint, region = question["endpoint"], question["region"]
    keys = question["keys"]
    if question.get("role"):
        keys = assume(endpoint, region, keys, question["role"])

    def ask(service):
        return client(service, endpoint, region, keys)

    agents = read_agents(ask("ssm")) if question.get("agents") else None
    pages, rows = 0, []
    paginator = ask("ec2").get_paginator("describe_instances")
    options = {
        "Filters": question.get("filters", []),
        "PaginationConfig": {"PageSize": question["page_size"]},
    }
    for page in paginator.paginate(**options):
        pages += 1
        for reservation in page["Reservations"]:
            for instance in reservation["Instances"]:
                rows.append(row(instance, reservation["OwnerId"], region, agents))
    described = {
        "pages": pages,
        "rows": rows,
        "sorted": [row["id"] for row in sorted(rows, key=by_name_then_id)],
    }
    if question.get("account"):
        identity = ask("sts").get_caller_identity()
        described["identity"] = {key: identity[key] for key in IDENTITY}
        described["regions"] = ask("ec2").describe_regions()["Regions"]
    return described


def by_name_then_id(row):
    return (row["name"] is not None, row["name"] or "", row["id"])


def read_agents(ssm):
    paginator = ssm.get_paginator("describe_instance_information")
    pages = paginator.paginate(PaginationConfig={"PageSize": 50})
    nodes = [node for page in pages for node in page["InstanceInformationList"]]
    return {node["InstanceId"]: node for node in nodes}


def row(instance, owner, region, agents):
    tags = {tag["Key"]: tag["Value"] for tag in instance.get("Tags", [])}
    profile = instance.get("IamInstanceProfile", {}).get("Arn", "").split("/")[-1]
    fields = {
        "name": tags.get("Name"),
        "id": instance["InstanceId"],
        "state": instance["State"]["Name"],
        "type": instance["InstanceType"],
        "private_ip": instance.get("PrivateIpAddress"),
        "az": instance["Placement"]["AvailabilityZone"],
        "public_ip": instance.get("PublicIpAddress"),
        "private_dns": instance.get("PrivateDnsName"),
        "public_dns": instance.get("PublicDnsName"),
        "vpc": instance.get("VpcId"),
        "subnet": instance.get("SubnetId"),
        "image": instance["ImageId"],
        "platform": instance.get("PlatformDetails"),
        "arch": instance["Architecture"],
        "lifecycle": instance.get("InstanceLifecycle", "on-demand"),
        "launched": time(instance["LaunchTime"]),
        "key": instance.get("KeyName"),
        "profile": profile,
        "account": owner,
        "region": region,
    }
    # EC2 writes an empty element where it has nothing to say.
    fields = {key: value or None for key, value in fields.items()}
    fields["tags"] = tags
    fields["security_groups"] = [
        {"id": group["GroupId"], "name": group["GroupName"]}
        for group in instance.get("SecurityGroups", [])
    ]
    return fields | agent(instance["InstanceId"], agents)


def agent(instance, agents):
    """What SSM knows; nothing at all where it was not asked."""
    fields = {"ssm": None, "agent": None, "agent_version": None}
    if agents is None:
        return fields
    node = agents.get(instance)
    if node is None:
        return fields | {"ssm": "none"}
    return {
        "ssm": PING[node["PingStatus"]],
        "agent": time(node["LastPingDateTime"]),
        "agent_version": node["AgentVersion"],
    }


def time(moment):
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


if __name__ == "__main__":
    main()
