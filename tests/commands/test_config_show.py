"""``config show``: every line fits, nothing that matters is cut, and JSON says the same."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from vrrplab.commands.cli import main
from vrrplab.data_files import data_path
from vrrplab.output.text_columns import width

CONF = """global_defs {
    router_id a
    smtp_server 127.0.0.1
}
vrrp_instance office {
    state Slave
    interface eth0
    virtual_router_id 51
    preemt_delay 4
    priority 120
    virtual_ipaddress {
        10.0.0.100
        10.0.0.101/24 dev eth0 label eth0:web scope global no_track
    }
    notify "/usr/local/sbin/tell-everybody.sh with many words behind it and one more"
}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.conf").write_text(CONF, encoding="utf-8")
    return tmp_path


def told(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(["config", "show", *arguments]) == 0
    return capsys.readouterr().out


def test_values_lines_and_corrections_are_told(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = told(capsys, "a.conf")
    rows = {
        line.split()[0]: line.split() for line in text.splitlines() if line.startswith("  ") and line.strip()
    }
    assert text.startswith("a: a.conf, as keepalived-2.2.7 runs it\n======")
    assert rows["state"] == ["state", "BACKUP", "6"]
    assert rows["advert_int"] == ["advert_int", "1", "s", "default"]
    assert "    ! 'Slave' is no state; BACKUP is used - write MASTER or BACKUP, in capitals\n" in text
    assert "    ! line 9: unknown keyword 'preemt_delay' - did you mean 'preempt_delay'?\n" in text
    assert "    . keepalived knows, and vrrplab does not model: smtp_server (3)\n" in text
    assert "garp_master_delay" not in text
    whole = told(capsys, "a.conf", "--all").splitlines()
    assert ["garp_master_delay", "5", "s", "default"] in [line.split() for line in whole]


def test_the_daemon_s_own_words_are_shown_when_asked_for(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "Unknown keyword" not in told(capsys, "a.conf")
    text = " ".join(told(capsys, "a.conf", "--log").split())
    assert "(/etc/keepalived/keepalived.conf: Line 9) Unknown keyword 'preemt_delay'" in text


@pytest.mark.parametrize("profile", ["keepalived-2.2.7", "keepalived-2.4.3"])
def test_no_line_is_wider_than_a_terminal(
    profile: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    long = folder / ("sub" * 40) / "keepalived.conf"
    long.parent.mkdir()
    long.write_text(CONF.replace("office", "o" * 90).replace("eth0:web", "w" * 15), encoding="utf-8")
    shipped = sorted(Path(data_path("configs", "article")).parent.rglob("*.conf"))
    for path in ["a.conf", str(long), *map(str, shipped)]:
        text = told(capsys, path, "--all", "--log", "--profile", profile)
        assert max(width(line) for line in text.splitlines()) <= 80
        assert "…" not in text


def test_a_long_value_goes_on_below(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = " ".join(told(capsys, "a.conf").replace(" 14\n", "\n").split())
    assert "/usr/local/sbin/tell-everybody.sh with many words behind it and one more" in text.replace(
        " 15 ", " "
    )


def test_json_says_the_same(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    answer = json.loads(told(capsys, "a.conf", "--json"))
    (node,) = answer["nodes"]
    assert (answer["profile"], node["node"], node["file"]) == ("keepalived-2.2.7", "a", "a.conf")
    general, instance = node["blocks"]
    assert (instance["kind"], instance["name"], instance["line"]) == ("vrrp_instance", "office", 5)
    settings = {setting["option"]: setting for setting in instance["settings"]}
    assert (settings["priority"]["value"], settings["priority"]["line"]) == (120, 10)
    assert (settings["version"]["value"], settings["version"]["line"], settings["version"]["why"]) == (
        2,
        None,
        "default",
    )
    (warning,) = settings["state"]["told"]
    assert (warning["line"], warning["kind"]) == (6, "state")
    assert warning["log"].endswith("(office) unknown state 'Slave', defaulting to BACKUP")
    assert [(w["line"], w["kind"]) for w in instance["told"]] == [(9, "unknown-keyword")]
    assert [(w["line"], w["kind"]) for w in general["told"]] == [
        (3, "not-modelled"),
        (5, "script-security"),
        (15, "script-default-user"),
    ]


def test_several_nodes_come_one_after_the_other(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "b.conf").write_text(CONF, encoding="utf-8")
    text = told(capsys, "a.conf", "b.conf")
    assert text.index("a: a.conf") < text.index("\n\nb: b.conf")


def test_real_addresses_are_shown(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    card = {"ifname": "eth0", "addr_info": [{"local": "10.0.0.7", "prefixlen": 24}]}
    (folder / "a.json").write_text(json.dumps([card]), encoding="utf-8")
    assert "10.0.0.7 (the primary address of eth0)" in told(capsys, "a.conf", "--addresses", "a.json")


SECRET = CONF.replace(
    "    priority 120\n",
    "    priority 120\n    authentication {\n        auth_type PASS\n        auth_pass s3cret\n    }\n",
)


@pytest.mark.parametrize("form", [[], ["--json"], ["--all", "--log"]], ids=["text", "json", "log"])
def test_a_password_is_shown_only_when_asked_for(
    form: list[str], folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Eight stars, however long it is; a change of it is still a change."""
    Path("a.conf").write_text(SECRET, encoding="utf-8")
    text = told(capsys, "a.conf", *form)
    assert "s3cret" not in text
    assert "********" in text
    assert "s3cret" in told(capsys, "a.conf", "--show-passwords", *form)


def test_another_password_is_a_change_that_is_told_masked(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("new").mkdir()
    Path("a.conf").write_text(SECRET, encoding="utf-8")
    Path("new/a.conf").write_text(SECRET.replace("s3cret", "0ther"), encoding="utf-8")
    main(["config", "diff", "a.conf", "--", "new/a.conf"])
    text = capsys.readouterr().out
    assert "auth_pass: ******** -> ******** (another one)" in " ".join(text.split())
    assert not {"s3cret", "0ther"} & set(text.split())
