"""``vrrplab doctor``: what works on this machine, and what would help where something does not."""

from __future__ import annotations

import argparse

from vrrplab.commands.guide import Example, Guide
from vrrplab.errors import LiveError
from vrrplab.output.printable import printable
from vrrplab.output.text_columns import padded
from vrrplab.output.text_columns import width as columns_of

GUIDES = {
    "": Guide(
        (
            Example("vrrplab doctor", "everything, and what would help where something does not work"),
            Example(
                "vrrplab doctor --need raw-sockets && echo yes",
                "in a script: can this user open raw sockets?",
                needs=("root",),
            ),
            Example("vrrplab doctor --format jsonl", "for other programs: a line of JSON for each thing"),
        ),
        {1: "--need: it does not work"},
    )
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--need",
        action="append",
        default=[],
        metavar="THING",
        help="only this, and exit code 1 if it does not work; may be given several times",
    )
    parser.add_argument(
        "--format", choices=("text", "jsonl"), default="text", help="how to tell it (default: text)"
    )


def run(args: argparse.Namespace) -> int:
    from vrrplab.system.descriptors import require_descriptors

    require_descriptors()
    from vrrplab.system import doctor

    unknown = [name for name in args.need if name not in doctor.possible()]
    if unknown:
        raise LiveError(
            f"--need {unknown[0]}: not a thing doctor knows; it knows {', '.join(doctor.possible())}"
        )
    findings = doctor.examine(args.need or None)
    if args.format == "jsonl":
        import json

        for finding in findings:
            print(json.dumps(finding._asdict()))
    else:
        _print_table(findings)
        if not args.need:
            print()
            for sentence in doctor.advice(findings):
                print(sentence)
    return 1 if args.need and not all(finding.ok for finding in findings) else 0


def _print_table(findings: list) -> None:  # type: ignore[type-arg]
    width = max(columns_of(finding.name) for finding in findings)
    for finding in findings:
        mark = "yes" if finding.ok else "no "
        print(f"{padded(finding.name, width)}  {mark}  {printable(finding.detail)}")
        if finding.cure:
            print(f"{'':{width}}       -> {printable(finding.cure)}")
