"""Recordings of real keepalived as traces. The expected numbers were read off the recordings by hand."""

from __future__ import annotations

import itertools
import json
import re
import shutil
from pathlib import Path

import pytest

from vrrplab.errors import TraceError
from vrrplab.recording import read_recording
from vrrplab.recording.log import log_events
from vrrplab.recording.participants import Cast
from vrrplab.scenario.reader import scenario_from_text
from vrrplab.trace import Trace

RECORDINGS = Path(__file__).resolve().parents[2] / "data" / "recordings"
NAMES = sorted(path.parent.name for path in RECORDINGS.glob("*/observed.json"))


def recording(name: str, run: int = 0) -> Trace:
    return read_recording(RECORDINGS / name, run)


def states(trace: Trace, server: str, instance: str) -> list[tuple[float, str, str]]:
    return [
        (round(e.t, 3), e.fields["from"], e.fields["to"])
        for e in trace.of("state", server=server, instance=instance)
    ]


def test_states_know_where_they_come_from() -> None:
    """MASTER is dated by its first advert (14.853663), not by the log line read 0.3 ms later."""
    trace = recording("article_drill1_eth0_down_up")
    assert states(trace, "serv02", "proxy_ip1") == [
        (0.236, "INIT", "BACKUP"),
        (14.854, "BACKUP", "MASTER"),
        (25.013, "MASTER", "BACKUP"),
    ]
    assert trace.of("state", server="serv02")[2].t_us == 14_853_663
    assert all("reason" not in e.fields for e in trace.of("state"))


def test_a_stopped_daemon_is_in_stop_and_starts_from_init() -> None:
    trace = recording("graceful_stop")
    assert [(f, to) for _, f, to in states(trace, "serv01", "proxy_ip1")] == [
        ("INIT", "MASTER"),
        ("MASTER", "STOP"),
        ("INIT", "MASTER"),
    ]


def test_a_killed_daemon_enters_no_state() -> None:
    trace = recording("sigkill")
    assert [(f, to) for _, f, to in states(trace, "serv01", "proxy_ip1")] == [
        ("INIT", "MASTER"),
        ("INIT", "MASTER"),
    ]
    assert trace.owners("192.168.2.101", 20) == ("serv01", "serv02"), "its address stays behind"


def test_a_child_without_its_parent_stops_by_itself() -> None:
    trace = recording("sigkill_parent")
    assert states(trace, "serv01", "proxy_ip1")[-1] == (12.042, "MASTER", "STOP")


def test_adverts_are_the_captured_ones() -> None:
    """Serv01 sent 12 adverts before the fault and 8 after it was back; the clean stop's is left out."""
    trace = recording("article_drill1_eth0_down_up")
    sent = [e for e in trace.of("advert_sent", server="serv01") if e.instance == "proxy_ip1"]
    assert len(sent) == 20
    assert {e.fields["priority"] for e in sent} == {255}
    assert sent[11].t_us == 11_238_949
    first = sent[0].fields
    assert first["interface"] == "eth0"
    assert (first["source"], first["destination"]) == ("192.168.2.251", "224.0.0.18")
    assert (first["version"], first["vrid"], first["interval_s"]) == (2, 1, 1)
    assert first["addresses"] == ["192.168.2.101"]


def test_version_3_intervals_come_from_the_frames() -> None:
    sent = recording("takeover_v3_a0.25_p100").of("advert_sent")
    assert {e.fields["interval_s"] for e in sent} == {0.25}


def test_frames_on_request_are_the_captured_bytes() -> None:
    trace = read_recording(RECORDINGS / "use_vmac", frames=True)
    advert = bytes.fromhex(trace.of("advert_sent")[0].fields["frame"])
    assert advert[6:12].hex(":") == "00:00:5e:00:01:33"
    garp = bytes.fromhex(trace.of("garp_sent")[0].fields["frame"])
    assert garp[12:14] == b"\x08\x06"
    assert "frame" not in recording("use_vmac").of("advert_sent")[0].fields


def test_repetitions_have_no_capture_and_are_spread_evenly() -> None:
    sent = recording("article_drill1_eth0_down_up", run=1).of("advert_sent", instance="proxy_ip2")
    gaps = {b.t_us - a.t_us for a, b in itertools.pairwise(sent)}
    assert max(gaps) - min(gaps) <= 1


def test_announcements() -> None:
    trace = recording("article_drill1_eth0_down_up")
    moved = [e for e in trace.of("garp_sent", server="serv02") if e.fields["address"] == "192.168.2.101"]
    assert len(moved) == 10, "five at once, five more garp_master_delay later"
    assert moved[0].t_us == 14_862_382
    assert moved[0].fields["mac"] == "02:00:00:00:00:fc"
    assert {e.fields["mac"] for e in recording("use_vmac").of("garp_sent")} == {"00:00:5e:00:01:33"}
    six = recording("v3_ipv6").of("na_sent")
    assert six[0].fields["mac"] == "02:00:00:00:00:fb"
    assert six[0].fields["address"].startswith("fe80::")


def test_addresses_neighbours_and_outages() -> None:
    trace = recording("article_drill1_eth0_down_up")
    assert trace.owner("192.168.2.101", 13) is None
    assert trace.owner("192.168.2.101", 16) == "serv02"
    assert [e.fields for e in trace.of("neighbour")][2] == {
        "client": "client",
        "ip": "192.168.2.101",
        "mac": "02:00:00:00:00:fc",
    }
    outage = trace.outages("192.168.2.101")[0]
    assert (outage.kind, outage.from_s, outage.to_s) == ("icmp", 11.991918, 14.871629)
    assert outage.lost == 143, "2.88 s of one ping every 20 ms"


def test_an_outage_that_never_ends() -> None:
    outages = [o for name in NAMES for o in recording(name).outages() if o.to_us is None]
    assert outages
    assert all(o.lost >= 1 for o in outages)


def test_the_log_tells_of_scripts_priorities_and_interfaces() -> None:
    trace = recording("track_interface_weight_neg")
    change = trace.of("priority")[0]
    assert (change.server, change.instance) == ("serv01", "V1")
    assert (change.fields["from"], change.fields["to"]) == (150, 90)
    assert next((e.fields["interface"], e.fields["up"]) for e in trace.of("interface")) == ("eth1", False)
    failed = [e for e in recording("article_drill3_flag").of("script") if e.fields["result"] == "fail"]
    assert failed[0].fields == {
        "server": "serv01",
        "script": "chk_squid_service",
        "exit": 1,
        "result": "fail",
        "changed": True,
    }


def test_the_priority_after_a_fault_of_a_tracked_file_is_told_in_other_words() -> None:
    changes = [(e.fields["from"], e.fields["to"]) for e in recording("track_file_weight").of("priority")]
    assert changes == [(150, 90), (90, 150), (150, 140), (140, 150)]


def test_a_script_that_times_out() -> None:
    lines = {"r1": [{"t": 1.0, "line": "VRRP_Script(chk) timed_out"}]}
    script, log = log_events(lines)
    assert script.fields["exit"] == "timeout"
    assert log.fields == {"server": "r1", "line": "VRRP_Script(chk) timed_out"}


def test_the_cast() -> None:
    cast = recording("article_drill1_eth0_down_up").scenario
    assert cast["origin"] == "recording"
    assert cast["profile"] == "keepalived-2.2.7"
    assert cast["virtual_addresses"] == ["192.168.2.101", "192.168.2.102"]
    assert cast["servers"]["serv01"]["instances"]["proxy_ip1"] == {
        "vrid": 1,
        "interface": "eth0",
        "priority": 255,
        "state": "MASTER",
        "version": 2,
        "advert_int_s": 1,
        "preempt": True,
        "virtual_addresses": ["192.168.2.101/24"],
        "tracks": [
            {"kind": "interface", "name": "eth1", "weight": 0},
            {"kind": "script", "name": "chk_squid_service", "weight": 0},
        ],
    }
    assert cast["clients"]["client"]["probes"][0]["every_s"] == 0.02


@pytest.mark.parametrize("name", NAMES)
def test_every_recording_ends_with_the_owners_that_were_seen(name: str) -> None:
    observed = json.loads((RECORDINGS / name / "observed.json").read_text(encoding="utf-8"))
    for run, seen in enumerate(observed["runs"]):
        trace = recording(name, run)
        times = [event.t_us for event in trace]
        assert times == sorted(times)
        assert max(times) <= trace.end_us
        for address, owners in seen["final_owners"].items():
            assert sorted(trace.owners(address, trace.end_us / 1e6)) == sorted(owners), (address, run)


def test_what_nobody_saw_is_not_made_up(tmp_path: Path) -> None:
    """Input: a scenario without MAC addresses. Output: none, where a simulation would give everybody one."""
    folder = Path(shutil.copytree(RECORDINGS / "article_steady", tmp_path / "recording"))
    text = (folder / "scenario.yaml").read_text(encoding="utf-8")
    (folder / "scenario.yaml").write_text(
        re.sub(r",? *mac: *['\"]?[0-9a-f:]+['\"]?", "", text), encoding="utf-8"
    )
    cast = read_recording(folder).scenario
    macs = [port["mac"] for server in cast["servers"].values() for port in server["interfaces"].values()]
    assert set(macs) == {""}
    assert all(client["mac"] == "" for client in cast["clients"].values())


class TestBadInput:
    """One line, with the file, and no traceback."""

    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        return Path(shutil.copytree(RECORDINGS / "article_steady", tmp_path / "recording"))

    def message(self, folder: Path, run: int = 0) -> str:
        with pytest.raises(TraceError) as caught:
            read_recording(folder, run)
        assert "\n" not in str(caught.value)
        return str(caught.value)

    def test_no_folder(self, tmp_path: Path) -> None:
        assert "observed.json: cannot be read" in self.message(tmp_path / "nowhere")

    def test_no_json(self, folder: Path) -> None:
        (folder / "observed.json").write_text('{"runs": [\n{]}', encoding="utf-8")
        assert "observed.json:2: is not JSON" in self.message(folder)

    def test_json_of_something_else(self, folder: Path) -> None:
        (folder / "observed.json").write_text("[]", encoding="utf-8")
        assert "is not what was observed" in self.message(folder)

    def test_more_frames_than_a_trace_could_have(self, folder: Path) -> None:
        observed = json.loads((folder / "observed.json").read_bytes())
        observed["runs"][0]["adverts"][0]["runs"][0]["count"] = 10**12
        (folder / "observed.json").write_text(json.dumps(observed), encoding="utf-8")
        assert "more than 100,000 frames were counted" in self.message(folder)

    def test_a_run_without_parts(self, folder: Path) -> None:
        (folder / "observed.json").write_text('{"runs": [{}]}', encoding="utf-8")
        assert "is not as recordings are" in self.message(folder)

    def test_a_run_that_is_not_there(self, folder: Path) -> None:
        assert "has no run 9 - run" in self.message(folder, 9)

    def test_no_yaml(self, folder: Path) -> None:
        (folder / "scenario.yaml").write_text("a: [\n", encoding="utf-8")
        assert "scenario.yaml" in self.message(folder)

    def test_yaml_of_something_else(self, folder: Path) -> None:
        (folder / "scenario.yaml").write_text("- a\n", encoding="utf-8")
        assert "scenario.yaml:1: the scenario must be a mapping" in self.message(folder)

    def test_a_configuration_the_daemon_refused_is_no_obstacle(self, folder: Path) -> None:
        """Its server has no instances; what was seen of the others is there."""
        (folder / "serv01.conf").write_text("vrrp_instance V {\n interface eth0\n}\n", encoding="utf-8")
        trace = read_recording(folder)
        assert trace.scenario["servers"]["serv01"]["instances"] == {}
        assert trace.of("state", server="serv02")

    def test_no_configuration(self, folder: Path) -> None:
        (folder / "serv01.conf").unlink()
        assert "serv01.conf" in self.message(folder)

    def test_a_broken_capture_costs_nothing_but_precision(self, folder: Path) -> None:
        whole = read_recording(folder)
        for content in (b"", b"\xd4\xc3\xb2\xa1" + b"\0" * 30):
            (folder / "capture.pcap").write_bytes(content)
            without = read_recording(folder)
            assert len(without.of("advert_sent")) == len(whole.of("advert_sent"))
            assert len(without.of("garp_sent")) == len(whole.of("garp_sent"))


def test_an_address_that_only_a_reload_brings_belongs_to_its_instance(tmp_path: Path) -> None:
    """As in recording verify_address_of_reload: 192.168.2.177 comes by the reload, and is announced."""
    addresses = "192.168.2.100/24"
    for name in ("a.conf", "b.conf"):
        (tmp_path / name).write_text(
            "vrrp_instance V {\n interface eth0\n virtual_router_id 51\n"
            f" virtual_ipaddress {{\n {addresses}\n }}\n}}\n",
            encoding="utf-8",
        )
        addresses += "\n 192.168.2.177/24"
    text = """
name: brought
duration_s: 30
segments: {lan: {subnet: 192.168.2.0/24}}
servers:
  r1: {config: a.conf, interfaces: {eth0: {segment: lan, addresses: [192.168.2.1/24]}}}
  r2: {config: a.conf, interfaces: {eth0: {segment: lan, addresses: [192.168.2.2/24]}}}
actions:
  - {at_s: 10, action: reload, server: r1, config: b.conf}
"""
    cast = Cast(scenario_from_text(text, tmp_path))
    names = {server: cast.by_address(server, "192.168.2.177") for server in ("r1", "r2")}
    assert names["r2"] is None
    assert names["r1"] is not None
    assert names["r1"].name == "V"
