"""Says what boto3 describes of network interfaces, in the fields that the program prints.

Nothing here is taken from the program: the fields are put together anew from AWS's own.
"""

from common import answer, client, read_request


def main():
    request = read_request()
    region = request["region"]
    ec2 = client("ec2", request["endpoint"], region, request["keys"])
    instances = {}
    for page in ec2.get_paginator("describe_instances").paginate():
        for reservation in page["Reservations"]:
            for instance in reservation["Instances"]:
                instances[instance["InstanceId"]] = (instance, reservation["OwnerId"])
    subnets = pages(ec2, "describe_subnets", "Subnets")
    subnets = {subnet["SubnetId"]: subnet for subnet in subnets}
    rows = []
    for interface in pages(ec2, "describe_network_interfaces", "NetworkInterfaces"):
        owner = interface.get("Attachment", {}).get("InstanceId")
        if owner in instances:
            instance, account = instances[owner]
            whose = of_instance(instance, account, region)
            rows.append(whose | row(interface, subnets[interface["SubnetId"]]))
    answer(sorted(rows, key=order))


def pages(ec2, operation, key):
    paginator = ec2.get_paginator(operation)
    return [one for page in paginator.paginate() for one in page[key]]


def order(row):
    name = row["name"]
    card, device = row["network_card"] or 0, row["device"]
    return (name is not None, name or "", row["instance_id"], card, device, row["id"])


def of_instance(instance, account, region):
    tags = {tag["Key"]: tag["Value"] for tag in instance.get("Tags", [])}
    return {
        "name": tags.get("Name") or None,
        "instance_id": instance["InstanceId"],
        "instance_state": instance["State"]["Name"],
        "account": account,
        "region": region,
    }


def row(interface, subnet):
    attachment = interface["Attachment"]
    addresses = sorted(
        interface.get("PrivateIpAddresses", []), key=lambda one: not one["Primary"]
    )
    public = [one.get("Association", {}).get("PublicIp") for one in addresses]
    blocks = subnet.get("Ipv6CidrBlockAssociationSet", [])
    prefixes = [one["Ipv4Prefix"] for one in interface.get("Ipv4Prefixes", [])]
    prefixes += [one["Ipv6Prefix"] for one in interface.get("Ipv6Prefixes", [])]
    return {
        "network_card": attachment.get("NetworkCardIndex"),
        "device": attachment["DeviceIndex"],
        "id": interface["NetworkInterfaceId"],
        "private_ips": [one["PrivateIpAddress"] for one in addresses],
        "public_ips": [one for one in public if one],
        "addresses": [
            {"private_ip": one["PrivateIpAddress"], "public_ip": outside or None}
            for one, outside in zip(addresses, public)
        ],
        "ipv6_addresses": [
            one["Ipv6Address"] for one in interface.get("Ipv6Addresses", [])
        ],
        "prefixes": prefixes,
        "subnet": interface["SubnetId"],
        "subnet_cidr": subnet.get("CidrBlock") or None,
        "subnet_ipv6_cidrs": [block["Ipv6CidrBlock"] for block in blocks],
        "vpc": interface["VpcId"],
        "az": interface["AvailabilityZone"],
        "security_groups": [
            {"id": group["GroupId"], "name": group["GroupName"]}
            for group in interface["Groups"]
        ],
        "mac": interface.get("MacAddress") or None,
        "status": interface["Status"],
        "type": interface.get("InterfaceType") or None,
        "attachment": attachment.get("Status") or None,
        "attached_at": time(attachment.get("AttachTime")),
        "delete_on_termination": attachment.get("DeleteOnTermination"),
        "source_dest_check": interface.get("SourceDestCheck"),
        "description": interface.get("Description") or None,
    }


def time(moment):
    return moment and moment.strftime("%Y-%m-%dT%H:%M:%SZ")


if __name__ == "__main__":
    main()
