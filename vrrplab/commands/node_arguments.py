"""The arguments that name the files of all nodes, shared by the commands that take a whole cluster."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

from vrrplab.errors import VrrplabError

if TYPE_CHECKING:
    from vrrplab.scenario.model import Scenario
    from vrrplab.scenario.nodes import Node

_PROFILE = "keepalived-2.2.7"


def add_node_arguments(
    parser: argparse.ArgumentParser, *, or_scenario: bool = False, running: bool = True
) -> None:
    """FILE…, the other ways to name nodes, and whose behaviour the daemons have.

    ``or_scenario``: FILE may be a scenario too, which says itself whose behaviour it is (None, then).
    ``running``: a command that looks at what daemons run now.
    """
    scenario = "; or a scenario: a file, or the name of a built-in one" if or_scenario else ""
    own = "the scenario's, or " if or_scenario else ""
    parser.add_argument(
        "file",
        metavar="FILE",
        nargs="*",
        help="the keepalived.conf files of one cluster, one a node; of a folder its keepalived.conf,"
        f" or its *.conf{scenario}",
    )
    add_node_options(parser)
    if running:
        parser.add_argument(
            "--running",
            metavar="[NODE=]FILE",
            action="append",
            default=[],
            help="what a node's keepalived writes about itself: kill -USR1 makes it write"
            " /tmp/keepalived.data",
        )
    parser.add_argument(
        "--profile",
        default=None if or_scenario else _PROFILE,
        help=f"whose behaviour the daemons have (default: {own}{_PROFILE})",
    )


def add_node_options(parser: argparse.ArgumentParser) -> None:
    """The other ways to name nodes, and their addresses: for a command with a FILE… of its own."""
    parser.add_argument(
        "--node",
        metavar="NAME=FILE",
        action="append",
        default=[],
        help="a node with a name of its own, which is also what @NAME lines are compared with",
    )
    parser.add_argument(
        "--inventory",
        metavar="DIR",
        action="append",
        default=[],
        help="a node for each DIR/HOST/**/keepalived.conf, called as HOST",
    )
    parser.add_argument(
        "--addresses",
        metavar="[NODE=]FILE",
        action="append",
        default=[],
        help="a node's real addresses: what ip -j addr prints there; without NODE= the file is called as"
        " the node",
    )


def nodes_of(args: argparse.Namespace, files: Sequence[str] | None = None) -> tuple[Node, ...]:
    """The nodes that were named. ``files``: where FILE… is called otherwise."""
    from vrrplab.scenario.node_files import node_files
    from vrrplab.scenario.nodes import nodes_from

    found = node_files(args.file if files is None else files, args.node, args.inventory)
    running = getattr(args, "running", ())
    return nodes_from(found, addresses=args.addresses, running=running, profile=args.profile or _PROFILE)


def names_nodes(args: argparse.Namespace, files: Sequence[str]) -> bool:
    """Are nodes meant, and not scenarios? VrrplabError: both.

    ``files``: what was named without an option; one that is neither by its name is looked into.
    """
    from vrrplab.scenario.mistaken_files import is_config, is_scenario

    scenarios = [name for name in files if name == "-" or is_scenario(name)]
    given = bool(args.node or args.inventory)
    others = [name for name in files if name not in scenarios]
    if scenarios and (given or args.addresses or any(map(_is_of_a_node, others))):
        raise VrrplabError(f"{scenarios[0]} is a scenario: name it alone, or the keepalived.conf files alone")
    if scenarios:
        return False
    # What is no regular file can be read once only.
    if args.addresses and not files:
        return True  # nodes_of says what is missing
    return given or any(_is_of_a_node(name) or (os.path.isfile(name) and is_config(name)) for name in others)


def cluster_of(args: argparse.Namespace, files: Sequence[str]) -> Scenario:
    """The scenario that the nodes' files make."""
    from vrrplab.scenario.from_configs import scenario_of_nodes

    return scenario_of_nodes(nodes_of(args, files), args.profile or _PROFILE)


def scenario_of(args: argparse.Namespace, files: Sequence[str]) -> Scenario:
    """The one scenario that was named, or that the nodes' files make. VrrplabError: there are several."""
    if not files or names_nodes(args, files):
        return cluster_of(args, files)
    from vrrplab.scenario.reader import load_scenario, scenario_from_stdin

    name, *more = files
    if more:
        raise VrrplabError(f"{name} is a scenario: name it alone")
    return (
        scenario_from_stdin(profile=args.profile)
        if name == "-"
        else load_scenario(name, profile=args.profile)
    )


def _is_of_a_node(name: str) -> bool:
    is_recording = os.path.exists(os.path.join(name, "scenario.yaml"))  # a folder that is a scenario
    return name.endswith(".conf") or (os.path.isdir(name) and not is_recording)
