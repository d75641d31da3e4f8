"""``vrrplab reconstruct`` as somebody types it: an answer, a scenario, a page, and one line for a mistake."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import pytest

from vrrplab.commands import cli
from vrrplab.data_files import data_path
from vrrplab.reconstructing import reconstruct
from vrrplab.scenario.reader import load_scenario
from vrrplab.sim.play import run

POWER = "recordings/takeover_v2_a1_p100"
FILES = [str(data_path(f"{POWER}/{name}")) for name in ("capture.pcap", "serv01.conf", "serv02.conf")]
OTHER = """vrrp_instance X {{
    interface eth0
    virtual_router_id {vrid}
    priority 7
    virtual_ipaddress {{ 10.9.9.9/24 }}
}}
"""


def test_what_happened_what_else_it_may_have_been_and_both_as_files(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    scenario, page = tmp_path / "night.yaml", tmp_path / "night.html"
    assert cli.main(["reconstruct", *FILES, "--out", str(scenario), "--html", str(page)]) == 0
    said = capsys.readouterr().out
    assert max(map(len, said.splitlines())) <= 80
    words = " ".join(said.split())
    assert "Most likely: serv01 loses power at 6.5 s (6.0 to 7.0), one of 6 that look the same." in words
    assert "That explains 100 % of what is seen" in words
    assert "so it does not tell whether it was this or:" in words
    assert "the cable of serv01 eth0 is pulled at 6.5 s" in words
    assert "Which is named first is no evidence" in words
    trace = run(load_scenario(str(scenario)))
    # its daemons start 4 s before the capture, which its description says
    assert trace.owner("192.168.2.100", 4 + 6) == "serv01"
    assert trace.owner("192.168.2.100", 4 + 12) == "serv02"
    text = page.read_text(encoding="utf-8")
    assert text.count('id="upper"') == text.count('id="lower"') == 1


def test_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["reconstruct", *FILES, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["servers"] == {"serv01": "192.168.2.251", "serv02": "192.168.2.252"}
    first = found["explanations"][0]
    assert first["explains"] == 1
    assert found["answer"]["equals"] == [guess["sentence"] for guess in first["alike"]]
    assert found["answer"]["sentence"] == found["answer"]["equals"][0]
    assert (found["answer"]["is_explained"], found["answer"]["is_the_only_one"]) == (True, False)
    assert found["answer"]["named_first_because"]
    actions = [guess["actions"][0] for guess in first["alike"]]
    assert "power_off" in {action["action"] for action in actions}
    assert all(action["earliest_s"] <= action["at_s"] <= action["latest_s"] for action in actions)


def test_what_is_not_explained_is_said(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(reconstruct, "monotonic", itertools.count(0.0).__next__)  # a second a look
    assert cli.main(["reconstruct", *FILES, "--at-most", "0.01"]) == 1
    said = " ".join(capsys.readouterr().out.split())
    assert "In part only" in said
    assert "serv01 is not heard with priority 250" in said
    assert "not all was tried: 0.01 s were over" in said


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (["{capture}", "other.conf"], "has VRID 51, the files have VRID 77 (other.conf)"),
        (["{capture}", "like.conf"], "is none of like by address, priority or virtual addresses"),
        (
            ["{capture}", "{conf}", "other.log"],
            "no node is called elsewhere - the nodes are serv01",
        ),
        (["empty.pcap", "other.conf"], "empty.pcap: has no VRRP advert"),
        (["other.conf"], "no capture among other.conf"),
        (["{capture}", "{capture}", "other.conf"], "is one too many"),
        (["{capture}"], "name at least one keepalived.conf"),
        (["broken.pcap", "{conf}"], "broken.pcap: breaks off at byte 500"),
        (["no.pcap", "other.conf"], "no.pcap: cannot be read"),
    ],
)
def test_a_mistake_is_one_line(
    given: list[str],
    told: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    capture = Path(FILES[0]).read_bytes()
    Path("other.conf").write_text(OTHER.format(vrid=77), encoding="utf-8")
    Path("like.conf").write_text(OTHER.format(vrid=51), encoding="utf-8")
    Path("empty.pcap").write_bytes(capture[:24])
    Path("broken.pcap").write_bytes(capture[:500])
    said = "Nov 22 09:36:40 elsewhere Keepalived_vrrp[12]: (V1) Entering MASTER STATE\n"
    Path("other.log").write_text(said, encoding="utf-8")
    places = {"capture": FILES[0], "conf": FILES[1]}
    assert cli.main(["reconstruct", *(word.format(**places) for word in given)]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1, error
    assert told in error
