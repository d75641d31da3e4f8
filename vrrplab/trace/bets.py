"""What can be guessed of a run before it goes on: at a fault, how long clients get no answer from an address,
and who has it afterwards. The questions and their truth are made from the trace; nobody else counts them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from vrrplab.errors import VrrplabError
from vrrplab.trace.events import ActionEvent, AdvertReceivedEvent, StateEvent
from vrrplab.trace.names import is_address, probes_of
from vrrplab.trace.spans import Outage
from vrrplab.units import Micros, format_s, micros, seconds

if TYPE_CHECKING:
    from vrrplab.trace.trace import Trace

UNTIL, WHO = "until", "who"  # how long is it silent; who has it afterwards
ASKS = (UNTIL, WHO)
NOBODY, BOTH = "nobody", "both"  # answers to "who?" that are no server: no one, several at once
LATE_US = 200_000  # a silence that begins so long after its fault: the sentence says when
_MISSING = re.compile(r"no advert from .*\((\d+) x ")  # as machine/reasons.py says it
_COUNTS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
MOST = 30  # faults of a run that are asked about; nobody answers more


class Silence(NamedTuple):
    """The longest time in which a client missed answers after a fault: its bounds, and why it was so long.

    ``until_us`` None: it never ended.
    """

    from_us: Micros
    until_us: Micros | None
    length_us: Micros
    because: str


class Bet(NamedTuple):
    """What can be asked at ``at_us``, when ``action`` (the last of that moment) has just been done.

    ``silence``: None where nobody noticed. ``asks``: the questions that have an answer here. ``owners``: who
    has the address at ``settled_us``, when it is over and before the next thing is done.
    """

    at_us: Micros
    action: ActionEvent
    target: str
    asks: tuple[str, ...]
    silence: Silence | None
    owners: tuple[str, ...]
    settled_us: Micros

    @property
    def silent_s(self) -> float:
        """Seconds without an answer, 0 where nobody noticed; of a silence that never ended, to the end."""
        return seconds(self.silence.length_us) if self.silence else 0.0

    @property
    def owner(self) -> str:
        """A server's name, ``nobody`` or ``both``."""
        return self.owners[0] if len(self.owners) == 1 else BOTH if self.owners else NOBODY

    @property
    def silence_told(self) -> str:
        """What clients saw, as a sentence."""
        silence = self.silence
        if silence is None:
            return "No client noticed anything: every question was answered."
        length = f"{format_s(silence.length_us).rstrip('0').rstrip('.')} s"
        late = silence.from_us - self.at_us > LATE_US
        since = f", from {format_s(silence.from_us)} s on" if late else ""
        because = f": {silence.because}" if silence.because else ""
        if silence.until_us is None:
            return f"It was silent for all {length} that were left{since}{because}."
        return f"It took {length}{since}{because}."

    @property
    def owner_told(self) -> str:
        """Who has it in the end, as a sentence."""
        when = f"at {format_s(self.settled_us)} s"
        if not self.owners:
            return f"Nobody has it {when}."
        if len(self.owners) == 1:
            return f"{self.owners[0]} has it {when}."
        have = "both have" if len(self.owners) == 2 else "all have"
        return f"{' and '.join(self.owners)} {have} it {when}."


def bets_of(trace: Trace, target: str = "") -> list[Bet]:
    """A bet for each moment at which something is broken while somebody has ``target``; "": the address that
    the fault concerns. At most MOST, in order of time.
    """
    found = []
    for actions in _moments(trace):
        if not any(action.act and action.act.breaks for action in actions):
            continue
        wanted = target or _concerned(trace, actions)
        if wanted and (bet := _bet(trace, actions, wanted)) and not _is_early(trace, bet):
            found.append(bet)
        if len(found) == MOST:
            break
    return found


def bet_at(trace: Trace, target: str, at_s: float | None = None) -> Bet:
    """The bet on ``target`` at the actions of ``at_s`` seconds; None: at the first fault.

    VrrplabError: nothing is done then, or nothing breaks; nobody of the run has or asks for such a target.
    """
    target = trace.names.target(target)
    if at_s is None:
        if bets := bets_of(trace, target):
            return bets[0]
        raise VrrplabError(
            f"nothing breaks in {trace.name or 'this run'} while {target} is held: there is no bet"
        )
    wanted_us = micros(at_s)
    moments = list(_moments(trace))
    for actions in moments:
        if abs(actions[0].t_us - wanted_us) < 1000:
            return _bet(trace, actions, target)
    times = ", ".join(format_s(actions[0].t_us) for actions in moments[:20]) or "never"
    raise VrrplabError(f"nothing is done at {at_s:g} s; at_s is the moment of an action: {times}")


def _moments(trace: Trace) -> Iterator[list[ActionEvent]]:
    """The actions of each moment that has some."""
    group: list[ActionEvent] = []
    for action in trace.of(ActionEvent):
        if group and action.t_us != group[0].t_us:
            yield group
            group = []
        group.append(action)
    if group:
        yield group


def _concerned(trace: Trace, actions: Iterable[ActionEvent]) -> str:
    """The address that a fault is about: of those on the servers that it hits, else of all, the one whose
    clients miss most.
    """
    actions = list(actions)
    before_us = actions[0].t_us - 1
    hit = {action.server for action in actions if action.server}
    held = {address: _owners(trace, address, before_us) for address in trace.addresses}
    there = [address for address, owners in held.items() if hit & set(owners)]
    among = there or [address for address, owners in held.items() if owners]
    lengths = {address: _length_us(trace, _silence(trace, address, actions[0].t_us)) for address in among}
    return max(among, key=lambda address: lengths[address], default="")


def _bet(trace: Trace, actions: list[ActionEvent], target: str) -> Bet:
    at_us = actions[0].t_us
    outage = _silence(trace, target, at_us)
    over_us = at_us if outage is None else trace.end_us if outage.to_us is None else outage.to_us
    settled_us = _next_action_us(trace, max(at_us, over_us))
    owners = _owners(trace, target, settled_us - 1) if is_address(target) else ()
    asked = any(probe.get("target") == target for _, probe in probes_of(trace.scenario))
    asks = (UNTIL,) * asked + (WHO,) * is_address(target)
    silence = None
    if outage is not None:
        from_us = outage.from_us if at_us - outage.from_us <= _patience_us(trace, target) else at_us
        silence = Silence(from_us, outage.to_us, over_us - from_us, _because(trace, outage, target, at_us))
    return Bet(at_us, actions[-1], target, asks, silence, owners, settled_us)


def _is_early(trace: Trace, bet: Bet) -> bool:
    """Nobody has had the address yet, or its clients miss answers already: there is nothing to guess."""
    silence = bet.silence
    under_way = silence is not None and silence.from_us == bet.at_us
    return under_way or (is_address(bet.target) and not _owners(trace, bet.target, bet.at_us - 1))


def _owners(trace: Trace, address: str, at_us: Micros) -> tuple[str, ...]:
    return trace.owners(address, seconds(max(0, at_us)))


def _next_action_us(trace: Trace, after_us: Micros) -> Micros:
    return next((a.t_us for a in trace.of(ActionEvent) if a.t_us > after_us), trace.end_us)


def _patience_us(trace: Trace, target: str) -> Micros:
    """A silence may begin so long before its cause: the last good answer came before."""
    every = [p.get("every_s") for _, p in probes_of(trace.scenario) if p.get("target") == target]
    return 2 * max((micros(e) for e in every if isinstance(e, int | float)), default=0)


def _length_us(trace: Trace, outage: Outage | None) -> Micros:
    return outage.duration_us(trace.end_us) if outage else 0


def _silence(trace: Trace, target: str, at_us: Micros) -> Outage | None:
    """The longest outage of ``target`` that is there at a moment or begins before the next action."""
    until_us = _next_action_us(trace, at_us)
    there = [
        outage
        for outage in trace.disturbances(target)
        if outage.from_us < until_us and (outage.to_us is None or outage.to_us > at_us)
    ]
    return max(there, key=lambda outage: _length_us(trace, outage), default=None)


def _because(trace: Trace, outage: Outage, target: str, at_us: Micros) -> str:
    """Why it was so long: the reason of the takeover that ended it, else what was in the way."""
    phases = trace.why_lost(outage)
    takeover = None if outage.to_us is None else _takeover(trace, target, at_us, outage.to_us)
    if takeover and len(phases) <= 1 and (reason := trace.why_changed(takeover)):
        when = f"{takeover.server} became MASTER at {format_s(takeover.t_us)} s"
        return _in_silence(trace, takeover, when) or f"{when}, {reason}"
    if len(phases) == 1:
        return phases[0].text
    if len(phases) == 2:
        return "; ".join(map(str, phases))
    return str(max(phases, key=lambda phase: phase.to_us - phase.from_us)) if phases else ""


def _in_silence(trace: Trace, takeover: StateEvent, when: str) -> str:
    """In plain words, of a server that waited until its master-down timer ran out; "": another reason.

    The timer ran from the last advert, which mostly came before the fault. *Why?* tells its arithmetic.
    """
    missing = _MISSING.match(takeover.reason)
    adverts = trace.of(AdvertReceivedEvent, server=takeover.server, instance=takeover.instance)
    heard = [advert.t_us for advert in adverts if advert.t_us < takeover.t_us]
    if missing is None or not heard:
        return ""
    count = int(missing[1])
    told = _COUNTS[count] if count < len(_COUNTS) else str(count)
    did = "adverts that did not come" if count > 1 else "advert that did not come"
    return f"{told} {did}, and the skew; the last had come at {format_s(heard[-1])} s, and {when}"


def _takeover(trace: Trace, target: str, at_us: Micros, until_us: Micros) -> StateEvent | None:
    """The change of state with which a server took the address in that time."""
    if not is_address(target):
        return None
    owners = _owners(trace, target, until_us)
    changes = [
        change
        for change in trace.of(StateEvent)
        if change.to == "MASTER" and change.server in owners and at_us < change.t_us <= until_us
    ]
    cast = trace.scenario.get("servers")
    for change in reversed(changes):
        about = cast.get(change.server) if isinstance(cast, dict) else None
        instances = about.get("instances") if isinstance(about, dict) else None
        config = instances.get(change.instance) if isinstance(instances, dict) else None
        virtual = config.get("virtual_addresses") if isinstance(config, dict) else None
        if virtual is None or any(str(a).split("/")[0] == target for a in virtual):
            return change
    return None
