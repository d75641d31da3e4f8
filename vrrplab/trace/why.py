"""Why an instance is what it is and stays that, in sentences made from the events of a trace.

A change of state brings its reason along in a simulation; a recording holds what was seen, and the reason is
made out of that. What keeps an instance where it is stands in the events since: adverts that came, were
turned away or got lost on their way, its sync group, a delay, things it depends on that are broken.
``Trace.why`` asks here.
"""

from __future__ import annotations

import re
from typing import Any

from vrrplab.errors import DropReason
from vrrplab.trace.events import (
    AdvertFailedEvent,
    AdvertReceivedEvent,
    AdvertSentEvent,
    ConfigurationEvent,
    FaultsEvent,
    LogEvent,
    PriorityEvent,
    ScriptEvent,
    StateEvent,
    TraceEvent,
)
from vrrplab.trace.scene import UNDER_WAY_US, Heard, Pair, Scene, is_group
from vrrplab.trace.vocabulary import DAEMON, POWER, Act
from vrrplab.units import Micros, format_s, micros

NOT_KNOWN = "no reason is known (a recording holds what was seen, not why)"

CURES = {
    DropReason.BAD_TTL: "no router may stand between them",
    DropReason.BAD_VERSION: "set the same version on both",
    DropReason.BAD_CHECKSUM: "set v3_checksum_as_v2 alike on both",
    DropReason.BAD_COUNT: "set the same virtual_ipaddress on both",
    DropReason.BAD_INTERVAL: "set the same advert_int on both",
    DropReason.BAD_AUTH_TYPE: "set the same auth_type on both",
    DropReason.AUTH_MISMATCH: "set the same auth_pass on both",
    DropReason.ADDRESS_LIST_MISMATCH: "set the same virtual_ipaddress on both",
    DropReason.UNICAST_MISMATCH: "set unicast_peer on both or on none",
    DropReason.OTHER_GROUP: "set the same multicast group on both (mcast_dst_ip, vrrp_mcast_group4)",
    DropReason.NOT_A_PEER: "name the sender in unicast_peer",
    DropReason.FIREWALL: "let IP protocol 112 in",
    DropReason.RP_FILTER: "set rp_filter to 0 there, or give the host a route back through that card",
    DropReason.OWN_SOURCE: "give each server an address of its own",
    DropReason.MACVLAN: "set vmac_xmit_base alike on both",
}
_AT_START = "cannot start: "
_PREEMPT_DELAY = re.compile(r"\((?P<name>.*)\) (?P<what>start|stop) preempt delay(?: \((?P<s>[\d.]+)\))?")
_START_DELAY = re.compile(r"Delaying startup for ([\d.]+) seconds")
_REJECTS = re.compile(r"invalid|mismatch|wrong|expect|not present|not a unicast peer|already")


class Answers(Scene):
    """A scene that is asked."""

    # -- adverts that are not used ------------------------------------------------------------------

    def turned_away(self, pair: Pair) -> str:
        """Adverts that came since the last one that counted and were not used: how many, whose, why."""
        waiting: dict[tuple[str, str], list[Heard]] = {}
        since_us = self.listens_since_us(pair)
        for heard in (h for h in self.heard(pair) if h.t_us >= since_us):
            if heard.verdict in ("", "?"):
                waiting.clear()
            else:
                waiting.setdefault((heard.source, heard.verdict), []).append(heard)
        told = []
        for (source, name), some in waiting.items():
            if self.t_us - some[-1].t_us > self.patience_us(pair):
                continue
            reason = DropReason.__members__.get(name)
            cure = CURES.get(reason, "") if reason else ""
            came = f"{_times(len(some), 'advert')} of {self.name_of(source)} came since"
            told.append(
                f"{came} {format_s(some[0].t_us)} s and none was accepted:"
                f" {reason.value if reason else name}{'; ' + cure if cure else ''}"
            )
        return "; ".join(told)

    def lost_on_the_way(self, pair: Pair) -> str:
        """Adverts that others send now and that never come here, with what stands between."""
        came = {h.source for h in self.heard(pair) if self.is_recent(pair, h.t_us)}
        since_us, until_us = self.listens_since_us(pair), self.t_us - UNDER_WAY_US
        told = []
        for peer in self.peers(pair):
            sent = [
                e
                for e in self.of(AdvertSentEvent, *peer)
                if since_us <= e.t_us <= until_us and self.is_recent(pair, e.t_us)
            ]
            if sent and not came & {e.source for e in sent}:
                where = self._way(pair, peer, {e.destination for e in sent})
                told.append(
                    f"{self.name_of(sent[-1].source)} advertises with priority {sent[-1].priority}, and"
                    f" nothing of it arrives here: {where}"
                )
            failed = [
                e for e in self.of(AdvertFailedEvent, *peer) if e.priority and self.is_recent(pair, e.t_us)
            ]
            if failed and not sent:
                told.append(f"the adverts of {peer[0]} cannot leave it: {failed[-1].reason}")
        return "; ".join(told)

    def _way(self, pair: Pair, peer: Pair, destinations: set[str]) -> str:
        here, there = self.segment(pair), self.segment(peer)
        interface = str(self.config(pair).get("interface", ""))
        down_us = self.is_down(pair[0], interface)
        ours = self.own_addresses(pair[0])
        if here != there:
            return f"they go to the network {there}, and this one listens in {here}"
        if down_us is not None:
            return f"{interface} is down here since {format_s(down_us)} s"
        if not any(is_group(d) or d in ours for d in destinations):
            return f"they are sent to {' and '.join(sorted(destinations))} only (unicast_peer)"
        words = self.faults_of(here)
        return f"{here}: {words}" if words else "the trace does not tell where they are lost"

    # -- what is broken -----------------------------------------------------------------------------

    def broken(self, pair: Pair) -> list[str]:
        """What the instance cannot work without and does not have, each with since when."""
        config = self.config(pair)
        tracked = [*(config.get("tracks") or ()), *(self.group_of(pair)[1].get("tracks") or ())]
        needed = [t for t in tracked if not t["weight"]]
        own = {"kind": "interface", "name": str(config.get("interface", ""))}
        found = []
        for one in [own, *needed] if config else []:
            if one["kind"] == "interface":
                since_us = self.is_down(pair[0], one["name"])
                text = f"interface {one['name']} is down"
            else:
                since_us, how = self.failing(pair[0], one["name"])
                text = f"script {one['name']} fails ({how})"
            if since_us is not None:
                found.append(f"{text} since {format_s(since_us)} s")
        if config and (gone_us := self.addressless(pair)) is not None:
            found.append(f"{config['interface']} has no IPv4 address since {format_s(gone_us)} s")
        return list(dict.fromkeys(found))

    def without_effect(self, pair: Pair) -> list[str]:
        """Failing checks that change nothing here, or not what their own entry says, and why."""
        server = pair[0]
        group, contents = self.group_of(pair)
        theirs = {t["name"]: t["weight"] for t in contents.get("tracks") or ()}
        told = []
        for one in self.config(pair).get("ignores") or ():
            name = one["name"]
            if self.is_bad(server, name):
                who = f"what this instance says of {name}" if name in theirs else f"that {name} fails"
                told.append(f"{who} changes nothing: {one['text']}")
        for one in self.config(pair).get("tracks") or ():
            name, weight = one["name"], one["weight"]
            if weight and name in theirs and theirs[name] != weight and self.is_bad(server, name):
                told.append(
                    f"that {name} fails does not count with the weight {weight} it has here: sync group"
                    f" {group} tracks it too, with weight {theirs[name]}, and that replaces it"
                )
        return told

    # -- what holds it ------------------------------------------------------------------------------

    def holds(self, pair: Pair, *, alone: bool = False) -> str:
        """What keeps an instance in its state, as a phrase about it; ``alone``: its sync group aside."""
        match self.state(pair):
            case "BACKUP":
                return self._holds_backup(pair, alone)
            case "MASTER":
                return self._holds_master(pair)
            case "FAULT":
                return self._holds_fault(pair)
        return self._waits(pair)

    def _holds_backup(self, pair: Pair, alone: bool) -> str:
        own = self.priority(pair)
        speakers = self.speakers(pair)
        if delay := self._delay_left(pair):
            return delay
        best = max(speakers, key=lambda h: h.priority or 0, default=None)
        group = "" if alone else self._group_holds(pair)
        if best is None:
            nothing = self.turned_away(pair) or self.lost_on_the_way(pair)
            return f"hears no advert that counts, but {group}" if group else nothing
        who, theirs = self.name_of(best.source), best.priority or 0
        turned = [h for h in self.heard(pair) if h.source == best.source and h.t_us > best.t_us]
        if turned and (away := self.turned_away(pair)):
            return f"{away}; the last that counted came at {format_s(best.t_us)} s"
        if own is None or theirs >= own:
            each = f" each {format_s(micros(best.interval_s))} s" if best.interval_s else ""
            compared = "" if own is None else f" >= own {own}"
            return f"hears adverts of {who} with priority {theirs}{compared}{each}"
        lower = f"its own priority {own} is higher than {theirs} of {who}"
        if self.config(pair).get("preempt") is False:
            return f"leaves {who} MASTER because of nopreempt, though {lower}"
        if left := self._preempt_delay_left(pair):
            return f"waits for {left}, though {lower}"
        if group:
            return f"{lower}, but {group}"
        return (
            f"does not count adverts of {who} with lower priority {theirs} (own {own}), and is MASTER"
            " when its master-down timer has run out"
        )

    def _group_holds(self, pair: Pair) -> str:
        name, _ = self.group_of(pair)
        for other in self.others_in_group(pair):
            state, phrase = self.state(other), ""
            if state in ("FAULT", "INIT"):
                phrase = f"is in {state}" + (f": {found}" if (found := self.holds(other)) else "")
            elif state == "BACKUP":
                phrase = self.holds(other, alone=True)
                phrase = "" if phrase.startswith("does not count") else phrase
            if phrase:
                return f"its sync group {name} is held by instance {other[1]}, which {phrase}"
        return ""

    def _preempt_delay_left(self, pair: Pair) -> str:
        last = self.last_change(pair)
        found, ends_us = "", 0
        for event in self.of(LogEvent, pair[0]):
            if last and event.t_us >= last.t_us:
                match = _PREEMPT_DELAY.match(event.line)
                if match and match["name"] == pair[1]:
                    found = match["s"] or ""
                    ends_us = event.t_us + micros(float(found)) if found else 0
        if ends_us <= self.t_us:
            return ""
        return f"preempt_delay {float(found):g} s, {format_s(ends_us - self.t_us)} s left"

    def _delay_left(self, pair: Pair) -> str:
        text = ""
        for event in self.of(LogEvent, pair[0]):
            match = _START_DELAY.match(event.line)
            left_us = event.t_us + micros(float(match[1])) - self.t_us if match else 0
            if match and left_us > 0:
                text = f"waits for vrrp_startup_delay {match[1]} s, {format_s(left_us)} s left"
        return text

    def _holds_master(self, pair: Pair) -> str:
        own, last = self.priority(pair), self.last_change(pair)
        told = [self.turned_away(pair), self.lost_on_the_way(pair), self._other_vrid(pair)]
        for one in self.speakers(pair):
            who, theirs = self.name_of(one.source), one.priority or 0
            if last and one.t_us < last.t_us:
                continue
            if one.verdict and (self._said(pair) or own is None or theirs >= own):
                told.append(f"adverts of {who} with priority {theirs} do not count: {self._rejections(pair)}")
            elif own is not None and theirs < own:
                told.append(f"adverts of {who} with lower priority {theirs} (own {own}) do not move it")
        for peer in self.peers(pair):
            theirs_, state = self.priority(peer), self.state(peer)
            if own is not None and theirs_ is not None and theirs_ > own and state in ("BACKUP", "FAULT"):
                told.append(f"{peer[0]} with priority {theirs_} is {state}" + _because(self.holds(peer)))
            elif state == "MASTER" and not any(told) and (away := self.turned_away(peer)):
                told.append(
                    f"{peer[0]} is MASTER too, and what it turns away puts off its own adverts: {away}"
                )
        told = [text for text in told if text]
        if not told and self.peers(pair):
            told = ["no better advert came since"]
        return "; ".join(told)

    def unheard(self, pair: Pair) -> str:
        """Why what others send does not count here."""
        return self.turned_away(pair) or self.lost_on_the_way(pair)

    def _other_vrid(self, pair: Pair) -> str:
        """Somebody advertises the same addresses for another virtual router."""
        config = self.config(pair)
        ours = {str(a).split("/")[0] for a in config.get("virtual_addresses") or ()}
        kind = AdvertReceivedEvent if self.tells_reception else AdvertSentEvent
        for event in reversed(self.past):
            if not isinstance(event, kind) or (event.server == pair[0]) != self.tells_reception:
                continue
            shared = sorted(ours & set(event.addresses))
            if shared and event.vrid != config.get("vrid") and self.is_recent(pair, event.t_us):
                return (
                    f"{self.name_of(event.source)} advertises {shared[0]} with VRID {event.vrid}, and here it"
                    f" has VRID {config.get('vrid')}; set the same virtual_router_id on both"
                )
        return ""

    def _said(self, pair: Pair) -> list[str]:
        """What its log says about adverts that it turned away, since shortly before its last change."""
        last = self.last_change(pair)
        since_us = last.t_us - self.patience_us(pair) if last else 0
        return [
            e.line
            for e in self.of(LogEvent, pair[0])
            if e.line.startswith(f"({pair[1]})") and _REJECTS.search(e.line) and e.t_us >= since_us
        ]

    def _rejections(self, pair: Pair) -> str:
        if said := self._said(pair):
            return f'its log says "{said[-1]}"'
        return "it does not hear or does not accept them, and its log says nothing about it"

    def _faults(self, pair: Pair) -> list[str]:
        """What the daemon itself holds to be broken, each with since when; its sync group aside."""
        since: dict[str, Micros] = {}
        for event in self.of_several((StateEvent, *pair), (FaultsEvent, *pair)):
            if isinstance(event, StateEvent):
                since = dict.fromkeys(_parts(event.reason), event.t_us) if event.to == "FAULT" else {}
            else:
                since = {fault: since.get(fault, event.t_us) for fault in event.faults}
        group = self.group_of(pair)[0]
        own = {fault: t_us for fault, t_us in since.items() if not fault.startswith(f"sync group {group}")}
        return [f"{fault} (since {format_s(t_us)} s)" for fault, t_us in own.items()]

    def _holds_fault(self, pair: Pair) -> str:
        if found := self._faults(pair) if self.tells_reception else self.broken(pair):
            return "; ".join(found)
        group, told = self.group_of(pair)[0], []
        for other in self.others_in_group(pair):
            found = self._faults(other) if self.tells_reception else self.broken(other)
            if self.state(other) == "FAULT" and found:
                told.append(f"sync group {group}: {other[1]} is in FAULT ({'; '.join(found)})")
        return "; ".join(told)

    def _waits(self, pair: Pair) -> str:
        """INIT: what it waits for."""
        own = [t["name"] for t in self.config(pair).get("tracks") or () if _decides(t)]
        theirs = [t["name"] for t in self.group_of(pair)[1].get("tracks") or () if _decides(t)]
        seen = {e.script for e in self.of(ScriptEvent, pair[0])}
        for name in own:
            if name in theirs and name in seen:
                group = self.group_of(pair)[0]
                return (
                    f"it and its sync group {group} both track script {name}, and its one result counts once"
                )
        missing = [name for name in dict.fromkeys(own + theirs) if name not in seen]
        return f"waits for the first result of script {' and '.join(missing)}" if missing else ""

    # -- what changed it ----------------------------------------------------------------------------

    def came(self, last: StateEvent) -> str:
        """Why its last change happened, where the trace does not say so itself; "": not known."""
        pair = last.server, last.instance
        if not self.config(pair):
            return ""
        then = Answers(self.past, self.fields, last.t_us)
        match last.to:
            case "FAULT":
                return then._holds_fault(pair)
            case "STOP":
                stop = then.part_of(DAEMON, last.server)
                return f"its daemon was ended ({stop.action} at {format_s(stop.t_us)} s)" if stop else ""
            case "MASTER":
                return then._takes_over(pair)
            case "BACKUP" if last.from_ == "MASTER":
                better = [h for h in then.speakers(pair) if (h.priority or 0) >= (then.priority(pair) or 0)]
                if better:
                    return f"{then.name_of(better[-1].source)} advertises with priority {better[-1].priority}"
            case "BACKUP" if last.from_ == "FAULT":
                return "nothing that it depends on is broken any more"
            case "BACKUP" if last.from_ == "INIT":
                return "it starts, and listens first"
        return ""

    def _takes_over(self, pair: Pair) -> str:
        own, known = self.priority(pair), [h for h in self.heard(pair) if h.verdict in ("", "?")]
        if not known:
            return self.turned_away(pair) or "no advert for it was seen before"
        last = known[-1]
        if (
            own is not None
            and (last.priority or 0) >= own
            and self.t_us - last.t_us < self.patience_us(pair) // 2
        ):
            who = self.name_of(last.source)
            return f"adverts of {who} with priority {last.priority} do not count: {self._rejections(pair)}"
        who, ago = self.name_of(last.source), format_s(self.t_us - last.t_us)
        if not last.priority:
            return f"{who} said goodbye with priority 0 {ago} s before"
        if own is not None and last.priority < own and self.is_recent(pair, last.t_us):
            return f"preempts {who}: its adverts with lower priority {last.priority} (own {own}) do not count"
        return f"no advert of {who} for {ago} s"


def why(scene: Answers, last: StateEvent) -> str:
    """The answer about an instance whose last change was ``last``."""
    pair = last.server, last.instance
    came = last.reason or scene.came(last)
    stays = scene.holds(pair)
    if stays and came and stays.startswith(_parts(came)[0]):
        came = ""
    if not stays:
        told = [came or NOT_KNOWN]
    elif last.to == "MASTER":
        told = [came or NOT_KNOWN, stays]
    else:
        told = [stays, f"at {last.t:.3f} s: {came}"] if came else [stays]
    if moved := _moved(scene, pair):
        told.append(moved)
    told += scene.without_effect(pair)
    if last.to != "STOP" and (gone := _does_nothing(scene, last)):
        told.insert(0, gone)
    more = (text if text.split(" ")[0] in scene.cast else _capital(text) for text in told[1:])
    return f"{last.to} since {last.t:.3f} s: {'. '.join([told[0], *more])}"


def _does_nothing(scene: Scene, last: StateEvent) -> str:
    """That its daemon is frozen or, where nothing was seen of its end, gone."""
    for part in (POWER, DAEMON):
        action = scene.part_of(part, last.server)
        if action is None:
            continue
        since = f"since {format_s(action.t_us)} s"
        if action.act is Act.DAEMON_FREEZE:
            return f"its daemon is frozen {since} and does nothing"
        if action.act is Act.POWER_OFF and action.t_us >= last.t_us:
            return f"the server has no power {since}"
        child = action.content.get("process") == "child"
        if action.act is Act.DAEMON_KILL and not child and action.t_us >= last.t_us:
            return f"its daemon is killed {since}, and what it left stays as it was"
    return ""


def _moved(scene: Scene, pair: Pair) -> str:
    """That its priority is not the configured one, and why."""
    base, now, why_not = scene.config(pair).get("priority"), None, ""
    for event in scene.of_several((ConfigurationEvent, pair[0], ""), (PriorityEvent, *pair)):
        if isinstance(event, ConfigurationEvent):
            now = None
        else:
            now, why_not, since_us = event.to, event.reason, event.t_us
    if now is None or now == base or scene.state(pair) in ("FAULT", "STOP"):
        return ""
    since = f"its priority is {now} instead of {base} since {format_s(since_us)} s"
    return f"{since}: {why_not}" if why_not else since


def reason_of(events: list[TraceEvent], cast: dict[str, Any], change: StateEvent) -> str:
    """Why a change of state happened; "": not known."""
    return change.reason or Answers(events, cast, change.t_us).came(change)


def why_not_started(scene: Answers, server: str, instance: str) -> str:
    """What an instance without any state waits for, to stand behind "has not started"."""
    runs = any(scene.of(LogEvent, server))
    return _because(scene.holds((server, instance))) if runs else ""


def _parts(reason: str) -> list[str]:
    """The faults that a reason for FAULT names: at a start there may be several."""
    at_start = reason.removeprefix(_AT_START)
    return [reason] if at_start == reason else at_start.split("; ")


def _because(phrase: str) -> str:
    return f": {phrase}" if phrase else ""


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _times(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"


def _decides(tracked: dict[str, Any]) -> bool:
    """Does an instance wait for its first result?"""
    return tracked["kind"] == "script" and not tracked["weight"]
