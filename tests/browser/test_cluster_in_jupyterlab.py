"""The clickable cluster where it lives: a real JupyterLab, a real kernel, a real browser, no network."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

sync_api = pytest.importorskip("playwright.sync_api", reason="needs playwright: make venv")
expect = sync_api.expect

SLOW_MS = 60_000  # a kernel starts on a busy machine
ROOT = Path(__file__).resolve().parents[2]

LESSON = [
    "import vrrplab",
    'cluster = vrrplab.cluster("article-drill-1-lan-nic")\ncluster',
]


def write_notebook(file: Path, cells: list[str]) -> None:
    code = [
        {
            "cell_type": "code",
            "id": f"cell-{n}",
            "metadata": {},
            "outputs": [],
            "execution_count": None,
            "source": text,
        }
        for n, text in enumerate(cells)
    ]
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    content = {"cells": code, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}
    file.write_text(json.dumps(content), encoding="utf-8")


def tells_of_us(error: str) -> bool:
    """Whether a console message is about vrrplab: JupyterLab itself complains of lost kernels, and more.

    Of a page loaded anew it says that a widget's model is not found, before the kernel has told it of that.
    """
    ours = "vrrplab" in error or "widget" in error.lower()
    return ours and "widget model not found" not in error


@pytest.fixture
def notebook(new_page: Callable[..., Any], jupyterlab: tuple[str, Path]) -> Callable[..., Any]:
    """Opens a notebook with these cells (None: the lesson of that name), runs all, waits for its clusters.

    ``run=False``: nothing is run, the kernel is ready.
    """
    address, work = jupyterlab

    def open_notebook(
        name: str, cells: list[str] | None, clusters: int = 1, *, run: bool = True, **options: Any
    ) -> Any:
        if cells is None:
            shutil.copy(ROOT / "notebooks" / name, work / name)
        else:
            write_notebook(work / name, cells)
        page = new_page(ours=tells_of_us, **{"viewport": {"width": 1500, "height": 1300}, **options})
        page.set_default_timeout(SLOW_MS)
        page.goto(f"{address}/lab/tree/{name}?reset")
        page.locator(".jp-Notebook .jp-Cell").first.wait_for()
        page.wait_for_function("window.jupyterapp?.commands.hasCommand('notebook:run-all-cells')")
        page.evaluate("() => window.jupyterapp.shell.currentWidget.sessionContext.ready")
        if run:
            page.evaluate("() => window.jupyterapp.commands.execute('notebook:run-all-cells')")
        for n in range(clusters if run else 0):
            page.locator(".vrrplab").nth(n).wait_for()
        return page

    return open_notebook


def thing(page: Any, name: str) -> Any:
    return page.locator(f'[data-thing="{name}"]')


def seek(page: Any, t: float) -> None:
    page.locator(".vrrplab").first.evaluate("(e, t) => e.parentElement.player.seek(t)", t)


def moment(page: Any) -> float:
    return float(page.locator(".vrrplab").first.evaluate("e => e.parentElement.player.t"))


def test_the_first_lesson_pull_a_cable_see_the_address_move_ask_why(notebook: Callable[..., Any]) -> None:
    page = notebook("00_start_here.ipynb", None, clusters=2)
    lab = page.locator(".vrrplab").first
    vip = lab.locator('[data-vip="192.168.2.101"]')
    fork = lab.locator(".vl-tag-fork")

    seek(page, 5)
    expect(vip).to_have_attribute("data-holder", "proxy-serv01")
    thing(lab, "nic proxy-serv01 eth0").click(force=True)
    lab.get_by_role("menuitem", name="Set eth0 down").click()
    expect(fork).to_have_text("fork of “article-steady” at 5.000 s")
    expect(thing(lab, "nic proxy-serv01 eth0")).to_have_attribute("data-state", "down")
    seek(page, 9)
    expect(vip).to_have_attribute("data-holder", "proxy-serv02")
    lab.get_by_role("button", name="Log: what happened, and why").click()
    row = lab.locator(".vl-row", has_text="serv02 proxy_ip1: BACKUP → MASTER").first
    expect(row).to_be_visible()

    row.locator("button").click()
    expect(lab.locator(".vl-why")).to_contain_text("No advert from 192.168.2.251 for 3.609 s.")
    expect(lab.locator(".vl-why")).to_contain_text("proxy-serv02.conf:")

    seek(page, 2)
    expect(vip).to_have_attribute("data-holder", "proxy-serv01")
    thing(lab, "server proxy-serv02").click(force=True, position={"x": 40, "y": 20})
    lab.get_by_role("menuitem", name="Cut its power").click()
    expect(fork).to_have_text("fork of “article-steady” at 2.000 s, 2 changes")
    lab.get_by_role("button", name="Undo the last change (Ctrl+Z)").click()
    expect(fork).to_have_text("fork of “article-steady” at 5.000 s")
    lab.get_by_role("button", name="Reset").click()
    expect(fork).to_have_count(0)

    # The file to share comes back through the kernel, whole.
    with page.expect_download() as download:
        lab.get_by_role("button", name="HTML").click()
    assert download.value.suggested_filename == "article-steady.html"
    assert Path(download.value.path()).read_text(encoding="utf-8").startswith("<!doctype html>")


@pytest.mark.long  # and by itself: it measures time
@pytest.mark.parametrize("slowed", [1, 4])
@pytest.mark.long
@pytest.mark.jupyterlab
def test_from_click_to_redrawn_future(notebook: Callable[..., Any], slowed: int) -> None:
    """The article's 60 s: out to the kernel, simulated, back, and drawn; the middle one of seven.

    Also with the page slowed so many times, as on a small computer: all of JupyterLab's own work is, too.
    """
    minute = 'vrrplab.load_scenario("article-steady").changed(duration_us=60_000_000)'
    page = notebook("speed.ipynb", ["import vrrplab", f"vrrplab.cluster({minute})"])
    seek(page, 7)
    page.context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": slowed})
    took = []
    for n in range(7):
        page.locator(".vrrplab").evaluate(
            "(e, n) => { const p = e.parentElement.player; window.t0 = performance.now();"
            " const draw = p.load.bind(p); p.load = (raw) => { draw(raw); p.load = draw;"
            " requestAnimationFrame(() => { window.took = performance.now() - window.t0; }); };"
            " window.took = null;"
            " p.act({ actions: [{ action: n % 2 ? 'link_up' : 'link_down',"
            " server: 'proxy-serv01', interface: 'eth0' }] }); }",
            n,
        )
        took.append(page.wait_for_function("window.took").json_value())
    print(f"click to redrawn future: {', '.join(f'{ms:.0f}' for ms in took)} ms")
    assert sorted(took)[3] < 300 * slowed


@pytest.mark.long
@pytest.mark.jupyterlab
def test_without_a_mouse_and_without_harming_the_notebook(notebook: Callable[..., Any]) -> None:
    """JupyterLab's own keys (D D deletes a cell, Z undoes, arrows leave it) must not fire inside."""
    page = notebook("keys.ipynb", LESSON)
    cells = page.locator(".jp-Notebook .jp-Cell").count()
    thing(page, "nic proxy-serv01 eth0").focus()
    for key in ("d", "d", "a", "b", "x", "m", "Escape", "Shift+ArrowRight", "ArrowRight", "ArrowLeft"):
        page.keyboard.press(key)
    assert page.locator(".jp-Notebook .jp-Cell").count() == cells
    assert moment(page) > 0
    seek(page, 5)
    page.keyboard.press("Enter")
    expect(page.get_by_role("menuitem", name="Set eth0 down")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator(".vl-tag-fork")).to_have_count(1)
    expect(thing(page, "nic proxy-serv01 eth0")).to_be_focused()
    for _ in range(3):
        page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("w")
    expect(page.locator(".vl-why")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("Control+z")
    expect(page.locator(".vl-tag-fork")).to_have_count(0)
    page.keyboard.press("Control+y")
    expect(page.locator(".vl-tag-fork")).to_have_count(1)
    # The button that was pressed can be pressed no more; the keyboard stays in the player all the same.
    page.get_by_role("button", name="Undo the last change (Ctrl+Z)").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".vl-tag-fork")).to_have_count(0)
    page.keyboard.press("Control+y")
    expect(page.locator(".vl-tag-fork")).to_have_count(1)
    page.keyboard.press("Space")
    page.wait_for_function("document.querySelector('.vrrplab').parentElement.player.playing")
    assert page.locator(".jp-Notebook .jp-Cell").count() == cells


@pytest.mark.long
@pytest.mark.jupyterlab
def test_the_theme_follows_jupyterlab(notebook: Callable[..., Any]) -> None:
    page = notebook("theme.ipynb", LESSON)
    root = page.locator(".vrrplab")
    for theme, dark in (("JupyterLab Dark", True), ("JupyterLab Light", False)):
        page.evaluate(
            "theme => window.jupyterapp.commands.execute('apputils:change-theme', { theme })", theme
        )
        page.wait_for_function(
            "dark => document.querySelector('.vrrplab').classList.contains('vl-dark') == dark", arg=dark
        )
        colour = root.evaluate("e => getComputedStyle(e).backgroundColor")
        assert (colour == "rgb(20, 24, 29)") == dark
        # JupyterLab takes its splash away 200 ms after each change, without a look whether it is still there
        expect(page.locator("#jupyterlab-splash")).to_have_count(0)


@pytest.mark.long
@pytest.mark.jupyterlab
def test_a_kernel_restart_loses_nothing_that_is_shown(notebook: Callable[..., Any]) -> None:
    page = notebook("restart.ipynb", LESSON)
    seek(page, 5)
    page.evaluate("() => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart()")
    page.wait_for_timeout(3000)
    expect(page.locator(".vrrplab")).to_be_visible()
    thing(page, "nic proxy-serv01 eth0").click(force=True)
    page.get_by_role("menuitem", name="Set eth0 down").click()
    expect(page.locator(".vl-notice.vl-bad")).to_contain_text("Python does not answer", timeout=SLOW_MS)
    seek(page, 16)
    expect(page.locator('[data-vip="192.168.2.101"]')).to_have_attribute("data-holder", "proxy-serv02")


@pytest.mark.long
@pytest.mark.jupyterlab
def test_opened_twice_and_moved_from_python(notebook: Callable[..., Any]) -> None:
    """Two views of one cluster show one trace; setting ``at_s`` moves both."""
    broken = 'cluster.at_s = 13.0\ncluster.break_it("power_off", server="proxy-serv02")'
    cells = [*LESSON, "cluster", broken]
    page = notebook("twice.ipynb", cells, clusters=2)
    for n in (0, 1):
        view = page.locator(".vrrplab").nth(n)
        expect(view.locator(".vl-clock")).to_have_text("13.000 s")
        expect(view.locator(".vl-tag-fork")).to_have_text("fork of “article-drill-1-lan-nic” at 13.000 s")


@pytest.mark.long
@pytest.mark.jupyterlab
def test_a_bet_is_asked_kept_and_still_there_when_the_cell_is_run_again(
    notebook: Callable[..., Any], jupyterlab: tuple[str, Path]
) -> None:
    """The film asks in a real notebook, the kernel keeps the answer, and a cell that is run again agrees."""
    kept = jupyterlab[1] / ".vrrplab-progress.json"
    kept.unlink(missing_ok=True)
    page = notebook(
        "bet.ipynb", ["import vrrplab", 'vrrplab.bet("00-cable", "article-drill-1-lan-nic")'], asks=True
    )
    asked = page.get_by_label("Your bet", exact=True)
    expect(asked).to_contain_text("Play: at the fault the film stops")
    page.get_by_role("button", name="Play (space)").click()
    mark = page.get_by_role("slider", name="Until when will .101 be silent?")
    expect(mark).to_be_focused()
    for key in ("PageUp", "PageUp", "ArrowRight"):
        page.keyboard.press(key)
    expect(mark).to_have_attribute("aria-valuetext", "2.1 seconds, until 14.10 s")
    assert moment(page) == 12
    thing(page, "server proxy-serv02").click(position={"x": 40, "y": 20})
    page.get_by_role("button", name="Let it happen").click()
    expect(asked).to_contain_text("You said 2.1 s. It took 2.66 s")
    expect(asked).to_contain_text("You said serv02, and so it is")
    entries = json.loads(kept.read_text())["predictions"]
    assert (entries["00-cable"]["guess"], entries["00-cable"]["outcome"]) == (2.1, 2.66)
    assert entries["00-cable-who"]["guess"] == "proxy-serv02"

    page.evaluate("() => window.jupyterapp.commands.execute('notebook:run-all-cells')")
    expect(asked).to_contain_text("Your bet: silent for 2.1 s, until 14.10 s, then serv02.")
    seek(page, 16)
    assert moment(page) == 16, "it is asked once"
    expect(asked).to_contain_text("You said 2.1 s. It took 2.66 s")
    kept.unlink()


FIGURE = [
    "from vrrplab import simulate, views",
    'views.timeline.figure(simulate("article-drill-1-lan-nic"))',
]


@pytest.mark.long
@pytest.mark.jupyterlab
def test_a_figure_has_words_and_follows_the_theme(notebook: Callable[..., Any]) -> None:
    page = notebook("figures.ipynb", FIGURE, clusters=0)
    light, dark = page.locator("img.vrrplab-light"), page.locator("img.vrrplab-dark")
    for theme, shown, other in (("JupyterLab Dark", dark, light), ("JupyterLab Light", light, dark)):
        page.evaluate(
            "theme => window.jupyterapp.commands.execute('apputils:change-theme', { theme })", theme
        )
        expect(shown).to_be_visible(timeout=60_000)
        expect(other).to_be_hidden()
        assert "2 client outages" in shown.get_attribute("alt")
        expect(page.get_by_role("img", name="State timeline of")).to_have_count(1)
        expect(page.locator("#jupyterlab-splash")).to_have_count(0)


@pytest.mark.long
@pytest.mark.jupyterlab
@pytest.mark.parametrize("theme", ["JupyterLab Light", "JupyterLab Dark"])
@pytest.mark.long
@pytest.mark.jupyterlab
def test_the_cluster_adds_nothing_that_axe_objects_to(notebook: Callable[..., Any], theme: str) -> None:
    """What axe says of the page with the cluster, less what it says of the same page without."""
    from axe import violations

    page = notebook("axe.ipynb", LESSON)
    page.evaluate("theme => window.jupyterapp.commands.execute('apputils:change-theme', { theme })", theme)
    expect(page.locator("#jupyterlab-splash")).to_have_count(0)
    seek(page, 16)
    page.locator(".vrrplab").first.evaluate(
        "e => e.parentElement.player.explain(e.parentElement.player.model.lastChange(16))"
    )
    found = violations(page)
    page.locator(".vrrplab").evaluate_all("all => all.forEach(e => e.remove())")
    assert sorted(found - violations(page)) == []


PAIR = """\
vrrp_script chk {{
    script "/usr/bin/killall -0 haproxy"
    weight -2
    user root
}}
vrrp_instance V {{
    interface eth0
    virtual_router_id 51
    priority {priority}
    virtual_ipaddress {{
        10.0.4.100/24
    }}
    track_script {{
        chk
    }}
}}
"""
TABLE = [
    "import vrrplab",
    f'pair = vrrplab.configs(a="""{PAIR.format(priority=110)}""", b="""{PAIR.format(priority=107)}""")',
    "pair.predict(simulate=False)",
    "pair.check()",
]


@pytest.mark.long
@pytest.mark.jupyterlab
def test_a_row_of_a_table_is_clicked_and_shown_in_the_cluster(notebook: Callable[..., Any]) -> None:
    """By mouse and by keyboard; in both themes; without a kernel the table stays, and says so."""
    page = notebook("table.ipynb", TABLE, clusters=2)
    tables = page.locator(".vl-rows")
    failures, findings = tables.nth(0), tables.nth(1)
    players = page.locator(".vrrplab:not(.vl-rows)")
    expect(page.locator(".vrrplab-kept:visible")).to_have_count(0)
    cut = "all => all.filter(cell => cell.scrollWidth > cell.clientWidth + 1).map(cell => cell.textContent)"
    assert tables.locator("td").evaluate_all(cut) == []
    failures.get_by_role("cell", name="a chk fails", exact=True).click()
    expect(players).to_have_count(1, timeout=SLOW_MS)
    expect(players.locator(".vl-title-line")).to_contain_text("a + b")
    first = failures.locator("tbody tr").first
    expect(first).to_have_class("vl-shown")

    page.keyboard.press("ArrowDown")  # from the row that was clicked
    expect(failures.get_by_role("button").nth(1)).to_be_focused()
    page.keyboard.press("Enter")
    expect(failures.get_by_role("button").nth(1)).to_have_attribute("aria-pressed", "true", timeout=SLOW_MS)
    expect(players).to_have_count(1)
    page.keyboard.press("Enter")
    expect(players).to_have_count(0, timeout=SLOW_MS)

    findings.get_by_role("button", name="row 1: V020").click()
    expect(players).to_have_count(1, timeout=SLOW_MS)
    for theme in ("JupyterLab Dark", "JupyterLab Light"):
        page.evaluate(
            "theme => window.jupyterapp.commands.execute('apputils:change-theme', { theme })", theme
        )
        expect(page.locator(".vl-rows.vl-dark")).to_have_count(2 if theme.endswith("Dark") else 0)

    page.evaluate("() => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart()")
    findings.get_by_role("button", name="row 2").click()
    expect(findings.locator(".vl-notice.vl-bad")).to_contain_text("The table stays", timeout=SLOW_MS)

    page.evaluate("() => window.jupyterapp.commands.execute('docmanager:save')")
    page.evaluate("() => window.jupyterapp.shell.currentWidget.sessionContext.shutdown()")
    page.reload()
    kept = page.locator(".vrrplab-kept").first
    expect(kept).to_contain_text("To click a row, run the cell again", timeout=SLOW_MS)
    expect(kept.get_by_role("cell", name="STAYS ON a", exact=True)).to_be_visible()
