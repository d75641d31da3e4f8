"""``python -m vrrplab.exercises FILE|FOLDER …``: a class's results from its progress files (``--csv``: CSV).

Exit code 2 if a file could not be used; the others are printed all the same.
"""

from __future__ import annotations

import sys

from vrrplab import interrupts
from vrrplab.errors import VrrplabError
from vrrplab.exercises import class_results
from vrrplab.output.printable import printable
from vrrplab.output.terminal import standard_streams

USAGE = "usage: python -m vrrplab.exercises [--csv] FILE|FOLDER …"


def main(arguments: list[str]) -> int:
    """The command; returns its exit code."""
    with standard_streams():
        try:
            with interrupts.raised():
                code = _run(arguments)
                sys.stdout.flush()
            return code
        except (VrrplabError, OSError) as error:
            print(f"vrrplab.exercises: {printable(str(error))}", file=sys.stderr)
            return 2
        except KeyboardInterrupt:
            interrupts.finish()
            print("vrrplab.exercises: interrupted", file=sys.stderr)
            return 130


def _run(arguments: list[str]) -> int:
    paths = [a for a in arguments if a != "--csv"]
    if not paths or any(a in ("-h", "--help") for a in arguments):
        print(f"{USAGE}\nPrints who passed which exercise, from the progress files of a class.")
        return 0 if arguments and paths else 2
    unknown = next((a for a in paths if a.startswith("-")), "")
    if unknown:
        print(f"vrrplab.exercises: unknown option {printable(unknown)}; {USAGE}", file=sys.stderr)
        return 2
    results = class_results(paths)
    print(results.to_csv() if "--csv" in arguments else results, end="" if "--csv" in arguments else "\n")
    if "--csv" in arguments:
        for line in results.broken:
            print(f"vrrplab.exercises: {printable(line)}", file=sys.stderr)
    return 2 if results.broken else 0


if __name__ == "__main__":
    interrupts.leave(main(sys.argv[1:]))
