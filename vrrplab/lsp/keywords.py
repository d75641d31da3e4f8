"""What can be said of a keyword: its meaning, what it takes, and what holds without it.

What it takes and its default are asked of the reader: it is given a small configuration with a value that no
option has, and one without the option.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from vrrplab.config.blocks import Keyword, Table
from vrrplab.config.effective import effective
from vrrplab.config.keywords import checker_tables, global_tables, vrrp_tables
from vrrplab.config.meanings import ROOT, meaning_of
from vrrplab.config.model import NodeConfig
from vrrplab.config.reader import DAEMONS, parse_text
from vrrplab.errors import ConfigError

_INSTANCE = """\
vrrp_instance V {
    interface eth0
    virtual_router_id 1
    virtual_ipaddress {
        192.0.2.1/24
    }
    %s
}
"""
_AROUND = {
    "global_defs": "global_defs {\n    %s\n}\n" + _INSTANCE.replace("    %s\n", ""),
    "vrrp_instance": _INSTANCE,
    "authentication": _INSTANCE.replace("%s", "authentication {\n%s\n}"),
    "vrrp_script": 'vrrp_script S {\n    script "/bin/true"\n    %s\n}\n'
    + _INSTANCE.replace("%s", "track_script {\n        S\n    }"),
    "vrrp_sync_group": "vrrp_sync_group G {\n    group {\n        V\n    }\n    %s\n}\n"
    + _INSTANCE.replace("    %s\n", ""),
    "track_file": 'track_file F {\n    file "/run/number"\n    %s\n}\n' + _INSTANCE.replace("    %s\n", ""),
    "vrrp_track_process": "vrrp_track_process P {\n    process squid\n    %s\n}\n"
    + _INSTANCE.replace("    %s\n", ""),
}
"""A small configuration for each block of which the reader is asked; %s is the option's place."""

NOT_MODELLED = "Known to keepalived, and not modelled here: it has no effect in a simulation."
OF_LVS = "Of the load balancer (LVS): it is read, and not simulated."
_LVS = (("virtual_server",), ("virtual_server_group",), ("SSL",))
_RANGE = re.compile(r"outside range \[(?P<low>-?[\d.]+), (?P<high>-?[\d.]+)\]")
_NO_VALUE, _TOO_LARGE = "?", "9999999999"


@dataclass(frozen=True, slots=True)
class Facts:
    """``takes``: what may stand behind it; ``default``: what holds where it is not written. "": not known."""

    meaning: str
    takes: str = ""
    default: str = ""


@cache
def tables(daemon: str) -> dict[str, Keyword]:
    """What may stand outside all blocks, each with the process that reads it."""
    old = daemon == DAEMONS[0]
    found: dict[str, Keyword] = {}
    for table in (global_tables(old), vrrp_tables(old), checker_tables()):
        for name, entry in table.items():
            keyword = entry if isinstance(entry, Keyword) else entry()
            if name not in found or (found[name].skip and not keyword.skip):
                found[name] = keyword
    return found


def table_of(path: Sequence[str], daemon: str) -> Table | None:
    """What a block may hold. ``path``: the keywords of the blocks around, outer ones first. None: values."""
    table: Table | None = tables(daemon)
    for word in path:
        entry = table.get(word) if table else None
        if entry is None:
            return None
        table = (entry if isinstance(entry, Keyword) else entry()).block
    return table


@cache
def facts_of(path: tuple[str, ...], keyword: str, daemon: str) -> Facts | None:
    """What is known of a keyword of a block; None: the block does not know it.

    ``include`` is known everywhere.
    """
    if keyword == "include":
        return Facts(meaning_of(ROOT, keyword))
    table = table_of(path, daemon)
    if table is None or keyword not in table:
        return None
    block = path[-1] if path else ROOT
    meaning = meaning_of(block, keyword)
    if block not in _AROUND:
        return Facts(meaning or (NOT_MODELLED if path[:1] not in _LVS else OF_LVS))
    return Facts(
        meaning or NOT_MODELLED,
        _takes(block, keyword, daemon) if meaning else "",
        _default(block, keyword, daemon),
    )


def _takes(block: str, keyword: str, daemon: str) -> str:
    """The reader's own cure for a value that is none, or the range of which it says that one is outside."""
    for value in (_NO_VALUE, _TOO_LARGE):
        try:
            node = _read(block, f"{keyword} {value}", daemon)
            said = [(w.hint, w.log) for w in node.warnings if value in w.message or value in w.log]
        except ConfigError as error:
            said = [(error.hint, "")]
        for hint, log in said:
            if hint.startswith("write ") and hint != "write a plain number":
                return hint.removeprefix("write ")
            span = _RANGE.search(log)
            if span:
                return f"a number from {_short(span['low'])} to {_short(span['high'])}"
    return ""


def _short(number: str) -> str:
    return number.rstrip("0").rstrip(".") if "." in number else number


def _default(block: str, keyword: str, daemon: str) -> str:
    if re.search(rf"^ *{re.escape(keyword)}\b", _AROUND[block], re.MULTILINE):
        return ""  # a must: the example has it too
    node = _read(block, "", daemon)
    for one in effective(node):
        for setting in one.settings if one.kind == block else ():
            if setting.option == keyword and not setting.source.line:
                return setting.text + (f" ({setting.why})" if setting.why else "")
    return ""


def _read(block: str, line: str, daemon: str) -> NodeConfig:
    return parse_text(_AROUND[block].replace("%s", line), "example", daemon=daemon, alone=True)
