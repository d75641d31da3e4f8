"""A rule, what it finds, and the cluster that it looks at.

A rule is a function from a ``Cluster`` to findings, with what a page needs to explain it. Rules stand in the
files of this room by what they speak of, each file with a ``RULES`` tuple; ``rules.table`` joins them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from vrrplab.config.model import Source
from vrrplab.rules.cluster import Cluster


class Severity(StrEnum):
    """How bad it is: an address is lost or doubled; not what the author seems to mean; worth knowing."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True, slots=True)
class Place:
    """A line of a node's file that is involved in a finding; line 0: it is the whole file, or not written."""

    node: str
    source: Source


@dataclass(frozen=True, slots=True)
class Change:
    """A word of a line replaced by ``new``, or with None the whole statement taken out that it stands in."""

    place: Place
    old: str
    new: str | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding of a cluster (not one a node).

    ``message`` says what happens, ``cure`` what to write instead. ``certain``: it follows from the files
    alone; otherwise it depends on what is not in them. ``about``: what it is about ("VRID 51", a script's
    name), so that a baseline finds it again when lines move. ``changes``: the least change of the files that
    cures it, where that is known; ``show``: the failure in one line that shows the damage on this cluster.
    """

    rule: str
    severity: Severity
    message: str
    places: tuple[Place, ...]
    cure: str = ""
    certain: bool = True
    about: str = ""
    changes: tuple[Change, ...] = ()
    show: str = ""


@dataclass(frozen=True, slots=True)
class Rule:
    """``id`` V001 …; ``name``: two or three words; ``severity``: that of most of its findings.

    ``what`` says in a sentence what is wrong, ``why`` what keepalived does and what comes of it, ``cure``
    what to do; ``source``: pitfall, RFC section, keepalived option. ``bad`` and ``good`` are example
    clusters, node's name to the text of its file: ``bad`` fires this rule, ``good`` is its silent twin.
    ``show`` is a failure in one line (``a squid at 10``) whose run on ``bad`` shows the damage; "": starting
    is enough. ``hosts``: for a rule about real addresses those of both examples' nodes, by interface;
    ``dumps``: for one about what runs what their daemons wrote about themselves.
    ``daemon``: whose words the examples are in.
    """

    id: str
    name: str
    severity: Severity
    what: str
    why: str
    cure: str
    source: str
    bad: dict[str, str]
    good: dict[str, str]
    found: Callable[[Cluster], Iterable[Finding]] = field(compare=False)
    show: str = ""
    hosts: dict[str, dict[str, tuple[str, ...]]] = field(default_factory=dict)
    daemon: str = "2.2.7"
    dumps: dict[str, str] = field(default_factory=dict)
