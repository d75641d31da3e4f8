"""A scenario written as a file: what it says runs the same elsewhere, its configurations included."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from vrrplab.api import simulate
from vrrplab.errors import VrrplabError
from vrrplab.exercises import own_cluster, variant
from vrrplab.resources import data_path
from vrrplab.sim.scenario import load_scenario
from vrrplab.trace import Trace
from vrrplab.tuning import tune

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
    with pytest.raises(VrrplabError, match="was tuned, and no keepalived"):
        tuned.to_yaml()
