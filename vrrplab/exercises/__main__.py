"""``python -m vrrplab.exercises``: a class's results from its files, and the teacher's key.

    python -m vrrplab.exercises [--csv] FILE|FOLDER …     who passed what (--csv: as CSV)
    python -m vrrplab.exercises --key [EXERCISE|LESSON]   the answers, each with a sentence why

Exit code 2 if a file could not be used (the others are printed all the same), or for what there is not.
"""

from __future__ import annotations

import sys

from vrrplab import interrupts
from vrrplab.errors import VrrplabError, did_you_mean
from vrrplab.exercises import class_results
from vrrplab.output.printable import printable
from vrrplab.output.terminal import standard_streams

USAGE = """usage: python -m vrrplab.exercises [--csv] FILE|FOLDER …
       python -m vrrplab.exercises --key [EXERCISE|LESSON]"""
HELP = f"""{USAGE}

Prints who passed which exercise and what was guessed, from the files of a class: vrrplab-results.json,
as results() writes it, or .vrrplab-progress.json. Of a folder, all that are in it.

  --csv       one line a learner and exercise, for a spreadsheet
  --key       the teacher's key instead: of one exercise (04-worst), a lesson (04), or all
  -h, --help  this text

examples:
  python -m vrrplab.exercises collected/
  python -m vrrplab.exercises --csv collected/ > class.csv
  python -m vrrplab.exercises --key 04

exit codes: 0 done, 2 a file could not be used, or a word of the command line"""
OPTIONS = ("--csv", "--key", "--help")


class _UsageError(VrrplabError):
    """What the user typed is no command line we have."""


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
    if any(word in ("-h", "--help") for word in arguments):
        print(HELP)
        return 0
    options = [word for word in arguments if word.startswith("-")]
    words = [word for word in arguments if not word.startswith("-")]
    for option in options:
        if option not in OPTIONS:
            hint = did_you_mean(option, OPTIONS) or f"there are {', '.join(OPTIONS)}"
            raise _UsageError(f"unknown option {option}: {hint}")
    if "--key" in options:
        return _key(words, options)
    if not words:
        print(USAGE, file=sys.stderr)
        return 2
    return _class(words, csv="--csv" in options)


def _key(words: list[str], options: list[str]) -> int:
    from vrrplab.exercises.key import key_text

    if len(words) > 1 or "--csv" in options:
        raise _UsageError("--key takes one exercise or one lesson, and nothing else: --key 04")
    print(key_text(*words))
    return 0


def _class(paths: list[str], csv: bool) -> int:
    results = class_results(paths)
    print(results.to_csv() if csv else results, end="" if csv else "\n")
    if csv:
        for line in results.broken:
            print(f"vrrplab.exercises: {printable(line)}", file=sys.stderr)
    return 2 if results.broken else 0


if __name__ == "__main__":
    interrupts.leave(main(sys.argv[1:]))
