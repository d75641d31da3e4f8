"""``vrrplab config check``: what is wrong within and between the files of all nodes."""

from __future__ import annotations

import argparse

from vrrplab.commands.guide import Example, Guide
from vrrplab.commands.node_arguments import add_node_arguments, nodes_of
from vrrplab.output.printable import printable

HELP = "what is wrong within and between the files"
DESCRIPTION = "Tell what is wrong within and between the keepalived.conf files of one cluster."
_CONFIGS = ("configs/article/proxy-serv01.conf", "configs/article/proxy-serv02.conf")
GUIDE = Guide(
    (
        Example(
            "vrrplab config check proxy-serv01.conf proxy-serv02.conf",
            "what is wrong in and between two files",
            files=_CONFIGS,
        ),
    ),
    {1: "an address is lost or doubled by what the files say"},
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_node_arguments(parser)


def run(args: argparse.Namespace) -> int:
    from vrrplab.rules.cluster import Cluster
    from vrrplab.rules.model import Severity
    from vrrplab.rules.table import check

    found = check(Cluster(nodes_of(args), args.profile))
    for finding in found:
        places = " ".join(printable(str(place.source)) for place in finding.places)
        print(f"{finding.rule} {finding.severity} {places}: {printable(finding.message)}")
    return int(any(finding.severity is Severity.ERROR for finding in found))
