"""README and docs: every code block runs, and every link leads somewhere.

A block's first word says what it is, and so how it is tried: ``sh`` is run line by line, ``yaml`` is
simulated (a ``yaml fragment`` laid over a scenario), ``python`` executed, ``text`` compared with what the
command before it printed; ``json``, ``conf`` and ``toml`` are read. What cannot be run here stands in
``ELSEWHERE``, with the reason and the test that does it.
"""

from __future__ import annotations

import json
import re
import shlex
import shutil
import tomllib
from html.parser import HTMLParser
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import pytest
from ruamel.yaml import YAML

from tests.papers import ROOT, Block, anchors, blocks, links, links_in, notebooks, pages, text_of
from vrrplab import parse_config
from vrrplab.commands.cli import main, parsers
from vrrplab.errors import VrrplabError
from vrrplab.scenario.expect import broken_expectations
from vrrplab.scenario.reader import scenario_from_text
from vrrplab.sim.play import run
from vrrplab.verify import rule


class Elsewhere(NamedTuple):
    """Lines that are not run here: what they look like, why, and the file that tries the same."""

    lines: str
    why: str
    tried_in: str


ELSEWHERE = [
    Elsewhere(r"uvx (--from git\+\S+ )?vrrplab simulate", "installs from the network", "tests/test_wheel.py"),
    Elsewhere(r'pip install "vrrplab\[.*"', "installs from the network", "tests/test_wheel.py"),
    Elsewhere(
        r"git clone \S+ && cd vrrplab && make lab",
        "fetches from the network, and goes on until it is stopped",
        "tests/browser/test_cluster_in_jupyterlab.py",
    ),
    Elsewhere(r"make [\w-]+( \w+=.*)?", "takes minutes; there is a rule for it", "tests/test_repository.py"),
    Elsewhere(r"vrrplab decode .* lines\.txt .*", "needs tcpdump's lines", "tests/witness/test_places.py"),
    Elsewhere(
        r"vrrplab decode .*\.log .*", "needs the logs of two nodes", "tests/commands/test_decode_filters.py"
    ),
    Elsewhere(r"git (commit|diff|push|tag) ?.*", "a release, by a person", "tests/test_release.py"),
    Elsewhere(r"python -m vrrplab\.exercises .*", "needs the files of a class", "tests/test_exercises.py"),
]

# Pages whose blocks have a test of their own, which knows more of them.
OWN_TEST = {
    "docs/api.md": "tests/test_api_page.py",
    "docs/cluster.md": "tests/sweeping/test_cluster_page.py",
    "docs/commands.md": "tests/commands/test_examples.py",
    "docs/monitor.md": "tests/watch/test_monitor_page.py",
}

# Blocks that nobody types in: their page and first words, and what they are.
SHOWN = {
    ("docs/architecture.md", "keepalived.conf ──config──▶"): "a drawing",
    ("docs/trace.md", '{"t": 14.853, "event": "state"'): "an event, cut short",
}

# Names of files in the papers, and what takes their place here.
FILES = {
    "a.conf": "data/configs/lesson-two-routers/r1.conf",
    "b.conf": "data/configs/lesson-two-routers/r2.conf",
    "night.pcap": "data/captures/frr-two-routers.pcap",
    "drill.pcap": "data/recordings/takeover_v2_a1_p100/capture.pcap",
    "serv01.conf": "data/recordings/takeover_v2_a1_p100/serv01.conf",
    "serv02.conf": "data/recordings/takeover_v2_a1_p100/serv02.conf",
    "week.pcapng": "data/captures/frr-two-routers.pcap",
}

# A fragment of a scenario is laid over this one.
BASE = {
    "name": "base",
    "duration_s": 20,
    "segments": {"lan": {"subnet": "10.0.0.0/24"}},
    "servers": {
        "a": {"config": "a.conf", "interfaces": {"eth0": {"segment": "lan", "addresses": ["10.0.0.1/24"]}}},
    },
}

BLOCKS = [block for page in pages() if page not in OWN_TEST for block in blocks(page)]


# Code


def tried_elsewhere(line: str) -> bool:
    return any(re.fullmatch(entry.lines, line) for entry in ELSEWHERE)


def commands(text: str) -> list[str]:
    """The lines of a shell block without their comments, continued ones joined."""
    joined = re.sub(r"\\\n\s*", "", text)
    bare = [re.sub(r"(^|\s+)#(\s.*)?$", "", line).strip() for line in joined.splitlines()]
    return [line.removeprefix("$ ") for line in bare if line]


def run_line(line: str, capsys: pytest.CaptureFixture[str]) -> str:
    """A command line of vrrplab, in this process; what it printed."""
    words = shlex.split(re.sub(r"^python -m (?=vrrplab )", "", line))
    assert words[0] == "vrrplab", f"{line}: neither a command of vrrplab nor in ELSEWHERE"
    assert not set(words) & {"|", "&&", ";", "<", ">>"}, f"{line}: more than one command"
    into = words[words.index(">") + 1] if ">" in words else None
    capsys.readouterr()
    assert main(words[1 : words.index(">") if into else None]) == 0, line
    printed = capsys.readouterr().out
    if into:
        Path(into).write_text(printed, encoding="utf-8")
    return printed


def simulated(text: str) -> None:
    """A whole scenario runs, and what it expects holds. Commands behind it find it under its name."""
    scenario = scenario_from_text(text)
    Path(f"{scenario.name}.yaml").write_text(text, encoding="utf-8")
    assert broken_expectations(scenario, run(scenario)) == []


def laid_over(base: object, more: object) -> object:
    if isinstance(base, dict) and isinstance(more, dict):
        return base | {key: laid_over(base.get(key), value) for key, value in more.items()}
    return more


def fits(shown: str, printed: str) -> bool:
    """The lines are those that were printed; a line "…" stands for any number of them."""
    pattern = "".join(".*?" if line == "…\n" else re.escape(line) for line in shown.splitlines(keepends=True))
    return re.fullmatch(rf"{pattern}\n*", printed, re.DOTALL) is not None


@pytest.mark.parametrize("page", sorted({block.page for block in BLOCKS}))
def test_every_block_of_a_page_runs(
    page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, source in FILES.items():
        shutil.copy(ROOT / source, tmp_path / name)
    monkeypatch.chdir(tmp_path)
    printed, names = "", {}
    for block in blocks(page):
        match block.info.split():
            case ["sh"]:
                for line in commands(block.text):
                    if not tried_elsewhere(line):
                        printed = run_line(line, capsys)
            case ["yaml"]:
                simulated(block.text)
            case ["yaml", "fragment"]:
                fragment = laid_over(BASE, YAML(typ="safe", pure=True).load(block.text))
                scenario_from_text(json.dumps(fragment), name=str(block).rpartition("/")[2])
            case ["python"]:
                capsys.readouterr()
                exec(compile(block.text, str(block), "exec"), names)
                printed = capsys.readouterr().out
            case ["text"]:
                assert fits(block.text, printed), f"{block}: printed is\n{printed}"
            case ["json"]:
                json.loads(block.text)
            case ["conf"]:
                parse_config(block.text)
            case ["toml"]:
                tomllib.loads(block.text)
            case ["html"]:  # tests/browser/test_site_page.py has a page like it
                HTMLParser().feed(block.text)
            case ["indented"]:
                lines = [line for line in commands(block.text) if not tried_elsewhere(line)]
                for line in [] if shown(block) else lines:
                    printed = run_line(line, capsys)
            case _:
                raise AssertionError(
                    f"{block}: write sh, yaml, python, text, json, conf or toml at the fence"
                )


def shown(block: Block) -> bool:
    return any(page == block.page and block.text.startswith(words) for page, words in SHOWN)


def test_the_tables_of_exceptions_are_not_longer_than_they_must_be() -> None:
    lines = [line for block in BLOCKS if block.info in ("sh", "indented") for line in commands(block.text)]
    assert [entry for entry in ELSEWHERE if not any(re.fullmatch(entry.lines, line) for line in lines)] == []
    assert [key for key in SHOWN if not any(shown(block) and block.page == key[0] for block in BLOCKS)] == []
    tried_in = [entry.tried_in for entry in ELSEWHERE] + [
        OWN_TEST[page] for page in OWN_TEST if page in pages()
    ]
    assert [path for path in tried_in if not (ROOT / path).exists()] == []


@pytest.mark.parametrize(
    ("shown", "same"),
    [
        ("a\nb\n", True),
        ("a\n…\n", True),
        ("…\nb\n", True),
        ("a\n", False),
        ("a\n…\nc\n", False),
        ("b\n…\n", False),
    ],
)
def test_three_dots_alone_stand_for_lines_left_out(shown: str, same: bool) -> None:
    assert fits(shown, "a\nb\n") is same


def test_what_a_shell_would_not_see_is_no_command() -> None:
    assert commands("# a word\n$ vrrplab doctor   # what works\nvrrplab \\\n  verify\n\n") == [
        "vrrplab doctor",
        "vrrplab verify",
    ]


# Links


PLACES = ("*.md", "docs/*.md", "data/*/*.md", "fuzz/*.md", "changelog.d/*.md", ".github/**/*.md")
ALL = [str(path.relative_to(ROOT)) for place in PLACES for path in sorted(ROOT.glob(place))] + notebooks()


@pytest.mark.parametrize("page", ALL)
def test_every_link_leads_somewhere(page: str) -> None:
    wrong = []
    for link in links(page):
        parts = urlsplit(link)
        if parts.scheme:
            continue
        target = ((ROOT / page).parent / parts.path).resolve() if parts.path else ROOT / page
        name = str(target.relative_to(ROOT))
        if not target.exists() or (parts.fragment and parts.fragment not in anchors(name)):
            wrong.append(link)
    assert wrong == []


def test_addresses_of_other_sites_are_whole() -> None:
    """Nobody is asked here whether they are there; ``pytest -rP -k other_sites`` lists them."""
    others = {link: page for page in ALL for link in links(page) if urlsplit(link).scheme}
    for link, page in sorted(others.items()):
        print(f"{page}: {link}")
        parts = urlsplit(link)
        assert parts.scheme in ("https", "mailto"), f"{page}: {link}"
        assert parts.scheme == "mailto" or re.fullmatch(r"[\w-]+(\.[\w-]+)+", parts.netloc), f"{page}: {link}"
        assert not re.search(r"[\s<>\\^`{|}]", link), f"{page}: {link}"


def test_on_an_index_every_link_of_readme_leads_to_the_repository() -> None:
    """What a wheel says of itself (METADATA), made as a build makes it."""
    from hatchling.metadata.core import ProjectMetadata
    from hatchling.plugin.manager import PluginManager

    described = ProjectMetadata(str(ROOT), PluginManager()).core
    there, here = links_in(described.readme), links("README.md")
    assert described.readme_content_type == "text/markdown"
    assert len(there) == len(here)
    for link, before in zip(there, here, strict=True):
        if urlsplit(before).scheme:
            assert link == before
            continue
        place = before if urlsplit(before).path else f"README.md{before}"
        kind = "raw" if place.endswith(".svg") else "blob"
        assert link == f"{described.urls['Repository']}/{kind}/v{described.version}/{place}"


# README


README = text_of("README.md")


def test_readme_says_what_agreement_means() -> None:
    said = re.search(
        r"within ([\d.]+) s of the\s+real moment.*every outage over ([\d.]+) s.*within\s+([\d.]+) s",
        README,
        re.S,
    )
    assert said
    meant = (rule.WITHIN_US, rule.OUTAGE_COUNTS_US, rule.OUTAGE_WITHIN_US)
    assert [float(figure) for figure in said.groups()] == [us / 1e6 for us in meant]


def test_the_badge_of_ci_is_that_of_a_workflow_which_is_there() -> None:
    named = set(re.findall(r"/actions/workflows/([\w.-]+)", README))
    assert named == {"ci.yml"}
    assert all((ROOT / ".github" / "workflows" / name).exists() for name in named)


@pytest.mark.parametrize("page", pages())
def test_every_command_in_the_text_is_one(page: str) -> None:
    """Its options are those of its parser; what is to be filled in (``N``) is a number."""
    for line in re.findall(r"`(?:python -m )?vrrplab ([a-z][^`…]*)`", text_of(page)):
        words = ["1" if re.fullmatch("[A-Z]", word) else word for word in shlex.split(line)]
        try:
            whole, *parts = parsers(words[0])
            if f"vrrplab {line}" not in [part.prog for part in parts]:  # named, not called
                whole.parse_args(words[1:])
        except (SystemExit, KeyError, VrrplabError) as error:
            raise AssertionError(f"{page}: vrrplab {line}: {error}") from None
