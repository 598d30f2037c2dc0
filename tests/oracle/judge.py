"""Lets boto3 and botocore judge the sandbox: one subject a run, named on the command line.

Answers how many checks were made and which of them did not hold.
"""

import sys

from common import answer, read_request
from judges import agents, errors, faults, filters, identities, pages
from judges.bench import Bench

SUBJECTS = {
    "agents": agents.judge,
    "errors": errors.judge,
    "faults": faults.judge,
    "filters": filters.judge,
    "identities": identities.judge,
    "pages": pages.judge,
}


def main():
    bench = Bench(read_request())
    SUBJECTS[sys.argv[1]](bench)
    answer({"checks": bench.checks, "failures": bench.failures})


if __name__ == "__main__":
    main()
