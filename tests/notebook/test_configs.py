"""``vrrplab.configs``: files checked, predicted, explained and compared; ``%%keepalived`` cells."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import vrrplab
from vrrplab.errors import VrrplabError
from vrrplab.notebook import cell_magic
from vrrplab.notebook.configs import KEPT, Configurations

CONF = """\
vrrp_script chk {
    script "/usr/bin/killall -0 haproxy"
    interval 2
    weight -2
    user root
}
vrrp_instance V {
    interface eth0
    virtual_router_id 51
    priority PRIORITY
    virtual_ipaddress {
        10.0.4.100/24
    }
    track_script {
        chk
    }
}
"""


def conf(priority: int) -> str:
    return CONF.replace("PRIORITY", str(priority))


@pytest.fixture
def mine(tmp_path: Path) -> Configurations:
    """One node by its path, one by its text."""
    (tmp_path / "a.conf").write_text(conf(110))
    return vrrplab.configs(tmp_path / "a.conf", b=conf(107))


def test_files_and_texts_are_nodes(mine: Configurations, tmp_path: Path) -> None:
    assert [node.name for node in mine.nodes] == ["a", "b"]
    assert "b.conf (given as text)" in repr(mine)
    named = vrrplab.configs(web1=tmp_path / "a.conf", web2=conf(90))
    assert [node.name for node in named.nodes] == ["web1", "web2"]


def test_what_is_wrong_is_a_table(mine: Configurations) -> None:
    found = mine.check()
    assert found[0].rule == "V020"
    assert len(found) == len(found.rows) == len(list(found))
    assert repr(found).startswith("V020 error")
    html = found._repr_html_()
    assert html.count("<tr>") == len(found) + 1
    assert "V020" in html


def test_what_every_failure_does_is_a_table(mine: Configurations) -> None:
    found = mine.predict(simulate=False)
    told = {row[1]: row[2] for row in found.rows}
    assert told["a chk fails"] == "STAYS ON a"
    assert told["a eth0 cable or power"] == "b"
    assert "when this fails" in repr(found)


def test_why_is_a_table_and_the_cure_is_in_it(mine: Configurations) -> None:
    found = mine.why("a haproxy")
    assert [row[2] for row in found.rows][:2] == ["", "line"]
    assert any(row[2] == "cure" and "'weight -2' -> 'weight -4'" in row[4] for row in found.rows)
    assert "did not fail over" in repr(found)


def test_a_change_is_a_table(mine: Configurations, tmp_path: Path) -> None:
    other = vrrplab.configs(tmp_path / "a.conf", b=conf(109))
    found = mine.diff(other)
    assert ("value", "b vrrp_instance V priority", "107", "109") in found.rows
    assert any(row[0] == "finding goes" and row[1].startswith("V020") for row in found.rows)
    assert any(row[0] == "failure" and "a chk fails" in row[1] for row in found.rows)


def test_a_finding_is_played_where_it_was_found(mine: Configurations) -> None:
    """The users' own files; what only the rule's example can show is played there, and its head says so."""
    played = mine.check().scenario_of(1)
    assert list(played.servers) == ["a", "b"]
    assert [(action.kind, action.keys["server"]) for action in played.actions] == [("service_kill", "a")]
    assert played.description == "V020, on these nodes; a script chk"
    assert vrrplab.simulate(played).owner("10.0.4.100", 19) == "a"
    last = mine.check()
    assert all(" on " in last.scenario_of(number).description for number in range(1, len(last) + 1))


def test_words_of_the_files_are_replaced_in_a_copy(mine: Configurations) -> None:
    changed = mine.edited("weight -2 -> weight -4")
    assert not any(finding.rule == "V020" for finding in changed.check())
    assert mine.check()[0].rule == "V020"
    one = mine.edited(["b: priority 107 -> priority 109"])
    assert [node.config.instances[0].base_priority for node in one.nodes] == [110, 109]
    assert one.nodes[0] is mine.nodes[0]
    assert "b.conf (edited)" in repr(one)


def test_the_cluster_is_a_scenario_with_the_failures_asked_for(mine: Configurations) -> None:
    trace = vrrplab.simulate(mine.scenario("a power at 10"))
    assert trace.owner("10.0.4.100", 20) == "b"
    assert mine.scenario().actions == ()


def test_a_scenario_shows_itself_as_its_file(mine: Configurations) -> None:
    """Not as the values that it is made of: those are pages."""
    pretty = pytest.importorskip("IPython.lib.pretty")
    shown = pretty.pretty(mine.scenario("a power at 10"))
    assert shown.startswith("name: a + b\n")
    assert "config: b.conf (given as text)" in shown
    assert "action: power_off" in shown


def test_a_strangers_text_is_shown_and_does_nothing() -> None:
    evil = conf(110).replace("vrrp_instance V", "vrrp_instance <script>alert(1)</script>")
    html = vrrplab.configs(a=evil, b=conf(100)).check()._repr_html_()
    assert "<script>" not in html


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (lambda m: vrrplab.configs(), "configs() takes files"),
        (lambda m: vrrplab.configs("no.conf"), "no.conf: cannot be read"),
        (lambda m: vrrplab.configs(a=7), "a: name a keepalived.conf, or its text"),
        (lambda m: vrrplab.configs(a="vrrp_instance V {\n}\n"), "a.conf (given as text):"),
        (lambda m: m.why(), "say what fails"),
        (lambda m: m.why("c eth0"), "there is no server or network 'c'"),
        (lambda m: m.diff("b.conf"), "what configs(...) returns"),
        (lambda _: vrrplab.configs(["a.conf", "b.conf"]), "a file is of type list - give paths"),  # type: ignore[list-item]
        (lambda _: vrrplab.configs(b"a.conf"), "a file is of type bytes - give paths"),  # type: ignore[arg-type]
        (lambda m: m.check().show(9), "the row 9 is out of range"),
        (lambda m: m.edited("weight -3 -> weight -4"), "is not in any server's keepalived.conf"),
        (lambda m: m.edited("a: priority 110 -> priority"), "a.conf (edited):10"),
    ],
)
def test_what_is_wrong_is_told_in_a_line(
    asked: Callable[[Configurations], Any], said: str, mine: Configurations, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vrrplab.notebook.configs.KEPT", {})
    with pytest.raises(VrrplabError) as caught:
        asked(mine)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_row_is_played_in_the_cluster(mine: Configurations) -> None:
    pytest.importorskip("anywidget")
    assert mine.check().show(1).scenario.actions
    damage = mine.check().scenario_of(1)  # V020, on these nodes and not on the rule's example
    assert [s.node.instance("V").base_priority for s in damage.servers.values()] == [110, 107]
    assert [action.keys["service"] for action in damage.actions] == ["chk"]


def test_every_kind_of_row_has_a_run(mine: Configurations, tmp_path: Path) -> None:
    """A rule's example, each failure, the very run of why, a deployment."""
    other = vrrplab.configs(tmp_path / "a.conf", b=conf(109))
    for table in (mine.check(), mine.predict(simulate=False), mine.why("a eth0"), mine.diff(other)):
        assert all(table.scenario_of(number).servers for number in range(1, len(table) + 1))


class Shell:
    """What of IPython's shell is used."""

    def __init__(self) -> None:
        self.magic: dict[str, Callable[[str, str], Any]] = {}
        self.user_ns: dict[str, Any] = {}

    def register_magic_function(self, function: Callable[[str, str], Any], magic_kind: str) -> None:
        assert magic_kind == "cell"
        self.magic[function.__name__] = function


def test_the_extension_brings_the_magic() -> None:
    shell = Shell()
    vrrplab.load_ipython_extension(shell)
    assert list(shell.magic) == ["keepalived", "needs", "refused"]


def test_a_cell_is_left_out_where_what_it_needs_is_not(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shell = Shell()
    cell_magic.install(shell)
    needs = shell.magic["needs"]
    assert needs("json", "import json\nfound = json.loads('[1, 2]')\nfound[1]") == 2
    assert shell.user_ns["found"] == [1, 2]
    assert needs("json", "more = 3") is None
    assert (shell.user_ns["more"], capsys.readouterr().out) == (3, "")
    assert needs("no_such_module.inside", "raise ValueError") is None
    assert capsys.readouterr().out.startswith("Left out: this cell needs no_such_module, and")
    with pytest.raises(ValueError, match="of the cell"):
        needs("processes", "raise ValueError('of the cell')")
    monkeypatch.setattr("sys.platform", "emscripten")
    assert needs("processes", "raise ValueError") is None
    assert "a page of a browser has none" in capsys.readouterr().out
    with pytest.raises(VrrplabError, match="needs what"):
        needs("", "1")


def test_a_refusal_is_shown_and_the_notebook_goes_on(capsys: pytest.CaptureFixture[str]) -> None:
    shell = Shell()
    cell_magic.install(shell)
    shell.user_ns["variant"] = vrrplab.variant
    shell.magic["refused"]("", 'variant(edit="virtual_router_id 1 -> virtual_router_id 0")')
    assert "'0' is not valid - write a number from 1 to 255\n" in capsys.readouterr().err
    with pytest.raises(VrrplabError, match="Nothing is refused"):
        shell.magic["refused"]("", "more = 3")
    with pytest.raises(NameError):  # a mistake is none of it
        shell.magic["refused"]("", "vriant()")


def test_a_cell_is_a_nodes_file(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its findings stand below it, with those of the cells before; a text that is wrong is not kept."""
    KEPT.clear()
    shell = Shell()
    cell_magic.install(shell)
    magic = shell.magic["keepalived"]
    assert not any(finding.rule == "V020" for finding in magic("a", conf(110)))
    assert magic("b", conf(107))[0].rule == "V020"
    assert not any(finding.rule == "V020" for finding in magic("b", conf(109)))
    with pytest.raises(VrrplabError, match="takes the node's name"):
        magic("", conf(1))
    with pytest.raises(VrrplabError):
        magic("b", "vrrp_instance V {\n}\n")
    assert [node.name for node in vrrplab.configs().nodes] == ["a", "b"]
    assert vrrplab.configs().nodes[1].config.instances[0].base_priority == 109
    KEPT.clear()
