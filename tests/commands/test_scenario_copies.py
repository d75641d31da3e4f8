"""A scenario written as a file: what it says runs the same elsewhere, its configurations included."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from vrrplab import own_cluster, variant
from vrrplab.data_files import data_path
from vrrplab.errors import VrrplabError
from vrrplab.notebook.simulate import simulate
from vrrplab.notebook.tuning import tune
from vrrplab.scenario.reader import load_scenario
from vrrplab.trace import Trace

Command = Callable[..., CompletedProcess[str]]


def told(trace: Trace) -> list[str]:
    """All but the cast, in which a configuration's name may be another."""
    return [event.to_json() for event in trace.events[1:]]


def test_a_copied_scenario_runs_from_any_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its own files, and what was changed in Python and stands in no file, go with it as text."""
    home, away = tmp_path / "home", tmp_path / "away"
    home.mkdir()
    away.mkdir()
    conf = data_path("configs", "article", "proxy-serv01.conf").read_text(encoding="utf-8")
    for name, priority in (("a", 120), ("b", 110)):
        (home / f"{name}.conf").write_text(conf.replace("priority 255", f"priority {priority}"))
    monkeypatch.chdir(home)
    servers = "".join(
        f"  {name}: {{config: {name}.conf, services: {{squid: {{port: 3128}}}}, interfaces: "
        f"{{eth0: {{segment: lan, addresses: [192.168.2.{n}/24]}}, eth1: {{segment: wan}}}}}}\n"
        for n, name in enumerate("ab", 1)
    )
    (home / "own.yaml").write_text(
        "name: own\nduration_s: 12\nsegments: {lan: {subnet: 192.168.2.0/24}, wan: {}}\n"
        f"servers:\n{servers}actions:\n- {{at_s: 8, action: reload, server: a, config: b.conf}}\n"
    )
    own = load_scenario("own.yaml")
    reload = {"at_s": 9, "action": "reload", "server": "proxy-serv01"}
    changed = variant("article-steady", edit={"priority 255": "priority 150"}, duration_s=12)
    again = changed.with_actions([{**reload, "config": changed.servers["proxy-serv01"].config}])
    made = own_cluster(a=conf, b="b.conf").changed(duration_us=9_000_000)
    monkeypatch.chdir(away)
    for scenario in (own, changed, again, made):
        text = scenario.to_yaml()
        assert "  config: |\n" in text, scenario.name
        assert str(tmp_path) not in text
        (away / "copy.yaml").write_text(text, encoding="utf-8")
        copied = load_scenario("copy.yaml")
        assert told(simulate(copied))[-20:] == told(simulate(scenario))[-20:], scenario.name
        assert len(simulate(copied).events) == len(simulate(scenario).events)
        assert copied.to_yaml() == text


def test_a_reload_of_a_changed_file_reads_what_was_changed() -> None:
    changed = variant("article-steady", edit={"proxy-serv01": {"priority 255": "priority 150"}})
    server = changed.servers["proxy-serv01"]
    action = {"at_s": 6, "action": "reload", "server": server.name, "config": server.config}
    assert changed.with_actions([action]).actions[-1].node == server.node


def test_a_mistake_in_a_configuration_within_a_scenario(vrrplab: Command, tmp_path: Path) -> None:
    text = variant("article-steady", edit={"priority 255": "priority 150"}).to_yaml()
    broken = text.replace("virtual_router_id 1\n", "virtual_router_id 999\n", 1)
    (tmp_path / "broken.yaml").write_text(broken, encoding="utf-8")
    done = vrrplab("simulate", "broken.yaml", cwd=tmp_path)
    assert done.returncode == 2
    assert "broken.yaml:" in done.stderr
    assert "of proxy-serv01's configuration: proxy_ip1: virtual_router_id '999'" in done.stderr
    assert done.stderr.count("\n") == 1


def test_options_that_no_file_has_are_not_written_as_if_one_had() -> None:
    tuned = tune(load_scenario("article-steady"), priority=120)
    with pytest.raises(VrrplabError, match="was changed, and no keepalived"):
        tuned.to_yaml()


def test_what_only_the_network_was_tuned_of_is_written_as_ever() -> None:
    steady = load_scenario("article-steady")
    assert tune(steady, loss=0.1).to_yaml().count("config: ../configs/article/") == 2


@pytest.mark.parametrize(
    "line",
    [
        "# was:\u2028 priority 77",
        "# \x0b priority 77",
        "# \x85 priority 77",
        "# \x01",
        "# to include both",
        "# \\ ",
    ],
)
def test_whatever_stands_in_a_comment_a_copy_says_the_same(line: str, tmp_path: Path) -> None:
    conf = data_path("configs", "article", "proxy-serv01.conf").read_text(encoding="utf-8")
    text = conf.replace("priority 255", f"priority 150\n{line}\n")
    made = own_cluster(a=text)
    (tmp_path / "copy.yaml").write_text(made.to_yaml(), encoding="utf-8")
    copied = load_scenario(tmp_path / "copy.yaml")
    texts = [s.servers["a"].node.text or "" for s in (made, copied)]
    assert [t.rstrip().split("\n") for t in texts[:1]] == [t.rstrip().split("\n") for t in texts[1:]]
    assert [i.base_priority for i in copied.servers["a"].node.instances] == [150, 100]


def test_a_reload_reads_the_file_anew(tmp_path: Path) -> None:
    """Only what stands in no file is taken from memory."""
    conf = data_path("configs", "article", "proxy-serv01.conf").read_text(encoding="utf-8")
    (tmp_path / "a.conf").write_text(conf, encoding="utf-8")
    (tmp_path / "s.yaml").write_text(
        "name: s\nduration_s: 12\nsegments: {lan: {}, wan: {}}\nservers:\n  a: {config: a.conf, services: "
        "{squid: {port: 3128}}, interfaces: "
        "{eth0: {segment: lan, addresses: [192.168.2.1/24]}, eth1: {segment: wan}}}\n"
    )
    scenario = load_scenario(tmp_path / "s.yaml")
    (tmp_path / "a.conf").write_text(conf.replace("priority 255", "priority 90"), encoding="utf-8")
    reload = {"at_s": 6, "action": "reload", "server": "a", "config": scenario.servers["a"].config}
    node = scenario.with_actions([reload]).actions[-1].node
    assert node is not None
    assert node.instances[0].base_priority == 90
    given = own_cluster(a=conf)
    again = given.with_actions([{**reload, "config": given.servers["a"].config}])
    assert again.actions[-1].node == given.servers["a"].node


def test_included_files_stay_where_they_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    conf = data_path("configs", "article", "proxy-serv01.conf").read_text(encoding="utf-8")
    (tmp_path / "all.conf").write_text(conf, encoding="utf-8")
    (tmp_path / "inc.conf").write_text("include all.conf\n", encoding="utf-8")
    made = own_cluster(a=tmp_path / "inc.conf")
    away = tmp_path / "away"
    away.mkdir()
    monkeypatch.chdir(away)
    Path("copy.yaml").write_text(made.to_yaml(), encoding="utf-8")
    assert load_scenario("copy.yaml").servers["a"].node.instances[0].name == "proxy_ip1"


def test_texts_make_the_same_trace_each_time() -> None:
    """Nothing of the file that a text was read from is left in it."""
    conf = data_path("configs", "article", "proxy-serv01.conf").read_text(encoding="utf-8")
    one, two = (simulate(own_cluster(a=conf, b=conf)).events for _ in range(2))
    assert [e.to_json() for e in one] == [e.to_json() for e in two]


def test_edits_add_up_and_what_was_tuned_is_not_lost_in_silence() -> None:
    first = variant("article-steady", edit={"interval 3": "interval 4 # include"})
    both = variant(first, edit={"priority 100": "priority 90"})
    assert both.servers["proxy-serv01"].node.scripts[0].interval_us == 4_000_000
    tuned = tune(load_scenario("article-steady"), server="proxy-serv02", priority=77)
    with pytest.raises(VrrplabError, match="edit first, then tune"):
        variant(tuned, edit={"interval 3": "interval 1"})
    assert [i.base_priority for i in variant(tuned).servers["proxy-serv02"].node.instances] == [77, 77]
