"""The readers and hostile bytes: the inputs that once found a bug, and new ones each time (see fuzz/)."""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import cache
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.programs import program

FUZZ = Path(__file__).parents[2] / "fuzz"


TARGETS: dict[str, Callable[[bytes], None]] = program("fuzz/targets.py").TARGETS
INPUTS: ModuleType = program("fuzz/inputs.py")
KEPT = sorted(path for path in (FUZZ / "corpus").rglob("*") if path.is_file())


def test_there_is_a_corpus_for_known_readers_only() -> None:
    assert KEPT
    assert {path.parent.name for path in KEPT} <= set(TARGETS)
    assert set(INPUTS.TARGET_NAMES) == set(TARGETS)


@pytest.mark.parametrize("target", sorted(TARGETS))
def test_what_it_begins_with_is_short_enough_to_be_tried_whole(target: str) -> None:
    seeds = INPUTS.seeds(target)
    assert seeds
    assert sum(len(seed) <= INPUTS.LONGEST[target] for seed in seeds) > len(seeds) // 2


@pytest.mark.parametrize("path", KEPT, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_what_once_found_a_bug(path: Path) -> None:
    TARGETS[path.parent.name](path.read_bytes())


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(sorted(TARGETS)), st.binary(max_size=300))
def test_any_bytes(target: str, data: bytes) -> None:
    TARGETS[target](data)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(sorted(TARGETS)), st.integers(0, 2**32), st.integers(1, 4))
def test_texts_that_are_almost_right(target: str, seed: int, changes: int) -> None:
    starts = seeds(target)
    change = INPUTS.changer(target, starts)
    chance = random.Random(seed)
    data = chance.choice(starts)
    for _ in range(changes if change else 0):
        data = change(data, chance)
    TARGETS[target](data)


seeds = cache(INPUTS.seeds)


WORDS = """
vrrp_instance vrrp_script V1 { } state MASTER interface eth0 virtual_router_id priority 150 0 256 -1
virtual_ipaddress 192.168.2.100/24 fe80::1 dev label track_script track_interface weight include $A $A=1
authentication auth_type PASS auth_pass ! # " @host ~SEQ(x,1,3) advert_int 1 0.01 version 3 ^ \\
"""
words = st.sampled_from(WORDS.split())


@settings(max_examples=80, deadline=None)
@given(st.lists(st.one_of(words, st.just("\n"), st.just(" ")), max_size=60))
def test_configurations_that_are_almost_right(text: list[str]) -> None:
    TARGETS["config"](" ".join(text).encode())
