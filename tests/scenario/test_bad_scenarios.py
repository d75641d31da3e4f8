"""Every mistake in a scenario or its configuration: one line, file:line, what is wrong, what to do."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from vrrplab.data_files import data_path
from vrrplab.errors import ConfigError, ScenarioError
from vrrplab.scenario.model import Scenario
from vrrplab.scenario.reader import load_scenario

# Without its first line, which is for editors.
STEADY = data_path("scenarios", "article-steady.yaml").read_text(encoding="utf-8").partition("\n")[2]
DRILL = (
    STEADY.partition("actions:")[0]
    + """actions:
- {at_s: 12, action: link_down, server: proxy-serv01, interface: eth0}
- {at_s: 22, action: link_up, server: proxy-serv01, interface: eth0}
"""
)
CONF = data_path("configs", "article", "proxy-serv01.conf").read_text(encoding="utf-8")

# ruff: noqa: E501 - one case, one line
SCENARIOS = [  # name, (old, new) in the drill, line, words of the message
    ("key", ("seed: 0", "sead: 0"), 4, "unknown key 'sead'|did you mean 'seed'?"),
    ("action", ("link_down", "link_dwon"), 40, "'link_dwon'|did you mean 'link_down'?"),
    ("type", ("duration_s: 20", "duration_s: soon"), 5, "must be a number|text ('soon')"),
    ("server", ("12, action: link_down, server: proxy-serv01", "12, action: link_down, server: r9"), 40, "'r9'"),
    ("interface", ("interface: eth0}\n- {at_s: 22", "interface: eth7}\n- {at_s: 22"), 40, "'eth7'|'eth1'"),
    ("negative", ("at_s: 12", "at_s: -12"), 40, "-12.0 s|cannot be negative"),
    ("no pair", ("link_down, server: proxy-serv01, interface: eth0", "segment_fault, segment: lan, between: []"), 40, "no pair of hosts"),
    ("nan", ("at_s: 12", "at_s: .nan"), 40, "finite"),
    ("infinite", ("duration_s: 20", "duration_s: .inf"), 5, "finite"),
    ("config", ("article/proxy-serv01.conf", "article/none.conf"), 11, "does not exist|relative to the scenario"),
    ("twice", ("seed: 0", "seed: 0\nseed: 1"), 5, "twice"),
    ("profile", ("keepalived-2.2.7", "keepalived-9"), 3, "'keepalived-9'"),
    ("mac", ('"02:00:00:00:00:fb"', '"02:00"'), 14, "not a MAC address"),
    ("group mac", ('"02:00:00:00:00:fb"', '"01:00:5e:00:00:12"'), 14, "address of a group"),
    ("list as key", ("seed: 0", "? [a]\n: 0"), 4, "a key must be one word"),
    ("sign in a mac", ('"02:00:00:00:00:fb"', '"02:00:00:00:00:+b"'), 14, "not a MAC address"),
    ("sign in a prefix", ("192.168.2.251/24", "192.168.2.251/+24"), 14, "not an address with prefix length"),
    ("address", ("192.168.2.251/24", "192.168.2.256/24"), 14, "not an address with prefix length"),
    ("segment", ("segment: lan, addresses: [192.168.2.251", "segment: lam, addresses: [192.168.2.251"), 14, "'lan'"),
    ("loss", ("192.168.2.0/24}", "192.168.2.0/24, loss: 2}"), 7, "share: 0 to 1"),
    ("name", ("target: proxy-serv,", "target: proxy-srv,"), 37, "not in dns|'proxy-serv'"),
    ("flag", ("192.168.2.0/24}", "192.168.2.0/24, multicast: maybe}"), 7, "true or false"),
    ("check", ("chk_squid_service: squid}", "chk_squit: squid}"), 18, "no vrrp_script 'chk_squit'"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("change", "line", "words"), [s[1:] for s in SCENARIOS], ids=[s[0] for s in SCENARIOS]
)
def test_a_mistake_in_a_scenario_is_told_in_one_line(
    change: tuple[str, str], line: int, words: str, tmp_path: Path
) -> None:
    assert change[0] in DRILL
    file = tmp_path / "s.yaml"
    file.write_text(DRILL.replace(*change), encoding="utf-8")
    with pytest.raises(ScenarioError) as caught:
        load_scenario(file)
    message = str(caught.value)
    assert caught.value.line == line, message
    assert message.startswith(f"{file}:{line}: ")
    assert "\n" not in message
    for word in words.split("|"):
        assert word in message


EXPECTATIONS = [  # what nothing could ever match must not pass in silence
    ("address", "{at_s: 5, owner: {192.168.2.110: proxy-serv01}}", "'192.168.2.110' is no virtual address|did you mean '192.168.2.10"),
    ("owner", "{at_s: 5, owner: {192.168.2.101: proxy-serv03}}", "'proxy-serv03'|did you mean"),
    ("target", "{outage: {target: proxy-srv, at_most_s: 1}}", "no client probes 'proxy-srv'|'proxy-serv'"),
    ("limit", "{outage: {target: proxy-serv}}", "no 'at_most_s'"),
    ("instance", "{at_s: 5, state: {proxy_ip3: {proxy-serv01: MASTER}}}", "no instance 'proxy_ip3'|'proxy_ip"),
    ("server", "{at_s: 5, state: {proxy_ip1: {serv01: MASTER}}}", "no server 'serv01'|'proxy-serv01'"),
    ("state", "{at_s: 5, state: {proxy_ip1: {proxy-serv01: ACTIVE}}}", "'ACTIVE'|MASTER"),
    ("nothing", "{at_s: 5}", "expects nothing"),
    ("no state", "{at_s: 5, state: {proxy_ip1: {}}}", "expects nothing"),
    ("moment", "{owner: {192.168.2.101: proxy-serv01}}", "no 'at_s'"),
    ("beside", "{at_s: 5, owner: {192.168.2.110: nobody}, outage: {target: proxy-serv, at_most_s: 1}}", "'192.168.2.110' is no virtual address"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "words"), [e[1:] for e in EXPECTATIONS], ids=[e[0] for e in EXPECTATIONS])
def test_an_expectation_that_nothing_can_match_is_a_mistake(text: str, words: str, tmp_path: Path) -> None:
    file = tmp_path / "s.yaml"
    file.write_text(DRILL + f"expect:\n- {text}\n", encoding="utf-8")
    with pytest.raises(ScenarioError) as caught:
        load_scenario(file)
    assert caught.value.line == DRILL.count("\n") + 2
    for word in words.split("|"):
        assert word in str(caught.value)


def test_addresses_of_a_reload_and_by_hand_can_be_expected(tmp_path: Path) -> None:
    (tmp_path / "new.conf").write_text(CONF.replace("192.168.2.101", "192.168.2.150"), encoding="utf-8")
    place = "server: proxy-serv01"
    more = (
        f"- {{at_s: 3, action: reload, {place}, config: new.conf}}\n"
        f"- {{at_s: 4, action: address_add, {place}, interface: eth0, address: 192.168.2.160/24}}\n"
        "expect: [{at_s: 5, owner: {192.168.2.150: proxy-serv01, 192.168.2.160: nobody}}]\n"
    )
    (tmp_path / "s.yaml").write_text(DRILL + more, encoding="utf-8")
    assert len(load_scenario(tmp_path / "s.yaml").expect[0].owner) == 2


EXTENDS = [
    ("missing", "extends: none.yaml\nduration_s: 5\n", 1, "does not exist"),
    ("chain", "extends: b.yaml\nduration_s: 5\n", 1, "extends another file itself"),
    ("type", "extends: [a]\nduration_s: 5\n", 1, "must be text"),
]


@pytest.mark.parametrize(("text", "line", "words"), [e[1:] for e in EXTENDS], ids=[e[0] for e in EXTENDS])
def test_what_a_scenario_can_extend(text: str, line: int, words: str, tmp_path: Path) -> None:
    (tmp_path / "b.yaml").write_text("extends: c.yaml\n", encoding="utf-8")
    (tmp_path / "s.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(ScenarioError) as caught:
        load_scenario(tmp_path / "s.yaml")
    assert caught.value.line == line
    assert words in str(caught.value)


def test_a_mistake_in_the_extended_file_is_told_with_its_place(tmp_path: Path) -> None:
    (tmp_path / "base.yaml").write_text(DRILL.replace("link_down", "link_dwon"), encoding="utf-8")
    (tmp_path / "s.yaml").write_text("extends: base.yaml\nduration_s: 5\n", encoding="utf-8")
    with pytest.raises(ScenarioError, match=r"base\.yaml:40: .*link_dwon"):
        load_scenario(tmp_path / "s.yaml")


WHOLE = [
    ("not YAML", b"a: [1, 2\nb: }", 2),
    ("empty", b"", 0),
    ("binary", bytes(range(256)), 2),
    ("a list", b"- 1", 1),
    ("no servers", b"name: x\nduration_s: 1\nsegments: {lan: {}}\nservers: {}\n", 4),
    ("alias bomb", b"a: &a [x, x]\nb: &b [*a, *a]\n" + b"c: [*b]\n" + b"name: 1\n", 1),
    ("nested", b"a: " + b"[" * 60 + b"]" * 60, 1),
]


@pytest.mark.parametrize(("content", "line"), [w[1:] for w in WHOLE], ids=[w[0] for w in WHOLE])
def test_what_is_no_scenario_at_all(content: bytes, line: int, tmp_path: Path) -> None:
    file = tmp_path / "s.yaml"
    file.write_bytes(content)
    with pytest.raises(ScenarioError) as caught:
        load_scenario(file)
    assert caught.value.line == line
    assert "\n" not in str(caught.value)


CONFIGS = [
    ("VRID 0", CONF.replace("router_id 1", "router_id 0"), "1 to 255"),
    ("VRID 256", CONF.replace("router_id 1", "router_id 256"), "1 to 255"),
    ("VRID twice", CONF.replace("router_id 2", "router_id 1"), "both use VRID 1"),
    ("itself", "include mine.conf\n" + CONF, "includes itself"),
]


@pytest.mark.parametrize(("text", "words"), [c[1:] for c in CONFIGS], ids=[c[0] for c in CONFIGS])
def test_a_bad_configuration_ends_simulate_with_2(
    text: str, words: str, tmp_path: Path, vrrplab: Callable[..., CompletedProcess[str]]
) -> None:
    (tmp_path / "mine.conf").write_text(text, encoding="utf-8")
    (tmp_path / "s.yaml").write_text(DRILL.replace("../configs/article/proxy-serv01.conf", "mine.conf"))
    done = vrrplab("simulate", "s.yaml", cwd=tmp_path)
    errors = [line for line in done.stderr.splitlines() if not line.startswith("warning: ")]
    assert done.returncode == 2
    assert len(errors) == 1
    assert errors[0].startswith("mine.conf:")
    assert words in errors[0]


SURVIVED = [
    ("unclosed brace", CONF.rstrip()[:-1], "a { is never closed"),
    ("priority 300", CONF.replace("priority 255", "priority 300"), "write a number from 1 to 254"),
    ("no address", CONF.replace("192.168.2.101/24 dev eth0 label eth0:1", ""), "no virtual address"),
    ("no script", CONF.replace('script "', 'scrip "'), "vrrp_script chk_squid_service has no script line"),
]


@pytest.mark.parametrize(("text", "words"), [c[1:] for c in SURVIVED], ids=[c[0] for c in SURVIVED])
def test_what_keepalived_survives_is_only_warned_of(
    text: str, words: str, tmp_path: Path, vrrplab: Callable[..., CompletedProcess[str]]
) -> None:
    (tmp_path / "mine.conf").write_text(text, encoding="utf-8")
    (tmp_path / "s.yaml").write_text(DRILL.replace("../configs/article/proxy-serv01.conf", "mine.conf"))
    done = vrrplab("simulate", "s.yaml", cwd=tmp_path)
    assert done.returncode == 0
    assert any(line.startswith("warning: mine.conf:") and words in line for line in done.stderr.splitlines())


def test_a_servers_own_address_as_virtual_address_is_warned_of_by_the_articles_fact(
    tmp_path: Path, vrrplab: Callable[..., CompletedProcess[str]]
) -> None:
    (tmp_path / "mine.conf").write_text(CONF.replace("192.168.2.101", "192.168.2.251"), encoding="utf-8")
    (tmp_path / "s.yaml").write_text(DRILL.replace("../configs/article/proxy-serv01.conf", "mine.conf"))
    done = vrrplab("simulate", "s.yaml", cwd=tmp_path)
    assert done.returncode == 0
    assert any("mine.conf:12:" in line and "A6" in line for line in done.stderr.splitlines())


def test_configuration_errors_carry_their_place() -> None:
    error = ConfigError("a.conf", 7, "wrong", "right")
    assert str(error) == "a.conf:7: wrong - right"


def test_a_check_may_name_a_script_that_keepalived_drops_but_none_of_a_comment(tmp_path: Path) -> None:
    """keepalived goes on without a script that has no command, so its scenario does as well; where the script
    stands, in the file or in an included one, is the same to it.
    """
    instance = (
        "vrrp_instance V1 {\n interface eth0\n virtual_router_id 5\n virtual_ipaddress {\n 10.0.0.9\n }\n}\n"
    )
    (tmp_path / "checks.conf").write_text("vrrp_script chk {\n interval 2\n}\n")
    (tmp_path / "a.conf").write_text(f"# vrrp_script old {{\ninclude {tmp_path}/checks.conf\n{instance}")

    def load(script: str) -> Scenario:
        path = tmp_path / "a.yaml"
        path.write_text(
            "name: a\nduration_s: 5\nsegments: {lan: {subnet: 10.0.0.0/24}}\nservers:\n"
            "  a: {config: a.conf, interfaces: {eth0: {segment: lan, addresses: [10.0.0.1/24]}},\n"
            f"    services: {{web: {{port: 80}}}}, checks: {{{script}: web}}}}\n"
        )
        return load_scenario(path)

    assert load("chk").servers["a"].node.dropped_scripts == ("chk",)
    with pytest.raises(ScenarioError, match="no vrrp_script 'old'"):
        load("old")
