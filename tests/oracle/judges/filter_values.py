"""Where the values of a filter are found in a parsed answer, as EC2 documents them."""


def tag_values(key):
    """The values of one tag, which may be empty."""
    return lambda one: [tag["Value"] for tag in one.get("Tags", []) if tag["Key"] == key]


def at(*path):
    """What stands at a path; a list on the way means each of its elements."""

    def read(one):
        found = [one]
        for step in path:
            found = [value for thing in found for value in children(thing, step)]
        return [text(value) for value in found if value != ""]

    return read


def description(one):
    """Interfaces have one, be it empty; elsewhere an empty text stands for nothing."""
    return [one["Description"]]


def children(thing, step):
    value = thing.get(step)
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def text(value):
    if isinstance(value, bool):
        return "true" if value else "false"
    if hasattr(value, "strftime"):
        return value.strftime("%Y-%m-%dT%H:%M:%S.000Z")
    return str(value)


def never(_):
    return []


INTERFACE = {
    "addresses.association.public-ip": at("PrivateIpAddresses", "Association", "PublicIp"),
    "addresses.primary": at("PrivateIpAddresses", "Primary"),
    "addresses.private-ip-address": at("PrivateIpAddresses", "PrivateIpAddress"),
    "association.public-dns-name": at("Association", "PublicDnsName"),
    "association.public-ip": at("Association", "PublicIp"),
    "attachment.attachment-id": at("Attachment", "AttachmentId"),
    "attachment.device-index": at("Attachment", "DeviceIndex"),
    "attachment.instance-id": at("Attachment", "InstanceId"),
    "attachment.instance-owner-id": at("Attachment", "InstanceOwnerId"),
    "attachment.network-card-index": at("Attachment", "NetworkCardIndex"),
    "attachment.status": at("Attachment", "Status"),
    "availability-zone": at("AvailabilityZone"),
    "description": description,
    "group-id": at("Groups", "GroupId"),
    "group-name": at("Groups", "GroupName"),
    "interface-type": at("InterfaceType"),
    "ipv6-addresses.ipv6-address": at("Ipv6Addresses", "Ipv6Address"),
    "mac-address": at("MacAddress"),
    "network-interface-id": at("NetworkInterfaceId"),
    "owner-id": at("OwnerId"),
    "private-dns-name": at("PrivateDnsName"),
    "private-ip-address": at("PrivateIpAddress"),
    "requester-managed": at("RequesterManaged"),
    "source-dest-check": at("SourceDestCheck"),
    "status": at("Status"),
    "subnet-id": at("SubnetId"),
    "vpc-id": at("VpcId"),
}

# Those of an instance's interfaces that an answer to DescribeInstances shows.
OF_INTERFACES = {
    "addresses.association.public-ip": at("PrivateIpAddresses", "Association", "PublicIp"),
    "addresses.primary": at("PrivateIpAddresses", "Primary"),
    "addresses.private-ip-address": at("PrivateIpAddresses", "PrivateIpAddress"),
    "association.public-ip": at("Association", "PublicIp"),
    "attachment.attachment-id": at("Attachment", "AttachmentId"),
    "attachment.device-index": at("Attachment", "DeviceIndex"),
    "attachment.network-card-index": at("Attachment", "NetworkCardIndex"),
    "description": description,
    "group-id": at("Groups", "GroupId"),
    "group-name": at("Groups", "GroupName"),
    "ipv4-prefixes.ipv4-prefix": at("Ipv4Prefixes", "Ipv4Prefix"),
    "ipv6-addresses.ipv6-address": at("Ipv6Addresses", "Ipv6Address"),
    "ipv6-prefixes.ipv6-prefix": at("Ipv6Prefixes", "Ipv6Prefix"),
    "mac-address": at("MacAddress"),
    "network-interface-id": at("NetworkInterfaceId"),
    "owner-id": at("OwnerId"),
    "private-dns-name": at("PrivateDnsName"),
    "private-ip-address": at("PrivateIpAddress"),
    "status": at("Status"),
    "subnet-id": at("SubnetId"),
    "vpc-id": at("VpcId"),
}


def of_interfaces(read):
    return lambda one: [value for each in one["NetworkInterfaces"] for value in read(each)]


INSTANCE = {
    "affinity": at("Placement", "Affinity"),
    "architecture": at("Architecture"),
    "availability-zone": at("Placement", "AvailabilityZone"),
    "availability-zone-id": at("Placement", "AvailabilityZoneId"),
    "block-device-mapping.device-name": at("BlockDeviceMappings", "DeviceName"),
    "block-device-mapping.volume-id": at("BlockDeviceMappings", "Ebs", "VolumeId"),
    "dns-name": at("PublicDnsName"),
    "hypervisor": at("Hypervisor"),
    "iam-instance-profile.arn": at("IamInstanceProfile", "Arn"),
    "iam-instance-profile.id": at("IamInstanceProfile", "Id"),
    "image-id": at("ImageId"),
    "instance-id": at("InstanceId"),
    "instance-lifecycle": at("InstanceLifecycle"),
    "instance-state-code": at("State", "Code"),
    "instance-state-name": at("State", "Name"),
    "instance-type": at("InstanceType"),
    "instance.group-id": at("SecurityGroups", "GroupId"),
    "instance.group-name": at("SecurityGroups", "GroupName"),
    "ip-address": at("PublicIpAddress"),
    "ipv6-address": at("Ipv6Address"),
    "kernel-id": never,
    "key-name": at("KeyName"),
    "launch-index": at("AmiLaunchIndex"),
    "launch-time": at("LaunchTime"),
    "monitoring-state": at("Monitoring", "State"),
    "placement-group-name": at("Placement", "GroupName"),
    "platform": at("Platform"),
    "platform-details": at("PlatformDetails"),
    "private-dns-name": at("PrivateDnsName"),
    "private-ip-address": at("PrivateIpAddress"),
    "product-code": at("ProductCodes", "ProductCodeId"),
    "ramdisk-id": never,
    "root-device-name": at("RootDeviceName"),
    "root-device-type": at("RootDeviceType"),
    "source-dest-check": at("SourceDestCheck"),
    "spot-instance-request-id": at("SpotInstanceRequestId"),
    "state-reason-code": at("StateReason", "Code"),
    "subnet-id": at("SubnetId"),
    "tag-key": at("Tags", "Key"),
    "tenancy": at("Placement", "Tenancy"),
    "usage-operation": at("UsageOperation"),
    "virtualization-type": at("VirtualizationType"),
    "vpc-id": at("VpcId"),
} | {
    f"network-interface.{name}": of_interfaces(read)
    for name, read in OF_INTERFACES.items()
}

SUBNET = {
    "availability-zone": at("AvailabilityZone"),
    "availability-zone-id": at("AvailabilityZoneId"),
    "available-ip-address-count": at("AvailableIpAddressCount"),
    "cidr-block": at("CidrBlock"),
    "default-for-az": at("DefaultForAz"),
    "ipv6-cidr-block-association.ipv6-cidr-block": at(
        "Ipv6CidrBlockAssociationSet", "Ipv6CidrBlock"
    ),
    "map-public-ip-on-launch": at("MapPublicIpOnLaunch"),
    "owner-id": at("OwnerId"),
    "state": at("State"),
    "subnet-arn": at("SubnetArn"),
    "subnet-id": at("SubnetId"),
    "tag-key": at("Tags", "Key"),
    "vpc-id": at("VpcId"),
}
