"""The arguments that name the files of all nodes, shared by the commands that take a whole cluster."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vrrplab.scenario.nodes import Node


def add_node_arguments(
    parser: argparse.ArgumentParser, *, files: bool = True, or_scenario: bool = False
) -> None:
    """FILE…, the other ways to name nodes, and whose behaviour the daemons have.

    ``files``: False for a command that takes files in another way, and these options besides.
    ``or_scenario``: FILE may be a scenario too, which says itself whose behaviour it is (None, then).
    """
    scenario = "; or a scenario: a file, or the name of a built-in one" if or_scenario else ""
    own = "the scenario's, or " if or_scenario else ""
    profile = "keepalived-2.2.7"
    if files:
        parser.add_argument(
            "file",
            metavar="FILE",
            nargs="*",
            help="the keepalived.conf files of one cluster, one a node; of a folder its keepalived.conf,"
            f" or its *.conf{scenario}",
        )
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
    parser.add_argument(
        "--running",
        metavar="[NODE=]FILE",
        action="append",
        default=[],
        help="what a node's keepalived writes about itself: kill -USR1 makes it write /tmp/keepalived.data",
    )
    parser.add_argument(
        "--profile",
        default=None if or_scenario else profile,
        help=f"whose behaviour the daemons have (default: {own}{profile})",
    )


def nodes_of(args: argparse.Namespace) -> tuple[Node, ...]:
    """The nodes that were named."""
    from vrrplab.scenario.node_files import node_files
    from vrrplab.scenario.nodes import nodes_from

    files = node_files(args.file, args.node, args.inventory)
    return nodes_from(files, addresses=args.addresses, running=args.running, profile=args.profile)
