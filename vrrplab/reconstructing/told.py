"""A reconstruction in words: for a terminal of 80 columns, as JSON, and as a scenario."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from vrrplab.config.model import NodeConfig
from vrrplab.output.text_columns import padded, wrap
from vrrplab.reconstructing.numbers import ANEW, MISSED
from vrrplab.reconstructing.order import WHY
from vrrplab.reconstructing.picture import (
    ADVERT,
    ANNOUNCEMENT,
    FAREWELL,
    LATE_US,
    NUMBER,
    UNANSWERED,
    Difference,
)
from vrrplab.reconstructing.reconstruct import Group, Reconstruction
from vrrplab.reconstructing.replay import NEVER_US
from vrrplab.reconstructing.search import Guess, Step
from vrrplab.scenario.model import Scenario, written
from vrrplab.scenario.writer import config_as_text, config_from_folder
from vrrplab.trace.vocabulary import sentence
from vrrplab.units import Micros, plain_seconds, seconds

WIDTH = 80


def words_of(step: Step) -> str:
    """e.g. "eth0 of serv01 is set down at 12.6 s (12.1 to 13.1)"."""
    said = sentence({"action": step.deed.act.value, **step.deed.keys})
    return f"{said} at {moment(step)}"


def moment(step: Step) -> str:
    """When: to a tenth of a second, and between which moments where that is not known so well."""
    text = f"{seconds(step.at_us):.1f} s"
    if step.from_us is None or step.to_us is None or step.to_us - step.from_us <= 3 * LATE_US:
        return text
    return f"{text} ({seconds(step.from_us):.1f} to {seconds(step.to_us):.1f})"


def happened(guess: Guess) -> str:
    """All of it in a sentence, without its full stop."""
    said = [words_of(step) for step in guess.steps]
    said += [f"keepalived on {server} is started at {seconds(t):.1f} s" for server, t in late_starts(guess)]
    said += [
        f"keepalived on {server} did not run"
        for server, t in guess.opening.starts_us.items()
        if t >= NEVER_US
    ]
    return ", ".join(said) or "nothing fails"


def late_starts(guess: Guess) -> list[tuple[str, Micros]]:
    """Servers that were started after the others."""
    starts = [t for t in guess.opening.starts_us.values() if t < NEVER_US]
    first = min(starts, default=0)
    return [(server, t) for server, t in guess.opening.starts_us.items() if first + 1_000_000 < t < NEVER_US]


def difference_in_words(found: Difference) -> str:
    """e.g. "from 23.1 s on serv01 is heard with priority 255, which this does not explain"."""
    thing, when = found.thing, f"from {seconds(found.from_us):.1f} to {seconds(found.to_us):.1f} s"
    if thing.kind == ADVERT:
        what = f"{thing.server} {'is' if found.only_first else 'is not'} heard with priority {thing.what}"
    elif thing.kind == ANNOUNCEMENT:
        what = f"{thing.server} {'announces' if found.only_first else 'does not announce'} {thing.name}"
    elif thing.kind == FAREWELL:
        what = f"{thing.server} {'says' if found.only_first else 'does not say'} priority 0 twice"
    elif thing.kind == UNANSWERED:
        what = f"{thing.server} {'does not answer' if found.only_first else 'answers'} for {thing.name}"
    elif thing.kind == NUMBER:
        does = {
            ANEW: ("begins", "does not begin", "to number its adverts anew"),
            MISSED: ("has", "has not", "numbered adverts that were not seen"),
        }[thing.what]
        what = f"{thing.server} {does[0 if found.only_first else 1]} {does[2]}"
    else:
        what = f"{thing.server} {'logs' if found.only_first else 'does not log'} {thing.what!r}"
    return f"{when} {what}"


# -- text ----------------------------------------------------------------------------------------------------


def lines(found: Reconstruction, name: str, clock: str = "") -> Iterator[str]:
    """All of it, for a terminal. ``clock``: when the capture begins, as a clock on a wall has it."""
    yield from wrap(_heading(found, name, clock), WIDTH)
    yield ""
    group, *others = found.groups
    best = group.first
    if not best.steps and best.unexplained is None and not late_starts(best):
        yield from wrap("Nothing that can be seen happened: so these servers look when nothing fails.", WIDTH)
    else:
        verdict = "Most likely" if best.unexplained is None else "In part only"
        yield from wrap(f"{verdict}: {happened(best)}{_equals(group)}.", WIDTH)
        yield from wrap(_how_well(found, best), WIDTH)
    if len(group.members) > 1:
        yield ""
        yield "The capture would be the same, so it does not tell whether it was this or:"
        for member in group.members[1:]:
            yield from wrap(happened(member), WIDTH, "  - ", "    ")
        yield from wrap(f"Which is named first is no evidence, but what is usual: {WHY}.", WIDTH)
    yield ""
    yield from _table(found, [group, *others])
    remarks = found.evidence.notes
    if remarks:
        yield ""
        for note in remarks:
            yield from wrap(note, WIDTH, "note: ", "      ")
    if found.why_partial:
        yield from wrap(f"not all was tried: {found.why_partial}", WIDTH, "note: ", "      ")


def _heading(found: Reconstruction, name: str, clock: str) -> str:
    evidence = found.evidence
    vrids = ", ".join(dict.fromkeys(router for _, router in evidence.who.instance_of))
    servers = ", ".join(f"{server} ({source})" for source, server in evidence.who.server_of.items())
    since = f" from {clock}" if clock else ""
    return f"{name}: {seconds(evidence.end_us):.1f} s{since}, {vrids}: {servers}"


def _equals(group: Group) -> str:
    """e.g. ", one of 3 that look the same"."""
    return f", one of {len(group.members)} that look the same" if len(group.members) > 1 else ""


def _how_well(found: Reconstruction, best: Guess) -> str:
    share = f"That explains {_percent(found.fit(best))} of what is seen"
    if best.unexplained is None:
        return f"{share}; nothing is off by more than {seconds(_off_us(found, best)):.2f} s."
    return f"{share}, but not that {difference_in_words(best.unexplained)}."


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %" if share > 0.995 or share < 0.9 else f"{100 * share:.1f} %"


def _off_us(found: Reconstruction, guess: Guess) -> Micros:
    return found.evidence.picture.off_us(guess.picture)


def _table(found: Reconstruction, groups: list[Group]) -> Iterator[str]:
    yield f"{'':>3}{'explains':>10}{'off by':>9}  what happened"
    for number, group in enumerate(groups, 1):
        guess = group.first
        off = f"{seconds(_off_us(found, guess)):.2f} s" if guess.unexplained is None else "-"
        alike = f" (or {len(group.members) - 1} more that look the same)" if len(group.members) > 1 else ""
        row = f"{number:>3}{padded(_percent(found.fit(guess)), 10, right=True)}{padded(off, 9, right=True)}  "
        yield from wrap(_short(guess) + alike, WIDTH, row, " " * len(row))


def _short(guess: Guess) -> str:
    said = [f"{step.deed.words} {seconds(step.at_us):.1f}" for step in guess.steps]
    said += [f"{server} started {seconds(t):.1f}" for server, t in late_starts(guess)]
    said += [f"{server} not running" for server, t in guess.opening.starts_us.items() if t >= NEVER_US]
    return ", ".join(said) or "nothing fails"


# -- JSON ----------------------------------------------------------------------------------------------------


def as_json(found: Reconstruction, name: str) -> str:
    """One object; times are seconds from the capture's first frame."""
    evidence = found.evidence
    content: dict[str, Any] = {
        "capture": name,
        "epoch_s": evidence.timeline.sightings.start_ns / 1e9,
        "from_s": plain_seconds(evidence.begin_us),
        "to_s": plain_seconds(evidence.end_us),
        "servers": {server: source for source, server in evidence.who.server_of.items()},
        "answer": _answer_fields(found.groups[0]),
        "explanations": [_group_fields(found, group) for group in found.groups],
        "notes": evidence.notes,
        "runs": found.runs,
        "partial": found.why_partial,
    }
    return json.dumps(content, ensure_ascii=False, indent=1)


def _answer_fields(group: Group) -> dict[str, Any]:
    """What is most likely. ``equals``: all that look the same, the one that is named first included."""
    return {
        "sentence": happened(group.first),
        "is_explained": group.first.unexplained is None,
        "is_the_only_one": len(group.members) == 1,
        "equals": [happened(guess) for guess in group.members],
        "named_first_because": WHY if len(group.members) > 1 else "",
    }


def _group_fields(found: Reconstruction, group: Group) -> dict[str, Any]:
    first = group.first
    return {
        "explains": round(found.fit(first), 4),
        "off_by_s": plain_seconds(_off_us(found, first)) if first.unexplained is None else None,
        "unexplained": None if first.unexplained is None else difference_in_words(first.unexplained),
        "alike": [{"sentence": happened(guess), "actions": _actions(guess)} for guess in group.members],
    }


def _actions(guess: Guess) -> list[dict[str, Any]]:
    told = []
    for step in guess.steps:
        fields: dict[str, Any] = {"at_s": plain_seconds(step.at_us)}
        if step.from_us is not None and step.to_us is not None:
            fields |= {"earliest_s": plain_seconds(step.from_us), "latest_s": plain_seconds(step.to_us)}
        told.append({**fields, "action": step.deed.act.value, **step.deed.keys})
    return told


# -- a scenario ----------------------------------------------------------------------------------------------


def scenario_of(found: Reconstruction, guess: Guess, name: str, clients: bool = True) -> Scenario:
    """What happened as a scenario; ``name``: the capture's."""
    replay = found.replay
    scenario = replay.scenario(guess.opening, [s.deed.at(s.at_us) for s in guess.steps], clients=clients)
    lead_us = replay.lead_us(guess.opening)
    shift = f", whose first frame is at {seconds(lead_us):g} s here" if lead_us else ""
    said = f"reconstructed from {name}{shift}: {happened(guess)}"
    return scenario.changed(name=f"reconstructed-{_plain(name)}", description=said)


def _plain(name: str) -> str:
    stem = name.rpartition("/")[2].partition(".")[0]
    return "".join(c if c.isalnum() or c in "-_" else "-" for c in stem) or "capture"


def scenario_text(scenario: Scenario, folder: str) -> str:
    """As a file that lies in ``folder``, with the configurations in it, but for those that include others."""

    def named(path: str, node: NodeConfig, server: str) -> str:
        if node.text is None:
            return config_from_folder(path, node, server, folder=folder)
        return config_as_text(path, node, server)

    return written(scenario, named)
