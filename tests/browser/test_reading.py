"""The pages of the site that are read: lessons, drills, handbook and rules, as a browser shows them.

Two tests, because each builds what it looks at: in one the lessons run.
"""

from __future__ import annotations

import json
import re
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest

from tests.browser.axe import AXE
from tests.browser.site_server import SiteServer
from tests.lessons import NOTEBOOKS, ROOT, cells_of, guesses_of

sys.path.insert(0, str(ROOT))
pytest.importorskip("mistune", reason="needs mistune: make venv")

from tools import reading
from tools.lesson_pages import LONGEST_LINK, fragment

pytestmark = [pytest.mark.long, pytest.mark.computes]

# Open what is folded, and let every film come into view.
_SHOW_ALL = """
async () => {
  for (const fold of document.querySelectorAll("details")) fold.open = true;
  for (const film of document.querySelectorAll(".film")) {
    film.scrollIntoView();
    const plays = () => film.querySelector(".vrrplab");
    for (let n = 0; n < 100 && !plays(); n++) await new Promise(done => setTimeout(done, 50));
  }
  return document.querySelectorAll(".film").length - document.querySelectorAll(".film .vrrplab").length;
}
"""
_VIOLATIONS = """
async () => (await axe.run(document)).violations
  .flatMap(v => v.nodes.map(n => `${v.id}: ${n.html.slice(0, 160)}`))
"""


class Links(HTMLParser):
    """What a page points at and what can be pointed at in it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.targets: list[str] = []
        self.places: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = dict(attrs)
        self.targets += [value for key in ("href", "src") if (value := told.get(key))]
        self.places += [place] if (place := told.get("id")) else []


def dead_links(site: Path, built_elsewhere: set[str]) -> list[str]:
    pages = {path: Links(path.read_text(encoding="utf-8")) for path in site.rglob("*.html")}
    dead = []
    for path, links in pages.items():
        assert len(links.places) == len(set(links.places)), f"{path.name}: an id is there twice"
        for target in links.targets:
            parts = urlsplit(target)
            if parts.scheme:
                assert parts.scheme in ("https", "mailto", "data"), target
                continue
            there = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            name = there.relative_to(site.resolve()).as_posix()
            if name in built_elsewhere:
                continue
            if not there.is_file() or (
                parts.fragment and there in pages and unquote(parts.fragment) not in pages[there].places
            ):
                dead.append(f"{path.relative_to(site)} -> {target}")
    return dead


@contextmanager
def serving_files(folder: Path) -> Iterator[str]:
    server = SiteServer(folder)
    yield server.address
    server.stop()


def nothing(wrong: list[str]) -> None:
    """Fails with what was found; pytest would compare long lists for minutes."""
    if wrong:
        pytest.fail(f"{len(wrong)} things are wrong:\n" + "\n".join(wrong[:20]), pytrace=False)


def look_at(browser: Any, site: Path, names: list[str]) -> list[str]:
    """What is wrong with these pages in a browser: wide and light, then narrow and dark."""
    wrong: list[str] = []
    script = AXE.read_text(encoding="utf-8")
    with serving_files(site) as home:
        context = browser.new_context(viewport={"width": 1200, "height": 900})
        page = context.new_page()
        page.on("console", lambda message: wrong.append(f"{page.url}: {message.type}: {message.text}"))
        page.on("pageerror", lambda error: wrong.append(f"{page.url}: {error}"))
        page.on("request", lambda asked: asked.url.startswith((home, "data:")) or wrong.append(asked.url))
        for name in names:
            page.set_viewport_size({"width": 1200, "height": 900})
            page.emulate_media(color_scheme="light")
            page.goto(f"{home}{name}")
            if page.evaluate(_SHOW_ALL):
                wrong.append(f"{name}: a film does not play")
            page.evaluate(script)
            wrong += [f"{name}, light: {found}" for found in page.evaluate(_VIOLATIONS)]
            page.set_viewport_size({"width": 390, "height": 780})
            page.emulate_media(color_scheme="dark")
            page.wait_for_timeout(50)
            wrong += [f"{name}, dark: {found}" for found in page.evaluate(_VIOLATIONS)]
            if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
                wrong.append(f"{name}: wider than a phone")
        context.close()
    return wrong


def test_handbook_rules_and_drills(browser: Any, tmp_path: Path) -> None:
    files = reading.build(tmp_path, [])
    again = tmp_path / "again"
    assert reading.build(again, []) == files
    assert [name for name in files if (tmp_path / name).read_bytes() != (again / name).read_bytes()] == []
    shutil.rmtree(again)
    elsewhere = {"index.html", *reading.lesson_files()}
    nothing(dead_links(tmp_path, elsewhere))
    for path in tmp_path.rglob("*.html"):
        assert "'unsafe-eval'" not in path.read_text(encoding="utf-8")
    pages = [name for name in files if name.endswith(".html")]
    nothing(look_at(browser, tmp_path, pages))
    search_finds(browser, tmp_path)


def search_finds(browser: Any, site: Path) -> None:
    with serving_files(site) as home:
        page = browser.new_page()
        page.goto(f"{home}docs/rules/V020.html")
        page.fill("#find", "skew time")
        page.wait_for_selector("#found li a")
        first = page.get_attribute("#found li a", "href")
        page.press("#find", "Enter")
        page.keyboard.press("Enter")
        page.wait_for_url(lambda url: url.endswith(first.removeprefix("../../")))
        page.fill("#find", "<script>xyz")
        page.wait_for_selector("#found p:has-text('Nothing')")
        page.close()


def test_lessons(browser: Any, tmp_path: Path) -> None:
    files = reading.build(tmp_path)
    nothing(dead_links(tmp_path, {"index.html"}))
    for path in reading.NOTEBOOKS:
        html = (tmp_path / "lessons" / f"{path.stem}.html").read_text(encoding="utf-8")
        cells = cells_of(path)
        assert html.count('<div class="cell">') == sum(cell["cell_type"] == "code" for cell in cells)
        # What tells the outcome of a guess is folded.
        shown = re.sub(r'<details class="answer">.*?</details></div>', "", html, flags=re.DOTALL)
        assert not re.search("You said", shown)
        for name, place in guesses_of(path).items():
            if f'predict("{name}"' in cells[place]["source"] and path.stem[:2] != "10":
                assert re.search(rf'"{name}".*<details class="answer">', html, re.DOTALL), name
    films = [json.loads((tmp_path / name).read_text(encoding="utf-8")) for name in files if "/films/" in name]
    assert len(films) >= 25
    assert not any(film["info"]["can_fork"] or "took_s" in film["info"] for film in films)
    lessons = [name for name in files if name.startswith("lessons/")]
    nothing(look_at(browser, tmp_path, lessons))


def test_each_lesson_that_is_read_leads_to_where_it_runs(tmp_path: Path) -> None:
    sys.path.insert(0, str(ROOT / "tools"))
    import lesson_pages
    import site_lite

    lessons = tmp_path / "lessons"
    lessons.mkdir()
    (tmp_path / "index.html").write_text('<ul><li><a href="lessons/index.html">read</a></li>\n</ul>')
    for path in NOTEBOOKS:
        (lessons / f"{path.stem}.html").write_text(lesson_pages.how_to_run(path))
    for _ in range(2):  # a second time nothing is said twice
        site_lite.link(tmp_path)
    linked = [Links(one.read_text()).targets for one in [tmp_path / "index.html", *lessons.iterdir()]]
    asked = [[path.rpartition("?path=")[2] for path in targets if "lite/" in path] for targets in linked]
    assert sorted(asked) == sorted([["00_start_here.ipynb"], *([path.name] for path in NOTEBOOKS)])


def test_a_link_opens_a_built_in_scenario_by_name_and_another_by_itself() -> None:
    from vrrplab import load_scenario, variant

    assert fragment(load_scenario("article-steady").to_yaml(), 12) == "s=article-steady&t=12"
    own = fragment(variant("article-steady", edit="priority 255 -> priority 254").to_yaml(), 3.5)
    assert re.fullmatch(r"y=[\w-]+&t=3\.5", own)
    assert len(own) < LONGEST_LINK
    assert fragment("", 1) == ""
