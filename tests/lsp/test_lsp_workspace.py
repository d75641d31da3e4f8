"""Which files of a folder are one cluster, and what is told of them; without an editor."""

from __future__ import annotations

from pathlib import Path

import pytest

from vrrplab.lsp.keywords import facts_of
from vrrplab.lsp.positions import Lines
from vrrplab.lsp.workspace import Workspace

CONF = """\
vrrp_instance V {
    interface eth0
    virtual_router_id %s
    virtual_ipaddress {
        10.0.0.9/24
    }
}
"""


def written(folder: Path, *names: str, text: str = CONF % 51) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")


def clusters(folder: Path) -> list[list[str]]:
    workspace = Workspace()
    workspace.scan([str(folder)])
    return sorted(
        [f"{file.name}={Path(file.path).relative_to(folder)}" for file in group.files]
        for group in workspace.groups
    )


def told(workspace: Workspace) -> dict[str, list[str]]:
    return {
        Path(path).name: [one.code for one in some]
        for group in workspace.groups
        for path, some in workspace.told(group).items()
    }


def test_folders_of_hosts_are_an_inventory(tmp_path: Path) -> None:
    written(tmp_path, "x/lb1/etc/keepalived/keepalived.conf", "x/lb2/keepalived.conf")
    written(tmp_path, "y/lb1/keepalived.conf", "y/lb2/keepalived.conf", "y/lb2/old/keepalived.conf")
    assert clusters(tmp_path) == [
        ["lb1=x/lb1/etc/keepalived/keepalived.conf", "lb2=x/lb2/keepalived.conf"],
        ["lb1=y/lb1/keepalived.conf", "lb2=y/lb2/keepalived.conf"],
        ["old=y/lb2/old/keepalived.conf"],
    ]


def test_conf_files_of_a_folder_are_one_cluster_if_they_are_keepalived_s(tmp_path: Path) -> None:
    written(tmp_path, "ha/a.conf", "ha/b.conf", ".git/c.conf", "ha/.hidden.conf")
    written(tmp_path, "ha/nginx.conf", text="server {\n    listen 80;\n}\n")
    assert clusters(tmp_path) == [["a=ha/a.conf", "b=ha/b.conf"]]


def test_what_is_included_is_no_node_and_is_marked_in_its_own_file(tmp_path: Path) -> None:
    written(tmp_path, "keepalived.conf", text="include conf.d/*.conf\n")
    written(tmp_path, "conf.d/one.conf", text=f"{CONF % 51}surprise\n")
    written(tmp_path, "conf.d/two.conf", text=(CONF % 52).replace("V", "W"))
    (names,) = clusters(tmp_path)
    assert len(names) == 1
    workspace = Workspace()
    workspace.scan([str(tmp_path)])
    assert "V040" in told(workspace)["one.conf"]
    assert workspace.groups_with(str(tmp_path / "conf.d/two.conf")) == workspace.groups
    workspace.open(str(tmp_path / "conf.d/one.conf"), CONF % 51)  # mended, and not saved
    assert "V040" not in told(workspace)["one.conf"]
    workspace.close(str(tmp_path / "conf.d/one.conf"))
    assert "V040" in told(workspace)["one.conf"]


def test_a_project_s_settings_count_and_are_marked_where_they_are_wrong(tmp_path: Path) -> None:
    written(tmp_path, "ha/a.conf")
    workspace = Workspace()
    workspace.scan([str(tmp_path)])
    assert "V055" in told(workspace)["a.conf"]
    (tmp_path / ".vrrplab.toml").write_text('disable = ["V055"]\n', encoding="utf-8")
    assert "V055" not in told(workspace)["a.conf"]
    (tmp_path / ".vrrplab.toml").write_text('disable = ["V999"]\n', encoding="utf-8")
    assert told(workspace)[".vrrplab.toml"] == ["refused"]
    assert "V055" in told(workspace)["a.conf"]


def test_an_ignore_that_is_not_saved_yet_counts(tmp_path: Path) -> None:
    text = (CONF % 51).replace("virtual_router_id", "# vrrplab: ignore V055 a lab\n    virtual_router_id")
    written(tmp_path, "a.conf")
    workspace = Workspace()
    workspace.open(str(tmp_path / "a.conf"), text)
    workspace.scan([str(tmp_path)])
    assert told(workspace) == {"a.conf": []}


@pytest.mark.parametrize(
    ("block", "keyword", "takes", "default"),
    [
        ("vrrp_instance", "priority", "a number from 1 to 254", "100"),
        ("vrrp_instance", "advert_int", "seconds from 0.01 to 255", "1 s"),
        ("vrrp_instance", "preempt_delay", "a number from 0 to 1000", "0 s"),
        ("vrrp_instance", "down_timer_adverts", "a number from 1 to 100", "3"),
        ("vrrp_instance", "interface", "", ""),
        ("vrrp_script", "timeout", "seconds", "1 s (as long as the interval)"),
        ("global_defs", "vrrp_version", "2 or 3", "2"),
        ("track_file", "file", "", ""),
    ],
)
def test_range_and_default_are_the_reader_s(block: str, keyword: str, takes: str, default: str) -> None:
    facts = facts_of((block,), keyword, "2.2.7")
    assert facts is not None
    assert facts.takes.startswith(takes)
    assert bool(facts.takes) == bool(takes)
    assert facts.default == default


def test_every_keyword_of_every_version_can_be_asked_about() -> None:
    for daemon in ("2.2.7", "2.4.3"):
        assert facts_of(("vrrp_script",), "virtual_router_id", daemon) is None
        facts = facts_of(("global_defs",), "process_names", daemon)
        assert facts is not None
        assert "not modelled" in facts.meaning
        lvs = facts_of(("virtual_server", "real_server"), "weight", daemon)
        assert lvs is not None
        assert "load balancer" in lvs.meaning


def test_lines_end_where_an_editor_ends_them() -> None:
    lines = Lines("a\r\n𝓐b\rc\f\u2028d\n e ")
    assert lines.position(lines.offset(1, 2)) == (1, 2)
    assert lines.text[lines.offset(1, 2)] == "b"
    assert lines.offset(1, 99) == lines.text.index("\rc")
    assert lines.text[lines.offset(2, 3)] == "d"
    assert lines.offset(99, 0) == len(lines.text)
    assert lines.written(3) == ((3, 1), (3, 2))  # the daemon's third line is the editor's fourth
    assert lines.written(99) == lines.written(3)
    assert lines.written(0) == ((0, 0), (0, 1))
    assert Lines("").written(1) == ((0, 0), (0, 0))
