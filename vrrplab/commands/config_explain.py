"""``vrrplab config explain``: what a rule of ``config check`` means, or which rules there are."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import TYPE_CHECKING

from vrrplab.commands.guide import Example, Guide

if TYPE_CHECKING:
    from vrrplab.rules.model import Rule

HELP = "what a rule of config check means"
DESCRIPTION = (
    "Tell what a rule of config check means, with an example and the run that shows it; or list all."
)
GUIDE = Guide(
    (
        Example("vrrplab config explain V025", "what is wrong, why, and what to write"),
        Example("vrrplab config explain V025 --run", "and the run that shows it"),
        Example("vrrplab config explain", "all rules, a line each"),
    )
)
_WIDTH = 80


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("rule", metavar="RULE", nargs="?", help="its number, like V020; without: all rules")
    parser.add_argument("--run", action="store_true", help="the run that shows it, on the bad example")


def run(args: argparse.Namespace) -> int:
    from vrrplab.errors import VrrplabError
    from vrrplab.rules.table import RULES, rule_named

    if args.rule is None:
        if args.run:
            raise VrrplabError("--run shows a rule's run: name the rule, like V020")
        for rule in RULES.values():
            print(f"{rule.id} {rule.severity:<7} {rule.name}")
        return 0
    rule = rule_named(args.rule)
    print("\n".join(_explained(rule)))
    if args.run:
        from vrrplab.commands.rule_story import story_of
        from vrrplab.output.text_columns import wrap

        story = story_of(rule)
        print("\n" + "\n".join(wrap(story.heading, _WIDTH)) + "\n")
        print(story.table)
    return 0


def _explained(rule: Rule) -> Iterator[str]:
    from vrrplab.output.text_columns import wrap

    yield f"{rule.id} {rule.severity}: {rule.name}"
    for text in (rule.what, rule.why, f"Cure: {rule.cure}", f"Source: {rule.source}"):
        yield ""
        yield from wrap(text, _WIDTH)
    for title, texts in (("Found in", rule.bad), ("Not found in", rule.good)):
        for name, text in texts.items():
            yield from ("", f"{title} {name}.conf:", "")
            yield from (f"    {line}" for line in text.rstrip("\n").split("\n"))
