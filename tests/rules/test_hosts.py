"""What hosts and daemons say of themselves, as findings: what runs, and where the addresses are now."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from vrrplab.commands import cli
from vrrplab.rules.examples import conf
from vrrplab.rules.table import RULES

DUMP = RULES["V085"].dumps["a"]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    write("a", 150)
    write("b", 100)
    Path("a.data").write_text(DUMP, "utf-8")
    return tmp_path


def write(name: str, priority: int, lines: str = "", vips: str = "192.168.2.100/24") -> None:
    text = conf(priority, lines, top="", check="", track="", vips=vips)
    Path(f"{name}.conf").write_text(text, "utf-8")


def hosts(a: str, b: str) -> list[str]:
    """What ``ip -j addr`` says on both: their own addresses, and these."""
    for name, own, more in (("a", "192.168.2.251", a), ("b", "192.168.2.252", b)):
        info = [{"family": "inet", "local": one, "prefixlen": 24} for one in filter(None, (own, more))]
        card = {"ifindex": 2, "ifname": "eth0", "flags": ["UP"], "addr_info": info}
        Path(f"{name}.json").write_text(json.dumps([card]), "utf-8")
    return ["--addresses", "a.json", "--addresses", "b.json"]


def found(
    capsys: pytest.CaptureFixture[str], *options: str, rules: tuple[str, ...] = ("V085", "V086")
) -> tuple[int, list[tuple[str, str, str]]]:
    code = cli.main(["config", "check", "a.conf", "b.conf", "--format", "json", *options])
    told = json.loads(capsys.readouterr().out)["findings"]
    return code, [(f["rule"], f["severity"], f["message"]) for f in told if f["rule"] in rules]


RUNS = ("--running", "a=a.data")


def test_what_runs_as_written_is_no_finding(capsys: pytest.CaptureFixture[str]) -> None:
    assert found(capsys, *RUNS) == (0, [])


@pytest.mark.parametrize(
    ("change", "code", "severity", "told"),
    [
        (
            {"priority": 160},
            0,
            "warning",
            "on a, vrrp_instance VI_1: priority runs as 150, the file says 160",
        ),
        (
            {"lines": "advert_int 2"},
            1,
            "error",
            "on a, vrrp_instance VI_1: advert_int runs as 1 s, the file says 2 s; b has another one, so they"
            " do not hear each other",
        ),
        (
            {"vips": "192.168.2.100/24\n192.168.2.101/24"},
            1,
            "error",
            "on a, vrrp_instance VI_1: virtual_ipaddress 192.168.2.101/24 dev eth0 is in the file and does"
            " not run; so nobody has it while this node is MASTER",
        ),
    ],
    ids=["priority", "interval", "address"],
)
def test_what_runs_otherwise_is_an_error_where_an_address_is_lost_or_doubled(
    change: dict[str, object], code: int, severity: str, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """``b``'s file has the new value as well: it was reloaded, ``a`` was not."""
    for name, priority in (("a", 150), ("b", 100)):
        write(name, **{"priority": priority, **({} if name == "b" and "priority" in change else change)})  # type: ignore[arg-type]
    assert found(capsys, *RUNS) == (code, [("V085", severity, told)])


def test_it_is_told_to_other_programs_and_silenced_as_any_finding(
    capsys: pytest.CaptureFixture[str],
) -> None:
    write("a", 160)
    main = ["config", "check", "a.conf", "b.conf", *RUNS]
    cli.main([*main, "--format", "sarif"])
    (run,) = json.loads(capsys.readouterr().out)["runs"]
    assert "V085" in {result["ruleId"] for result in run["results"]}
    cli.main([*main, "--format", "github"])
    assert "::warning file=a.conf,line=5,title=V085 runs otherwise than written::" in capsys.readouterr().out
    text = Path("a.conf").read_text("utf-8")
    why = "# vrrplab: ignore V085 reloaded tonight"
    Path("a.conf").write_text(text.replace("priority 160", f"priority 160  {why}"), "utf-8")
    assert found(capsys, *RUNS) == (0, [])


@pytest.mark.parametrize(
    ("a", "b", "running", "told"),
    [
        ("192.168.2.100", "", RUNS, ""),
        ("", "192.168.2.100", (), ""),
        ("192.168.2.100", "192.168.2.100", (), "192.168.2.100 is on a and b at once"),
        ("", "", RUNS, "a is MASTER and has no 192.168.2.100"),
    ],
    ids=["well", "nobody-asked", "doubled", "lost"],
)
def test_where_the_addresses_are(
    a: str, b: str, running: tuple[str, ...], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code, findings = found(capsys, *hosts(a, b), *running)
    assert [message for _, _, message in findings] == (
        [f"VRID 51: {told}, if all were asked at one moment"] if told else []
    )
    assert code == bool(told)


def test_one_that_is_not_master_and_has_the_address(capsys: pytest.CaptureFixture[str]) -> None:
    Path("a.data").write_text(DUMP.replace("MASTER", "FAULT"), "utf-8")
    _, findings = found(capsys, *hosts("192.168.2.100", ""), *RUNS)
    assert [message for _, _, message in findings] == [
        "VRID 51: a is FAULT and has 192.168.2.100, if all were asked at one moment"
    ]


def test_two_masters_by_their_own_words(capsys: pytest.CaptureFixture[str]) -> None:
    Path("b.data").write_text(DUMP.replace("riority = 150", "riority = 100"), "utf-8")
    _, findings = found(capsys, *RUNS, "--running", "b=b.data")
    assert [message for _, _, message in findings] == [
        "VRID 51: a and b are MASTER at once, if all were asked at one moment"
    ]
