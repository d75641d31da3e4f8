"""The player as a file: whole, small, the same every time, and nothing of it asks for the network."""

from __future__ import annotations

import base64
import gzip
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from toy_traces import Toy, cast, event, failover

from vrrplab.trace import Trace
from vrrplab.views.assets import (
    MODULES,
    TABLE_MODULES,
    player_script,
    player_style,
    read_static,
    table_script,
)
from vrrplab.views.player import html_text, trace_text, write_html

LARGEST = 150_000  # bytes, without the trace


def part(page: str, name: str) -> str:
    found = re.search(rf'id="{name}">(.*?)</script>', page, re.DOTALL)
    assert found
    return found[1]


def unpacked(page: str, name: str) -> str:
    return gzip.decompress(base64.b64decode(part(page, name))).decode()


def test_the_file_holds_everything() -> None:
    page = html_text(failover(), at_s=7.0)
    assert unpacked(page, "trace") == trace_text(failover())
    assert unpacked(page, "style") == player_style()
    assert "class Player" in unpacked(page, "script")
    assert json.loads(part(page, "values"))["at_s"] == 7.0


def test_it_is_small_enough_to_mail() -> None:
    assert len(html_text(Trace([])).encode()) < LARGEST


def test_nothing_in_it_asks_for_the_network() -> None:
    page = html_text(failover(), Toy())
    everything = page + unpacked(page, "script") + unpacked(page, "style")
    addresses = set(re.findall(r"https?://[^\s\"'`)<]+", everything))
    assert addresses == {"http://www.w3.org/2000/svg"}, "the name of a language, never fetched"
    assert not re.search(r"@import|url\(\s*[\"']?(?!#)[a-z]|\bfetch\(|XMLHttpRequest|<link|src=", everything)


def test_the_same_trace_gives_the_same_file() -> None:
    assert html_text(failover(), Toy()) == html_text(failover(), Toy())


def test_with_the_scenario_it_can_be_copied() -> None:
    values = json.loads(part(html_text(failover(), Toy()), "values"))
    assert values["info"]["scenario"] == Toy().to_yaml()
    assert values["info"]["can_fork"] is False
    assert "scenario" not in json.loads(part(html_text(failover()), "values"))["info"]


def test_no_text_of_a_trace_ends_a_script_or_starts_one() -> None:
    nasty = "</script><script>alert(1)</script><!--"
    trace = Trace([cast(name=nasty, description=nasty), event(1, "log", server="r1", line=nasty)])

    class Nasty(Toy):
        def to_yaml(self) -> str:
            return nasty

    page = html_text(trace, Nasty())
    assert page.count("<script") == 5
    assert page.count("</script>") == 5
    assert "alert(1)</" not in page
    assert json.loads(part(page, "values"))["info"]["scenario"] == nasty


def test_it_is_written_where_it_should_be(tmp_path: Path) -> None:
    write_html(failover(), tmp_path / "out.html")
    assert (tmp_path / "out.html").read_text(encoding="utf-8") == html_text(failover())
    with pytest.raises(OSError, match="nowhere"):
        write_html(failover(), tmp_path / "nowhere" / "out.html")


def test_the_command_line_writes_it(vrrplab: Callable[..., Any], tmp_path: Path) -> None:
    ran = vrrplab("simulate", "article-drill-1-lan-nic", "--html", "drill.html", cwd=tmp_path)
    assert ran.returncode == 0, ran.stderr
    page = (tmp_path / "drill.html").read_text(encoding="utf-8")
    assert '"origin": "simulation"' in unpacked(page, "trace")
    assert '"frame": "01005e000012' in unpacked(page, "trace")
    assert "link_down" in json.loads(part(page, "values"))["info"]["scenario"]


def test_every_module_comes_after_those_it_imports() -> None:
    for modules in (MODULES, TABLE_MODULES):
        for place, name in enumerate(modules):
            wanted = re.findall(
                r'^import \{[^}]*\} from "\./(\w+)\.js";$', read_static(f"{name}.js"), re.MULTILINE
            )
            assert set(wanted) <= set(modules[:place]), f"{name}.js imports what comes later"


def test_all_modules_are_used_and_joined_into_one() -> None:
    folder = Path(__file__).resolve().parents[2] / "vrrplab" / "views" / "static"
    assert {path.stem for path in folder.glob("*.js")} == {*MODULES, *TABLE_MODULES}
    for script in (player_script(), table_script()):
        assert "\nimport " not in script
        assert re.findall(r"^export .*", script, re.MULTILINE) == ["export default { render };"]


def test_no_two_modules_use_one_name() -> None:
    """Joined into one they share their names; the types are checked module by module and do not see it."""
    declared = re.compile(r"^(?:export )?(?:async )?(?:const|let|class|function) (\w+)", re.MULTILINE)
    names = declared.findall(player_script())
    assert {name for name in names if names.count(name) > 1} == set()


def test_no_name_is_taken_twice() -> None:
    """Joined into one module, two files cannot both have a ``table``."""
    names = re.findall(r"^(?:export )?(?:const|let|function|class) (\w+)", player_script(), re.MULTILINE)
    assert sorted(names) == sorted(set(names))


def first_shown(page: str) -> float:
    return float(json.loads(part(page, "values"))["at_s"])


def test_the_page_begins_shortly_before_the_first_action_or_where_it_is_told_to() -> None:
    """Input: an action at 5 s; nothing done, MASTER at 0.1 s; an empty trace. Output: 3 s; 1.1 s; 0 s."""
    assert first_shown(html_text(failover())) == 3.0
    assert first_shown(html_text(failover(), at_s=7.25)) == 7.25
    calm = Trace([event for event in failover() if event.t_us < 5_000_000])
    assert first_shown(html_text(calm)) == min(1.1, calm.end_us / 1e6)
    assert first_shown(html_text(Trace([]))) == 0.0


def test_simulate_writes_a_page_that_begins_at_a_moment(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from vrrplab.commands.cli import main

    page = tmp_path / "drill.html"
    assert main(["simulate", "article-drill-1-lan-nic", "--html", str(page), "--at", "10.5"]) == 0
    assert first_shown(page.read_text(encoding="utf-8")) == 10.5
    capsys.readouterr()
    for words, told in (
        (["--html", str(page), "--at", "32.5"], "--at 32.5: article-drill-1-lan-nic runs from 0 to 32 s"),
        (["--html", str(page), "--at", "-1"], "--at -1: article-drill-1-lan-nic runs from 0 to 32 s"),
        (["--html", str(page), "--at", "soon"], "argument --at: invalid float value: 'soon'"),
        (["--at", "3"], "--at says where a page begins: name the page, --html FILE"),
    ):
        try:
            code: object = main(["simulate", "article-drill-1-lan-nic", *words])
        except SystemExit as end:  # argparse's own way out
            code = end.code
        said = capsys.readouterr().err
        assert (code, said.count("\n")) == (2, 1), said
        assert told in said
