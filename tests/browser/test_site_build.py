"""The site as it is built: the same bytes each time, no more of them than promised, and the same traces."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from vrrplab.page.answer import answer
from vrrplab.scenario.random_clusters import random_cluster
from vrrplab.scenario.reader import builtin_scenarios, load_scenario

pytestmark = [pytest.mark.long, pytest.mark.site, pytest.mark.needs("node")]

SEEDS, RANDOM = 3, 200
MB = 1_000_000


def packed(path: Path) -> int:
    return len(gzip.compress(path.read_bytes(), 9))


def test_the_same_sources_give_the_same_bytes(site: Path) -> None:
    import site_build

    again = site.parent / "again" / "site"
    site_build.build(again)

    def files(folder: Path) -> dict[str, bytes]:
        return {
            str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()
        }

    assert files(again) == files(site)


def test_a_visit_costs_no_more_than_promised(site: Path) -> None:
    """Bytes as a host sends them, packed by gzip."""
    [version] = site.glob("v-*")
    player = [site / "index.html", version / "app.js", version / "page.css"]
    around = [
        site / name for name in ("service-worker.js", "manifest.webmanifest", "icon.svg", "icon-192.png")
    ]
    simulator = [version / "worker.js", version / "app.zip", *(version / "pyodide").iterdir()]
    traces = list((version / "traces").iterdir())  # kept with the rest, for later
    assert sum(map(packed, player + around)) <= 150_000
    assert sum(map(packed, player + around + simulator + traces)) <= 8 * MB
    assert (site / "vrrplab.html").stat().st_size <= 10 * MB


def test_nothing_of_it_names_another_host(site: Path) -> None:
    """But for links that somebody clicks. Pyodide names a place for packages; its list here has none."""
    [version] = site.glob("v-*")
    for path in [*site.glob("*.*"), *version.glob("*.*")]:
        if path.suffix in (".html", ".js", ".css", ".webmanifest"):
            text = re.sub(r'<a href="[^"]*"', "", path.read_text("utf-8"))
            hosts = set(re.findall(r"https?://([\w.-]+)", text))
            assert hosts <= {"www.w3.org", "vrrplab.invalid", "github.com"}, path.name
    told = re.search(r'id="build">(.*?)</script>', (site / "index.html").read_text("utf-8"))
    assert told is not None
    assert json.loads(told[1])["lock"]["packages"] == {}


def test_the_headers_of_the_papers_are_the_policy_of_the_page(site: Path) -> None:
    from site_build import POLICY, ROOT

    assert f"`{POLICY}`" in (ROOT / "docs" / "browser.md").read_text("utf-8")
    assert f'content="{POLICY}"' in (site / "index.html").read_text("utf-8")


def questions() -> Iterator[tuple[str, str]]:
    """Name and question: each scenario that comes with vrrplab with three seeds, and many at random."""
    for name in builtin_scenarios():
        for seed in range(SEEDS):
            yield f"{name}, seed {seed}", load_scenario(name).changed(seed=seed).to_yaml()
    for seed in range(RANDOM):
        yield f"random cluster {seed}", random_cluster(seed).to_yaml()


def test_the_page_simulates_what_python_does_byte_for_byte(site: Path) -> None:
    import site_simulator

    asked = {name: json.dumps({"do": "open", "yaml": text}) for name, text in questions()}
    app = site.parent / "site-parts" / "app.zip"
    with ThreadPoolExecutor(1) as beside:  # Node's process does its part meanwhile
        heard = beside.submit(site_simulator.heard, app, list(asked.values()))
        told = [json.loads(answer(question)) for question in asked.values()]
    here = [site_simulator.trace_hash(one["trace_lines"]) if "trace_lines" in one else one for one in told]
    differ = [pair for pair in zip(asked, heard.result(), here, strict=True) if pair[1] != pair[2]]
    assert differ == []
    assert len(told) == len(builtin_scenarios()) * SEEDS + RANDOM
    assert [one for one in told if "trace_lines" not in one] == []
