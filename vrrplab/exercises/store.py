"""Where a learner's guesses and results are kept: one JSON file, safe against restarts and broken files.

    {"format": "vrrplab-progress 1",
     "exercises": {NAME: {"passed": true, "tries": 3, "hints": 1, "answer": TEXT, "said": TEXT, "at": TIME,
                          "again": 2, "unchanged": 0}},
     "predictions": {NAME: {"guess": VALUE, "outcome": VALUE, "close": true, "at": TIME}}}

Every change reads the file again and replaces it as a whole, behind a lock (``FILE.lock``), so a kernel that
dies in between, or a second notebook, loses nothing. A file that is not ours is put aside, never overwritten.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from vrrplab.errors import PlacedError, VrrplabError
from vrrplab.exercises.answers import as_guess, short_repr
from vrrplab.json_text import read_json
from vrrplab.limits import PROGRESS_BYTES
from vrrplab.output.files import replaced_text

FORMAT = "vrrplab-progress 1"
FILE = ".vrrplab-progress.json"
RESULTS_FORMAT = "vrrplab-results 1"  # the same, made to be handed in (``results``)
RESULTS_FILE = "vrrplab-results.json"
VARIABLE = "VRRPLAB_PROGRESS"
MOST_TRIES = 1_000_000  # more were not counted but typed
_PUT_AWAY = re.compile(r"\.(old|broken)-\d+\.json$")

Entry = dict[str, Any]


@dataclass(slots=True)
class Progress:
    """What is known of one learner: ``exercises`` and ``predictions``, each name to its entry."""

    exercises: dict[str, Entry] = field(default_factory=dict)
    predictions: dict[str, Entry] = field(default_factory=dict)
    name: str = ""  # the learner's, in a file that was handed in with one

    def tables(self) -> dict[str, dict[str, Entry]]:
        """What all files of this family have."""
        return {"exercises": self.exercises, "predictions": self.predictions}

    def to_json(self) -> str:
        """The text of the file."""
        return json.dumps({"format": FORMAT, **self.tables()}, indent=1, ensure_ascii=False) + "\n"


def progress_file() -> Path:
    """The file in use: VRRPLAB_PROGRESS names it or its folder, else in the folder the notebook runs in."""
    path = os.path.expanduser(os.environ.get(VARIABLE) or FILE)
    return Path(path, FILE) if os.path.isdir(path) else Path(path)


def is_put_away(path: Path) -> bool:
    """Is this what a ``reset()`` or a broken file left behind?"""
    return _PUT_AWAY.search(path.name) is not None


def read_progress(path: str | os.PathLike[str]) -> Progress:
    """A progress file, or one that was handed in.

    VrrplabError, one line, if it cannot be read or is something else.
    """
    name = os.fspath(path)
    hint = "so it is no progress file"
    body = read_json(path, PROGRESS_BYTES, PlacedError, hint, forgiving=True, ordinary=True)
    if not isinstance(body, dict) or body.get("format") not in (FORMAT, RESULTS_FORMAT):
        raise VrrplabError(
            f'{name}: is not a progress file: it has no "format": "{FORMAT}" or "{RESULTS_FORMAT}"'
        )
    parts = []
    for part in ("exercises", "predictions"):
        entries = body.get(part, {})
        if not isinstance(entries, dict) or not all(isinstance(e, dict) for e in entries.values()):
            raise VrrplabError(f'{name}: "{part}" is not a table of names, so not a progress file')
        parts.append({name: _sound(entry) for name, entry in entries.items()})
    learner = body.get("name")
    exercises, predictions = parts
    return Progress(exercises, predictions, learner.strip() if isinstance(learner, str) else "")


def _sound(entry: Entry) -> Entry:
    """An entry without the values that are of another kind than we write: changed by hand, or damaged."""
    return {key: read for key, value in entry.items() if (read := _value(key, value)) is not None}


def _value(key: str, value: object) -> object | None:
    match key:
        case "passed" | "close":
            return value if isinstance(value, bool) else None
        case "tries" | "hints" | "again" | "unchanged":
            whole = isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MOST_TRIES
            return value if whole else None
        case "guess" | "outcome":
            return short_repr(value) if isinstance(value, str) and value.strip() else as_guess(value)
        case _:
            return value if isinstance(value, str) else None


class Store:
    """The learner's own file, kept in step with memory. ``tell`` gets each thing worth knowing, one line."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.notes: list[str] = []
        self._memory = Progress()
        self._stored = True

    def take_notes(self) -> tuple[str, ...]:
        """What there is to tell, once: a line each."""
        notes, self.notes = self.notes, []
        return tuple(notes)

    def read(self) -> Progress:
        """What is stored now; a broken file is put aside first."""
        with self._alone():
            return self._read()

    @contextmanager
    def change(self) -> Iterator[Progress]:
        """What is stored now, to be changed in the block and stored after it. Others wait meanwhile."""
        with self._alone():
            progress = self._read()
            before = progress.to_json()
            yield progress
            if progress.to_json() != before:
                self._write(progress)

    def put_away(self) -> Path | None:
        """Start anew: the file, if there is one, gets another name, which is the answer."""
        with self._alone():
            self._memory, self._stored = Progress(), True
            return self._rename("old") if self.path.is_file() else None

    def _read(self) -> Progress:
        if not self._stored:
            return self._memory
        if self._is_no_file():
            self._only_memory("it is no file")
        elif os.path.exists(self.path):
            try:
                self._memory = read_progress(self.path)
            except VrrplabError as error:
                self._memory = Progress()
                self._put_aside(str(error))
        else:
            self._memory = Progress()
        return self._memory

    def _write(self, progress: Progress) -> None:
        """Replace the file as a whole. Where nothing can be written it lives in memory, and says so once."""
        self._memory = progress
        if self._is_no_file():
            return
        try:
            with replaced_text(self.path) as file:
                file.write(progress.to_json())
            self._stored = True
        except OSError as error:
            self._only_memory((error.strerror or str(error)).removeprefix("cannot be written: "))

    def _only_memory(self, why: str) -> None:
        if self._stored:
            self.notes.append(f"{self.path} cannot be written ({why}): progress lasts until the kernel stops")
        self._stored = False

    def _is_no_file(self) -> bool:
        """Is there a folder or a device (/dev/null) of that name? It is nothing to rename or replace."""
        return os.path.exists(self.path) and not os.path.isfile(self.path)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Nobody else reads or writes meanwhile, where the system has locks and a folder to put one in."""
        with ExitStack() as until_done:
            if not self._is_no_file():
                with suppress(OSError):
                    lock = self.path.with_name(f"{self.path.name}.lock")
                    _lock(until_done.enter_context(lock.open("a")))
            yield

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


def _lock(file: IO[str]) -> None:
    """Wait until this file is ours alone; it is given back when closed, or when the kernel dies."""
    try:
        from fcntl import LOCK_EX, flock
    except ImportError:  # Windows, or an empty module in a browser: two notebooks at once may lose an entry
        return
    flock(file, LOCK_EX)


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
