"""The lessons as pages: run with nothing typed, their films alive, what answers a guess folded."""

from __future__ import annotations

import base64
import json
import os
import re
import tempfile
import zlib
from concurrent.futures import ThreadPoolExecutor
from html import escape
from pathlib import Path
from typing import Any

from tools import page_frame
from tools.page_frame import Page

# What asks for a guess, and what tells its outcome.
_GUESS = re.compile(r'^(predict|bet)\("([^"]+)"', re.MULTILINE)
_TOLD = re.compile(r'^compare\("([^"]+)"', re.MULTILINE)
_MEASURED = "10"  # the lesson whose outputs are times of the machine on which it ran
_WIDGET = "application/vnd.jupyter.widget-view+json"
_ESCAPES = re.compile(r"\x1b\[[0-9;]*m")
LONGEST_LINK = 8000  # characters of a fragment

# Asked of the kernel when all cells have run: what each widget shows, by its model's id.
_ASK = """
import json as _json
from ipywidgets.widgets import widget as _widgets
from vrrplab.views.svg import still_html as _still
_told = {}
for _name, _one in _widgets._instances.items():
    if hasattr(_one, "trace_lines"):
        _told[_name] = {
            "at_s": _one.at_s, "info": _one.info, "trace_lines": bytes(_one.trace_lines).decode(),
            "still": _still(_one.trace, _one.at_s),
            "yaml": _one.scenario.to_yaml() if _one.scenario is not None else "",
        }
    elif hasattr(_one, "panel"):
        _told[_name] = {"html": _one.panel.html, "sentence": _one.panel.sentence}
print(_json.dumps(_told))
"""


def pages(notebooks: list[Path]) -> tuple[list[Page], dict[str, str]]:
    """The pages of these lessons, and the films in them by name."""
    with ThreadPoolExecutor(2) as pool:
        ran = list(pool.map(_run, notebooks))
    films: dict[str, str] = {}
    made = [
        _page(path, notebook, widgets, films)
        for path, (notebook, widgets) in zip(notebooks, ran, strict=True)
    ]
    return made, films


def _run(path: Path) -> tuple[Any, dict[str, Any]]:
    """The notebook after its run, and what its widgets showed."""
    import nbformat
    from nbclient import NotebookClient

    notebook = nbformat.read(path, as_version=4)
    if path.stem.startswith(_MEASURED):
        return notebook, {}
    notebook.cells.append(nbformat.v4.new_code_cell(_ASK))
    with tempfile.TemporaryDirectory() as folder:
        environment = {
            **os.environ,
            "PYTHONPATH": str(page_frame.ROOT),
            "PYTHONHASHSEED": "0",
            "VRRPLAB_PROGRESS": f"{folder}/progress.json",
            "IPYTHONDIR": f"{folder}/ipython",
            "PYDEVD_DISABLE_FILE_VALIDATION": "1",
        }
        resources = {"metadata": {"path": folder}}
        # A kernel warns that it listens on this machine without encryption: no news for who builds pages.
        quiet = ["--log-level=ERROR"]
        client = NotebookClient(
            notebook, timeout=120, kernel_name="python3", resources=resources, extra_arguments=quiet
        )
        client.execute(env=environment)
    answer = notebook.cells.pop()
    return notebook, json.loads("".join(out.text for out in answer.outputs))


def _page(path: Path, notebook: Any, widgets: dict[str, Any], films: dict[str, str]) -> Page:
    source = f"notebooks/{path.name}"
    target = page_frame.PAGES[source]
    prose = page_frame.markdown(
        "\n\n".join(
            f"{cell.source}\n\n<!-- cell {n} -->"
            for n, cell in enumerate(notebook.cells)
            if cell.cell_type == "markdown"
        ),
        source,
        target,
    )
    texts = re.split(r"<!-- cell (\d+) -->\n?", prose)
    by_cell = dict(zip(map(int, texts[1::2]), texts[0::2], strict=False))
    number = path.stem[:2]
    parts, waiting = [], ""
    for place, cell in enumerate(notebook.cells):
        if cell.cell_type == "markdown":
            if waiting.startswith("bet ") and re.search(r"^## ", cell.source, re.MULTILINE):
                waiting = ""
            parts.append(by_cell[place])
            continue
        guessed = _GUESS.search(cell.source)
        folded = bool(waiting) and not guessed
        outputs = _outputs(cell, widgets, f"{number}-{place:02}", films)
        parts.append(_cell(cell, outputs, folded))
        if guessed:
            waiting = f"{guessed[1]} {guessed[2]}"
        elif _TOLD.search(cell.source):
            waiting = ""
    body = "\n".join(parts)
    head, end, rest = body.partition("</h1>")
    body = f"{head}{end}{how_to_run(path)}{rest}"
    row = page_frame.NOTEBOOKS
    at = row.index(path)
    near = [
        (page_frame.PAGES[f"notebooks/{one.name}"], _title(one)) if one else None
        for one in (row[at - 1] if at else None, row[at + 1] if at + 1 < len(row) else None)
    ]
    return Page(target, page_frame.title_of(body), body, "Lessons", *near)


def _title(path: Path) -> str:
    first = json.loads(path.read_text(encoding="utf-8"))["cells"][0]["source"]
    return "".join(first).splitlines()[0].removeprefix("# ")


def how_to_run(path: Path) -> str:
    """Where what is read here can be done."""
    binder = f"https://mybinder.org/v2/gh/vrrplab/vrrplab/HEAD?urlpath=lab/tree/notebooks/{path.name}"
    measured = (
        " This lesson measures the machine that it runs on, so nothing of a run is shown here."
        if path.stem.startswith(_MEASURED)
        else ""
    )
    return (
        '<p class="note">Read it here, with what each cell puts out; what answers a guess is folded. '
        "To change the cells and solve the exercises, run it: <code>vrrplab lessons</code> on your "
        f'computer, or <a href="{escape(binder, quote=True)}">on Binder</a>.{measured}</p>'
    )


def _cell(cell: Any, outputs: str, folded: bool) -> str:
    language = "" if cell.source.startswith("%%keepalived") else "python"
    code = page_frame.as_code(cell.source, language)
    if cell.metadata.get("jupyter", {}).get("source_hidden"):
        code = f"<details><summary>A cell that is folded: its code</summary>{code}</details>"
    if outputs and folded:
        outputs = (
            f'<details class="answer"><summary>What comes of it (guess first)</summary>{outputs}</details>'
        )
    return f'<div class="cell">{code}{outputs}</div>'


def _outputs(cell: Any, widgets: dict[str, Any], name: str, films: dict[str, str]) -> str:
    if cell.source.startswith("results("):  # has the date of the run
        return _words("In the notebook: what you hand in, and a page to print.")
    shown = []
    kept = ""
    printed = ""  # comes in pieces, in other ones each time
    for out in [*cell.get("outputs", []), None]:
        if out is not None and out.output_type == "stream":
            printed += out.text
            continue
        if printed:
            shown.append(_words(printed))
            printed = ""
        if out is None:
            break
        data = out.get("data", {})
        if out.output_type == "error":
            shown.append(_words("\n".join(out.traceback)))
        elif _WIDGET in data:
            widget = widgets.get(data[_WIDGET]["model_id"], {})
            if "trace_lines" in widget:
                shown.append(_film(widget, name, films))
            else:
                shown.append(
                    _still_panel(widget)
                    if "html" in widget
                    else f'<div class="out" tabindex="0">{kept}</div>'
                )
        elif "vrrplab-kept" in data.get("text/html", ""):
            kept = data["text/html"]  # what stands in the widget's place, without it
        elif "text/html" in data:
            shown.append(f'<div class="out" tabindex="0">{data["text/html"]}</div>')
        elif "image/svg+xml" in data:
            shown.append(f'<div class="out" tabindex="0">{data["image/svg+xml"]}</div>')
        elif "text/plain" in data:
            shown.append(_words(data["text/plain"]))
    return "".join(shown)


def _words(text: str) -> str:
    return f'<pre class="out" tabindex="0">{escape(_ESCAPES.sub("", text).rstrip())}</pre>'


def _still_panel(widget: dict[str, Any]) -> str:
    return (
        f'<div class="out" tabindex="0">{widget["html"]}<p>{escape(widget["sentence"])}</p>'
        "<p><em>In the notebook there are sliders below, and the picture follows them.</em></p></div>"
    )


def _film(widget: dict[str, Any], name: str, films: dict[str, str]) -> str:
    info = {
        **widget["info"],
        "can_fork": False,
        "can_undo": False,
        "can_redo": False,
        "can_share": False,
        "tour": False,
    }
    info.pop("took_s", None)
    ways = "" if "goal" in info else fragment(widget["yaml"], widget["at_s"])
    if "goal" in info:
        info["why_not"] = "A puzzle is solved in the notebook: run the lesson."
    else:
        info["why_not"] = "This film is a finished run. Below it is a button that opens it to be broken."
    if "bet" in info:
        info["bet"] = {**info["bet"], "name": ""}  # nobody keeps what is guessed on a page
    return film(name, films, widget["still"], widget["at_s"], info, widget["trace_lines"], ways)


def film(
    name: str, films: dict[str, str], still: str, at_s: float, info: dict[str, Any], lines: str, ways: str
) -> str:
    """A film in a page: its picture until it comes into view. ``ways``: the fragment that opens it alive."""
    films[name] = json.dumps({"at_s": at_s, "info": info, "trace_lines": lines}, separators=(",", ":"))
    way = f'type="button" class="alive" data-open="{escape(ways, quote=True)}"'
    button = f"<p><button {way}>Break something here</button></p>"
    return (
        f'<div class="film" data-film="{name}"><div class="stage">{still}</div>{button if ways else ""}</div>'
    )


def fragment(yaml: str, at_s: float) -> str:
    """What opens a scenario in the playground at a moment: its name if it comes with vrrplab, else itself."""
    from vrrplab.scenario.reader import builtin_scenarios, load_scenario

    if not yaml:
        return ""
    for name in builtin_scenarios():
        if load_scenario(name).to_yaml() == yaml:
            return f"s={name}&t={at_s:g}"
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = packer.compress(yaml.encode()) + packer.flush()
    text = base64.urlsafe_b64encode(packed).decode().rstrip("=")
    whole = f"y={text}&t={at_s:g}"
    return whole if len(whole) <= LONGEST_LINK else ""
