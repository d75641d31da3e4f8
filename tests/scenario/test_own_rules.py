"""Rules of VRRP that somebody changes: asked as the profile's own are, and looked at as they answer."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import FrozenInstanceError
from functools import partial
from itertools import pairwise
from typing import Any

import pytest

from vrrplab import VrrplabError, outage_s, outages_s, silence_s, simulate, variant
from vrrplab.errors import RuleError
from vrrplab.machine.policy import Announced, Heard, Waiting
from vrrplab.scenario.own_rules import SHORTEST_US, rule_name
from vrrplab.sim.world import World
from vrrplab.trace.events import GarpSentEvent
from vrrplab.units import micros

S1, S2, VIP = "proxy-serv01", "proxy-serv02", "192.168.2.101"


def as_in_the_rfc(me: Waiting) -> int:
    unit_us = 1_000_000 if me.version == 2 else me.interval_us
    return (256 - me.priority) * unit_us // 256


def as_keepalived(heard: Heard) -> str:
    return "nothing" if heard.is_better else "advert+garp"


@pytest.mark.parametrize(
    "name", ["article-drill-1-lan-nic", "lesson-two-routers", "firewall-closed", "lesson-ipv6"]
)
def test_the_same_rules_written_anew_change_nothing(name: str) -> None:
    own = simulate(variant(name, skew_us=as_in_the_rfc, answer=as_keepalived))
    assert list(own)[1:] == list(simulate(name))[1:]
    assert own.profiles.endswith(" with skew_us = as_in_the_rfc, answer = as_keepalived")


def test_a_shorter_skew_is_a_shorter_silence() -> None:
    mine = variant("power-off", skew_us=lambda me: as_in_the_rfc(me) // 10)
    trace = simulate(mine)
    assert silence_s(trace, S2, "proxy_ip1") == pytest.approx(3.061)
    why = next(e.reason for e in trace.of("state", server=S2, instance="proxy_ip1") if e.to == "MASTER")
    assert why.endswith("the master-down timer is 3.061 s (3 x 1.000 s + skew 0.061 s)")


def test_a_rule_knows_the_address_that_an_instance_sends_from() -> None:
    seen: set[Any] = set()

    def skew(me: Waiting) -> int:
        seen.add(me)
        return 1000

    simulate(variant("power-off", skew_us=skew))
    assert {(one.priority, one.address) for one in seen} == {
        (100, "192.168.2.251"),
        (100, "192.168.2.252"),
    }
    with pytest.raises(FrozenInstanceError):
        seen.pop().priority = 3


def test_a_last_word_before_giving_way_is_heard() -> None:
    """What heals a split: the worse MASTER answers the better one's advert, and is answered with GARP."""
    closed = [
        {"at_s": 7, "action": "firewall_drop", "server": server, "direction": "in", "protocol": "vrrp"}
        for server in (S1, S2)
    ]
    opened = [{"at_s": 15, "action": "firewall_clear", "server": server} for server in (S1, S2)]

    def polite(heard: Heard) -> str:
        return "advert" if heard.is_better else "advert+garp"

    split = variant("article-steady", *closed, *opened, duration_s=70)
    assert outage_s(simulate(split), VIP) > 30
    assert outage_s(simulate(variant(split, answer=polite)), VIP) == 0


def test_announcing_again_by_a_rule_of_ones_own() -> None:
    def rule(done: Announced) -> int | None:
        return 2 * done.interval_us * done.times if done.times < 4 else None

    trace = simulate(variant("article-steady", announce_again_us=rule, duration_s=40))
    sent = [e for e in trace.of(GarpSentEvent, server=S1) if e.address.startswith(VIP)]
    first = sent[0].t
    assert [round(e.t - first) for e in sent] == [0, 2, 6, 12]
    assert trace.outages(VIP) == []


def test_a_rule_holds_after_a_reload() -> None:
    def often(done: Announced) -> int:
        return 500_000

    reload = {"at_s": 10, "action": "reload", "server": S1, "config": f"article/{S1}.conf"}
    trace = simulate(variant("article-steady", reload, announce_again_us=often, duration_s=20))
    sent = [e.t for e in trace.of(GarpSentEvent, server=S1) if e.address.startswith(VIP)]
    assert max(b - a for a, b in pairwise(sent)) < 1.1
    assert sent[-1] > 19


def test_by_other_changes_the_rules_stay() -> None:
    mine = variant("power-off", skew_us=lambda me: 0)
    assert silence_s(simulate(variant(mine, profile="keepalived-2.4.3")), S2, "proxy_ip1") == 3.0
    assert silence_s(simulate(mine.with_actions([])), S2, "proxy_ip1") == 3.0
    assert outages_s(mine, "power_off", VIP, times=1, server=S1)


def test_a_file_says_that_a_function_is_not_in_it() -> None:
    text = variant("power-off", skew_us=as_in_the_rfc).to_yaml()
    assert text.startswith("# skew_us = as_in_the_rfc: a function is in no file, ")


# What does not fit


def divides(me: Waiting) -> int:
    rest = me.priority - me.priority
    return 1 // rest


class Stateful:
    def __init__(self) -> None:
        self.calls = 0

    def __call__(self, me: Waiting) -> int:
        self.calls += 1
        return self.calls


WRONG: dict[str, tuple[Callable[[Any], Any], str]] = {
    "raises": (divides, r"divides\(Waiting\(.*\)\) raised ZeroDivisionError \(.*\) in line 3 of it - "),
    "float": (lambda me: 0.5, r"returned 0\.5 - whole microseconds, .*; // divides without a rest"),
    "text": (lambda me: "1", r"returned '1' - whole microseconds"),
    "yes": (lambda me: True, r"returned True - whole microseconds"),
    "nothing": (lambda me: None, r"returned None - whole microseconds"),
    "negative": (lambda me: -1, r"returned -1 - whole microseconds, 0 to 3_600_000_000"),
    "huge": (lambda me: 10**30, r"returned 1000\d+ - whole microseconds"),
    "chance": (lambda me: random.randrange(10**9), r"returned \d+, and then \d+ - the same"),
    "counter": (Stateful(), r"Stateful\(Waiting\(.*returned 1, and then 2 - the same question has one"),
    "deep": (lambda me: WRONG["deep"][0](me), r"raised RecursionError"),
    "attribute": (lambda me: me.prio, r"raised AttributeError \('Waiting' object has no attribute 'prio'"),
    "writes": (lambda me: setattr(me, "priority", 1), r"raised FrozenInstanceError"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_a_skew_that_does_not_fit_is_told_in_one_line(name: str) -> None:
    rule, words = WRONG[name]
    with pytest.raises(RuleError, match=words) as caught:
        simulate(variant("power-off", skew_us=rule))
    told = str(caught.value)
    assert "\n" not in told
    assert told.startswith(f"skew_us at 0.008000 s on {S1}: ")
    assert (caught.value.rule, caught.value.at_s, caught.value.server) == ("skew_us", 0.008, S1)


@pytest.mark.parametrize(
    ("field", "rule", "words"),
    [
        ("answer", lambda heard: "garp", r'return "nothing" or "advert" or "advert\+garp"'),
        ("answer", lambda heard: None, "returned None"),
        ("announce_again_us", lambda done: 0, f"{SHORTEST_US:_} to "),
        ("announce_again_us", lambda done: SHORTEST_US - 1, "or None for never"),
    ],
)
def test_other_answers_that_do_not_fit(field: str, rule: Any, words: str) -> None:
    with pytest.raises(RuleError, match=words):
        simulate(variant("power-off", **{field: rule}))


@pytest.mark.parametrize(
    ("rules", "words"),
    [
        ({"skew_us": 3}, r"skew_us is 3: give a function, like def skew_us\(it\): \.\.\."),
        ({"skew_us": lambda: 3}, r"skew_us is a lambda: give a function of one question \(a Waiting\)"),
        ({"answer": lambda a, b: 3}, r"one question \(a Heard\)"),
        ({"skew": as_in_the_rfc}, "has no 'skew': .*, skew_us, answer, announce_again_us"),
    ],
)
def test_what_is_no_rule_is_told_before_it_runs(rules: Any, words: str) -> None:
    with pytest.raises(VrrplabError, match=words) as caught:
        variant("power-off", **rules)
    assert "\n" not in str(caught.value)


def test_a_built_in_function_can_be_a_rule() -> None:
    mine = variant("power-off", skew_us=partial(max, 5, key=lambda one: one if isinstance(one, int) else 0))
    assert silence_s(simulate(mine), S2, "proxy_ip1") == 3.0
    assert rule_name(partial(max, 5)) == "partial"


def test_a_fork_asks_the_same_rule_whatever_it_is_made_of() -> None:
    """A closure is carried along by reference: no copy of it is made, and none could be."""
    factor = [10]

    def skew(me: Waiting) -> int:
        return as_in_the_rfc(me) // factor[0]

    scenario = variant("power-off", skew_us=skew, answer=lambda heard: as_keepalived(heard))
    world = World(scenario)
    world.begin()
    world.advance(micros(5))
    twin = world.fork()
    told = []
    for one in (world, twin):
        one.advance(scenario.duration_us)
        told.append(list(one.finish()))
    assert told[0] == told[1] == list(simulate(scenario))
