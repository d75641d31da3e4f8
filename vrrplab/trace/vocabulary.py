"""Every action a scenario may have, each declared once: its keys, what it breaks, what mends it, its words.

The scenario reader takes the keys from here, the simulator the names, pictures and tellings the words; for
the player it is written to ``views/static/vocabulary.js``. An action is its word, too:
``Act.LINK_DOWN == "link_down"``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any

# Parts of the network that an action changes.
PORT, DAEMON, POWER, FIREWALL, SEGMENT = "port", "daemon", "power", "firewall", "segment"
_FAULTS = "loss latency_s jitter_s multicast between"


class Act(StrEnum):
    """One action. ``needs`` and ``may`` are its keys besides ``at_s``.

    A ``part`` of the network (a port, a daemon, the power, a firewall, a segment) is in ``state`` afterwards;
    "": other events tell how it is. ``mends``: the actions whose harm it undoes; a ``segment_heal`` that
    names keys undoes those keys only, see ``Segments``. ``label`` is for figures, ``sentence`` for people who
    do not know the words; both are templates over the keys, see ``filled``.
    """

    needs: tuple[str, ...]
    may: tuple[str, ...]
    part: str
    state: str
    mends: tuple[str, ...]
    label: str
    sentence: str

    def __new__(
        cls, word: str, needs: str, may: str, change: str, mends: str, label: str, sentence: str
    ) -> Act:
        act = str.__new__(cls, word)
        act._value_ = word
        act.needs, act.may, act.mends = tuple(needs.split()), tuple(may.split()), tuple(mends.split())
        act.part, _, act.state = change.partition(" ")
        act.label, act.sentence = label, sentence
        return act

    @property
    def breaks(self) -> bool:
        """Does it break something, that another action mends?"""
        return self.value in _BREAKS

    @property
    def mended_by(self) -> Act:
        """What undoes this and as little else as can be, as power that comes back starts everything.

        ``ValueError`` for what breaks nothing.
        """
        return min(
            (act for act in Act if self.value in act.mends),
            key=lambda act: (len(act.mends), act.mends.index(self.value)),
        )

    # fmt: off
    LINK_DOWN = ("link_down", "server interface", "", "port down", "",
                 "{server} {interface} down", "{interface} of {server} is set down")
    LINK_UP = ("link_up", "server interface", "", "port up", "link_down ifdown",
               "{server} {interface} up", "{interface} of {server} is set up")
    CARRIER_DOWN = ("carrier_down", "server interface", "", "port unplugged", "",
                    "{server} {interface}: cable out", "the cable of {server} {interface} is pulled")
    CARRIER_UP = ("carrier_up", "server interface", "", "port up", "carrier_down",
                  "{server} {interface}: cable in", "the cable of {server} {interface} is back")
    IFDOWN = ("ifdown", "server interface", "", "port down", "",
              "{server} ifdown {interface}", "ifdown {interface} on {server}")
    IFUP = ("ifup", "server interface", "", "port up", "ifdown link_down",
            "{server} ifup {interface}", "ifup {interface} on {server}")
    ADDRESS_REMOVE = ("address_remove", "server interface address", "", "", "",
                      "{server} {address} removed by hand", "{address} is removed from {server} by hand")
    ADDRESS_ADD = ("address_add", "server interface address", "", "", "address_remove",
                   "{server} {address} added by hand", "{address} is added to {server} by hand")
    SERVICE_STOP = ("service_stop", "server service", "", "", "",
                    "{server} {service} stopped", "{service} on {server} is stopped")
    SERVICE_START = ("service_start", "server service", "", "", "service_stop service_kill",
                     "{server} {service} started", "{service} on {server} is started")
    SERVICE_KILL = ("service_kill", "server service", "", "", "",
                    "{server} {service} killed", "{service} on {server} is killed")
    CHECK_FAIL = ("check_fail", "server", "script", "", "",
                  "{server} check fails", "{script|every check} on {server} fails from now on")
    CHECK_PASS = ("check_pass", "server", "script", "", "check_fail check_hang",
                  "{server} check passes", "{script|every check} on {server} passes from now on")
    CHECK_HANG = ("check_hang", "server", "script", "", "",
                  "{server} check hangs", "{script|every check} on {server} hangs from now on")
    FILE_WRITE = ("file_write", "server file value", "", "", "file_write",
                  "{server} {file} = {value}", "{value} is written into {file} on {server}")
    PROCESS_COUNT = ("process_count", "server process count", "", "", "process_count",
                     "{server} {process} × {count}",
                     "the number of {process} processes on {server} is now {count}")
    BFD_DOWN = ("bfd_down", "server bfd", "", "", "",
                "{server} BFD {bfd} down", "the BFD session {bfd} of {server} goes down")
    BFD_UP = ("bfd_up", "server bfd", "", "", "bfd_down",
              "{server} BFD {bfd} up", "the BFD session {bfd} of {server} comes up")
    DAEMON_STOP = ("daemon_stop", "server", "", "daemon stopped", "",
                   "{server} daemon stopped", "{daemon|keepalived} on {server} is stopped")
    DAEMON_START = ("daemon_start", "server", "", "daemon running", "daemon_stop daemon_kill",
                    "{server} daemon started", "{daemon|keepalived} on {server} is started")
    DAEMON_KILL = ("daemon_kill", "server", "process", "daemon killed", "",
                   "{server} {process:parent=parent process,child=child process|daemon} killed",
                   "{daemon|keepalived} on {server} is killed"
                   "{process:parent= (parent process),child= (child process)}")
    DAEMON_FREEZE = ("daemon_freeze", "server", "", "daemon frozen", "",
                     "{server} frozen", "{daemon|keepalived} on {server} is frozen")
    DAEMON_THAW = ("daemon_thaw", "server", "", "daemon running", "daemon_freeze",
                   "{server} thawed", "{daemon|keepalived} on {server} goes on")
    POWER_OFF = ("power_off", "server", "", "power off", "",
                 "{server} power off", "{server} loses power")
    POWER_ON = ("power_on", "server", "", "power on",
                "power_off daemon_stop daemon_kill daemon_freeze service_stop service_kill firewall_drop",
                "{server} power on", "{server} gets power")
    RELOAD = ("reload", "server config", "", "", "",
              "{server} reload", "keepalived on {server} reloads {config}")
    INTERFACE_DELETE = ("interface_delete", "server interface", "", "port gone", "",
                        "{server} {interface} deleted", "{interface} of {server} is deleted")
    INTERFACE_ADD = ("interface_add", "server interface", "parent kind", "port up",
                     "interface_delete link_down ifdown",
                     "{server} {interface} added", "{interface} appears on {server}")
    FIREWALL_DROP = ("firewall_drop", "server direction protocol", "", "firewall closed", "",
                     "{server} firewall drops VRRP {direction}",
                     "the firewall of {server} drops VRRP {direction:out=going out|coming in}")
    FIREWALL_CLEAR = ("firewall_clear", "server", "direction protocol", "firewall open", "firewall_drop",
                      "{server} firewall cleared",
                      "the firewall of {server} lets VRRP {direction:out=out,in=in|through} again")
    SEGMENT_FAULT = ("segment_fault", "segment", _FAULTS, "segment faulty", "",
                     "{segment} {fault|faulty}", "network {segment} {fault|has a fault}")
    SEGMENT_HEAL = ("segment_heal", "segment", _FAULTS, "segment whole", "segment_fault",
                    "{segment} healed{left}", "network {segment} works again{left}")
    # fmt: on


ACTIONS: Mapping[str, Act] = {act.value: act for act in Act}

# What breaks something: another action mends it.
_BREAKS = frozenset(word for act in Act for word in act.mends)

# What takes a card's link, or brings it.
LINK_LOST = frozenset(act for act in Act if act.part == PORT and act.state != "up")
LINK_BACK = frozenset(act for act in Act if act.part == PORT and act.state == "up")

# What is so when a daemon starts at the same moment, rather than happening to it a moment later.
FINDABLE = frozenset((Act.FILE_WRITE, Act.PROCESS_COUNT, Act.BFD_DOWN, Act.BFD_UP))

# What can be wrong with a segment: on a figure, and in a sentence.
FAULTS: Mapping[str, tuple[str, str]] = {
    "loss": ("loses {}%", "loses {} % of all frames"),
    "latency_s": ("delays {} s", "takes {} s for a frame"),
    "jitter_s": ("jitters {} s", "jitters by {} s"),
    "multicast": ("without multicast", "carries no multicast"),
}
_HOLE = re.compile(r"\{(\w+)(?::([^|}]*))?(?:\|([^}]*))?\}")


def filled(template: str, keys: Mapping[str, Any]) -> str:
    """``{key}``, ``{key|without it}``, ``{key:value=words,value=words|any other}`` with an action's keys.

    ``daemon`` is the name of what runs on its server, where somebody knows that it is not keepalived.
    """

    def words(hole: re.Match[str]) -> str:
        value = str(keys.get(hole[1], ""))
        if hole[2] is not None:
            value = dict(pair.split("=", 1) for pair in hole[2].split(",")).get(value, "")
        return value or hole[3] or ""

    return _HOLE.sub(words, template)


class Segments:
    """What is wrong with each segment now, as its faults and their healing come by."""

    def __init__(self, actions: Iterable[Mapping[str, Any]] = ()) -> None:
        self._faults: dict[str, dict[str, Any]] = {}
        for action in actions:
            self.see(action)

    def see(self, action: Mapping[str, Any]) -> dict[str, Any]:
        """Take an action in; the faults of its segment afterwards, by key.

        With ``between`` a fault holds one way only, for each pair of hosts: ``{"between": {"a → b": {…}}}``.
        """
        faults = self._faults.setdefault(str(action.get("segment", "")), {})
        named = {key: action[key] for key in _FAULTS.split() if key in action}
        if action.get("action") == Act.SEGMENT_HEAL:
            for key in list(named or faults):
                faults.pop(key, None)
        elif action.get("action") == Act.SEGMENT_FAULT:
            if "multicast" in named:
                faults["multicast"] = named.pop("multicast")
            pairs = named.pop("between", None)
            if pairs:
                ways = {f"{sender} → {receiver}": named or {"loss": 1.0} for sender, receiver in pairs}
                faults["between"] = faults.get("between", {}) | ways
            else:
                faults |= named
        for key in [key for key, value in faults.items() if bool(value) == (key == "multicast")]:
            del faults[key]  # that is no fault
        return faults


def fault_words(faults: Mapping[str, Any]) -> str:
    """The faults of a segment in a few words, "" when there are none."""
    found = [
        FAULTS[key][0].format(f"{100 * faults[key]:.0f}" if key == "loss" else f"{faults[key]:g}")
        for key in FAULTS
        if key in faults
    ]
    for way, harm in faults.get("between", {}).items():
        found.append(f"{way} cut" if harm.get("loss", 0) >= 1 else f"{way} {fault_words(harm)}")
    return ", ".join(found)


def refusal_words(option: str, server: str) -> str:
    """Why clients get no answer from a MASTER that refuses them."""
    return f"{option} on {server} drops what clients send to it"


def label(action: Mapping[str, Any], left: str = "") -> str:
    """An action in a few words, e.g. "serv01 eth0 down"; its own name where we have no words for it.

    ``left``: what a healing left broken, in words.
    """
    word = str(action.get("action", "action"))
    act = ACTIONS.get(word)
    if act is None:
        return f"{word.replace('_', ' ')} {action.get('server', '')}".strip()
    more = {}
    if act is Act.SEGMENT_FAULT:
        more["fault"] = fault_words(Segments().see(action))
    elif act is Act.SEGMENT_HEAL:
        more["left"] = f" in part, but still {left}" if left else ""
    return " ".join(filled(act.label, {**action, **more}).split())


def sentence(action: Mapping[str, Any], daemon: str = "") -> str:
    """An action for people, "eth0 of serv01 is set down"; ``daemon``: what runs there, if not keepalived."""
    act = ACTIONS.get(str(action.get("action")))
    if act is None:
        return label(action)
    fault = _harm(Segments().see(action)) if act is Act.SEGMENT_FAULT else ""
    return " ".join(filled(act.sentence, {**action, "daemon": daemon, "fault": fault, "left": ""}).split())


def _harm(faults: Mapping[str, Any]) -> str:
    """What is wrong with a segment, as a part of a sentence."""
    said = [
        FAULTS[key][1].format(f"{100 * value:.0f}" if key == "loss" else f"{value:g}")
        for key, value in faults.items()
        if key in FAULTS
    ]
    said += [f"{_harm(harm)} ({way})" for way, harm in faults.get("between", {}).items()]
    return ", ".join(said)
