"""The recordings' configurations: what the real daemons logged about them at start, line by line."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from vrrplab.config.reader import DEFAULT_LOG_FILE, parse_config

RECORDINGS = Path(__file__).parents[2] / "data" / "recordings"
CASES = [
    (recording, path.stem)
    for recording in sorted(RECORDINGS.iterdir())
    if recording.is_dir()
    for path in sorted(recording.glob("*.conf"))
    if ".reload" not in path.name
]
LAB_FILE = "/run/keepalived.conf"  # what the daemon of a comparison is started with
ABOUT_CONFIGURATION = (
    *(
        ": Line ",
        "Warning - ",
        "ignoring",
        "Ignoring",
        "incompatible",
        "SECURITY",
        "Script user",
        "no firewall",
    ),
    *("resetting", "clearing", "must match", "rounding"),
)
INCOMPLETE = {
    ("article_drill1_eth0_down_up", "serv01"),
    ("article_drill2_eth1_down_up__v2.4.3", "serv01"),
    ("poweroff", "serv01"),
}
"""The first lines of these logs were lost when they were recorded."""


@pytest.mark.parametrize(("recording", "server"), CASES, ids=lambda part: getattr(part, "name", part))
def test_configuration_lines_of_the_log(recording: Path, server: str) -> None:
    observed = json.loads((recording / "observed.json").read_text())
    daemon = "2.4.3" if "2.4.3" in observed["keepalived"] else "2.2.7"
    node = parse_config(recording / f"{server}.conf", host_id=server, daemon=daemon)
    assert node.instances
    ours = [warning.log for warning in node.warnings if warning.log]
    if (recording.name, server) in INCOMPLETE or server not in observed["log"]:
        return
    lines = [entry["line"] for entry in observed["log"][server]]
    starting = [line.replace(f"({LAB_FILE}: ", f"({DEFAULT_LOG_FILE}: ") for line in lines]
    end = next(
        (n for n, line in enumerate(starting) if line in ("Startup complete", "Reloading")), len(starting)
    )
    logged = [
        line for line in starting[:end] if line in ours or any(word in line for word in ABOUT_CONFIGURATION)
    ]
    assert Counter(ours) == Counter(logged)
    assert ours == logged


def test_reloaded_configurations_are_read() -> None:
    reloads = sorted(RECORDINGS.glob("*/*.reload*.conf"))
    assert reloads
    for path in reloads:
        assert parse_config(path).instances
