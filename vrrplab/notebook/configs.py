"""``vrrplab.configs``: the keepalived.conf files of all nodes of a cluster, checked, predicted, explained.

    mine = vrrplab.configs("a.conf", "b.conf")
    mine.check()                 what is wrong within and between the files
    mine.predict()               what every single failure does
    mine.why("a eth0 at 10")     why it did, or did not, fail over
    mine.diff(vrrplab.configs("new/a.conf", "new/b.conf"))

Each answer shows itself as a table in a notebook; a row that is clicked is played in the cluster below
it, and ``show(n)`` plays row n.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from html import escape
from typing import Any

from vrrplab import arguments
from vrrplab.config.reader import parse_text
from vrrplab.errors import VrrplabError
from vrrplab.forecast import diff_text, why_text
from vrrplab.forecast.damage import damage_of
from vrrplab.forecast.diff import Diff, diff
from vrrplab.forecast.predict import Row, Section, forecast
from vrrplab.forecast.table import failures_in_words, notes, row_in_cells, text_of
from vrrplab.forecast.why import Why, why
from vrrplab.machine.profiles import profile_named
from vrrplab.notebook.replacements import Edit
from vrrplab.notebook.variants import edited_texts
from vrrplab.output.printable import printable
from vrrplab.output.text_columns import wrap
from vrrplab.rules.cluster import Cluster
from vrrplab.rules.model import Finding, Place
from vrrplab.rules.table import RULES, check
from vrrplab.scenario.configs import EDITED, GIVEN, label_without_file
from vrrplab.scenario.fail_line import FORM, with_failures
from vrrplab.scenario.from_configs import scenario_of_nodes
from vrrplab.scenario.model import Scenario
from vrrplab.scenario.node_files import NodeFile, node_files
from vrrplab.scenario.nodes import Node, nodes_from
from vrrplab.units import format_s

KEPT: dict[str, str] = {}  # what cells with %%keepalived hold: name to text


class Table:
    """Rows with a head, as text and in a notebook. ``items``: what each row is about, in the same order.

    ``notes``: what is said below the rows in a notebook; the text has it already.
    """

    def __init__(
        self,
        title: str,
        head: Sequence[str],
        rows: Sequence[Sequence[str]],
        items: Sequence[Any],
        text: str,
        play: Callable[[Any], Scenario],
        notes: Sequence[str] = (),
    ) -> None:
        self.title, self.head, self.items = title, tuple(head), tuple(items)
        self.rows = [tuple(row) for row in rows]
        self._text, self._play, self._notes = text, play, tuple(notes)

    def __len__(self) -> int:
        return len(self.items)

    def __iter__(self) -> Iterator[Any]:
        return iter(self.items)

    def __getitem__(self, number: int) -> Any:
        return self.items[number]

    def __repr__(self) -> str:
        return self._text.rstrip("\n")

    def _repr_html_(self) -> str:
        def cells(kind: str, words: Sequence[str]) -> str:
            style = "text-align:left;vertical-align:top;white-space:normal"
            kinds = (kind if word else "td" for word in words)  # a head without words is none
            pairs = zip(kinds, words, strict=True)
            return "".join(f'<{one} style="{style}">{escape(printable(word))}</{one}>' for one, word in pairs)

        head = cells("th", ["n", *self.head])
        rows = (f"<tr>{cells('td', [str(n), *row])}</tr>" for n, row in enumerate(self.rows, 1))
        more = [".show(n) plays row n" if self.rows else "nothing", *self._notes]
        below = "".join(f"<div><small>{escape(printable(note))}</small></div>" for note in more)
        return (
            f"<table><caption>{escape(printable(self.title))}</caption><thead><tr>{head}</tr></thead>"
            f"<tbody>{''.join(rows)}</tbody></table>{below}"
        )

    def _ipython_display_(self) -> None:
        """The table; a row that is clicked is played below it."""
        from vrrplab.notebook.cluster import cluster
        from vrrplab.views.row_table import display_table

        def play(number: int) -> Any:
            return cluster(self.scenario_of(number), tour=False)

        rows = [[printable(cell) for cell in row] for row in self.rows]
        still = self._repr_html_(), repr(self)
        notes = [printable(note) for note in self._notes]
        display_table(printable(self.title), self.head, rows, notes, play, still)

    def show(self, number: int = 1) -> Any:
        """Row ``number``, counted from 1, in the cluster on the screen. VrrplabError: no such row."""
        from vrrplab.notebook.cluster import cluster

        return cluster(self.scenario_of(number))

    def scenario_of(self, number: int = 1) -> Scenario:
        """What ``show`` plays, for ``simulate``. VrrplabError: no such row."""
        if not self.items:
            raise VrrplabError("there is no row to show")
        return self._play(self.items[arguments.whole(number, "the row", 1, len(self.items)) - 1])


class Configurations:
    """The nodes of one cluster, with their files read; made by ``configs``.

    ``nodes`` are they, ``profile`` is whose behaviour their daemons have.
    """

    def __init__(self, nodes: Sequence[Node], profile: str) -> None:
        self.nodes = tuple(nodes)
        self.profile = profile

    def __repr__(self) -> str:
        told = ", ".join(f"{node.name} ({node.path})" for node in self.nodes)
        return printable(f"configs of {told}")

    def check(self) -> Table:
        """What is wrong within and between the files, the worst first; an empty table: nothing is known."""
        found = check(self._cluster)
        rows = [(f.rule, f.severity.value, _places(f.places), f.message, f.cure) for f in found]
        text = "\n".join(_finding_lines(found)) or "Nothing is wrong in what was looked at."
        return Table("findings", ("rule", "", "where", "what", "cure"), rows, found, text, self._damage)

    def predict(self, *, simulate: bool = True, pairs: bool = False) -> Table:
        """What every single failure does: who has each address then, and how long clients are out.

        ``simulate``: ask the simulator, too, which takes a second or two. ``pairs``: two failures at once.
        """
        found = forecast(self.nodes, self.profile, simulate=simulate, pairs=pairs)
        items = [(section, row) for section in found.sections for row in section.rows]
        rows = []
        for section, row in items:
            failing, where, out, told, see = row_in_cells(row, found.simulated)
            why = row.why
            about = (", ".join(section.addresses), failing, where, " ".join(out.split()), told)
            rows.append((*about, f"{see} {why}".strip()))
        head = ("address", "when this fails", "goes to", "out: best typical worst (s)", "simulated", "see")

        def play(item: tuple[Section, Row]) -> Scenario:
            return with_failures(found.scenario, item[1].lines)

        return Table("failures", head, rows, items, text_of(found), play, notes(found))

    def why(self, *failures: str) -> Table:
        """Why it did, or did not, fail over: line, rule, packet, law, and what would alter it.

        ``failures``: each in one line, ``"a eth0 at 10 for 20"``; all in one run. VrrplabError: none, or a
        wrong one.
        """
        if not failures:
            raise VrrplabError(f"say what fails, e.g. .why('a eth0') - {FORM}")
        found = why(self.scenario(*failures))
        rows = [row for answer in found.answers for row in _why_rows(answer)]
        text = "\n".join(why_text.lines(found))
        return Table("why", ("at", "address", "", "where", "what"), rows, [found] * len(rows), text, _played)

    def diff(self, other: Configurations, *, order: Sequence[str] = ()) -> Table:
        """What changes when these nodes get the files of ``other``, and what reloading them does on the way.

        ``order``: in which they reload. VrrplabError: the two have no node in common.
        """
        arguments.instance(other, Configurations, "diff", "what configs(...) returns")
        found = diff(self.nodes, other.nodes, self.profile, order=order, best=not order)
        rows = list(_diff_rows(found))
        plan = found.better or found.given
        items = [plan.scenario if plan else self.scenario()] * len(rows)
        text = "\n".join(diff_text.lines(found))
        return Table("what changes", ("", "what", "before", "after"), rows, items, text, lambda one: one)

    def edited(self, edit: Edit) -> Configurations:
        """The same nodes with words of their files replaced, for ``diff``; these stay as they are.

        ``edit``: as ``variant`` takes it, ``"a: weight -2 -> weight -4"``, several as a list. VrrplabError:
        the words stand in no file, or keepalived would not run with the new ones.
        """
        texts = edited_texts(self.scenario(), edit)
        nodes = [_with_text(n, texts[n.name], self.profile) if n.name in texts else n for n in self.nodes]
        return Configurations(nodes, self.profile)

    def scenario(self, *failures: str) -> Scenario:
        """The cluster as a scenario, with these failures, for ``simulate``, ``cluster`` and ``variant``.

        VrrplabError: a failure that is none.
        """
        return with_failures(scenario_of_nodes(self.nodes, self.profile), failures)

    @property
    def _cluster(self) -> Cluster:
        return Cluster(self.nodes, self.profile)

    def _damage(self, finding: Finding) -> Scenario:
        """The run that shows what such a finding does: here if what fails is known, else in its example."""
        found = damage_of(RULES[finding.rule], self._cluster, finding)
        what = found.fails or "nothing fails, the daemons start"
        return found.scenario.changed(description=f"{finding.rule}, on {found.whose}; {what}")


def configs(
    *files: str | os.PathLike[str], profile: str = "keepalived-2.2.7", **named: str | os.PathLike[str]
) -> Configurations:
    """The keepalived.conf files of all nodes of one cluster, to be checked, predicted and explained together.

    ``files``: paths, and folders with them; a node is called as its file is. ``named``: a node's name to a
    path, or to the text itself. Without any: what the cells with ``%%keepalived NAME`` hold. VrrplabError
    (ConfigError), in one line, for what keepalived would not run with.

    >>> mine = vrrplab.configs("proxy-serv01.conf", "proxy-serv02.conf")
    >>> [row.rule for row in mine.check() if row.severity == "error"]
    []
    >>> mine.scenario("proxy-serv01 power at 10").duration_us
    60000000
    """
    daemon = profile_named(profile).wording
    texts = {name: text for name, text in named.items() if isinstance(text, str) and _is_text(text)}
    if not files and not named:
        if not KEPT:
            raise VrrplabError('configs() takes files: configs("a.conf", "b.conf"), or %%keepalived cells')
        texts = dict(KEPT)
    for file in files:
        if not isinstance(file, str | os.PathLike) or isinstance(os.fspath(file), bytes):
            kind = type(file).__name__
            raise VrrplabError(f'a file is of type {kind} - give paths: configs("a.conf", "b.conf")')
    for name in named:
        if not (isinstance(named[name], str | os.PathLike)):
            raise VrrplabError(f"{name}: name a keepalived.conf, or its text")
    paths = [f"{name}={os.fspath(path)}" for name, path in named.items() if name not in texts]
    nodes: list[Node] = []
    if files or paths:
        found: list[NodeFile] = node_files(files, paths)
        nodes += nodes_from(found, profile=profile)
    for name, text in texts.items():
        label = label_without_file(name, GIVEN)
        nodes.append(Node(name, label, parse_text(text, label, host_id=name, daemon=daemon)))
    return Configurations(nodes, profile)


def _with_text(node: Node, text: str, profile: str) -> Node:
    label = label_without_file(node.name, EDITED)
    daemon = profile_named(profile).wording
    return replace(node, path=label, config=parse_text(text, label, host_id=node.name, daemon=daemon))


def _is_text(value: str) -> bool:
    return "{" in value or "\n" in value


def keepalived(line: str, cell: str) -> Table:
    """``%%keepalived NAME``: keeps the cell's text as the file of a node, and shows what is wrong with all.

    VrrplabError: no name, or a text that keepalived would not run with.
    """
    name = line.strip()
    if not name or len(name.split()) != 1:
        raise VrrplabError("%%keepalived takes the node's name: %%keepalived a")
    label = label_without_file(name, GIVEN)
    parse_text(cell, label, host_id=name)  # a text that is wrong is not kept
    KEPT[name] = cell
    return configs().check()


# -- rows ----------------------------------------------------------------------------------------------------


def _places(places: Sequence[Place]) -> str:
    return " ".join(str(place.source) for place in places)


def _finding_lines(found: Sequence[Finding]) -> Iterator[str]:
    for one in found:
        text = f"{one.rule} {one.severity} {_places(one.places)}: {one.message} - {one.cure}"
        yield from wrap(text, 80, more="    ")


def _why_rows(answer: Any) -> Iterator[tuple[str, ...]]:
    at, address = f"{format_s(answer.at_us)} s", ", ".join(answer.addresses)
    yield at, address, "", "", f"{'; '.join(answer.happened)}: {answer.headline}"
    for step in answer.steps:
        yield "", "", step.kind, _places(step.places), f"{step.id} {step.text}".strip()
    for cure in answer.cures:
        yield "", "", "cure", "", str(cure)
    if answer.advice:
        yield "", "", "cure", "", answer.advice


def _played(found: Why) -> Scenario:
    return found.scenario


def _diff_rows(found: Diff) -> Iterator[tuple[str, ...]]:
    for value in found.values:
        about = " ".join(filter(None, [value.node, value.block, value.option]))
        yield "value", about, value.before, value.after
    for finding in found.gone:
        yield "finding goes", f"{finding.rule} {finding.severity}", finding.message, ""
    for finding in found.came:
        yield "finding comes", f"{finding.rule} {finding.severity}", "", finding.message
    for change in found.outcomes:
        about = f"{failures_in_words(change.failures)} ({', '.join(change.addresses)})"
        before, after = (diff_text.ends(row) for row in (change.before, change.after))
        yield "failure", about, before, after
    plan = found.better or found.given
    for step in plan.steps if plan else ():
        for effect in step.effects:
            if effect.is_felt:
                before, after = (" AND ".join(have) or "nobody" for have in (effect.before, effect.after))
                out = f", out {format_s(effect.out_us)} s" if effect.out_us else ""
                yield f"{step.act} {step.node}", effect.address, before, after + out
