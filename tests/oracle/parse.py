"""Reads a printed list with a parser that is not ours, and gives it back as JSON."""

import csv
import io
import json
import sys

import yaml

from common import answer


def read_csv(text, **options):
    return list(csv.DictReader(io.StringIO(text, newline=""), strict=True, **options))


def read_tsv(text):
    options = {"delimiter": "\t", "quoting": csv.QUOTE_NONE}
    rows = read_csv(text, **options)
    return [{key: unescape(value) for key, value in row.items()} for row in rows]


def unescape(field):
    """The escapes of one field: \\t, \\n, \\r, \\\\ and \\u{…}."""
    read, rest = [], field
    while rest:
        before, mark, rest = rest.partition("\\")
        read.append(before)
        if not mark:
            break
        letter, rest = rest[0], rest[1:]
        if letter == "u":
            code, _, rest = rest.removeprefix("{").partition("}")
            read.append(chr(int(code, 16)))
        else:
            read.append({"t": "\t", "n": "\n", "r": "\r", "\\": "\\"}[letter])
    return "".join(read)


def read_jsonl(text):
    return [json.loads(line) for line in text.removesuffix("\n").split("\n")]


READERS = {
    "csv": read_csv,
    "tsv": read_tsv,
    "json": json.loads,
    "jsonl": read_jsonl,
    "yaml": yaml.safe_load,
}


def main():
    text = sys.stdin.buffer.read().decode("utf-8")
    # A time that YAML reads as one is printed as the text it was.
    yaml.SafeLoader.add_constructor(
        "tag:yaml.org,2002:timestamp", lambda loader, node: {"timestamp": node.value}
    )
    answer(READERS[sys.argv[1]](text))


if __name__ == "__main__":
    main()
