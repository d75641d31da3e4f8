"""Wishes: small changes of a scenario's configuration files, written into their text.

``chains`` says which are worth a wish, ``cures`` which of those help. The text is read anew, with all that
the daemon makes of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from vrrplab.config.edits import EditedLine, with_entry, with_option, without
from vrrplab.config.model import NodeConfig, Source
from vrrplab.config.reader import parse_text
from vrrplab.errors import ConfigError
from vrrplab.machine.profiles import PROFILES
from vrrplab.scenario.model import Scenario
from vrrplab.scenario.parts import Server

Block = tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Wish:
    """One change of a server's file. ``act``: "set" an option, "drop" it, or "entry" into a block."""

    server: str
    block: Block
    act: str
    option: str
    value: str = ""

    def made(self, text: str) -> EditedLine | None:
        """The text with it, None where it does not fit."""
        match self.act:
            case "set":
                return with_option(text, self.block, self.option, self.value, self.server)
            case "drop":
                return without(text, self.block, self.option, self.server)
        return with_entry(text, self.block, self.option, self.value, self.server)


@dataclass(frozen=True, slots=True)
class LineChange:
    """A line of a file as it is and as it should be; ``before`` "": a line is added behind it."""

    server: str
    source: Source
    before: str
    after: str
    inside: str = ""  # the block that a line is added to

    @property
    def words(self) -> str:
        """What is done there."""
        if not self.before:
            return f"add {' '.join(self.after.split())!r} to {self.inside}"
        return f"{self.before!r} -> {self.after!r}" if self.after else f"drop {self.before!r}"

    def __str__(self) -> str:
        return told([self])


def told(edits: Sequence[LineChange]) -> str:
    """Places and what is done there; what is done in several files alike is said once."""
    alike: dict[str, list[Source]] = {}
    for edit in edits:
        alike.setdefault(edit.words, []).append(edit.source)
    return "; ".join(f"{' '.join(map(str, places))}: {words}" for words, places in alike.items())


def instance(name: str) -> Block:
    """The block of a vrrp_instance."""
    return (("vrrp_instance", name),)


def script(name: str) -> Block:
    """The block of a vrrp_script."""
    return (("vrrp_script", name),)


def with_wishes(scenario: Scenario, wishes: Sequence[Wish]) -> tuple[Scenario, tuple[LineChange, ...]] | None:
    """The scenario with the wishes in its files, and what was changed; None where one does not fit.

    Nor where no text says what a server runs, or the daemon would not start with it.
    """
    edits = []
    servers = dict(scenario.servers)
    for wish in wishes:
        server = servers[wish.server]
        text = server.node.text
        change = wish.made(text) if text is not None and not server.is_frr else None
        if change is None:
            return None
        node = _read(change.text, server, scenario.profile_of(server.name))
        if node is None:
            return None
        edits.append(_edit(wish, change, scenario.servers[wish.server].node))
        servers[wish.server] = replace(server, node=node)
    return scenario.changed(servers=servers), tuple(edits)


def _read(text: str, server: Server, profile: str) -> NodeConfig | None:
    """What the daemon makes of the text, on the server whose file it is."""
    name = server.name
    for host in dict.fromkeys((name, name.partition(".")[0])):
        try:
            before = parse_text(
                server.node.text or "", server.node.file, host_id=host, daemon=PROFILES[profile].wording
            )
            if before.instances == server.node.instances:
                return parse_text(text, server.node.file, host_id=host, daemon=PROFILES[profile].wording)
        except ConfigError:
            return None
    return None


def _edit(wish: Wish, change: EditedLine, node: NodeConfig) -> LineChange:
    inside = " ".join(wish.block[-1])
    is_inner = wish.act == "entry" and "{" not in change.after  # a block of its own goes into the outer one
    inside = f"{wish.option} of {inside}" if is_inner else inside
    # With includes the text has other lines than the file; then the block's name tells where.
    line = 0 if "include" in (node.text or "") else change.line
    return LineChange(wish.server, Source(node.file, line), change.before, change.after, inside)
