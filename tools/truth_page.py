"""Writes docs/truth.md, which README quotes: what was compared, how often it agreed, what is known to differ.

    python tools/truth_page.py            writes the page
    python tools/truth_page.py --check    exit code 1 if the page is stale

Nothing in it is typed in by hand but the list of known differences: recordings and reports are simulated
anew, random clusters come from data/truth/*.json (``vrrplab lab compare --random N --save FILE``), and rows
with other daemons from docs/interop.md.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from textwrap import wrap
from typing import NamedTuple

from vrrplab.scenario.expect import broken_expectations
from vrrplab.scenario.reader import load_scenario
from vrrplab.sim.play import run
from vrrplab.verify import Result, verify_recording

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "truth.md"
RECORDINGS = ROOT / "data" / "recordings"
TRUTH = ROOT / "data" / "truth"
README = ROOT / "README.md"
QUOTED = "<!-- quoted from docs/truth.md by tools/truth_page.py -->"
SHORT = "In short: "
WORST = 10
NEAR_S = 0.02  # as tests/conformance/test_interop_simulated.py

KNOWN = (
    "Two routers whose timers end within some milliseconds of each other: who is first is decided by the load"
    " of the machine. The trace says so (`undecided`), and a seed draws one.",
    "The order of log lines of several instances at one moment follows the daemon's timer queue, which"
    " microseconds decide; and a recording of a power cut has lines that nobody could have read.",
    "Duplicate address detection: an IPv6 address of a simulated host is good at once, as with `accept_dad`"
    " 0, but for the unicast source that keepalived 2.2.7 binds as it starts (between one second and two a"
    " seed draws, and the trace says so). With it a router is silent for one to two seconds after its link"
    " has come up.",
    "The kernel may tell of a lost carrier up to a second late (link watch); the simulator never does.",
    "An equal owner (priority 255) heard during `vrrp_startup_delay`: not measured.",
    "Latency in a segment is simulated, and was not compared: the lab's switches only lose frames.",
)

HEAD = """# Is it true?

<!-- Made by tools/truth_page.py. Do not edit. -->

What the simulator says was laid beside what real daemons did. This page is made by commands; each section
says which.

"""


class Interop(NamedTuple):
    pairs: int
    near: int
    worst_s: float


def page() -> str:
    """The page's text."""
    results = [verify_recording(folder) for folder in recordings()]
    return "".join(
        (
            HEAD,
            f"{SHORT}{summary(results)}\n",
            _recordings(results),
            random_section(),
            reports_section(),
            interop_section(),
            known_section(),
        )
    )


def recordings() -> list[Path]:
    return sorted(place.parent for place in RECORDINGS.glob("*/observed.json"))


def summary(results: list[Result]) -> str:
    """What README quotes."""
    agree = sum(result.agrees for result in results)
    said = sum(result.lines.said for result in results)
    counted = sum(result.lines.counted for result in results)
    which = "all of them agree" if agree == len(results) else f"{agree} of them agree"
    text = (
        f"{len(results)} recordings of real daemons, {which}, packets included, and"
        f" {100 * said / counted:.1f} % of {counted} log lines word for word and in order"
    )
    clusters = [one for run_ in random_runs() for one in run_["clusters"]]
    if clusters:
        text += f"; {len(clusters)} random clusters, {_share(clusters, 'states')} % in states and owners"
    return text + "."


def _recordings(results: list[Result]) -> str:
    lines = ["\n## Recordings\n", "\n`vrrplab verify`, over data/recordings "]
    lines.append("(its README says how they were taken and when a simulation agrees):\n\n")
    lines.append(
        "| daemon | recordings | states, owners, outages | packets | log lines |\n|---|---|---|---|---|\n"
    )
    for version in sorted({_version(result) for result in results}):
        some = [result for result in results if _version(result) == version]
        said = sum(result.lines.said for result in some)
        counted = sum(result.lines.counted for result in some)
        lines.append(
            f"| keepalived {version} | {len(some)} | {sum(not r.problems for r in some)}"
            f" | {sum(not r.packet_problems for r in some)} | {100 * said / counted:.1f} % of {counted} |\n"
        )
    lines.append(f"\nThe {WORST} whose log lines agree least, and how many of the lines differ:\n\n")
    lines.append(
        "| recording | lines | only real | only simulated | the first of them |\n|---|---|---|---|---|\n"
    )
    for result in sorted(results, key=lambda r: (r.lines.share, r.name))[:WORST]:
        found = result.lines
        first = next(iter(found.missing + found.invented), "").replace("|", "\\|")
        lines.append(
            f"| {result.name} | {100 * found.share:.1f} % of {found.counted} | {len(found.missing)}"
            f" | {len(found.invented)} | {first} |\n"
        )
    return "".join(lines)


def _heads(*names: str) -> str:
    return f"| {' | '.join(names)} |\n|{'---|' * len(names)}\n"


def _version(result: Result) -> str:
    return "2.4.3" if result.name.endswith("__v2.4.3") else "2.2.7"


def random_runs() -> list[dict]:  # type: ignore[type-arg]
    return [json.loads(path.read_text(encoding="utf-8")) for path in sorted(TRUTH.glob("*.json"))]


def _share(clusters: list[dict], key: str) -> str:  # type: ignore[type-arg]
    return f"{100 * sum(bool(one[key]) for one in clusters) / len(clusters):.1f}"


def random_section() -> str:
    lines = ["\n## Random clusters\n"]
    lines.append(
        "\n`vrrplab lab compare --random N --seed S --save FILE`: clusters and faults that nobody chose, on"
        " the real daemon and in the simulator. *Differs*: the same difference came in two of three real"
        " runs. *Either*: real runs differ among themselves. *Noise*: it did not come again.\n\n"
    )
    lines.append(
        "| daemon | clusters | seeds | states, owners | packets | log lines | differ | either | noise |\n"
    )
    lines.append("|---|---|---|---|---|---|---|---|---|\n")
    differing, notes = [], []
    for found in random_runs():
        clusters = found["clusters"]
        numbers = [int(one["name"].rpartition("-")[2]) for one in clusters]
        agreeing = [one["lines"] for one in clusters if one["agrees"]]
        said, counted = (sum(pair[place] for pair in agreeing) for place in (0, 1))
        verdicts = [one["verdict"] for one in clusters]
        lines.append(
            f"| keepalived {found['keepalived']} | {len(clusters)} | {min(numbers)} to {max(numbers)}"
            f" | {_share(clusters, 'states')} % | {_share(clusters, 'packets')} %"
            f" | {100 * said / max(1, counted):.1f} % of {counted}"
            f" | {verdicts.count('differs')} | {verdicts.count('either')} | {verdicts.count('noise')} |\n"
        )
        if found.get("note"):
            notes.append(f"\nSeeds {min(numbers)} to {max(numbers)}: {found['note']}\n")
        differing += [one for one in clusters if one["verdict"] == "differs"]
    lines += notes
    if differing:
        lines.append("\nThose that differ:\n\n")
        lines += [f"- {one['name']} ({one['contents']}): {one['difference']}\n" for one in differing]
    return "".join(lines)


def reports() -> list[tuple[str, str, bool]]:
    """(situation, what the real daemon did, does the simulation do so) of each case."""
    found = []
    for path in sorted((TRUTH / "reports").glob("*.yaml")):
        real = path.read_text(encoding="utf-8").partition("\n")[0].removeprefix("# real: ")
        scenario = load_scenario(path)
        found.append((scenario.description, real, not broken_expectations(scenario, run(scenario))))
    return found


def reports_section() -> str:
    cases = reports()
    lines = ["\n## Public reports\n"]
    lines.append(
        "\n`vrrplab simulate --check data/truth/reports/*.yaml`: situations from public reports, rebuilt in"
        " our own words; the real keepalived 2.2.7 was run on them."
        f" {sum(ok for *_, ok in cases)} of {len(cases)} are simulated as it happened.\n\n"
    )
    lines += [_heads("situation", "keepalived 2.2.7", "simulated so")]
    lines += [f"| {what} | {real} | {'yes' if agrees else 'NO'} |\n" for what, real, agrees in cases]
    return "".join(lines)


def interop() -> Interop:
    """Over every pair of cells "measured" and "simulated" of docs/interop.md that hold seconds."""
    differences = []
    heads: list[str] = []
    for line in (ROOT / "docs" / "interop.md").read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if not line.startswith("|"):
            heads = []
        elif not heads:
            heads = cells
        for place in range(len(cells) - 1):
            if heads[place : place + 1] and heads[place].endswith("measured") and len(heads) == len(cells):
                pair = cells[place : place + 2]
                if all(re.fullmatch(r"\d+\.\d+", cell) for cell in pair):
                    differences.append(abs(float(pair[0]) - float(pair[1])))
    return Interop(len(differences), sum(d <= NEAR_S for d in differences), max(differences, default=0.0))


def interop_section() -> str:
    found = interop()
    return (
        "\n## Other daemons\n\n[docs/interop.md](interop.md), `pytest tests/live/test_interop.py`: keepalived"
        " and FRR's vrrpd on one wire with vrrplab and with each other. Of"
        f" {found.pairs} measured times {found.near} are within {NEAR_S:g} s of the simulated ones, the worst"
        f" is {found.worst_s:.3f} s off.\n"
    )


def known_section() -> str:
    return "\n## Known to differ\n\n" + "".join(f"- {sentence}\n" for sentence in KNOWN)


def quoting(readme: str, text: str) -> str:
    """README with the page's sentence."""
    sentence = next(line for line in text.splitlines() if line.startswith(SHORT)).removeprefix(SHORT)
    quote = "".join(f"> {line}\n" for line in wrap(sentence, 116))
    return re.sub(rf"(?<={re.escape(QUOTED)}\n)(?:> .*\n)+", lambda _: quote, readme)


def main(arguments: list[str]) -> int:
    text = page()
    readme = quoting(README.read_text(encoding="utf-8"), text)
    if "--check" in arguments:
        stale = PAGE.read_text(encoding="utf-8") != text or README.read_text(encoding="utf-8") != readme
        return 1 if stale else 0
    PAGE.write_text(text, encoding="utf-8")
    README.write_text(readme, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
