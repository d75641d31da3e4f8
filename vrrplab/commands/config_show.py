"""``vrrplab config show``: what keepalived will run, with lines, and what the daemon makes of each."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from vrrplab.commands.guide import Example, Guide
from vrrplab.commands.node_arguments import add_node_arguments, nodes_of
from vrrplab.output.text_columns import padded, width, wrap

if TYPE_CHECKING:
    from vrrplab.config.effective import Block, Setting
    from vrrplab.config.model import ConfigWarning, Source
    from vrrplab.scenario.nodes import Node
    from vrrplab.scenario.running import Running

HELP = "what keepalived will run"
DESCRIPTION = (
    "Tell what keepalived will run: every value with its line, and what was corrected, cut, ignored or left"
    " to a default."
)
_CONFIGS = ("configs/article/proxy-serv01.conf", "configs/article/proxy-serv02.conf")
GUIDE = Guide(
    (
        Example(
            "vrrplab config show proxy-serv01.conf",
            "what keepalived makes of a file, line by line",
            files=_CONFIGS[:1],
        ),
        Example(
            "vrrplab config show *.conf --all --log",
            "with every default, and the daemon's own words",
            files=_CONFIGS,
        ),
        Example(
            "vrrplab config show proxy-serv01.conf --json",
            "the same for a program",
            files=_CONFIGS[:1],
        ),
    ),
)

_COLUMNS = 80
_OPTION = 27  # the longest option that is shown without being written has 26
_VALUE = 37


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_node_arguments(parser)
    parser.add_argument(
        "--all", action="store_true", help="also what nobody wrote and is keepalived's default"
    )
    parser.add_argument("--log", action="store_true", help="also the lines that keepalived writes to its log")
    parser.add_argument(
        "--show-passwords",
        action="store_true",
        help="auth_pass as it is; otherwise eight stars stand for it, as in keepalived 2.4's own dump",
    )
    parser.add_argument("--json", action="store_true", help="as JSON, with every value")


def run(args: argparse.Namespace) -> int:
    nodes = nodes_of(args)
    if args.json:
        _print_json(nodes, args.profile, args.show_passwords)
        return 0
    for number, node in enumerate(nodes):
        if number:
            print()
        for line in _told(node, args):
            print(line)
    return 0


def _blocks(node: Node, passwords: bool) -> list[Block]:
    from vrrplab.config.effective import effective

    blocks = effective(node.config, node.addresses)
    return blocks if passwords else [block.masked for block in blocks]


# -- text ----------------------------------------------------------------------------------------------------

_ALWAYS = (
    *("priority", "version", "advert_int", "preempt", "authentication", "mcast_dst_ip"),
    *("interval", "fall", "rise", "weight"),
)
"""What is shown even where it is keepalived's default: everybody asks for it."""


def _told(node: Node, args: argparse.Namespace) -> Iterator[str]:
    head = f"{node.name}: {node.path}, as {args.profile} runs it"
    yield from wrap(head, _COLUMNS)
    yield "=" * min(_COLUMNS, width(head))
    for block in _blocks(node, args.show_passwords):
        yield from _block(block, node.path, args.all)
    if node.running is not None:
        yield from _running(node, node.running)
    said = [warning.log for warning in node.config.warnings if warning.log]
    if args.log and said:
        yield ""
        yield "keepalived's own words at its start:"
        for line in said:
            yield from wrap(line, _COLUMNS, "  ", "    ")


def _block(block: Block, path: str, all_of_it: bool) -> Iterator[str]:
    shown = [s for s in block.settings if all_of_it or not s.usual or s.told or s.option in _ALWAYS]
    if not shown and not block.told:
        return
    yield ""
    if block.kind:
        head = f"{block.kind} {block.name}".rstrip()
        yield from _row(head, "", _place(block.source, path), margin="")
    last = ""
    for setting in shown:
        yield from _setting(setting, path, again=setting.option == last)
        last = setting.option
    yield from _ignored(block.told, path)


def _setting(setting: Setting, path: str, again: bool) -> Iterator[str]:
    place = _place(setting.source, path)
    place = place if place or setting.why else "default"
    told = setting.text if setting.why in ("", setting.text) else f"{setting.text} ({setting.why})"
    yield from _row("" if again else setting.option, told, place)
    for warning in _once(setting.told):
        yield from _sentence(warning, "")


def _row(option: str, value: str, place: str, margin: str = "  ") -> Iterator[str]:
    """OPTION, VALUE, and where it stands, at the right edge; a value that is longer goes on below."""
    room = _COLUMNS - _OPTION - len(margin) - width(place) - 2
    if margin:
        head = margin + padded(option, _OPTION)
        lines = wrap(value, max(room, _VALUE // 2)) or [""]
    else:
        head, lines = option, [""]
    if width(head) > _COLUMNS - width(place) - 1:
        yield from wrap(head, _COLUMNS - width(place) - 1)
        head = ""
    first = head + lines[0]
    yield padded(first, _COLUMNS - width(place)) + place if place else first.rstrip()
    for more in lines[1:]:
        yield margin + " " * _OPTION + more


def _place(source: Source, path: str) -> str:
    """A line, with its file where that is not the node's own."""
    if not source.line:
        return ""
    return str(source.line) if source.file == path else _short(str(source), 30)


def _short(text: str, columns: int) -> str:
    return text if width(text) <= columns else "…" + text[-(columns - 1) :]


def _sentence(warning: ConfigWarning, place: str) -> Iterator[str]:
    told = f"{place}{warning.message}" + (f" - {warning.hint}" if warning.hint else "")
    yield from wrap(told, _COLUMNS, "    ! ", "      ")


def _ignored(told: Iterable[ConfigWarning], path: str) -> Iterator[str]:
    """What is told of other lines of a block; options that vrrplab does not model are one sentence."""
    from vrrplab.config.effective import NOT_MODELLED

    unmodelled: list[str] = []
    for warning in _once(told):
        if warning.kind == NOT_MODELLED and "'" in warning.message:
            unmodelled.append(f"{warning.message.split(chr(39))[1]} ({_place(warning.source, path)})")
            continue
        place = _place(warning.source, path)
        yield from _sentence(
            warning, f"line {place}: " if place.isdecimal() else f"{place}: " if place else ""
        )
    if unmodelled:
        told_so = f"keepalived knows, and vrrplab does not model: {', '.join(unmodelled)}"
        yield from wrap(told_so, _COLUMNS, "    . ", "      ")


def _running(node: Node, running: Running) -> Iterator[str]:
    """What the daemon said: what it was then, and a row for each difference from the file."""
    from vrrplab.scenario.running import differences

    yield ""
    yield from wrap(f"What runs, as {running.path} says, against what stands in the file:", _COLUMNS)
    for instance in running.instances.values():
        priority = f"effective priority {instance.effective_priority}"
        yield from wrap(f"{instance.name} was {instance.state}, {priority}", _COLUMNS, "  ", "    ")
    found = differences(node.config, running)
    about = ""
    for difference in found:
        if difference.about != about:
            about = difference.about
            yield ""
            yield from wrap(about, _COLUMNS)
        place = _place(difference.source, node.path)
        told = str(difference).removeprefix(f"{about} ") if not difference.option else str(difference)
        lines = wrap(told, _COLUMNS - width(place) - 2, "  ", "    ")
        yield padded(lines[0], _COLUMNS - width(place)) + place if place else lines[0]
        yield from lines[1:]
    if not found:
        yield "  nothing differs"


def _once(told: Iterable[ConfigWarning]) -> list[ConfigWarning]:
    """What two processes of the daemon say of one line is one sentence."""
    return list({(warning.source, warning.message): warning for warning in told}.values())


# -- JSON ----------------------------------------------------------------------------------------------------


def _print_json(nodes: Iterable[Node], profile: str, passwords: bool) -> None:
    import json

    print(json.dumps({"profile": profile, "nodes": [_node(node, passwords) for node in nodes]}, indent=1))


def _node(node: Node, passwords: bool) -> dict[str, Any]:
    return {
        "node": node.name,
        "file": node.path,
        "running": _running_as_json(node, node.running) if node.running else None,
        "blocks": [
            {
                "kind": block.kind,
                "name": block.name,
                **_at(block.source),
                "settings": [_as_json(setting) for setting in block.settings],
                "told": [_warning(warning) for warning in block.told],
            }
            for block in _blocks(node, passwords)
        ],
    }


def _running_as_json(node: Node, running: Running) -> dict[str, Any]:
    from vrrplab.scenario.running import plain_of

    return plain_of(node.config, running)


def _as_json(setting: Setting) -> dict[str, Any]:
    return {
        "option": setting.option,
        "value": setting.value,
        "text": setting.text,
        **_at(setting.source),
        "why": setting.why or ("default" if setting.usual else ""),
        "told": [_warning(warning) for warning in setting.told],
    }


def _at(source: Source) -> dict[str, Any]:
    return {"file": source.file, "line": source.line} if source.line else {"file": None, "line": None}


def _warning(warning: ConfigWarning) -> dict[str, Any]:
    return {
        **_at(warning.source),
        "kind": warning.kind,
        "message": warning.message,
        "hint": warning.hint,
        "log": warning.log,
    }
