"""The language server, asked by an editor over stdin and stdout."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from editor import Editor

from vrrplab.commands import lsp

ROOT = Path(__file__).resolve().parents[2]
CONF = """\
vrrp_script chk_squid {
    script "/usr/bin/pidof squid"
    weight -20
}

vrrp_instance V {
    state BACKUP
    interface eth0
    virtual_router_id 51
    priority %s
    virtual_ipaddress {
        %s
    }
    track_script {
        chk_squid
    }
}
"""


def line_of(text: str, word: str) -> int:
    return text[: text.index(word)].count("\n")


def two_nodes(folder: Path) -> Path:
    (folder / "a.conf").write_text(CONF % (110, "10.0.0.9/24"), encoding="utf-8")
    (folder / "b.conf").write_text(CONF % (100, "10.0.0.8/24"), encoding="utf-8")
    return folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return two_nodes(tmp_path)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Editor, Path]]:
    """One server for several tests: each starts in a second."""
    folder = two_nodes(tmp_path_factory.mktemp("cluster"))
    with Editor(folder) as started:
        yield started, folder
    assert started.process.returncode == 0
    assert started.log == ""


@pytest.fixture
def editor(shared: tuple[Editor, Path]) -> Iterator[Editor]:
    """It shows nothing that is not saved."""
    editor, folder = shared
    yield editor
    for path in folder.iterdir():
        editor.close(path)


@pytest.fixture
def saved(shared: tuple[Editor, Path]) -> Path:
    return shared[1]


def test_what_differs_is_marked_on_both_nodes_until_it_is_written_right(editor: Editor, saved: Path) -> None:
    a, b = saved / "a.conf", saved / "b.conf"
    editor.wait_for(lambda: "V006" in editor.marks(a) and "V006" in editor.marks(b))
    editor.open(a)
    editor.open(b)
    (mark,) = (mark for mark in editor.shown[str(a)] if mark["code"] == "V006")
    assert mark["severity"] == 1
    assert mark["range"]["start"] == {"line": line_of(CONF, "virtual_ipaddress"), "character": 4}
    assert [other["location"]["uri"] for other in mark["relatedInformation"]] == [b.as_uri()]
    editor.write(b, CONF % (100, "10.0.0.9/24"))  # and not saved
    editor.wait_for(lambda: "V006" not in editor.marks(a) and "V006" not in editor.marks(b))
    assert "10.0.0.8" in b.read_text(encoding="utf-8")
    editor.close(b)  # what is saved counts again
    editor.wait_for(lambda: "V006" in editor.marks(a) and "V006" in editor.marks(b))


def test_a_file_that_keepalived_refuses_is_one_mark_at_its_line(editor: Editor, saved: Path) -> None:
    a, b = saved / "a.conf", saved / "b.conf"
    editor.wait_for(lambda: "V006" in editor.marks(b))
    editor.open(b)
    text = CONF.replace("virtual_router_id 51", "virtual_router_id") % (100, "10.0.0.8/24")
    editor.write(b, text)
    editor.wait_for(lambda: editor.marks(b) == ["refused"])
    (mark,) = editor.shown[str(b)]
    assert mark["range"]["start"]["line"] == line_of(text, "virtual_router_id")
    assert "lacks a parameter" in mark["message"]
    assert "V006" in editor.marks(a)  # half a line in b does not make a's marks come and go
    hover = editor.hover(b, line_of(text, "virtual_router_id"), 6)
    assert hover is not None
    assert "keepalived refuses this file now" in hover["contents"]["value"]
    assert "chk_squid" in editor.complete(b, line_of(text, "    chk_squid\n"), 8)


def test_hover_tells_meaning_range_default_and_what_will_run(editor: Editor, saved: Path) -> None:
    b = saved / "b.conf"
    text = CONF.replace("priority %s", "priority 300") % "10.0.0.8/24"
    editor.open(b, text)
    hover = editor.hover(b, line_of(text, "priority"), 14)
    assert hover is not None
    said = hover["contents"]["value"]
    assert "Who should be MASTER" in said
    assert "a number from 1 to 254" in said
    assert "Default: 100" in said
    assert "Effective on `b`: **`100`**" in said  # keepalived's correction
    assert "on `a`: `110`" in said
    hover = editor.hover(b, line_of(text, "        chk_squid"), 10)
    assert hover is not None
    assert "priority -20 while it fails" in hover["contents"]["value"]
    assert "/usr/bin/pidof squid" in hover["contents"]["value"]
    assert editor.hover(b, line_of(text, "}"), 0) is None


def test_hover_masks_a_password(editor: Editor, saved: Path) -> None:
    b = saved / "b.conf"
    auth = "authentication {\n        auth_type PASS\n        auth_pass s3cret\n    }\n    state BACKUP"
    text = (CONF % (100, "10.0.0.8/24")).replace("state BACKUP", auth)
    editor.open(b, text)
    for word in ("auth_pass", "vrrp_instance V"):
        hover = editor.hover(b, line_of(text, word), 10)
        assert hover is not None
        assert "s3cret" not in hover["contents"]["value"]
        assert "********" in hover["contents"]["value"]


def changed(text: str, edits: list[dict[str, Any]]) -> str:
    """The text after an editor has made these changes, the last one first."""
    lines = text.split("\n")
    starts = [sum(len(line) + 1 for line in lines[:n]) for n in range(len(lines) + 1)]

    def offset(place: dict[str, int]) -> int:
        return starts[place["line"]] + place["character"]

    for edit in sorted(edits, key=lambda edit: offset(edit["range"]["start"]), reverse=True):
        begin, end = (offset(edit["range"][which]) for which in ("start", "end"))
        text = text[:begin] + edit["newText"] + text[end:]
    return text


def test_a_finding_is_cured_or_silenced_by_what_is_offered(editor: Editor, saved: Path) -> None:
    """The least change, in both nodes' files; or a comment with the place for a reason."""
    texts = {}
    for name, priority in (("a", 110), ("b", 107)):
        texts[saved / f"{name}.conf"] = CONF.replace("weight -20", "weight -2") % (priority, "10.0.0.9/24")
    a, b = texts
    for path, text in texts.items():
        editor.open(path, text)
    editor.wait_for(lambda: "V020" in editor.marks(a) and "V020" in editor.marks(b))
    (mark,) = (mark for mark in editor.shown[str(a)] if mark["code"] == "V020")
    assert editor.offers(a, mark, only=["source"]) == {}
    offered = editor.offers(a, mark, only=["quickfix"])
    (cure, silence) = (action for title, action in offered.items() if "V020" in title)
    assert cure["title"] == "V020: '-2' -> '-4' in a.conf, b.conf"
    assert cure["isPreferred"] is True
    assert cure["diagnostics"] == [mark]
    assert set(cure["edit"]["changes"]) == {a.as_uri(), b.as_uri()}

    assert silence["title"] == "Ignore V020 here, with a reason, in a.conf"
    (edits,) = silence["edit"]["changes"].values()
    quiet = changed(texts[a], edits)
    indent = " " * mark["range"]["start"]["character"]
    assert f"\n{indent}# vrrplab: ignore V020 say here why it is right\n" in quiet
    editor.write(a, quiet)
    editor.wait_for(lambda: "V020" not in editor.marks(a) and "V089" not in editor.marks(a))
    editor.write(a, texts[a])
    editor.wait_for(lambda: "V020" in editor.marks(a))

    for path, text in texts.items():
        editor.write(path, changed(text, cure["edit"]["changes"][path.as_uri()]))
    editor.wait_for(lambda: "V020" not in editor.marks(a) and "V020" not in editor.marks(b))
    assert editor.offers(a, mark).keys().isdisjoint(offered)  # what was marked is gone


def test_completion_knows_the_block_and_the_names_elsewhere(editor: Editor, saved: Path) -> None:
    b = saved / "b.conf"
    text = CONF % (100, "")
    text = text.replace("interface eth0", "interface ").replace("state BACKUP", "state ")
    text += "\nvrrp_sync_group G {\n    group {\n        \n    }\n    \n}\n"
    editor.open(b, text)
    in_script, in_instance = (editor.complete(b, line_of(text, word), 4) for word in ("weight", "priority"))
    assert {"script", "interval", "weight"} <= set(in_script)
    assert {"virtual_router_id", "track_script", "nopreempt"} <= set(in_instance)
    assert not set(in_script) & {"virtual_router_id", "vrrp_instance"}
    assert editor.complete(b, line_of(text, "interface"), 14) == ["eth0"]  # a's
    assert editor.complete(b, line_of(text, "state"), 10) == ["BACKUP", "MASTER"]
    assert editor.complete(b, line_of(text, "        \n"), 8) == ["10.0.0.9/24"]  # what a has, and b has not
    assert editor.complete(b, line_of(text, "    chk_squid\n"), 8) == ["chk_squid"]
    end = line_of(text, "vrrp_sync_group")
    assert editor.complete(b, end + 2, 8) == ["V"]
    assert "notify" in editor.complete(b, end + 4, 4)
    assert "vrrp_instance" in editor.complete(b, line_of(text, "\nvrrp_instance"), 0)


@pytest.mark.parametrize("units", ["utf-16", "utf-8"])
def test_columns_are_counted_as_the_editor_counts_them(folder: Path, units: str) -> None:
    a = folder / "a.conf"
    line = '    notify "/bin/𝓐é x" root'
    text = (CONF % (110, "10.0.0.9/24")).replace("    state BACKUP", line)
    with Editor(folder, general={"positionEncodings": [units]}) as editor:
        assert editor.can["positionEncoding"] == units
        editor.open(a, text)
        begin = len(line[: line.index("root")].encode("utf-16-le" if units == "utf-16" else units))
        begin //= 2 if units == "utf-16" else 1
        hover = editor.hover(a, line_of(text, "notify"), begin + 1)
        assert hover is not None
        assert hover["range"]["start"]["character"] == begin
        assert hover["range"]["end"]["character"] == begin + 4


def test_nothing_that_is_opened_ends_the_server(folder: Path) -> None:
    texts = {
        "nul.conf": "vrrp_instance V {\0",
        "half.conf": "vrrp_instance \ud800 {\n",
        "empty.conf": "",
        "deep.conf": "vrrp_instance V {\n" * 3000,
        "huge.conf": "vrrp_instance V {\n" + "#" * (5 << 20),
        "cr.conf": "vrrp_instance V {\r  state MASTER\r}",
        "template.conf": "vrrp_instance {{ name }} {\n}\n",
        "loop.conf": "include loop.conf\nvrrp_instance V {\n",
    }
    with Editor(folder) as editor:
        for name, text in texts.items():
            path = folder / name
            path.write_bytes(text.encode("utf-8", "surrogatepass"))
            editor.open(path, text)
        for name in texts:
            path = folder / name
            for line in (0, 1, 7_000_000):
                editor.hover(path, line, 5)
                editor.ask(
                    "textDocument/completion",
                    {
                        "textDocument": {"uri": path.as_uri()},
                        "position": {"line": line, "character": 99},
                    },
                )
        editor.wait_for(lambda: all(editor.marks(folder / name) for name in texts if name != "empty.conf"))
        for name in ("nul", "half", "huge", "template", "loop"):
            assert editor.marks(folder / f"{name}.conf") == ["refused"], name
        assert editor.hover(folder / "never-opened.conf", 0, 0) is None
        editor.send(b"{no json")
        untitled = {"uri": "untitled:Untitled-1", "languageId": "keepalived", "version": 1, "text": "x"}
        editor.tell("textDocument/didOpen", {"textDocument": untitled})
        (folder / "a.conf").unlink()
        editor.tell("workspace/didChangeWatchedFiles", {"changes": []})
        assert editor.hover(folder / "b.conf", line_of(CONF, "priority"), 6) is not None
        assert editor.process.poll() is None


def test_files_are_watched_where_the_editor_can(folder: Path) -> None:
    can = {"didChangeWatchedFiles": {"dynamicRegistration": True}}
    a, b = folder / "a.conf", folder / "b.conf"
    with Editor(folder, workspace=can) as editor:
        editor.wait_for(lambda: "V006" in editor.marks(a))
        assert [asked["method"] for asked in editor.asked] == ["client/registerCapability"]
        assert "**/*.conf" in json.dumps(editor.asked)
        b.unlink()
        editor.tell("workspace/didChangeWatchedFiles", {"changes": [{"uri": b.as_uri(), "type": 3}]})
        editor.wait_for(lambda: "V006" not in editor.marks(a) and not editor.marks(b))


def test_without_a_folder_what_is_open_side_by_side_is_a_cluster(folder: Path) -> None:
    a, b = folder / "a.conf", folder / "b.conf"
    with Editor(None) as editor:
        editor.open(a, language="plaintext")
        editor.wait_for(lambda: bool(editor.marks(a)))
        assert "V006" not in editor.marks(a)
        editor.open(b, language="plaintext")
        editor.wait_for(lambda: "V006" in editor.marks(a) and "V006" in editor.marks(b))


def test_without_pygls_a_line_says_how_to_install_it() -> None:
    code = (
        "import sys\nsys.modules['pygls'] = sys.modules['lsprotocol'] = None\n"
        "from vrrplab.commands.lsp import main\nsys.exit(main([]))"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=False)
    assert ran.returncode == 2
    assert ran.stdout == ""
    assert ran.stderr == "vrrplab-lsp: this needs pygls, which is not installed: make venv\n"


@pytest.mark.parametrize("profile", ["frr", "keepalived-1"])
def test_a_profile_that_runs_no_keepalived_conf_is_refused(
    profile: str, capsys: pytest.CaptureFixture[str]
) -> None:
    from vrrplab.machine.profiles import PROFILES

    name = next((name for name in PROFILES if name.startswith(profile)), profile)
    assert lsp.main(["--profile", name]) == 2
    assert capsys.readouterr().err.startswith("vrrplab-lsp: ")


def test_the_console_script_is_there() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    module, _, function = project["scripts"]["vrrplab-lsp"].partition(":")
    assert importlib.util.find_spec(module) is not None
    assert callable(getattr(lsp, function))
