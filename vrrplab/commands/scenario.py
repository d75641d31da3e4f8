"""``scenario``: the scenario that is laid out from keepalived.conf files, as YAML, with what was assumed."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from functools import partial

from vrrplab.commands.guide import Example, Guide
from vrrplab.commands.node_arguments import add_node_arguments, nodes_of
from vrrplab.errors import VrrplabError
from vrrplab.output.files import OutputName, replaced_text
from vrrplab.output.printable import escaped, printable
from vrrplab.output.terminal import print_file
from vrrplab.scenario.from_configs import assumptions, scenario_of_nodes
from vrrplab.scenario.model import Scenario, written
from vrrplab.scenario.nodes import Node
from vrrplab.scenario.reader import builtin_scenarios
from vrrplab.scenario.schema import MODELINE
from vrrplab.scenario.writer import config_as_text, config_from_folder
from vrrplab.tell.words import wrap

ENDING = "What happens is yours to add under actions, e.g."

_CONFIGS = ("configs/article/proxy-serv01.conf", "configs/article/proxy-serv02.conf")

GUIDES = {
    "": Guide(
        (
            Example(
                "vrrplab scenario proxy-serv01.conf proxy-serv02.conf",
                "which networks, addresses and clients are assumed for these files",
                files=_CONFIGS,
            ),
            Example(
                "vrrplab scenario *.conf --out mine.yaml && vrrplab simulate mine.yaml",
                "into a file, to which you add what happens",
                files=_CONFIGS,
            ),
            Example(
                "vrrplab scenario *.conf --text | vrrplab simulate - --format log",
                "with the configurations in it, so that it is whole wherever it goes",
                files=_CONFIGS,
            ),
        ),
    )
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_node_arguments(parser, running=False)
    parser.add_argument(
        "--text",
        action="store_true",
        help="with the configurations' text in it (config: |), so that it is one file",
    )
    parser.add_argument(
        "--out", metavar="FILE", type=OutputName, help="write there instead of to the terminal"
    )


def run(args: argparse.Namespace) -> int:
    for name in args.file:
        if name.endswith((".yaml", ".yml")) or name in builtin_scenarios():
            raise VrrplabError(f"{name} is a scenario already: name the keepalived.conf files of a cluster")
    nodes = nodes_of(args)
    scenario = scenario_of_nodes(nodes, args.profile)
    if not scenario.segments:
        raise VrrplabError(
            f"{', '.join(node.path for node in nodes)}: no vrrp_instance with an interface, so there is no"
            " network to lay out; vrrplab simulate says what the daemon makes of it"
        )
    named = config_as_text if args.text else partial(config_from_folder, folder=_folder(args.out))
    text = _head(scenario, nodes) + written(scenario, named)
    if args.out:
        with replaced_text(args.out) as file:
            file.write(escaped(text, tabs=True))
    else:
        print_file(text)
    return 0


def _folder(out: str | None) -> str:
    """Where the scenario will lie; what goes to a terminal or a pipe is meant for the current folder."""
    if not out or (os.path.exists(out) and not os.path.isfile(out)):
        return ""
    return os.path.dirname(out)


def _head(scenario: Scenario, nodes: Sequence[Node]) -> str:
    """Comments: what an editor wants to know, and what was assumed."""
    lines = [MODELINE]
    files = [node.path for node in nodes]
    made = f"Made by vrrplab scenario from {', '.join(files)}. No file says the following, so it is assumed:"
    server = next(iter(scenario.servers.values()))
    for text, indent in ((made, ""), *((one, "- ") for one in assumptions(scenario, nodes)), (ENDING, "")):
        first, *others = wrap(printable(text), 100)
        lines += [f"# {indent}{first}", *(f"# {' ' * len(indent)}{line}" for line in others)]
    lines.append(f"# - {{at_s: 20, action: daemon_stop, server: {printable(server.name)}}}")
    return "\n".join(lines) + "\n"
