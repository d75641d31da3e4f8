"""What else a capture shows of a daemon and its host, and what that leaves."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from vrrplab.capture.reader import read_frames
from vrrplab.exploring.faults import Deed
from vrrplab.reconstructing import numbers
from vrrplab.reconstructing.evidence import gather
from vrrplab.reconstructing.numbers import ANEW, MISSED, Numbered
from vrrplab.reconstructing.order import in_order
from vrrplab.reconstructing.picture import FAREWELL, NUMBER, Picture, Sketch, Thing
from vrrplab.reconstructing.replay import Opening
from vrrplab.reconstructing.search import Guess, Step
from vrrplab.recording.reader import read_whole
from vrrplab.scenario.nodes import read_nodes
from vrrplab.trace.vocabulary import Act
from vrrplab.units import SECOND_US

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "benchmarks"))
import reconstruction  # noqa: E402


def named(name: str) -> list[str]:
    """The first act of each explanation of a recording that looks the same, in their order."""
    found, _ = reconstruction.answer_of(name, read_whole(reconstruction.RECORDINGS / name))
    return [guess.steps[0].deed.act.value for guess in found.groups[0].members]


@pytest.mark.parametrize(
    ("name", "left"),
    [
        # its numbers go on after two that nobody saw: the daemon ran, and tried to say goodbye.
        # It came back, so that somebody did it by a command is the usual
        ("nonowner_eth0_down_up__v2.4.3", ["link_down", "carrier_down", "interface_delete"]),
        # they begin anew: a daemon was started
        ("v3_ipv4", ["daemon_stop", "daemon_kill"]),
        # goodbye is said once, and the numbers go on: no FAULT, and no new daemon
        ("primary_address_removed", ["ifdown", "address_remove"]),
        # the other server asks for its address again and again: a host answers whatever its daemon does.
        # It stayed away, so that the whole server died is the usual
        ("unicast_v3__v2.4.3", ["power_off", "carrier_down", "link_down", "interface_delete"]),
    ],
)
def test_signs_leave_only_what_shows_them(name: str, left: list[str]) -> None:
    assert named(name) == left


def test_what_is_a_coincidence_is_named_last() -> None:
    def guess(act: Act, open_s: float) -> Guess:
        step = Step(Deed(act, {"server": "a"}), 0, 0, False, 0, int(open_s * SECOND_US))
        return Guess(Opening({}, False), (step,), Picture({}, {}), 0.0, None, 0)

    power, cable, check = guess(Act.POWER_OFF, 0.2), guess(Act.CARRIER_DOWN, 0.9), guess(Act.CHECK_FAIL, 1.0)
    assert in_order([cable, power, check]) == [check, cable, power]


def test_numbers_that_are_counted_tell_of_a_start_and_of_what_nobody_saw() -> None:
    def adverts(*pairs: tuple[float, int]) -> list[Numbered]:
        return [Numbered(int(t_s * SECOND_US), number, SECOND_US) for t_s, number in pairs]

    steady = adverts((1, 7), (2, 8), (3, 9))
    assert numbers.counts(steady)
    assert not [*numbers.told(steady)]
    assert [*numbers.told(adverts((1, 65534), (2, 65535), (3, 1)))] == []
    assert [*numbers.told(adverts((1, 7), (2, 1), (3, 2)))] == [(2 * SECOND_US, ANEW)]
    assert [*numbers.told(adverts((1, 7), (9, 10), (10, 11)))] == [(9 * SECOND_US, MISSED)]
    assert [*numbers.told(adverts((1, 7), (9, 8), (10, 9)))] == []
    # a second peer's adverts, which this capture does not have, are counted too: no silence, no sign
    assert [*numbers.told(adverts((1, 7), (2, 9), (3, 11)))] == []
    assert not numbers.counts(adverts((1, 7), (2, 31_000), (3, 12)))


def test_goodbye_is_twice_only_to_the_same_and_at_once() -> None:
    sketch = Sketch()
    for t_us, to in ((1, "224.0.0.18"), (3 * SECOND_US, "10.0.0.2"), (3 * SECOND_US, "10.0.0.3")):
        sketch.farewell("a", "V", to, t_us)
    assert sketch.finished(0, 0, 9 * SECOND_US).covers == {}
    sketch.farewell("a", "V", "10.0.0.3", 3 * SECOND_US + 5_000)
    assert [*sketch.finished(0, 0, 9 * SECOND_US).covers] == [Thing(FAREWELL, "a", "V", "twice")]


def test_numbers_over_ipv6_say_nothing() -> None:
    folder = reconstruction.RECORDINGS / "v3_ipv6"
    cluster = read_nodes([folder / "serv01.conf", folder / "serv02.conf"])
    evidence = gather(read_frames(folder / "capture.pcap"), cluster)
    assert not evidence.numbered
    assert not [thing for thing in evidence.picture.covers if thing.kind == NUMBER]
