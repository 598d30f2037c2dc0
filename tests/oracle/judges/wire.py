"""Holds raw answers against botocore's service model.

botocore drops what its model does not name, without a word; here a misspelt
element or a value that no AWS would send is told of.
"""

import json
from xml.etree import ElementTree


# EC2 documents `windows` for an instance's platform and answers so; only the list
# in the model has a capital letter.
BETTER_THAN_THE_MODEL = {"windows"}


class Watch:
    """Checks every answer of a client while it is used."""

    def __init__(self, bench, client):
        self.bench = bench
        service = client.meta.service_model.service_name
        client.meta.events.register(f"before-parse.{service}", self.seen)

    def seen(self, operation_model, response_dict, **_):
        if response_dict["status_code"] != 200:
            return
        shape = operation_model.output_shape
        body = response_dict["body"]
        if operation_model.service_model.metadata["protocol"] == "json":
            self.json(shape, json.loads(body), operation_model.name)
            return
        root = ElementTree.fromstring(body)
        namespace = root.tag.partition("}")[0].removeprefix("{")
        expected = operation_model.service_model.metadata.get("xmlNamespace")
        if expected:
            self.bench.equal(namespace, expected.rstrip("/") + "/", "namespace")
        wrapper = shape.serialization.get("resultWrapper")
        if wrapper:
            root = root.find(f"{{{namespace}}}{wrapper}")
        known = {"requestId"} if not wrapper else set()
        self.xml(shape, root, operation_model.name, known)

    def xml(self, shape, element, path, besides=()):
        if shape.type_name == "structure":
            members = {
                member.serialization.get("name", name): member
                for name, member in shape.members.items()
            }
            seen = set()
            for child in element:
                name = child.tag.partition("}")[2]
                if name in besides:
                    continue
                self.bench.check(name in members, f"{path}: unknown element {name}")
                self.bench.check(name not in seen, f"{path}: {name} comes twice")
                seen.add(name)
                if name in members:
                    self.xml(members[name], child, f"{path}.{name}")
        elif shape.type_name == "list":
            name = shape.member.serialization.get("name", "member")
            for child in element:
                found = child.tag.partition("}")[2]
                self.bench.equal(found, name, f"{path}: element of a list")
                self.xml(shape.member, child, f"{path}[]")
        else:
            self.bench.check(not len(element), f"{path}: has elements")
            self.scalar(shape, element.text or "", path)

    def json(self, shape, value, path):
        if shape.type_name == "structure":
            for name, member in value.items():
                self.bench.check(name in shape.members, f"{path}: unknown member {name}")
                if name in shape.members:
                    self.json(shape.members[name], member, f"{path}.{name}")
        elif shape.type_name == "list":
            for member in value:
                self.json(shape.member, member, f"{path}[]")
        elif shape.type_name == "string":
            self.scalar(shape, value, path)

    def scalar(self, shape, text, path):
        if shape.type_name == "boolean":
            self.bench.check(text in ("true", "false"), f"{path}: {text!r} is no boolean")
        elif shape.type_name in ("integer", "long"):
            self.bench.check(text.lstrip("-").isdigit(), f"{path}: {text!r} is no number")
        elif getattr(shape, "enum", None) and text:
            known = text in shape.enum or text in BETTER_THAN_THE_MODEL
            self.bench.check(known, f"{path}: {text!r} is not in the model")
