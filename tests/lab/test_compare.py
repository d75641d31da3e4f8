"""``lab compare``: what is a difference, what is taken away from it, and one run on the real daemon."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from live_bench import ROOT

from vrrplab import lab
from vrrplab.config.reader import parse_text
from vrrplab.errors import LiveError, OutputError
from vrrplab.lab import comparison
from vrrplab.lab.bench import complaints, with_switches
from vrrplab.lab.topology import Port, ServerPlan, cable_lines, inside_lines
from vrrplab.scenario.random_clusters import random_cluster
from vrrplab.scenario.reader import scenario_from_text

CONFIG = """\
vrrp_script chk {
    script "/usr/bin/killall -0 web"
    interval 1
}
vrrp_script gone {
    script /opt/gone
}
vrrp_instance V1 {
    state BACKUP
    interface eth0
    virtual_router_id 51
    priority 150
    garp_master_delay 1
    track_script {
        chk
    }
    virtual_ipaddress {
        192.168.2.100/24
    }
    notify_master "/etc/notify.sh up"
}
vrrp_instance V2 {
    interface eth0
    virtual_router_id 52
    priority 100
    virtual_ipaddress {
        192.168.2.101/24
    }
}
vrrp_sync_group G1 {
    group {
        V1
        V2
    }
}
"""
CASE = """\
name: link
duration_s: 9
segments: {lan: {subnet: 192.168.2.0/24}}
servers:
  r1:
    config: |
      vrrp_instance V1 {
          interface eth0
          virtual_router_id 51
          priority 150
          virtual_ipaddress {
              192.168.2.100/24
          }
      }
    interfaces: {eth0: {segment: lan, addresses: [192.168.2.1/24]}}
  r2:
    config: |
      vrrp_instance V1 {
          interface eth0
          virtual_router_id 51
          priority 100
          virtual_ipaddress {
              192.168.2.100/24
          }
      }
    interfaces: {eth0: {segment: lan, addresses: [192.168.2.2/24]}}
    services: {web: {port: 80}}
clients:
  pc:
    segment: lan
    addresses: [10.0.0.9/24]
    probes:
    - {kind: icmp, target: 192.168.2.100, every_s: 0.02}
    - {kind: http, port: 80, target: 192.168.2.100, every_s: 0.02}
actions:
- {at_s: 5, action: link_down, server: r1, interface: eth0}
- {at_s: 8, action: service_kill, server: r2, service: web}
"""


def test_checks_are_switches_and_those_that_are_missing_stay() -> None:
    text = with_switches(parse_text(CONFIG, "r1.conf"), ("/opt/gone",))
    assert 'script "/run/check/chk -0 web"' in text
    assert "script /opt/gone" in text
    assert 'notify_master "/run/check/notify up"' in text


@pytest.mark.parametrize(
    ("line", "laid_out"),
    [
        ('    script "killall -0 web"', '    script "/run/check/chk -0 web"'),
        ("    script pidof", "    script /run/check/chk"),
        ('    notify_backup "systemctl stop web"', '    notify_backup "/run/check/notify stop web"'),
        ("    notify stop.sh", "    notify /run/check/notify"),
        ("    notify_priority_changes on", "    notify_priority_changes on"),
        ("    vrrp_rt_priority 50", "    # vrrp_rt_priority 50"),
        ("    max_auto_priority 99", "    # max_auto_priority 99"),
        ("    vrrp_notify_fifo /var/run/fifo", "    # vrrp_notify_fifo /var/run/fifo"),
    ],
)
def test_nothing_of_this_machine_is_called_and_nothing_gets_a_real_time_class(
    line: str, laid_out: str
) -> None:
    """A program named without its folder is one of this machine's too."""
    place = line.split()[0]
    if place == "script":
        text = CONFIG.replace('    script "/usr/bin/killall -0 web"', line)
    elif place.startswith("notify"):
        text = CONFIG.replace('    notify_master "/etc/notify.sh up"', line)
    else:
        text = f"global_defs {{\n{line}\n}}\n{CONFIG}"
    assert laid_out in with_switches(parse_text(text, "r1.conf"), ("/opt/gone",)).splitlines()


def test_tracked_files_lie_on_the_server_not_on_this_machine() -> None:
    """A daemon writes them (``init_file``), and a lab's server has only /run for itself."""
    blocks = 'track_file load {\n    file "/etc/load"\n}\nvrrp_track_file here {\n    file /run/track/x\n}\n'
    text = with_switches(parse_text(blocks + CONFIG, "r1.conf"), ())
    assert [file.path for file in parse_text(text).files] == ["/run/track/etc-load", "/run/track/x"]


@pytest.mark.parametrize(
    ("block", "complaint"),
    [
        ("vrrp_track_process web {\n process web\n}\n", "the kernel tells no daemon of the lab of processes"),
        ("bfd_instance PEER {\n neighbor_ip 192.168.2.9\n}\n", "the lab speaks no BFD"),
        ("track_file load {\n file /etc/load\n}\n", ""),
    ],
)
def test_what_a_daemon_of_the_lab_can_track(block: str, complaint: str) -> None:
    config = "".join(f"      {line}\n" for line in block.splitlines())
    scenario = scenario_from_text(CASE.replace("    config: |\n", f"    config: |\n{config}", 1))
    assert complaints(scenario).startswith(complaint)
    assert bool(complaints(scenario)) == bool(complaint)


@pytest.mark.parametrize(
    ("beginning", "gone", "stays"),
    [
        ("vrrp_instance V2 {", ["V2", "192.168.2.101"], ["V1", "vrrp_sync_group"]),
        ("vrrp_sync_group G1 {", ["group {"], ["vrrp_instance V2"]),
        ("track_script {", ["track_script"], ["vrrp_script chk", "virtual_ipaddress"]),
        ("garp_master_delay", ["garp_master_delay"], ["priority 150", "track_script"]),
        ("vrrp_script chk {", ["chk"], ["vrrp_script gone", "track_script"]),
    ],
)
def test_a_part_is_taken_away(beginning: str, gone: list[str], stays: list[str]) -> None:
    text = comparison.without(CONFIG, beginning)
    parse_text(text, "r1.conf")
    assert not [word for word in gone if word in text]
    assert [word for word in stays if word in text] == stays


def test_a_tracked_file_goes_with_its_mention() -> None:
    defined = "track_file load {\n    file /run/load\n}\n"
    mention = "    track_file {\n        load\n    }\n    virtual_ipaddress {"
    text = defined + CONFIG.replace("    virtual_ipaddress {", mention, 1)
    assert "load" not in comparison.without(text, "track_file load {")
    assert comparison.without(text, "track_file {") == defined + CONFIG


def test_largest_pieces_go_first() -> None:
    from vrrplab.scenario.random_clusters import random_plain

    plain = random_plain(5, "keepalived-2.2.7")
    assert len(plain["actions"]) == 4
    sizes = [len(smaller["actions"]) for smaller in comparison.smaller(plain)]
    assert sizes[:6] == [2, 2, 3, 3, 3, 3]


@pytest.mark.parametrize(
    ("agrees", "courses", "verdict", "runs"),
    [
        ([True], "a", "same", 1),
        ([False, False], "aa", "differs", 2),
        ([False, False, False], "abb", "either", 3),
        ([False, True, True], "aaa", "noise", 3),
        ([False, True, False], "aaa", "differs", 3),
        ([False, True, False], "aba", "either", 3),
    ],
)
def test_a_difference_must_come_again(
    monkeypatch: pytest.MonkeyPatch, agrees: list[bool], courses: str, verdict: str, runs: int
) -> None:
    """Input: real runs that agree with the simulation or not; runs of one letter are alike. Output: the
    verdict."""
    outcomes = iter(
        SimpleNamespace(
            agrees=agree,
            either=False,
            real=course,
            problems=[] if agree else [f"V1 on r1 to MASTER: real {n}.5 s"],
            packet_problems=[],
        )
        for n, (agree, course) in enumerate(zip(agrees, courses, strict=True))
    )

    class Stub:
        @contextlib.contextmanager
        def recording(self, _: object) -> Iterator[str]:
            yield "nowhere"

    monkeypatch.setattr(comparison, "verify_recording", lambda _: next(outcomes))
    monkeypatch.setattr(comparison, "same_course", lambda one, other: one == other)
    monkeypatch.setattr(comparison, "compare_owners", lambda one, other: [])
    found = comparison.judge(cast("Any", Stub()), random_cluster(1))
    assert (found.verdict, found.runs) == (verdict, runs)
    assert found.agrees == (verdict in ("same", "noise") or (verdict == "either" and True in agrees))


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (
            "actions:\n- {at_s: 1, action: segment_fault, segment: lan, latency_s: 0.1}\n",
            "the lab's switches know no latency_s (segment_fault)",
        ),
        (
            "actions:\n- {at_s: 1, action: link_down, server: r1, interface: eth0}\n",
            "",
        ),
    ],
)
def test_what_the_lab_cannot_do_is_said(change: str, complaint: str) -> None:
    scenario = scenario_from_text(CASE.partition("actions:")[0] + change)
    assert complaints(scenario).startswith(complaint)
    assert bool(complaints(scenario)) == bool(complaint)


@pytest.mark.parametrize(
    ("own", "complaint"),
    [
        ("frr: {interface: eth0, vrid: 51, addresses: [192.168.2.100]}", "keepalived only (r3 has frr)"),
        (
            'profile: keepalived-2.4.3\n    config: "\\n"',
            "one keepalived for all servers (r3 has a profile of its own)",
        ),
    ],
)
def test_the_lab_has_one_daemon(own: str, complaint: str) -> None:
    third = f"  r3:\n    {own}\n    interfaces: {{eth0: {{segment: lan, addresses: [192.168.2.3/24]}}}}\n"
    scenario = scenario_from_text(CASE.replace("servers:\n", "servers:\n" + third))
    assert complaints(scenario).endswith(complaint)


CARDS = """\
duration_s: 10
segments: {lan: {}, far: {}}
servers:
  r1:
    config: |
      vrrp_instance V {
        interface m0
        virtual_router_id 1
        virtual_ipaddress {
          10.0.0.9
        }
      }
    interfaces:
      eth0: {segment: lan}
      m0: {segment: SEGMENT, parent: eth0, kind: KIND, addresses: [10.0.0.1/24]}
"""


@pytest.mark.parametrize(
    ("segment", "kind", "more", "complaint"),
    [
        ("lan", "macvlan", "", ""),
        ("far", "macvlan", "", "of interfaces on others the lab makes macvlans"),
        ("lan", "vlan", "", "of interfaces on others the lab makes macvlans"),
        ("lan", "macvlan", "routers: {r9: {interfaces: {lan: 10.0.0.8/24, far: 10.1.0.8/24}}}", ""),
        (
            "lan",
            "macvlan",
            "routers: {r9: {interfaces: {lan: 10.0.0.8/24, far: 10.1.0.8/24}, latency_s: 0.1}}",
            "the lab's routers know no latency_s (router r9)",
        ),
        (
            "lan",
            "macvlan",
            "actions:\n- {at_s: 1, action: interface_add, server: r1, interface: m0, parent: eth0,"
            " kind: vlan}",
            "the lab adds interfaces as they stand under the server (m0)",
        ),
    ],
)
def test_cards_and_routers_that_the_lab_makes_and_does_not(
    segment: str, kind: str, more: str, complaint: str
) -> None:
    scenario = scenario_from_text(CARDS.replace("SEGMENT", segment).replace("KIND", kind) + more)
    assert complaints(scenario).startswith(complaint)
    assert bool(complaints(scenario)) == bool(complaint)


def test_a_card_that_is_added_later_is_not_plugged_in_at_the_start() -> None:
    eth0 = Port("eth0", "net0", "10.0.0.1/24", "02:00:00:00:00:01", plug="s0p0")
    m0 = Port("m0", "net0", "10.0.0.2/24", "02:00:00:00:00:02", plug="s0p0", parent="eth0")
    plan = ServerPlan("r1", (m0, eth0), "keepalived", "")
    assert len([line for line in cable_lines(plan) if "type veth" in line]) == 1
    inside = inside_lines(plan)
    assert inside.index("link set eth0 up") < next(n for n, line in enumerate(inside) if "macvlan" in line)
    later = plan._replace(later=("eth0", "m0"))
    assert cable_lines(later) == []
    assert inside_lines(later) == ["link set lo up"]


@pytest.mark.parametrize("speaks_ipv6", [False, True])
def test_a_card_without_ipv6_addresses_gets_a_link_local_one_for_an_instance_alone(speaks_ipv6: bool) -> None:
    """As in the simulation: without one keepalived stays in FAULT (no IPv6 address for interface)."""
    eth0 = Port("eth0", "net0", "10.0.0.1/24", "02:00:00:00:00:01", speaks_ipv6=speaks_ipv6)
    lines = inside_lines(ServerPlan("r1", (eth0,), "keepalived", ""))
    assert ("link set eth0 addrgenmode none" in lines) is not speaks_ipv6


def test_without_the_daemon_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(comparison, "program", lambda name: "" if name == "keepalived" else f"/bin/{name}")
    with pytest.raises(LiveError, match="comparing needs keepalived: sudo apt install keepalived"):
        lab.compare(random_cluster(1))


@pytest.mark.long
@pytest.mark.needs("namespaces", "ip", "nsenter", "keepalived")
def test_a_case_on_the_real_daemon(tmp_path: Path) -> None:
    """Input: a link goes down at 5 s, a service on the other server at 8 s. Output: both agree; the recording
    can be verified, and it says what state each daemon knew itself to be in, and how long a client of another
    subnet was without the address and the service; nothing is left.
    """
    case = tmp_path / "link.yaml"
    case.write_text(CASE)
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "XDG_RUNTIME_DIR": str(tmp_path)}

    def vrrplab(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "vrrplab", *words],
            capture_output=True,
            text=True,
            env=environment,
            cwd=tmp_path,
            timeout=120,
            check=False,
            stdin=subprocess.DEVNULL,
        )

    done = vrrplab("lab", "compare", "--case", str(case), "--out", "kept")
    assert done.returncode == 0, done.stdout + done.stderr
    observed = json.loads((tmp_path / "kept" / "link" / "observed.json").read_text())
    assert observed["runs"][0]["final_states"] == {"r1": {"V1": "FAULT"}, "r2": {"V1": "MASTER"}}
    gaps = {(gap["client"], gap["probe"]): gap for gap in observed["runs"][0]["outages"]}
    assert 2.5 < gaps["pc", "icmp 192.168.2.100"]["lost_s"] < 3.8
    assert gaps["pc", "http 192.168.2.100"]["next_ok_t"] is None
    verified = vrrplab("verify", "kept/link")
    assert verified.returncode == 0, verified.stdout
    assert list((tmp_path / "vrrplab-lab").iterdir()) == []


ANEW = """\
duration_s: 16
segments: {lan: {subnet: 10.0.0.0/24}}
servers:
  r1: {config: "CONFIG", interfaces: {eth0: {segment: lan, addresses: [10.0.0.1/24]}}}
actions:
- {at_s: 5, action: interface_delete, server: r1, interface: eth0}
- {at_s: 8, action: interface_add, server: r1, interface: eth0}
""".replace("CONFIG", "vrrp_instance V {\\n interface eth0\\n virtual_router_id 1\\n priority 150\\n}\\n")
CUT = """\
duration_s: 18
segments: {lan: {subnet: 10.0.0.0/24}, far: {subnet: 10.1.0.0/24}}
routers: {gate: {interfaces: {lan: 10.0.0.8/24, far: 10.1.0.8/24}}}
servers:
  r1: {config: "CONFIG unicast_peer {\\n 10.1.0.2\\n }\\n priority 150\\n}\\n",
    interfaces: {eth0: {segment: lan, addresses: [10.0.0.1/24]}}}
  r2: {config: "CONFIG unicast_peer {\\n 10.0.0.1\\n }\\n}\\n",
    interfaces: {eth0: {segment: far, addresses: [10.1.0.2/24]}}}
actions:
- {at_s: 11, action: segment_fault, segment: lan, between: [[r1, gate]]}
""".replace("CONFIG", "vrrp_instance V {\\n interface eth0\\n virtual_router_id 1\\n")


@pytest.mark.long
@pytest.mark.needs("namespaces", "ip", "nsenter", "keepalived")
@pytest.mark.parametrize("text", [ANEW, CUT], ids=["a card that comes anew is heard", "a router is cut off"])
def test_the_lab_does_to_cables_what_the_simulator_does(text: str) -> None:
    """Both agree, packets too: the new cable is listened to, and a router's cable can be cut."""
    compared = lab.compare(scenario_from_text(text))
    assert compared.agrees, compared.first_difference


def test_a_recording_that_cannot_be_kept_does_not_end_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Input: two clusters, a full disk at the first. Output: a line each, and the results of the second."""
    from vrrplab.commands import lab_compare

    def one(benches: object, seed: int, profile: str, args: object) -> comparison.Comparison:
        if seed == 1:
            raise OutputError("kept/seed-1", "the recording could not be written: No space left on device")
        lines = SimpleNamespace(share=1.0, said=3, counted=3)
        result = cast(Any, SimpleNamespace(problems=[], packet_problems=[], lines=lines))
        return comparison.Comparison(f"seed-{seed}", comparison.SAME, result, 1, True, "2 servers", "")

    monkeypatch.setattr(lab_compare, "_one", one)
    args = cast(Any, SimpleNamespace(seed=1, random=2, save=str(tmp_path / "saved.json")))
    assert lab_compare._random(cast(Any, None), args, jobs=1) == 1
    told = capsys.readouterr().out
    assert "1  could not be kept: kept/seed-1: the recording could not be written: No space left" in told
    assert "1 clusters: states and owners agree in 100.0 %" in told
    saved = json.loads((tmp_path / "saved.json").read_text(encoding="utf-8"))
    assert [cluster["name"] for cluster in saved["clusters"]] == ["seed-2"]


def test_a_kept_recording_is_the_one_that_speaks_and_replaces_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Input: a run that agrees, kept; again to the same place, and where the disk is full. Output: the
    recording alone, then refusals that leave it and the folder as they were.
    """
    made = tmp_path / "made"
    made.mkdir()
    (made / "observed.json").write_text("{}", encoding="utf-8")

    class Fake:
        @contextlib.contextmanager
        def recording(self, scenario: object) -> Iterator[str]:
            yield str(made)

    benches = cast(Any, Fake())
    result = SimpleNamespace(agrees=True, either=False, real=None, problems=[], packet_problems=[])
    monkeypatch.setattr(comparison, "verify_recording", lambda folder: result)
    scenario = random_cluster(1)
    keep = tmp_path / "kept" / "one"
    assert comparison.judge(benches, scenario, str(keep)).folder == str(keep)
    assert [path.name for path in keep.iterdir()] == ["observed.json"]
    with pytest.raises(OutputError, match="a recording is never overwritten"):
        comparison.judge(benches, scenario, str(keep))

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(comparison.shutil, "copytree", full)
    with pytest.raises(
        OutputError, match=r"two: the recording could not be written: No space left .* not kept"
    ):
        comparison.judge(benches, scenario, str(keep.with_name("two")))
    assert [path.name for path in keep.parent.iterdir()] == ["one"]
