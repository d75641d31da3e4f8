"""A worker of a sweep: a plan on standard input, then ranges, and their rows on standard output.

Where its input ends it ends too, so that it never outlives whoever started it by more than a range.
"""

from __future__ import annotations

import os
import pickle
import sys

from vrrplab.errors import VrrplabError
from vrrplab.sweeping.columns import Row
from vrrplab.sweeping.executors import pickle_to, unpickled
from vrrplab.sweeping.ranges import rows_of


def main() -> None:
    """Answer until nobody asks."""
    tasks, results = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever prints is not an answer
    try:
        plan = unpickled(tasks)
        while True:
            start, stop = unpickled(tasks)
            answer: list[Row] | str
            try:
                answer = rows_of(plan, start, stop)
            except VrrplabError as error:
                answer = str(error)
            pickle_to(results, pickle.dumps(answer))
    except (EOFError, BrokenPipeError):
        os._exit(0)


if __name__ == "__main__":
    main()
