"""The simulator beside 136 runs of the real daemon: states, owners, outages, packets and log lines.

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

from vrrplab.config.model import GarpSettings, InstanceConfig
from vrrplab.machine.profiles import KEEPALIVED_227, PROFILES, Profile
from vrrplab.scenario.model import Scenario
from vrrplab.scenario.reader import load_scenario
from vrrplab.verify import Result, report, verify_recording

ROOT = Path(__file__).resolve().parents[2]
RECORDINGS = sorted(p.parent for p in (ROOT / "data" / "recordings").glob("*/scenario.yaml"))


@cache
def result_of(folder: Path) -> Result:
    return verify_recording(folder)


def test_there_are_all_136() -> None:
    assert len(RECORDINGS) == 136


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
    ("no skew", {"skew": "none"}, ["takeover_v2_a1_p100", "prio0_v2_a1_p1"]),
    ("v3 skew in seconds", {"skew": "seconds"}, ["takeover_v3_a0.25_p100", "prio0_v3_a2_p1"]),
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
    monkeypatch.setattr(
        report, "load_scenario", lambda path, **how: with_every_instance(load_scenario(path, **how), blind_to)
    )
    assert not verify_recording(folder).agrees


# -- no recording is a special case ----------------------------------------------------------------

DECIDE = ("config", "machine", "sim", "wire", "verify", "recording", "journal.py", "trace.py")
ALSO_OPTIONS = {"auth_pass", "nopreempt", "preempt_delay", "unicast", "use_vmac"}  # of keepalived.conf


def test_no_code_knows_a_recording_by_its_name() -> None:
    """Docstrings may cite families ("recordings takeover_*"); nothing that decides may know a name."""
    names = {folder.name for folder in RECORDINGS} - ALSO_OPTIONS
    for room in DECIDE:
        place = ROOT / "vrrplab" / room
        for path in [place] if place.is_file() else sorted(place.rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                known = isinstance(node, ast.Constant) and node.value in names
                assert not known, f"{path.name}:{getattr(node, 'lineno', 0)} names a recording"
