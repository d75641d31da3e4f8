"""What a learner hands in: a visible file with everything that is kept, and a page for the printer.

    {"format": "vrrplab-results 1", "name": TEXT, "at": TIME, "exercises": {…}, "predictions": {…}}

The rest is that of the progress file (``store``), which begins with a dot: JupyterLab neither shows nor sends
such files, so this one is written beside the notebook, and links carry both files to the browser.
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from html import escape
from pathlib import Path

from vrrplab import arguments
from vrrplab.errors import OutputError, VrrplabError
from vrrplab.exercises.course import Course, course_of
from vrrplab.exercises.course_map import map_lines
from vrrplab.exercises.results_page import page_html
from vrrplab.exercises.store import RESULTS_FILE, RESULTS_FORMAT, Progress, now_text, store
from vrrplab.output.files import replaced_text

PAGE_FILE = "vrrplab-results.html"
LONGEST_NAME = 100


@dataclass(slots=True, repr=False, eq=False)
class Results:
    """The two files: ``files`` has name and text of each, ``notes`` what could not be done, one line each."""

    course: Course
    files: dict[str, str]
    notes: tuple[str, ...]

    def __repr__(self) -> str:
        said = [f"! {note}" for note in self.notes]
        said += [self.course.summary(), *map_lines(self.course)]
        if not self.notes:
            said.append(f"Written: {RESULTS_FILE}, to hand in, and {PAGE_FILE}, to print.")
        return "\n".join(said)

    def _repr_html_(self) -> str:
        notes = "".join(f"<div>! {escape(note)}</div>" for note in self.notes)
        links = "".join(
            f'<li><a href="{_data(name, text)}" download="{name}">{name}</a> {what}</li>'
            for (name, text), what in zip(
                self.files.items(),
                ("to hand in", "one page: open it, and print it from the browser"),
                strict=True,
            )
        )
        kept = "" if self.notes else "<div>Both lie beside this notebook, too.</div>"
        return f"{notes}<div><b>{escape(self.course.summary())}.</b></div><ul>{links}</ul>{kept}"


def results(name: str = "") -> Results:
    """Write what you hand in: ``vrrplab-results.json``, and a page to print, ``vrrplab-results.html``.

    ``name``: yours, if it is to stand in both; nobody asks for one. Both files are written into the folder of
    the notebook, and in a notebook links download them. A folder that cannot be written is told in a note:
    the links work all the same. VrrplabError: ``name`` is no text, or too long for a name.

    >>> print(vrrplab.results())
    0 of ...
    """
    arguments.text(name, "name")
    who = " ".join(name.split())
    if len(who) > LONGEST_NAME:
        raise VrrplabError(f"a name of {len(who)} characters is too long: {LONGEST_NAME} at most")
    kept = store()
    progress = kept.read()
    notes = list(kept.take_notes())
    at = now_text()
    course = course_of(progress)
    files = {RESULTS_FILE: _json(progress, who, at), PAGE_FILE: page_html(course, who, at)}
    for file, text in files.items():
        try:
            with replaced_text(Path(file)) as stream:
                stream.write(text)
        except (OutputError, OSError) as error:
            notes.append(f"{error}; the link has it all the same")
    return Results(course, files, tuple(notes))


def _json(progress: Progress, name: str, at: str) -> str:
    body = {"format": RESULTS_FORMAT, "name": name, "at": at}
    return json.dumps({**body, **progress.tables()}, indent=1, ensure_ascii=False) + "\n"


def _data(name: str, text: str) -> str:
    kind = "application/json" if name.endswith(".json") else "text/html"
    return f"data:{kind};base64,{base64.b64encode(text.encode('utf-8', 'replace')).decode('ascii')}"
