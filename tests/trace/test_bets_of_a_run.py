"""What can be guessed at a fault, and its truth: the same numbers that tables and figures show."""

from __future__ import annotations

import pytest

from vrrplab.errors import VrrplabError
from vrrplab.exercises.observe import outage_s
from vrrplab.scenario.reader import builtin_scenarios, load_scenario
from vrrplab.sim.play import run
from vrrplab.trace import Trace
from vrrplab.trace.bets import BOTH, NOBODY, UNTIL, WHO, bet_at, bets_of
from vrrplab.trace.vocabulary import Act

VIP = "192.168.2.101"


def trace_of(name: str, *actions: dict[str, object]) -> Trace:
    scenario = load_scenario(name)
    return run(scenario.with_actions(actions) if actions else scenario)


def test_what_breaks_is_what_another_action_mends() -> None:
    assert {act for act in Act if act.breaks} == {Act(word) for act in Act for word in act.mends}
    assert Act.LINK_DOWN.breaks
    assert Act.SEGMENT_FAULT.breaks
    assert not Act.POWER_ON.breaks
    assert not Act.RELOAD.breaks


@pytest.mark.parametrize("name", builtin_scenarios())
def test_the_truth_is_what_the_tables_say(name: str) -> None:
    trace = trace_of(name)
    for bet in bets_of(trace):
        lengths = {round(o.duration_us(trace.end_us) / 1e6, 6) for o in trace.disturbances(bet.target)}
        assert bet.silent_s == 0 or bet.silent_s in lengths
        assert set(bet.owners) == set(trace.owners(bet.target, bet.settled_us / 1e6 - 1e-6))


def test_a_cable_a_farewell_and_a_service() -> None:
    cable = bets_of(trace_of("article-drill-1-lan-nic"))[0]
    assert (cable.at_us, cable.target, cable.asks, cable.owner) == (
        12_000_000,
        VIP,
        (UNTIL, WHO),
        "proxy-serv02",
    )
    assert cable.silent_s == outage_s(trace_of("article-drill-1-lan-nic"), VIP)
    assert cable.silence_told == (
        "It took 2.66 s: three adverts that did not come, and the skew; the last had come at 11.017 s, and"
        " proxy-serv02 became MASTER at 14.626 s."
    )
    farewell = bets_of(trace_of("graceful-stop"))[0]
    assert farewell.silent_s < 1
    assert "said goodbye with priority 0" in farewell.silence_told
    squid = bets_of(trace_of("article-drill-3-squid"))[0]
    assert "squid on proxy-serv01 takes no clients" in squid.silence_told
    assert squid.silent_s > 33


def test_nobody_noticed_and_two_have_it() -> None:
    killed = bets_of(trace_of("kill-9"))[0]
    assert killed.silence is None
    assert killed.silent_s == 0
    assert killed.owner == BOTH
    assert "No client noticed" in killed.silence_told
    assert "both have it" in killed.owner_told


def test_it_never_ends_and_nobody_has_it() -> None:
    off = [{"at_s": 10, "action": "power_off", "server": f"proxy-serv0{n}"} for n in (1, 2)]
    bet = bet_at(trace_of("article-steady", *off), VIP, 10)
    assert bet.silence is not None
    assert bet.silence.until_us is None
    assert bet.owner == NOBODY
    assert bet.silence_told.startswith("It was silent for all 10.02 s that were left: no server has it")
    assert bet.owner_told == "Nobody has it at 20.000 s."


def test_a_repair_can_be_bet_on_and_a_late_silence_says_when() -> None:
    back = bet_at(trace_of("article-drill-1-lan-nic"), VIP, 22)
    assert back.owner == "proxy-serv01"
    opened = bet_at(trace_of("firewall-closed"), VIP, 15)
    assert opened.silence is not None
    assert opened.silence.until_us is None
    assert "stale ARP entry" in opened.silence_told


def test_before_anybody_has_the_address_and_while_it_is_out_nothing_is_asked() -> None:
    assert bets_of(trace_of("firewall-closed")) == []
    twice = [{"at_s": s, "action": "power_off", "server": f"proxy-serv0{n}"} for n, s in ((1, 10), (2, 11))]
    assert [bet.at_us for bet in bets_of(trace_of("article-steady", *twice), VIP)] == [10_000_000]


def test_without_clients_only_who() -> None:
    bets = bets_of(trace_of("lesson-three-routers"))
    assert [(bet.asks, bet.owner) for bet in bets] == [((WHO,), "r2"), ((WHO,), "r3")]


def test_a_name_has_no_owner() -> None:
    bet = bet_at(trace_of("article-drill-1-lan-nic"), "proxy-serv")
    assert bet.asks == (UNTIL,)
    assert bet.silent_s == 2.8


@pytest.mark.parametrize(
    ("name", "target", "at_s", "words"),
    [
        (
            "article-drill-1-lan-nic",
            VIP,
            5,
            "nothing is done at 5 s; at_s is the moment of an action: 12.000, 22",
        ),
        ("article-steady", VIP, None, "nothing breaks in article-steady while 192.168.2.101 is held"),
        ("article-drill-1-lan-nic", "10.9.9.9", None, "no target '10.9.9.9'"),
    ],
)
def test_what_cannot_be_asked_is_one_line(name: str, target: str, at_s: float | None, words: str) -> None:
    with pytest.raises(VrrplabError) as caught:
        bet_at(trace_of(name), target, at_s)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)
