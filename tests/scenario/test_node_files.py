"""Which file is whose: files, folders, names and inventories, and every way to name them wrongly."""

from __future__ import annotations

from pathlib import Path

import pytest

from vrrplab.commands.cli import main
from vrrplab.errors import VrrplabError
from vrrplab.scenario.node_files import names_of, node_files
from vrrplab.scenario.nodes import nodes_from, read_nodes

CONF = """vrrp_instance V {
    interface eth0
    virtual_router_id 51
    @lb1 priority 150
    @lb2 priority 90
    virtual_ipaddress { 10.0.0.100/24 }
}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def put(*paths: str, text: str = CONF) -> None:
    for name in paths:
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text(text, encoding="utf-8")


def found(files: tuple[str, ...] = (), named: tuple[str, ...] = (), inventories: tuple[str, ...] = ()):  # type: ignore[no-untyped-def]
    return [(node.name, node.path) for node in node_files(files, named, inventories)]


@pytest.mark.parametrize(
    ("paths", "names"),
    [
        (["a.conf", "b.conf"], ["a", "b"]),
        (["lb1/keepalived.conf", "lb2/keepalived.conf"], ["lb1", "lb2"]),
        (["h/lb1/etc/keepalived/keepalived.conf", "lb2/keepalived/keepalived.conf"], ["lb1", "lb2"]),
        (["/etc/keepalived/keepalived.conf"], ["keepalived"]),
        (["keepalived.conf"], ["keepalived"]),
        (["./keepalived.conf", "../keepalived.conf.new"], ["keepalived", "keepalived.conf"]),
        (["keepalived.conf.lb1", "x/keepalived.conf.lb2"], ["lb1", "lb2"]),
        (["keepalived.conf.bak"], ["keepalived.conf"]),
        (["x/a.conf", "y/a.conf"], ["x-a", "y-a"]),
        (["a.conf", "./a.conf", "a.conf"], ["server-a", ".-a", "server-a-2"]),
    ],
)
def test_a_node_is_called_as_its_file_or_the_hosts_folder(paths: list[str], names: list[str]) -> None:
    assert names_of(paths) == names


def test_a_folder_is_its_keepalived_conf_or_else_all_its_conf_files(folder: Path) -> None:
    put(
        "one/keepalived.conf", "one/part.conf", "all/b.conf", "all/a.conf", "all/.hidden.conf", "all/note.txt"
    )
    (folder / "all" / "folder.conf").mkdir()
    assert found(("one",)) == [("one", "one/keepalived.conf")]
    assert found(("all/",)) == [("a", "all/a.conf"), ("b", "all/b.conf")]


def test_one_file_for_two_hosts_is_given_with_their_names(folder: Path) -> None:
    put("both.conf")
    nodes = nodes_from(node_files(named=["lb1=both.conf", "lb2=both.conf"]))
    assert {n.name: n.config.instance("V").base_priority for n in nodes} == {"lb1": 150, "lb2": 90}


def test_a_full_host_name_matches_lines_of_its_first_part(folder: Path) -> None:
    """keepalived compares with the host name up to the first dot (2.2.7, measured)."""
    put(
        "inventory/lb1.example.com/keepalived.conf",
        "inventory/lb2.example.com/etc/keepalived/keepalived.conf",
    )
    nodes = nodes_from(node_files(inventories=["inventory"]))
    assert {n.name: n.config.instance("V").base_priority for n in nodes} == {
        "lb1.example.com": 150,
        "lb2.example.com": 90,
    }
    put("whole.conf", text=CONF.replace("@lb1 ", "@lb1.example.com "))
    (whole,) = nodes_from(node_files(named=["lb1.example.com=whole.conf"]))
    assert whole.config.instance("V").base_priority == 150  # as keepalived -i lb1.example.com


def test_an_inventory_passes_over_what_is_no_host(folder: Path) -> None:
    put("inv/web/nginx.conf", "inv/lb2/keepalived.conf", "inv/lb1/a/b/keepalived.conf", "inv/hosts.ini")
    assert found(inventories=("inv",)) == [
        ("lb1", "inv/lb1/a/b/keepalived.conf"),
        ("lb2", "inv/lb2/keepalived.conf"),
    ]


def test_files_come_first_then_names_then_inventories(folder: Path) -> None:
    put("c.conf", "x.conf", "inv/a/keepalived.conf")
    assert [name for name, _ in found(("c.conf",), ("b=x.conf",), ("inv",))] == ["c", "b", "a"]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ([], "name at least one keepalived.conf, or a folder that has one"),
        (["a.conf", "a.conf"], "a.conf is named twice - a file of several hosts is given with their names"),
        (["a.conf", "--node", "a=b.conf"], "a.conf and b.conf: two nodes are called a - call one otherwise"),
        (["--node", "a.conf"], "--node a.conf: write NAME=FILE, as in --node lb1=keepalived.conf"),
        (["--node", "=a.conf"], "--node =a.conf: write NAME=FILE"),
        (["--node", "a="], "--node a=: write NAME=FILE"),
        (["--node", "a b=a.conf"], "--node a b=a.conf: a node's name is one word"),
        (["--node", "x=all"], "--node x=all: all has 2 files - name one of them"),
        (["empty"], "empty: is a folder without keepalived.conf or *.conf - name the files?"),
        (["hosts"], "hosts: is a folder without keepalived.conf or *.conf - --inventory hosts?"),
        (["--inventory", "none"], "--inventory none: is not there - name the folder with one folder a host"),
        (["--inventory", "a.conf"], "--inventory a.conf: is no folder"),
        (["--inventory", "all"], "--inventory all: no HOST/keepalived.conf in it"),
        (
            ["--inventory", "two"],
            "--inventory two: lb1 has 2 files, two/lb1/keepalived.conf and two/lb1/old/",
        ),
        ([""], "a file's name is empty - name a keepalived.conf"),
        (["no.conf"], "no.conf: cannot be read: No such file or directory"),
        (["x.yaml"], "x.yaml: is a scenario, no keepalived.conf - vrrplab simulate runs it"),
        (["article-steady"], "article-steady: is a scenario, no keepalived.conf"),
        (["scenario.conf"], "scenario.conf: is a scenario, no keepalived.conf"),
        (["addresses.conf"], "addresses.conf: is what ip -j addr prints, no keepalived.conf"),
        (["dump.conf"], "dump.conf: is a dump of a running keepalived, and its keepalived.conf is expected"),
        (["frr.conf"], "frr.conf: is FRR's configuration, no keepalived.conf"),
        (["a.conf", "--profile", "frr-10.3"], "profile frr-10.3 is FRR's"),
        (["binary.conf"], "binary.conf:1: is a binary file - a keepalived.conf is plain text"),
        (["huge.conf"], "huge.conf: is larger than 4 MiB, the most for a keepalived.conf"),
        (["jinja.conf"], "jinja.conf:1: is a template: nothing is filled in for '{{ vip }}'"),
        (["loops.conf"], "loops.conf:2: 'loops.conf' includes itself"),
    ],
)
def test_what_is_named_wrongly_is_told_in_one_line(
    arguments: list[str], told: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    put("a.conf", "b.conf", "all/a.conf", "all/b.conf", "x.yaml", "two/lb1/keepalived.conf")
    put("two/lb1/old/keepalived.conf", "hosts/lb1/keepalived.conf")
    (folder / "empty").mkdir()
    put("scenario.conf", text="name: x\nsegments:\n  lan: {}\nservers:\n  a: {config: a.conf}\n")
    put("addresses.conf", text='[{},{"ifindex":1,"ifname":"lo","addr_info":[]}]')
    put(
        "dump.conf",
        text="------< Global definitions >------\n Router ID = x\n------< VRRP Topology >------\n",
    )
    put("frr.conf", text="frr version 10.3\ninterface eth0\n vrrp 5 version 3\n vrrp 5 priority 200\n")
    (folder / "binary.conf").write_bytes(b"\x7fELF\0\0\0")
    (folder / "huge.conf").write_bytes(b"# filler\n" * 1_200_000)
    put("jinja.conf", text="virtual_ipaddress {{ vip }}\n" + CONF.replace("51", ""))
    put("loops.conf", text=CONF.replace("\n", "\ninclude loops.conf\n", 1))
    assert main(["config", "check", *arguments]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1
    assert told in said.err.removeprefix("vrrplab: ")


def test_a_file_of_deep_braces_is_read_or_refused_in_one_line(folder: Path) -> None:
    put("deep.conf", text="vrrp_instance V {\n" * 2000 + "{" * 50_000)
    with pytest.raises(VrrplabError) as told:
        read_nodes(["deep.conf"])
    assert "\n" not in str(told.value)


@pytest.mark.parametrize(
    "text", [CONF, CONF.replace("vrrp_instance V {", "vrrp_instance V\n{"), "# {\n" + CONF]
)
def test_a_keepalived_conf_where_a_scenario_is_expected(
    text: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    put("lb1.yaml", text=text)
    assert main(["simulate", "lb1.yaml"]) == 2
    told = capsys.readouterr().err
    what = "is a keepalived.conf, and a scenario is expected"
    assert told == f"lb1.yaml: {what} - call it .conf: simulate runs these too\n"
