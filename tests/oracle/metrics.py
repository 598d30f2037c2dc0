"""Reads the text that is offered to Prometheus, which is all of standard input.

Answers every family with its type, its help and its samples.
"""

import sys

from prometheus_client.parser import text_string_to_metric_families

from common import answer


def main():
    text = sys.stdin.buffer.read().decode("utf-8")
    families = [
        {
            "name": family.name,
            "type": family.type,
            "help": family.documentation,
            "samples": [
                {"name": sample.name, "labels": sample.labels, "value": str(sample.value)}
                for sample in family.samples
            ],
        }
        for family in text_string_to_metric_families(text)
    ]
    answer(families)


if __name__ == "__main__":
    main()
