"""Filters: what the server chooses is what Python chooses from everything.

A filter's values are read off the parsed answers and made into patterns; fnmatch
then says which instances have one that matches.
"""

import fnmatch

from judges.bench import collect
from judges.filter_values import INSTANCE, INTERFACE, SUBNET, tag_values

# Values of each filter that are tried, of all that its fleet has.
MOST_VALUES = 2


def judge(bench):
    ec2 = bench.client("ec2")
    subjects = [
        ("describe_instances", "Instances", "InstanceId", INSTANCE),
        ("describe_network_interfaces", "NetworkInterfaces", "NetworkInterfaceId", INTERFACE),
        ("describe_subnets", "Subnets", "SubnetId", SUBNET),
    ]  # fmt: skip
    for operation, key, name, values in subjects:
        Subject(bench, ec2, operation, key, name, values).judge()


class Subject:
    def __init__(self, bench, client, operation, key, name, values):
        self.bench = bench
        self.client = client
        self.operation, self.key, self.name = operation, key, name
        self.values = values
        (self.all,) = collect(client, operation, key)

    def judge(self):
        for name, read in self.values.items():
            self.judge_filter(name, read)
        self.judge_tags()
        self.judge_together()

    def judge_filter(self, name, read):
        found = sorted({value for one in self.all for value in read(one)})
        some = found[:: max(1, len(found) // MOST_VALUES)][:MOST_VALUES]
        for patterns in [["*"], ["no such value"], [""], *map(patterns_of, some)]:
            self.compare({name: patterns}, {name: read})
        if len(some) > 1:
            self.compare({name: some}, {name: read})

    def judge_tags(self):
        keys = {tag["Key"] for one in self.all for tag in one.get("Tags", [])}
        for key in sorted(keys):
            self.judge_filter(f"tag:{key}", tag_values(key))

    def judge_together(self):
        """Several filters, of which all must hold."""
        names = [name for name in self.values if any(map(self.values[name], self.all))]
        for first, second in zip(names, names[3:] + names[:3]):
            one = next(one for one in self.all if self.values[first](one))
            asked = {first: [self.values[first](one)[0][:4] + "*"], second: ["*"]}
            self.compare(asked, self.values)

    def compare(self, asked, readers):
        filters = [{"Name": name, "Values": values} for name, values in asked.items()]
        (page,) = collect(self.client, self.operation, self.key, Filters=filters)
        found = [one[self.name] for one in page]
        expected = [
            one[self.name]
            for one in self.all
            if all(matches(readers[name](one), asked[name]) for name in asked)
        ]
        what = f"{self.operation} {asked}"
        self.bench.equal(set(found) - set(expected), set(), f"{what}: too many")
        self.bench.equal(set(expected) - set(found), set(), f"{what}: too few")
        self.bench.check(len(found) == len(set(found)), f"{what}: twice")


def patterns_of(value):
    """Ways to mean a value, and ways to miss it narrowly."""
    middle = len(value) // 2
    return [
        literal(value),
        literal(value[:middle]) + "*",
        "*" + literal(value[middle:]),
        literal(value[:-1]) + "?",
        literal(value) + "?",
        literal(value.swapcase()) + "-",
    ]


def literal(text):
    """A pattern that matches this text alone."""
    return "".join("\\" + letter if letter in "*?\\" else letter for letter in text)


def matches(values, patterns):
    translated = [translate(pattern) for pattern in patterns]
    return any(fnmatch.fnmatchcase(value, one) for value in values for one in translated)


def translate(pattern):
    """An EC2 pattern as fnmatch writes it: a backslash becomes a set of one."""
    letters = iter(pattern)
    return "".join(
        f"[{next(letters)}]" if letter == "\\" else "[[]" if letter == "[" else letter
        for letter in letters
    )
