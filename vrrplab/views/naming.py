"""The words on the figures: who takes part, what they are called, and what an action is in plain words.

Everything is taken from the trace. A trace without a ``scenario`` event names fewer things, so each
question here also has an answer from the events alone.
"""

from __future__ import annotations

from typing import NamedTuple

from vrrplab.trace import Trace
from vrrplab.trace.events import (
    ActionEvent,
    AnnouncementEvent,
    as_table,
)
from vrrplab.trace.vocabulary import Act, label
from vrrplab.units import Micros

NEAR_US: Micros = 150_000  # things this close together are told once


def alive_until(trace: Trace) -> dict[str, list[tuple[Micros, str]]]:
    """server -> moments at which all its instances fell silent without a word, each with what happened."""
    found: dict[str, list[tuple[Micros, str]]] = {}
    for event in trace.of(ActionEvent):
        if event.act is Act.POWER_OFF:
            found.setdefault(event.server, []).append((event.t_us, "no power"))
        elif event.act is Act.DAEMON_KILL and event.content.get("process", "both") == "both":
            found.setdefault(event.server, []).append((event.t_us, "killed"))
    return found


def short_addresses(addresses: list[str] | tuple[str, ...]) -> dict[str, str]:
    """address -> ".101" where all share what comes before the last part, else the address itself.

    One address alone is short too: its network stands in the title of most figures.
    """
    bare = [a.split("/")[0] for a in addresses]
    four = [a for a in bare if a.count(".") == 3 and ":" not in a]
    networks = {a.rpartition(".")[0] for a in four}
    return {
        a: "." + a.rpartition(".")[2] if a in four and len(networks) == 1 and len(four) == len(bare) else a
        for a in bare
    }


TWO_FIT = 36  # characters of a label that are never cut


def address_range(addresses: list[str], short: dict[str, str]) -> str:
    """ ".101", ".101, .102", or "20 addresses, .100 … .119"."""
    names = [short.get(a, a) for a in addresses]
    if len(names) == 1 or (names[0].startswith(".") and len(names) == 2):
        return ", ".join(names)
    first, last = names[0], names[-1]
    if first.rpartition(".")[0] == last.rpartition(".")[0] and ":" not in first:
        last = "." + last.rpartition(".")[2]
    elif ":" in first and first.rpartition(":")[0] == last.rpartition(":")[0]:
        last = ":" + last.rpartition(":")[2]
    if len(names) == 2:
        both = f"{first}, {last}"
        return both if len(both) <= TWO_FIT else f"{first} and 1 more"  # shortened, two would look like one
    return f"{len(names)} addresses {first} … {last}"


def short_names(names: list[str]) -> dict[str, str]:
    """name -> the part that tells it from the others, for where the whole name has no room."""
    if len(names) < 2:
        return {name: name for name in names}
    head = _common(names)
    tail = _common([name[::-1] for name in names])
    found = {}
    for name in names:
        begin, end = head, max(head + 1, len(name) - tail)
        while end < len(name) and name[end].isalnum():
            end += 1
        begin = _word_start(name, begin)
        while not _letters(name[begin:end]) and _letters(name[:begin]):  # a 1 is no name, web-1 is
            begin = _word_start(name, begin - 1)
        core = name[begin:end]
        found[name] = core if core else name
    return found


def _word_start(name: str, place: int) -> int:
    """Where the word begins in which, or just before which, ``place`` is."""
    while place > 0 and name[place - 1].isalnum():
        place -= 1
    return place


def _letters(text: str) -> bool:
    return any(letter.isalpha() for letter in text)


def _common(names: list[str]) -> int:
    """How many characters all names begin with."""
    return next((i for i, letters in enumerate(zip(*names, strict=False)) if len(set(letters)) > 1), 0)


def action_text(event: ActionEvent, trace: Trace | None = None) -> str:
    """An action in a few words, e.g. "serv01 eth0 down"; ``trace``: for what the action leaves broken."""
    return label(event.content, trace.left_broken(event) if trace else "")


def origin_note(trace: Trace) -> str:
    """Where a trace comes from: "keepalived 2.2.7 · simulation, seed 0"."""
    cast = trace.scenario
    if not cast:
        return "a trace without its scenario"
    profile = trace.profiles.replace("keepalived-", "keepalived ").replace("rfc", "RFC ")
    origin = str(cast.get("origin", "simulation"))
    if origin == "simulation" and cast.get("seed") is not None:
        origin += f", seed {cast['seed']}"
    elif origin == "recording":
        origin = "recording of real daemons"
    return " · ".join(part for part in (profile, origin) if part)


def title_of(trace: Trace) -> str:
    """The name of what was run."""
    return trace.name or "Trace"


def head_of(trace: Trace) -> tuple[str, str, str]:
    """The head of a figure: title, where the trace comes from, what it is about."""
    return title_of(trace), origin_note(trace), str(trace.scenario.get("description") or "")


class ActionMark(NamedTuple):
    """An action on a figure."""

    t_us: Micros
    text: str


def action_marks(trace: Trace) -> tuple[ActionMark, ...]:
    """All actions, in words."""
    return tuple(ActionMark(event.t_us, action_text(event, trace)) for event in trace.of(ActionEvent))


def mac_owners(trace: Trace) -> dict[str, str]:
    """MAC (lower case) -> "serv01 eth0", "r1 zone1" or a client's name; virtual router MACs -> "VRID 51"."""
    found: dict[str, str] = {}
    for server, about in as_table(trace.scenario.get("servers")).items():
        for name, interface in (about.get("interfaces") or {}).items():
            if interface.get("mac"):
                found[str(interface["mac"]).lower()] = f"{server} {name}"
    for router, about in as_table(trace.scenario.get("routers")).items():
        for name, interface in (about.get("interfaces") or {}).items():
            found[str(interface.get("mac")).lower()] = f"{router} {name}"
    for client, about in as_table(trace.scenario.get("clients")).items():
        if about.get("mac"):
            found[str(about["mac"]).lower()] = str(client)
    for event in trace.of(AnnouncementEvent):
        mac = str(event.mac or "").lower()
        if mac and not mac.startswith("00:00:5e:00:0"):
            found.setdefault(mac, f"{event.server} {event.interface}".strip())
    return found


def mac_text(mac: str, owners: dict[str, str]) -> str:
    """Who a MAC belongs to, else the MAC itself (a virtual router's by its VRID, RFC 9568 section 7.3)."""
    low = mac.lower()
    if low in owners:
        return owners[low]
    if low.startswith(("00:00:5e:00:01:", "00:00:5e:00:02:")):
        return f"virtual MAC of VRID {int(low.rpartition(':')[2], 16)}"
    return mac


def near(a: Micros, b: Micros) -> bool:
    """Whether two moments look like one in a figure."""
    return abs(a - b) <= NEAR_US
