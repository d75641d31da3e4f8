"""The arguments that name the files of all nodes, shared by the commands that take a whole cluster."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vrrplab.scenario.nodes import Node


def add_node_arguments(parser: argparse.ArgumentParser, *, several: bool = True) -> None:
    """FILE…, and whose behaviour the daemons have."""
    parser.add_argument(
        "file",
        metavar="FILE",
        nargs="+" if several else 1,
        help="the keepalived.conf files of one cluster, one a node",
    )
    parser.add_argument(
        "--profile",
        default="keepalived-2.2.7",
        help="whose behaviour the daemons have (default: %(default)s)",
    )


def nodes_of(args: argparse.Namespace) -> tuple[Node, ...]:
    """The nodes that were named."""
    from vrrplab.scenario.nodes import read_nodes

    return read_nodes(args.file, profile=args.profile)
