"""``vrrp_startup_delay`` on an address owner that is started while another is MASTER (recording
startup_delay_owner_hears, keepalived 2.2.7).
"""

from __future__ import annotations

from pathlib import Path

import pytest
from sim_builders import conf, two_routers

from vrrplab.sim.play import run
from vrrplab.trace.events import LogEvent

DELAY = "global_defs {\n vrrp_startup_delay 2\n}\n"
ACTS = "[{at_s: 5, action: daemon_stop, server: r2}, {at_s: 6.4, action: daemon_start, server: r2}]"


def test_each_advert_discarded_in_the_delay_makes_it_longer(tmp_path: Path) -> None:
    """What was left of the timer runs from the end of the delay (8.4 s) on: adverts at 7.012 and 8.012 s add
    1.388 and 0.388 s.
    """
    scenario = two_routers(tmp_path, conf(254), DELAY + conf(255, "MASTER"), actions=ACTS)
    trace = run(scenario)
    heard_s = [e.t for e in trace.of(LogEvent, server="r2") if "received lower priority" in str(e.line)]
    during = [t_s for t_s in heard_s if 6.4 < t_s < 8.4]
    assert len(during) == 2
    expected_s = 8.4 + sum(8.4 - t_s for t_s in during)
    last = trace.states("V1", "r2")[-1]
    assert last.state == "MASTER"
    assert last.from_s == pytest.approx(expected_s, abs=0.001)
    assert [s.state for s in trace.states("V1", "r2")][-2:] != ["BACKUP", "MASTER"], "from INIT to MASTER"
