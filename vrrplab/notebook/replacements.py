"""What to replace in the files of a scenario, as people write it for ``variant(edit=…)``.

In words, one replacement or several, each "old words -> new words":

    edit="priority 255 -> priority 150"
    edit=["track_interface { eth1 } ->", "proxy-serv02: virtual_router_id 1 -> virtual_router_id 11"]

Words are found whole and however they are spaced, so ``priority 10`` is not found in ``priority 100``, and a
block may be written in one line. Nothing behind the arrow: they are taken out. Or as a table of exact text:
``{"priority 255": "priority 150"}``, for one server only ``{"proxy-serv02": {…}}``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

from vrrplab import arguments
from vrrplab.errors import VrrplabError

Edit = Mapping[str, Any] | str | Sequence[str]
EXAMPLE = '"priority 255 -> priority 254"'
_ARROW = re.compile(r"[ \t]*(?:->|→)[ \t]*")


class Replacement(NamedTuple):
    """Words of a keepalived.conf that become others.

    ``server``: in whose file; "": in each that has them. ``exact``: as text, blanks too; else whole words,
    however they are spaced.
    """

    old: str
    new: str
    server: str = ""
    exact: bool = False

    def made_in(self, text: str) -> str | None:
        """The text with the words replaced, wherever they stand; None: they do not."""
        if self.exact:
            return text.replace(self.old, self.new) if self.old in text else None
        words = r"\s+".join(map(re.escape, self.old.split()))
        first = r"(?<!\w)" if self.old[0].isalnum() else ""
        last = r"(?!\w)" if self.old[-1].isalnum() else ""
        made, found = re.subn(f"{first}{words}{last}", lambda _: self.new, text)
        return made if found else None

    def told(self) -> str:
        """The replacement in one line, for the heads of figures."""
        where = f"{self.server}: " if self.server else ""
        return f"{where}{_one_line(self.old)} → {_one_line(self.new)}"


def replacements(edit: Edit | None, servers: Sequence[str]) -> list[Replacement]:
    """What ``edit`` asks for, in its order. VrrplabError, in one line, for what is no replacement."""
    if edit is None:
        return []
    found: list[Replacement] = []
    if isinstance(edit, Mapping):
        for old, new in edit.items():
            if old not in servers:
                found.append(_exactly(old, new))
            elif isinstance(new, Mapping):
                found += [_exactly(part, other, old) for part, other in new.items()]
            elif isinstance(new, str | list | tuple):
                found += [one._replace(server=old) for one in replacements(new, servers)]
            else:
                raise VrrplabError(f"edit for {old}: give {{'old words': 'new words'}}")
    elif isinstance(edit, str):
        found += _in_words(edit, servers)
    elif isinstance(edit, list | tuple):
        for text in edit:
            found += _in_words(arguments.text(text, "a part of edit"), servers)
    else:
        raise VrrplabError(f"edit is {arguments.short_repr(edit)}: give what to replace, like edit={EXAMPLE}")
    return found


def _exactly(old: object, new: object, server: str = "") -> Replacement:
    before = arguments.text(old, "what edit replaces")
    after = arguments.text(new, f"what replaces {arguments.short_repr(old)}")
    return _sound(Replacement(before, after, server, exact=True))


def _in_words(text: str, servers: Sequence[str]) -> list[Replacement]:
    """Where there are several arrows each line that has one begins a replacement; others go on with it."""
    lines = text.split("\n")
    arrows = [number for number, line in enumerate(lines) if _ARROW.search(line)]
    if not arrows:
        raise VrrplabError(
            f"edit {arguments.short_repr(text)} has no arrow: write old words -> new words, {EXAMPLE}"
        )
    begins = [0, *arrows[1:], len(lines)]
    parts = ["\n".join(lines[a:b]) for a, b in pairwise(begins)]
    return [_one(part, servers) for part in parts]


def _one(text: str, servers: Sequence[str]) -> Replacement:
    old, new = _ARROW.split(text, maxsplit=1)
    server, colon, rest = old.strip().partition(":")
    if colon and server.strip() in servers:
        return _sound(Replacement(rest.strip(), new.rstrip(), server.strip()))
    return _sound(Replacement(old.strip(), new.rstrip()))


def _sound(one: Replacement) -> Replacement:
    if not one.old:
        raise VrrplabError("edit replaces nothing: give the words that are to be replaced")
    return one


def _one_line(text: str) -> str:
    """Lines of a configuration in one line."""
    joined = ", ".join(line.strip() for line in text.split("\n") if line.strip())
    return joined.replace("{, ", "{ ").replace(", }", " }") or "nothing"
