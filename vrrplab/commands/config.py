"""``vrrplab config``: the keepalived.conf files of all nodes together. Each subcommand has its own module."""

from __future__ import annotations

import argparse
from importlib import import_module
from types import ModuleType

from vrrplab.commands.guide import Guide

SUBCOMMANDS = ("show", "check", "explain", "predict", "diff")
"""Each has a module ``config_NAME`` here, with HELP, DESCRIPTION, GUIDE, ``add_arguments`` and ``run``."""


def _module(name: str) -> ModuleType:
    return import_module(f"vrrplab.commands.config_{name}")


GUIDES: dict[str, Guide] = {name: _module(name).GUIDE for name in SUBCOMMANDS}
GUIDES[""] = Guide(
    tuple(guide.examples[0] for guide in GUIDES.values()),
    {1: "; ".join(guide.exits[1] for guide in GUIDES.values() if 1 in guide.exits)},
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    kinds = parser.add_subparsers(dest="what", metavar="|".join(SUBCOMMANDS), required=True)
    for name in SUBCOMMANDS:
        module = _module(name)
        module.add_arguments(kinds.add_parser(name, help=module.HELP, description=module.DESCRIPTION))


def run(args: argparse.Namespace) -> int:
    return int(_module(args.what).run(args))
