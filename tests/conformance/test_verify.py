"""The simulator beside runs of the real daemon: states, owners, outages, packets and log lines.

And the same comparison against models that are wrong in one point each: whoever believes "all agree" should
see that it would say otherwise.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vrrplab.config.model import GarpSettings, InstanceConfig
from vrrplab.machine.policy import in_seconds, no_skew
from vrrplab.machine.profiles import KEEPALIVED_227, PROFILES, Profile
from vrrplab.recording.reader import read_whole
from vrrplab.scenario.model import Scenario
from vrrplab.scenario.reader import load_scenario
from vrrplab.trace import Trace, make_event
from vrrplab.units import micros
from vrrplab.verify import Result, lines, report, rule, verify_recording
from vrrplab.verify.rule import Step

ROOT = Path(__file__).resolve().parents[2]
RECORDINGS = sorted(p.parent for p in (ROOT / "data" / "recordings").glob("*/scenario.yaml"))


@cache
def result_of(folder: Path) -> Result:
    return verify_recording(folder)


def test_there_are_all_of_them() -> None:
    assert len(RECORDINGS) == 176


@pytest.mark.parametrize("folder", RECORDINGS, ids=lambda p: p.name)
def test_simulator_agrees_with_the_recording(folder: Path) -> None:
    result = result_of(folder)
    assert result.problems == []
    assert result.packet_problems == []


def test_the_log_says_what_the_daemon_says_word_for_word() -> None:
    """Over all recordings; by recording it may be less where a phase of the real one cannot be known."""
    lines = [result_of(folder).lines for folder in RECORDINGS]
    counted, said = sum(found.counted for found in lines), sum(found.said for found in lines)
    assert counted > 8000
    assert said / counted >= 0.95


# -- wrong models ----------------------------------------------------------------------------------

WRONG_PROFILES: list[tuple[str, dict[str, object], list[str]]] = [
    ("no skew", {"skew_us": no_skew}, ["takeover_v2_a1_p100", "prio0_v2_a1_p1"]),
    ("v3 skew in seconds", {"skew_us": in_seconds}, ["takeover_v3_a0.25_p100", "prio0_v3_a2_p1"]),
    ("owner back at once", {"owner_returns_at_once": True}, ["article_drill1_eth0_down_up"]),
    ("no priority 0 on FAULT", {"priority_zero_on_fault": 0}, ["article_drill3_flag", "sync_group"]),
    ("priority 0 only once", {"priority_zero_on_fault": 1}, ["article_drill3_flag"]),
    ("rejected adverts leave the timer alone", {"rejected_advert_rearms": False}, ["advert_int_mismatch_v2"]),
]


def profile_of(folder: Path) -> Profile:
    return PROFILES[load_scenario(folder / "scenario.yaml").profile]


@pytest.mark.parametrize(
    ("wrong", "names"), [(w, n) for _, w, n in WRONG_PROFILES], ids=[m[0] for m in WRONG_PROFILES]
)
def test_a_wrong_profile_is_caught(wrong: dict[str, object], names: list[str]) -> None:
    for name in names:
        folder = ROOT / "data" / "recordings" / name
        assert result_of(folder).agrees
        assert not verify_recording(folder, profile=replace(profile_of(folder), **wrong)).agrees, name


@pytest.mark.parametrize("name", ["vip_list_mismatch__v2.4.3", "startup_delay_owner__v2.4.3"])
def test_the_newer_daemon_taken_for_the_older_is_caught(name: str) -> None:
    assert not verify_recording(ROOT / "data" / "recordings" / name, profile=KEEPALIVED_227).agrees


def test_the_older_daemon_taken_for_the_newer_is_caught() -> None:
    newer = PROFILES["keepalived-2.4.3"]
    assert not verify_recording(ROOT / "data" / "recordings" / "vip_list_mismatch", profile=newer).agrees


def without_weights(config: InstanceConfig) -> InstanceConfig:
    return replace(
        config,
        track_scripts=tuple(t for t in config.track_scripts if not t.weight),
        track_interfaces=tuple(t for t in config.track_interfaces if not t.weight),
    )


def without_garp(config: InstanceConfig) -> InstanceConfig:
    return replace(
        config, garp=GarpSettings(repeat=0, delay_us=0, lower_prio_repeat=0, lower_prio_delay_us=0)
    )


def with_every_instance(scenario: Scenario, change: Callable[[InstanceConfig], InstanceConfig]) -> Scenario:
    """The scenario as a model would see it that does not know a part of the configuration."""
    servers = {
        name: replace(server, node=replace(server.node, instances=tuple(map(change, server.node.instances))))
        for name, server in scenario.servers.items()
    }
    return scenario.changed(servers=servers)


@pytest.mark.parametrize(
    ("blind_to", "name"),
    [
        (without_weights, "track_script_weight_cross"),
        (without_weights, "track_script_weight_positive"),
        (without_weights, "track_interface_weight_neg"),
        (without_garp, "graceful_stop"),
        (without_garp, "poweroff"),
        (without_garp, "article_split_brain_garp_refresh"),
    ],
)
def test_a_model_blind_to_options_is_caught(
    blind_to: Callable[[InstanceConfig], InstanceConfig], name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = ROOT / "data" / "recordings" / name
    assert result_of(folder).agrees
    whole = read_whole(folder)
    blind = whole._replace(scenario=with_every_instance(whole.scenario, blind_to))
    monkeypatch.setattr(report, "read_whole", lambda _: blind)
    assert not verify_recording(folder).agrees


# -- no recording is a special case ----------------------------------------------------------------

DECIDE = ("config", "machine", "drive", "scenario", "sim", "wire", "verify", "recording", "trace")
ALSO_OPTIONS = {
    "promote_secondaries",
    "auth_pass",
    "nopreempt",
    "preempt_delay",
    "unicast",
    "use_vmac",
}  # of keepalived.conf


def test_no_code_knows_a_recording_by_its_name() -> None:
    """Docstrings may cite families ("recordings takeover_*"); nothing that decides may know a name."""
    names = {folder.name for folder in RECORDINGS} - ALSO_OPTIONS
    for room in DECIDE:
        paths = sorted((ROOT / "vrrplab" / room).rglob("*.py"))
        assert paths, f"there is no room {room}"
        for path in paths:
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                known = isinstance(node, ast.Constant) and node.value in names
                assert not known, f"{path.name}:{getattr(node, 'lineno', 0)} names a recording"


# -- the comparison itself -------------------------------------------------------------------------

LONG_US, SHORT_US = 1_000_000, 200_000
STATES = ("MASTER", "BACKUP", "FAULT")
HISTORIES = st.lists(
    st.builds(
        Step, st.just(0), st.sampled_from(STATES), st.sampled_from((LONG_US, SHORT_US)), st.just(False)
    ),
    max_size=8,
)
LOGS = st.lists(st.sampled_from("abcd"), max_size=12)


def every_way(theirs: list[Step], ours: list[Step]) -> list[tuple[Step, Step]] | None:
    """The rule tried out one way after the other: a pair as early as can be, else a step left out."""
    if theirs and ours and theirs[0].state == ours[0].state:
        rest = every_way(theirs[1:], ours[1:])
        if rest is not None:
            return [(theirs[0], ours[0]), *rest]
    for step, left in ((theirs[:1], (theirs[1:], ours)), (ours[:1], (theirs, ours[1:]))):
        if step and step[0].held_us < rule.OPTIONAL_US:
            found = every_way(*left)
            if found is not None:
                return found
    return None if theirs or ours else []


@given(HISTORIES, HISTORIES)
def test_histories_fit_when_any_way_of_leaving_out_short_steps_makes_them_fit(
    theirs: list[Step], ours: list[Step]
) -> None:
    theirs = [step._replace(t_us=place) for place, step in enumerate(theirs)]
    ours = [step._replace(t_us=place) for place, step in enumerate(ours)]
    assert rule._match(theirs, ours) == every_way(theirs, ours)


def test_a_short_step_may_be_missing_on_either_side() -> None:
    short, long = Step(0, "BACKUP", SHORT_US, False), Step(0, "BACKUP", LONG_US, False)
    fault, master = Step(0, "FAULT", SHORT_US, False), Step(1, "MASTER", LONG_US, False)
    theirs, ours = [short, master], [fault, long, master]
    assert rule._match(theirs, ours) == [(short, long), (master, master)]
    assert rule._match(ours, theirs) == [(long, short), (master, master)]


def near_equal(steps: int, last: str) -> list[Step]:
    history = [Step(i * SHORT_US, STATES[i % 2], SHORT_US, False) for i in range(steps - 1)]
    return [*history, Step(steps * SHORT_US, last, LONG_US, False)]


def test_histories_of_5000_steps_that_differ_in_the_last() -> None:
    """All but the last may be left out: tried one way after the other, this would end with the universe."""
    assert rule._match(near_equal(5000, "MASTER"), near_equal(5000, "FAULT")) is None
    twins = rule._match(near_equal(5000, "FAULT"), near_equal(5000, "FAULT"))
    assert twins is not None
    assert len(twins) == 5000


def longest_by_table(a: list[str], b: list[str]) -> int:
    above = [0] * (len(b) + 1)
    for one in a:
        row = [0]
        for k, other in enumerate(b):
            row.append(above[k] + 1 if one == other else max(above[k + 1], row[k]))
        above = row
    return above[-1]


def check_common(a: list[str], b: list[str]) -> int:
    kept_a, kept_b = lines._common(a, b)
    assert [a[place] for place in sorted(kept_a)] == [b[place] for place in sorted(kept_b)]
    assert len(kept_a) == len(kept_b)
    return len(kept_a)


@given(LOGS, LOGS)
def test_lines_in_common_are_the_most_that_can_be(a: list[str], b: list[str]) -> None:
    assert check_common(a, b) == longest_by_table(a, b)


def test_logs_of_5000_lines() -> None:
    log = [f"({number % 7}) Entering MASTER STATE" for number in range(5000)]
    assert check_common(log, [*log[:-1], "(9) Entering FAULT STATE"]) == 4999
    assert check_common(log[:700], log[:700][::-1]) == longest_by_table(log[:700], log[:700][::-1])


# -- what no log tells -------------------------------------------------------------------------------


def history(*events: tuple[float, str, dict[str, object]]) -> Trace:
    made = [make_event(micros(t_s), kind, {"server": "r1", **fields}) for t_s, kind, fields in events]
    return Trace(made, end_us=micros(20))


def state(t_s: float, before: str, to: str) -> tuple[float, str, dict[str, object]]:
    return t_s, "state", {"instance": "V1", "from": before, "to": to}


def test_a_fault_without_a_line_is_in_no_recording() -> None:
    """keepalived says nothing when a sync group takes a BACKUP to FAULT (reference: measured)."""
    real = history(state(1, "INIT", "BACKUP"))
    silent = history(state(1, "INIT", "BACKUP"), state(5, "BACKUP", "FAULT"), state(9, "FAULT", "BACKUP"))
    assert rule.compare_states(real, silent).problems == []
    line = (5, "log", {"line": "(V1) Entering FAULT STATE"})
    told = history(state(1, "INIT", "BACKUP"), line, state(5, "BACKUP", "FAULT"))
    assert len(rule.compare_states(real, told).problems) == 1


def test_the_daemons_own_word_counts_at_the_end() -> None:
    trace = history(state(1, "INIT", "BACKUP"), state(19.9, "BACKUP", "MASTER"))
    assert rule.compare_final_states({"r1": {"V1": "MASTER"}}, trace) == []
    assert rule.compare_final_states({"r1": {"V1": "BACKUP"}}, trace) == [], "it has only just changed"
    held = history(state(1, "INIT", "BACKUP"))
    found = rule.compare_final_states({"r1": {"V1": "FAULT"}}, held)
    assert found == ["V1 on r1 at the end: FAULT by its own word, simulated BACKUP"]


@pytest.mark.parametrize("act", ["power_off", "daemon_kill"])
def test_a_state_just_before_the_end_of_the_daemon_may_be_missing(act: str) -> None:
    """Its line was never read, or the other side was a moment later."""
    cut = (8.0, "action", {"action": act})
    again = (state(12, "INIT", "BACKUP"), state(16, "BACKUP", "MASTER"))
    one = history(state(1, "INIT", "BACKUP"), state(7.85, "BACKUP", "MASTER"), cut, *again)
    other = history(state(1, "INIT", "BACKUP"), cut, *again)
    assert rule.compare_states(one, other).problems == []
    earlier = history(state(1, "INIT", "BACKUP"), state(7.5, "BACKUP", "MASTER"), cut, *again)
    assert len(rule.compare_states(earlier, other).problems) == 1


def test_what_a_server_says_without_power_is_not_counted() -> None:
    """On a bench its daemon still sees its cables go; nobody could have read that."""
    said = [(t_s, "log", {"line": f"(V1) {what}"}) for t_s, what in ((1, "on"), (6, "off"), (10, "on again"))]
    acts = [(t_s, "action", {"action": act}) for t_s, act in ((5, "power_off"), (9, "power_on"))]
    real = history(state(0, "INIT", "BACKUP"), *sorted([*said, *acts], key=lambda event: event[0]))
    compared = lines.compare_lines(real, history(state(0, "INIT", "BACKUP")))
    assert compared.missing == ["r1: (V1) on", "r1: (V1) on again"]
    assert compared.counted == 2
