"""Same scenario and seed, same bytes; another seed, other times but the same order of owners."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

from vrrplab.scenario.model import Scenario
from vrrplab.scenario.reader import load_scenario
from vrrplab.sim.play import run
from vrrplab.trace import Trace

ROOT = Path(__file__).parents[2]
PROGRAM = """
import sys, hashlib
sys.path[:0] = sys.argv[1:]
from vrrplab.scenario.reader import load_scenario
from vrrplab.sim.play import run
digest = hashlib.sha256()
for name in ("article-drill-1-lan-nic", "article-drill-3-squid", "firewall-closed"):
    for event in run(load_scenario(name), frames=True):
        digest.update(event.to_json().encode())
print(digest.hexdigest())
"""


def other_pythons() -> list[str]:
    """Interpreters of other versions on this machine that vrrplab supports."""
    found = []
    for minor in (11, 12, 13, 14):
        path = shutil.which(f"python3.{minor}")
        if path and sys.version_info[1] != minor and works(path):
            found.append(path)
    return found


def works(python: str) -> bool:
    return subprocess.run([python, "-c", "pass"], capture_output=True, check=False).returncode == 0


def digest_of(python: str) -> str:
    import ruamel.yaml

    libraries = str(Path(ruamel.yaml.__file__).parents[2])
    environment = {**os.environ, "PYTHONHASHSEED": "random"}
    command = [python, "-c", PROGRAM, str(ROOT), libraries]
    return subprocess.run(
        command, capture_output=True, text=True, check=True, env=environment, cwd=ROOT
    ).stdout.strip()


def test_two_processes_and_other_pythons_give_the_same_bytes() -> None:
    digests = {digest_of(python) for python in [sys.executable, sys.executable, *other_pythons()]}
    assert len(digests) == 1


def jittery(seed: int) -> Scenario:
    scenario = load_scenario("article-drill-1-lan-nic")
    segments = dict(scenario.segments)
    segments["lan"] = replace(segments["lan"], jitter_us=50_000)
    return scenario.changed(segments=segments, seed=seed)


def owners(trace: Trace) -> list[tuple[str, ...]]:
    return [span.servers for span in trace.holders("192.168.2.101") if span.servers]


def fingerprint(trace: Trace) -> str:
    return sha256("\n".join(e.to_json() for e in trace).encode()).hexdigest()


def test_another_seed_moves_times_but_not_the_order_of_owners() -> None:
    one, again, other = (run(jittery(seed)) for seed in (1, 1, 2))
    assert fingerprint(one) == fingerprint(again)
    times = [[e.t_us for e in t.of("advert_received")] for t in (one, other)]
    assert times[0] != times[1]

    def order(trace: Trace) -> list[tuple[str, ...]]:
        single = [o for o in owners(trace) if len(o) == 1]
        return [o for i, o in enumerate(single) if i == 0 or o != single[i - 1]]

    assert order(one) == order(other) == [("proxy-serv01",), ("proxy-serv02",), ("proxy-serv01",)]
