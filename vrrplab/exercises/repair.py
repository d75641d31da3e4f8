"""Python's side of a puzzle with an editor: what is typed is read, run and judged; bad text is told, not run.

A text that cannot run leaves the run that is shown as it is. What is read while somebody types is run too,
so that the outcome is live, but only what was meant to be run counts as a try, and as a change that can be
undone. The other side is ``views/static/repair.js``.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

from vrrplab.errors import PlacedError, VrrplabError
from vrrplab.exercises.goal import Goal, Verdict
from vrrplab.exercises.puzzles import Puzzle, files_of
from vrrplab.exercises.store import Progress, store
from vrrplab.scenario.edited import with_files
from vrrplab.scenario.nodes import Node

if TYPE_CHECKING:
    from vrrplab.scenario.model import Scenario
    from vrrplab.trace import Trace
    from vrrplab.views.forks import Forks

LONGEST = 20_000  # characters of a file that are read here, and kept in the progress file
MOST_FINDINGS = 100  # that are told of one file

# What holds for every file here, and is nothing that a puzzle is about.
ASIDE = frozenset({"script-default-user", "script-security"})


class Finding(NamedTuple):
    """What there is to say of a line (0: of the file). ``kind``: stops, ignored, rule, aside."""

    line: int
    text: str
    cure: str
    kind: str


class Repair(Goal):
    """A Companion: the goal above the picture, and the files beside it."""

    def __init__(self, puzzle: Puzzle, base: Scenario) -> None:
        super().__init__(puzzle, base)
        self._unread: dict[str, Finding] = {}  # by server: why the text that was typed cannot run
        self._glimpse: Trace | None = None  # the run of a text that somebody is still typing at
        self._files = files_of(base, puzzle.edits)  # as last told
        self._typed = _typed(store().read(), puzzle)

    def told(self, forks: Forks) -> dict[str, Any]:
        """The goal, the files of the shown run, and what is to be said of them line by line."""
        files = files_of(forks.scenario, self.puzzle.edits)
        for server in (s for s in files if files[s] != self._files[s]):  # not typed: undone, or reset
            self._unread.pop(server, None)
            self._keep(server, files[server])
        self._files = files
        return {
            **super().told(forks),
            "repair": {
                "files": files,
                "first": files_of(self.base, self.puzzle.edits),
                "typed": self._typed,
                "findings": {server: self._findings(forks, server) for server in files},
            },
        }

    def answer(self, forks: Forks, message: dict[str, Any]) -> dict[str, Any] | None:
        """``{"do": "edit", "server", "text", "meant"}``: a file as it is now; ``meant``: it is to count."""
        if message.get("do") != "edit":
            return None
        server, text = message.get("server"), message.get("text")
        if server not in self.puzzle.edits or not isinstance(text, str):
            raise VrrplabError(f"there is no file of {server!r} to edit here")
        if len(text) > LONGEST:  # to read it, and to show what is to be said of each line, would take long
            told = f"a file of a lesson has at most {LONGEST:,} characters, and this one {len(text):,}"
            self._unread[server] = Finding(0, told, "take out what is not needed", "stops")
            return {"note": ""}
        self._keep(server, text)
        self._edit(forks, server, text, bool(message.get("meant")))
        return {"note": ""}

    def _edit(self, forks: Forks, server: str, text: str, meant: bool) -> None:
        if text == files_of(forks.scenario, [server])[server]:
            self._unread.pop(server, None)
            if meant and forks.trace is self._glimpse:
                self._glimpse = None
                self._count(forks)
            return
        try:
            changed: Any = with_files(forks.scenario, {server: text}, alone=True)
        except VrrplabError as error:
            self._unread[server] = _stopping(error)
            return
        self._unread.pop(server, None)
        forks.rewrite(changed, f"keepalived.conf of {server} is edited", instead=forks.trace is self._glimpse)
        self._files = {**self._files, server: text}
        self._glimpse = None if meant else forks.trace

    def _as_it_is(self, forks: Forks) -> str:
        return self._judged(self._attempt(forks))[1]

    def _counts(self, forks: Forks, verdict: Verdict) -> bool:
        return verdict[0] == "reached" or forks.trace is not self._glimpse

    def _findings(self, forks: Forks, server: str) -> list[dict[str, Any]]:
        if server in self._unread:
            return [self._unread[server]._asdict()]
        warnings = forks.scenario.servers[server].node.warnings
        found = [
            Finding(w.source.line, w.message, w.hint, "aside" if w.kind in ASIDE else "ignored")
            for w in warnings
        ]
        if self.puzzle.rules:
            found += _broken_rules(forks.scenario, server, {one.line for one in found})
        ordered = sorted(dict.fromkeys(found), key=lambda one: (one.kind == "aside", one.line))
        more = len(ordered) - MOST_FINDINGS
        if more > 0:
            ordered[MOST_FINDINGS:] = [Finding(0, f"and {more} more of this kind", "", ordered[-1].kind)]
        return [one._asdict() for one in ordered]

    def _keep(self, server: str, text: str) -> None:
        """What was typed outlives the kernel, in the progress file."""
        self._typed = {**self._typed, server: text}
        with store().change() as progress:
            entry = progress.exercises.setdefault(self.puzzle.name, {})
            entry["typed"] = json.dumps(self._typed, ensure_ascii=False)


def _typed(progress: Progress, puzzle: Puzzle) -> dict[str, str]:
    """The texts that the progress file has of a puzzle, by server; none where it was changed by hand."""
    try:
        kept = json.loads(progress.exercises.get(puzzle.name, {}).get("typed", "{}"))
    except (ValueError, RecursionError):
        return {}
    if not isinstance(kept, dict):
        return {}
    return {name: text for name, text in kept.items() if name in puzzle.edits and isinstance(text, str)}


def _broken_rules(scenario: Scenario, server: str, told: set[int]) -> list[Finding]:
    """What the rules find in a server's file, beside the lines of which something is told; without the cure,
    which is for the learner to find.
    """
    from vrrplab.rules.cluster import Cluster
    from vrrplab.rules.model import Severity
    from vrrplab.rules.table import check

    nodes = [Node(name, cast.config, cast.node) for name, cast in scenario.servers.items()]
    found = []
    for one in check(Cluster(nodes, scenario.profile)):
        lines = [place.source.line for place in one.places if place.node == server]
        if lines and one.severity is not Severity.INFO and not told.intersection(lines):
            found.append(Finding(lines[0], f"{one.rule} {one.message}", "", "rule"))
    return found


def _stopping(error: VrrplabError) -> Finding:
    if isinstance(error, PlacedError):
        return Finding(error.line or 0, error.message, error.hint, "stops")
    return Finding(0, str(error), "", "stops")
