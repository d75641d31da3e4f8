"""Where a learner's guesses and results are kept: one JSON file, safe against restarts and broken files.

    {"format": "vrrplab-progress 1",
     "exercises": {NAME: {"passed": true, "tries": 3, "answer": TEXT, "said": TEXT, "at": TIME}},
     "predictions": {NAME: {"guess": VALUE, "outcome": VALUE, "close": true, "at": TIME}}}

The file is read again before every change and replaced as a whole, so a kernel that dies in between, or
a second notebook, loses nothing. A file that is not ours is put aside, never overwritten.
"""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from vrrplab.errors import VrrplabError

FORMAT = "vrrplab-progress 1"
FILE = ".vrrplab-progress.json"
VARIABLE = "VRRPLAB_PROGRESS"

Entry = dict[str, Any]


class Progress:
    """What is known of one learner: ``exercises`` and ``predictions``, each name to its entry."""

    def __init__(
        self, exercises: dict[str, Entry] | None = None, predictions: dict[str, Entry] | None = None
    ):
        self.exercises = exercises or {}
        self.predictions = predictions or {}

    def to_json(self) -> str:
        """The text of the file."""
        body = {"format": FORMAT, "exercises": self.exercises, "predictions": self.predictions}
        return json.dumps(body, indent=1, ensure_ascii=False) + "\n"


def progress_file() -> Path:
    """The file in use: named by VRRPLAB_PROGRESS, else in the folder the notebook runs in."""
    return Path(os.environ.get(VARIABLE) or FILE)


def read_progress(path: str | os.PathLike[str]) -> Progress:
    """A progress file. VrrplabError, one line, if it cannot be read or is something else."""
    name = os.fspath(path)
    try:
        text = Path(path).read_text(encoding="utf-8")
    except OSError as error:
        raise VrrplabError(f"{name}: cannot be read: {error.strerror}") from None
    except ValueError:
        raise VrrplabError(f"{name}: is not text, so not a progress file") from None
    try:
        body = json.loads(text)
    except (ValueError, RecursionError):
        raise VrrplabError(f"{name}: is not whole JSON, so not a progress file") from None
    if not isinstance(body, dict) or body.get("format") != FORMAT:
        raise VrrplabError(f'{name}: is not a progress file: it has no "format": "{FORMAT}"')
    parts = []
    for part in ("exercises", "predictions"):
        entries = body.get(part, {})
        if not isinstance(entries, dict) or not all(isinstance(e, dict) for e in entries.values()):
            raise VrrplabError(f'{name}: "{part}" is not a table of names, so not a progress file')
        parts.append(entries)
    return Progress(*parts)


class Store:
    """The learner's own file, kept in step with memory. ``tell`` gets each thing worth knowing, one line."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.notes: list[str] = []
        self._memory = Progress()
        self._stored = True

    def read(self) -> Progress:
        """What is stored now; a broken file is put aside first."""
        if not self._stored:
            return self._memory
        if self.path.exists():
            try:
                self._memory = read_progress(self.path)
            except VrrplabError as error:
                self._memory = Progress()
                self._put_aside(str(error))
        else:
            self._memory = Progress()
        return self._memory

    def write(self, progress: Progress) -> None:
        """Replace the file as a whole. Where nothing can be written it lives in memory, and says so once."""
        self._memory = progress
        beside = self.path.with_name(f"{self.path.name}.{os.getpid()}.new")
        try:
            beside.write_text(progress.to_json(), encoding="utf-8")
            os.replace(beside, self.path)
            self._stored = True
        except OSError as error:
            if self._stored:
                self.notes.append(
                    f"{self.path} cannot be written ({error.strerror}): progress lasts until the kernel stops"
                )
            self._stored = False

    def put_away(self) -> Path | None:
        """Start anew: the file, if there is one, gets another name, which is the answer."""
        self._memory, self._stored = Progress(), True
        return self._rename("old") if self.path.exists() else None

    def _put_aside(self, why: str) -> None:
        kept = self._rename("broken")
        self.notes.append(f"{why}. It is kept as {kept}; progress starts anew" if kept else f"{why}")
        self._stored = kept is not None

    def _rename(self, word: str) -> Path | None:
        for number in range(1, 1000):
            name = self.path.with_name(f"{self.path.name.removesuffix('.json')}.{word}-{number}.json")
            if not name.exists():
                try:
                    os.replace(self.path, name)
                except OSError as error:
                    self.notes.append(f"{self.path} cannot be renamed ({error.strerror})")
                    return None
                return name
        return None


_stores: dict[Path, Store] = {}


def store() -> Store:
    """The store of this moment: the same object as long as the same file is in use."""
    path = progress_file()
    key = Path(os.path.abspath(path))
    if key not in _stores:
        _stores[key] = Store(path)
    return _stores[key]


def now_text() -> str:
    """This moment, as written into the file."""
    return datetime.now(UTC).isoformat(timespec="seconds")
