"""Fills moto: two regions, a second account, one instance in each reservation.

One each, because moto counts pages in reservations. Names and tags are those
that break quoting: what a list prints must still be read back as they are.
"""

from common import answer, assume, client, read_request

NAMES = [
    "web-01",
    "web-01",
    "Web-01",
    "büro-été",
    "東京-1",
    "👩‍💻 shell",
    'say "hi"',
    "it's",
    "a,b;c|d",
    "back\\slash",
    "tab\there",
    "two\nlines",
    " padded ",
    "<b>&amp;</b>",
    "]]>",
    "\u202eright to left",
    "next\u0085line\u2028separator",
    "null",
    "~",
    "yes",
    "No",
    "1e3",
    "0x1f",
    "012",
    "2026-11-23",
    "- dash",
    "# hash",
    "key: value",
    "!tag",
    "&anchor",
    "*alias",
    "{flow}",
    "[flow]",
    "%directive",
    "@at",
    "`tick`",
    "=1+1",
    "'",
    '"',
    "---",
    ".inf",
    "x" * 255,
    "",
    None,
]
TAGS = [
    {"Team": "web", "Stage": "live"},
    {"Team": "web", "Stage": "test"},
    {"Team": "Web"},
    {"Team": "größe", "Kosten Stelle": "4711"},
    {"Team": "", "Empty": ""},
    {"Team": "a,b=c", "K=V": "x=y", "comma,key": "1"},
    {"team": "web"},
    {"aws-like:owner": "*", "glob?": "w*b"},
    {},
]
TYPES = ["t3.micro", "m5.large", "c7g.xlarge", "r6i.24xlarge", "u-6tb1.112xlarge"]


def main():
    request = read_request()
    endpoint, keys = request["endpoint"], request["keys"]
    other = assume(endpoint, "us-east-1", keys, request["role"])
    answer(
        {
            "home": Region(endpoint, "us-east-1", keys).fill(len(NAMES) * 2),
            "away": Region(endpoint, "eu-central-1", keys).fill(9),
            "other": Region(endpoint, "us-east-1", other).fill(7),
        }
    )


class Region:
    """One region of one account, and what instances there can be made of."""

    def __init__(self, endpoint, name, keys):
        self.ec2 = client("ec2", endpoint, name, keys)
        self.iam = client("iam", endpoint, name, keys)
        self.name = name
        self.images = self.pick_images()
        self.subnets = self.make_subnets()
        self.groups = self.make_groups()
        self.keys = self.make_keys()

    def fill(self, count):
        """Launches `count` instances; every seventh is stopped, every tenth terminated."""
        ids = [self.launch(number) for number in range(count)]
        self.ec2.stop_instances(InstanceIds=ids[3::7])
        self.ec2.terminate_instances(InstanceIds=ids[5::10])
        return ids

    def pick_images(self):
        found = self.ec2.describe_images()["Images"]
        first = {}
        for image in found:
            first.setdefault((image["Architecture"], image.get("Platform")), image)
        return [image["ImageId"] for image in first.values()]

    def make_subnets(self):
        vpc = self.ec2.create_vpc(CidrBlock="10.20.0.0/16")["Vpc"]["VpcId"]
        self.vpc = vpc
        subnets = []
        for number, zone in enumerate("ab"):
            made = self.ec2.create_subnet(
                VpcId=vpc,
                CidrBlock=f"10.20.{number}.0/24",
                AvailabilityZone=f"{self.name}{zone}",
            )
            subnets.append(made["Subnet"]["SubnetId"])
        self.ec2.modify_subnet_attribute(
            SubnetId=subnets[0], MapPublicIpOnLaunch={"Value": True}
        )
        return subnets

    def make_groups(self):
        return [
            self.ec2.create_security_group(
                GroupName=name, Description="made for a test", VpcId=self.vpc
            )["GroupId"]
            for name in ["web", 'data "base", private']
        ]

    def make_keys(self):
        for name in ["ops", "schlüssel"]:
            self.ec2.create_key_pair(KeyName=name)
        for name, path in [("web", "/"), ("data", "/team/stores/")]:
            # IAM has no regions; the second region finds them made.
            try:
                self.iam.create_instance_profile(InstanceProfileName=name, Path=path)
            except self.iam.exceptions.EntityAlreadyExistsException:
                pass
        return ["ops", "schlüssel", None]

    def launch(self, number):
        def turn(choices, step=1):
            return choices[number // step % len(choices)]

        tags = dict(turn(TAGS))
        if turn(NAMES) is not None:
            tags["Name"] = turn(NAMES)
        options = {
            "ImageId": turn(self.images),
            "InstanceType": turn(TYPES),
            "SubnetId": turn(self.subnets),
            "SecurityGroupIds": turn([self.groups, self.groups[:1], self.groups[1:]], 2),
        }
        if turn(self.keys):
            options["KeyName"] = turn(self.keys)
        if tags:
            pairs = [{"Key": key, "Value": value} for key, value in tags.items()]
            options["TagSpecifications"] = [{"ResourceType": "instance", "Tags": pairs}]
        if number % 5 == 1:
            options["InstanceMarketOptions"] = {"MarketType": "spot"}
        profile = turn(["web", "data", None], 3)
        if profile:
            options["IamInstanceProfile"] = {"Name": profile}
        made = self.ec2.run_instances(MinCount=1, MaxCount=1, **options)
        return made["Instances"][0]["InstanceId"]


if __name__ == "__main__":
    main()
