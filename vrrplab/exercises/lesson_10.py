"""Judges of ``10_real_packets``: what was tried there on real sockets, judged by the simulator."""

from __future__ import annotations

from typing import Any

from vrrplab.exercises.answers import number, whole
from vrrplab.exercises.observe import run
from vrrplab.exercises.registry import Miss, NotUnderstood, exercise
from vrrplab.notebook.variants import at, variant
from vrrplab.trace.events import AdvertSentEvent

BASE = "lesson-two-routers"


def silence_s(advert_int: float) -> float:
    """Seconds from r1's last advert to r2's first one, when r1's cable is pulled; both with this interval."""
    # r1 is MASTER after 3.4 intervals; the cut comes in the middle between two of its adverts
    cut_s = round(10.5 * advert_int, 6)
    cut = at(cut_s, "carrier_down", server="r1", interface="eth0")
    edit = {"advert_int 1": f"advert_int {advert_int:g}"}
    trace = run(variant(BASE, cut, edit=edit, duration_s=cut_s + 4 * advert_int + 1))
    last = [e.t for e in trace.of(AdvertSentEvent, server="r1")][-1]
    return next(e.t for e in trace.of(AdvertSentEvent, server="r2") if e.t > last) - last


@exercise("10-interval", "a takeover within a second, on real sockets")
def interval(answer: Any) -> str:
    advert_int = number(answer, "0.5")
    if not 0.01 <= advert_int <= 40:
        raise NotUnderstood("advert_int goes from 0.01 to 40 s in version 3.")
    took_s = silence_s(advert_int)
    if took_s > 1:
        raise Miss(f"With advert_int {advert_int:g} r2 waits {took_s:.3f} s after the last advert of r1.")
    return f"r2 takes over {took_s:.3f} s after the last advert: three intervals, and 156/256 of one."


@exercise("10-stranger", "the least priority that takes the address away")
def stranger(answer: Any) -> str:
    priority = whole(answer, 1, 254, "120")
    trace = run(variant(BASE, edit={"r2": {"priority 100": f"priority {priority}"}}, duration_s=20))
    if trace.owner("192.168.2.1", 18) != "r2":
        raise Miss(f"With priority {priority} the address is still on r1, which has 150, after 18 s.")
    lower = run(variant(BASE, edit={"r2": {"priority 100": f"priority {priority - 1}"}}, duration_s=20))
    if lower.owner("192.168.2.1", 18) == "r2":
        raise Miss(f"That takes it away, but priority {priority - 1} does so too.")
    return "One more than the MASTER's is enough, for anybody who can send on this network."
