"""Addresses that a MASTER holds without answering for them (``no_accept``): an nftables table of our own.

The table is named after the process, by number and time of birth, because numbers come back. A process that
was killed leaves its table behind; the next router to start here takes it away.
"""

from __future__ import annotations

import contextlib
import os

from vrrplab.errors import LiveError
from vrrplab.system.descriptors import raise_shortage
from vrrplab.system.tools import run_tool

_FAMILY, _PREFIX = "inet", "vrrplab_"


class Firewall:
    """The refused addresses of one router."""

    def __init__(self) -> None:
        self._table = f"{_FAMILY} {_table_of(os.getpid())}"
        self._refused: dict[str, set[str]] = {}  # by instance
        self._there = False

    def refuse(self, instance: str, addresses: set[str]) -> None:
        """Drop packets to these addresses of an instance, and to no others of it. LiveError: not done."""
        self._refused[instance] = addresses
        self._replace()

    def close(self) -> None:
        """Let everything in again."""
        self._refused.clear()
        if self._there:
            with contextlib.suppress(LiveError):
                self._replace()

    def _replace(self) -> None:
        """The table as one whole, so that no moment is without it."""
        shut = sorted(set().union(*self._refused.values()))
        rules = [f"add table {self._table}", f"delete table {self._table}"]
        if shut:
            rules += [f"table {self._table} {{", "chain input {", "type filter hook input priority 0;"]
            rules += ["icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept"]
            # addresses come from the reader in canonical form: digits, dots, colons and nothing else
            rules += [f"{'ip6' if ':' in a else 'ip'} daddr {a} drop" for a in shut]
            rules += ["}", "}"]
        run_tool("nft", "-f", "-", text="\n".join(rules) + "\n")
        self._there = bool(shut)


def remove_leftovers() -> None:
    """Take away the tables of routers that were killed: they would shut an address that is held again."""
    with contextlib.suppress(LiveError):  # without nft nobody has made such a table
        for line in run_tool("nft", "list", "tables").splitlines():
            _, family, name = line.split()
            if family == _FAMILY and name.startswith(_PREFIX) and not _lives(name):
                run_tool("nft", "delete", "table", family, name)


def _lives(table: str) -> bool:
    pid = table.removeprefix(_PREFIX).partition("_")[0]
    return pid.isdecimal() and table == _table_of(int(pid))


def _table_of(pid: int) -> str:
    """The name of a process's table; "" if there is no such process."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            born = file.read().rpartition(")")[2].split()[19]  # proc(5): starttime, the 22nd field
    except OSError as error:
        raise_shortage(error)
        return ""
    return f"{_PREFIX}{pid}_{born}"
