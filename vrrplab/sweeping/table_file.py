"""The rows of a sweep in a file: written in order as they come, gone on with where they end.

A .csv grows by itself; the rows of a .parquet grow in ``NAME.parquet.csv`` and become one at the end.
``NAME.json`` beside it says what was swept, and what each column is: who goes on with the file must mean the
same. The more runs of a sweep begin with the fewer, so that a larger ``--runs`` goes on as well.

Whatever ends the writing - Ctrl-C, a full disk, SIGKILL - whole rows from 0 on are there, and perhaps a part
of one more, which the next time takes back.
"""

from __future__ import annotations

import csv
import hashlib
import json
import os
import stat
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from vrrplab.errors import OutputError
from vrrplab.limits import SWEEP_NOTE_BYTES, SWEEP_TORN_BYTES
from vrrplab.output.csv_text import as_written, csv_text
from vrrplab.output.files import open_to_go_on, read_back, reader_of, replaced, replaced_text, shorten
from vrrplab.scenario.model import Scenario
from vrrplab.sweeping.columns import SECONDS, TEXT, Column, Row, columns_of, read, written
from vrrplab.sweeping.plan import Plan
from vrrplab.units import micros

PARQUET = ".parquet"


def is_parquet(path: str) -> bool:
    return path.lower().endswith(PARQUET)


class TableFile:
    """A table that grows. ``done``: how many rows are in it, from run 0 on.

    ``version``: of vrrplab, a part of what was swept. ``anew``: whatever is there is overwritten.
    VrrplabError: what is there is something else, or cannot be written.
    """

    def __init__(self, path: str, plan: Plan, version: str, *, anew: bool = False) -> None:
        self.path = path
        self.rows_path = f"{path}.csv" if is_parquet(path) else path
        self._plan = plan
        self._version = version
        self._columns = columns_of(plan)
        self._kinds = [column.kind for column in self._columns]
        self.done = 0
        self._is_counted = True  # are all rows that are there in ``done``?
        self._is_whole = False  # a .parquet, whose rows are in it and nowhere else
        self._noted = 0  # runs, of which the note on the disk speaks; 0: there is none of this sweep
        self._descriptor = open_to_go_on(self.rows_path)
        try:
            self._regular = stat.S_ISREG(os.fstat(self._descriptor).st_mode)
            self._begin(anew)
        except BaseException:
            self.close()
            raise

    def _begin(self, anew: bool) -> None:
        if not self._regular:
            self._put(self._head())
            return
        if anew:
            shorten(self._descriptor, 0)
        elif os.fstat(self._descriptor).st_size:
            self._require_same()
            self._is_counted = os.fstat(self._descriptor).st_size <= len(self._head())
        elif is_parquet(self.path) and os.path.exists(self.path):
            self._require_note()
            self._is_whole, self._is_counted = True, False
        if self._noted < self._plan.total:
            self._note()
        if not os.fstat(self._descriptor).st_size:
            self._put(self._head())

    def _head(self) -> bytes:
        return csv_text([[column.name for column in self._columns]]).encode("utf-8", "backslashreplace")

    # -- what is there already

    def rows(self) -> Iterator[Row]:
        """The rows that are in the file; what is torn behind them is taken back. ``done`` counts them."""
        self.done = 0
        if not self._regular:
            return
        if self._is_whole:
            self._is_whole = False
            for group in _groups(_parquet_rows(self.path, self._columns)):
                self.write(group)
                yield from group
            self._is_counted = True
            return
        with reader_of(self._descriptor) as file:
            good = len(file.readline())
            for line in file:
                row = self._row_of(line)
                if row is None:
                    break
                good += len(line)
                self.done += 1
                yield row
        self._is_counted = True
        torn = os.fstat(self._descriptor).st_size - good
        if torn > SWEEP_TORN_BYTES.most:
            what = f"line {self.done + 2} is no row of this sweep"
            raise OutputError(self._told, what, "name another file, or begin anew with --force")
        shorten(self._descriptor, good)

    def _row_of(self, line: bytes) -> Row | None:
        if not line.endswith(b"\n"):
            return None
        try:
            (cells,) = csv.reader([line.decode("utf-8")])
            texts = (as_written(c) if k == TEXT else c for c, k in zip(cells, self._kinds, strict=True))
            row = tuple(read(text, kind) for text, kind in zip(texts, self._kinds, strict=True))
        except (ValueError, csv.Error):
            return None
        return row if row[0] == self.done else None

    def _require_same(self) -> None:
        """VrrplabError: what is in the file is no sweep, or another one."""
        cure = "name another file, or begin anew with --force"
        with reader_of(self._descriptor) as file:
            head = file.readline()
        if not os.path.exists(f"{self.path}.json") and self._head().startswith(head):
            shorten(self._descriptor, 0)  # ended before anything was said
            return
        self._require_note()
        if head != self._head():
            if self._head().startswith(head):
                shorten(self._descriptor, 0)
                return
            raise OutputError(self._told, "its first line does not name the columns of this sweep", cure)

    def _require_note(self) -> None:
        """VrrplabError: what is there is not said to be of this sweep."""
        note_path, cure = f"{self.path}.json", "name another file, or begin anew with --force"
        if not os.path.exists(note_path):
            what = f"is there already, and there is no {os.path.basename(note_path)} that says of which sweep"
            raise OutputError(self._told, what, cure)
        note = _read_note(note_path)
        different = _difference(note, note_of(self._plan, self._version))
        if different:
            raise OutputError(self._told, f"is there already, of another sweep: {different}", cure)
        runs = note.get("runs")
        self._noted = runs if isinstance(runs, int) else 0

    @property
    def _told(self) -> str:
        return f"--out {self.path}"

    def _note(self) -> None:
        self._noted = self._said["runs"]
        with replaced_text(f"{self.path}.json") as file:
            json.dump(self._said, file, ensure_ascii=False, indent=1)
            file.write("\n")

    @property
    def _said(self) -> dict[str, Any]:
        """What was swept; of a table with more runs than are asked for now it is those."""
        said = note_of(self._plan, self._version)
        return {**said, "runs": max(said["runs"], self.done)}

    # -- what comes

    def write(self, rows: Sequence[Row]) -> None:
        """The next rows. OutputError, which tells what is kept: they cannot be written."""
        kinds = self._kinds
        texts = [[written(c, kind) for c, kind in zip(row, kinds, strict=True)] for row in rows]
        self._put(csv_text(texts).encode("utf-8", "backslashreplace"))
        self.done += len(rows)

    def _put(self, data: bytes) -> None:
        start = os.lseek(self._descriptor, 0, os.SEEK_CUR) if self._regular else 0
        view = memoryview(data)
        try:
            while view:
                view = view[os.write(self._descriptor, view) :]
        except BrokenPipeError:
            raise
        except OSError as error:
            if self._regular:  # no half row stays
                shorten(self._descriptor, start)
            raise OutputError(self._told, f"cannot be written: {error.strerror}", self.kept()) from None

    def kept(self) -> str:
        """What is there, in words, and how to go on with it."""
        if not self._regular:
            return f"{self.done:,} of {self._plan.total:,} runs were written"
        if not self._is_counted:
            return f"all that {self.path} had is kept; the same command goes on with it"
        return (
            f"{self.done:,} of {self._plan.total:,} runs are kept in {self.rows_path};"
            " the same command goes on with them"
        )

    def finish(self) -> None:
        """All rows are there: those of a .parquet become one. OutputError, which tells what is kept."""
        if self._noted > max(self.done, self._plan.total):
            self._note()  # of a sweep that was once to be longer: written at its beginning it is not yet
        if is_parquet(self.path):
            kept = self.kept()
            try:
                _write_parquet(self.path, self._columns, self.rows(), self._said)
            except OutputError as error:
                raise OutputError(self._told, error.strerror or str(error), kept) from None
            os.unlink(self.rows_path)

    def close(self) -> None:
        os.close(self._descriptor)


# -- what is said of a sweep beside its table --------------------------------------------------------------


def note_of(plan: Plan, version: str) -> dict[str, Any]:
    """What was swept, as JSON has it."""
    return {
        "vrrplab": version,
        "scenario": plan.scenario.name,
        "content": digest_of(plan.scenario),
        "varied": [str(one) for one in plan.dimensions],
        "seed": plan.seed,
        "runs": plan.total,
        "columns": [column._asdict() for column in columns_of(plan)],
    }


def digest_of(scenario: Scenario) -> str:
    """The same for the same scenario with the same configurations, wherever its files lie."""
    bare = scenario.changed(servers={}, actions=(), file="")
    parts: list[Any] = [bare]
    for server in scenario.servers.values():
        parts += [replace(server, node=None, config=""), server.node.text or server.node]  # type: ignore[arg-type]
    for action in scenario.actions:
        node = action.node
        keys = {key: value for key, value in action.keys.items() if key != "config"}
        parts += [action.at_us, action.kind, keys, node and (node.text or node)]
    return hashlib.sha256(repr(parts).encode("utf-8", "backslashreplace")).hexdigest()[:16]


def _read_note(path: str) -> dict[str, Any]:
    try:
        with read_back(path) as stream:
            note = json.loads(stream.read(SWEEP_NOTE_BYTES.most + 1))
    except (ValueError, RecursionError):
        note = None
    if not isinstance(note, dict):
        raise OutputError(path, "says of no sweep", "name another table, or begin anew with --force")
    return note


_OF_WHAT = {
    "vrrplab": "made by vrrplab {}, this is {}",
    "scenario": "of {}, not of {}",
    "varied": "there varied {}, here {}",
    "seed": "its seed is {}, not {}",
    "content": "the scenario, or a configuration, was changed since",
}


def _difference(theirs: dict[str, Any], ours: dict[str, Any]) -> str:
    """What is not the same in two notes, in words; "" for what may go on."""
    for key, words in _OF_WHAT.items():
        there, here = theirs.get(key), ours[key]
        if there != here:
            shown = ("; ".join(map(str, one)) if isinstance(one, list) else one for one in (there, here))
            return words.format(*(one or "nothing" for one in map(str, shown)))
    names = [[column.get("name") for column in note.get("columns", ())] for note in (theirs, ours)]
    return "its columns are others" if names[0] != names[1] else ""


# -- Parquet -----------------------------------------------------------------------------------------------

_GROUP = 65_536  # rows: a row group is the same, however many were in a chunk


def require_parquet() -> None:
    """ModuleNotFoundError, which the command line turns into how to install it."""
    import pyarrow.parquet  # noqa: F401


def _write_parquet(path: str, columns: Sequence[Column], rows: Iterable[Row], note: dict[str, Any]) -> None:
    import pyarrow
    import pyarrow.parquet

    kinds: dict[str, Callable[[], Any]] = {
        "whole number": pyarrow.int64,
        "seconds": pyarrow.float64,
        "number": pyarrow.float64,
        "text": pyarrow.string,
    }
    fields = [pyarrow.field(c.name, kinds[c.kind](), metadata={"meaning": c.meaning}) for c in columns]
    told = json.dumps({key: value for key, value in note.items() if key != "columns"}, ensure_ascii=False)
    schema = pyarrow.schema(fields, metadata={"vrrplab sweep": told})
    with (
        replaced(path) as stream,
        pyarrow.parquet.ParquetWriter(stream, schema, compression="zstd") as writer,
    ):
        for group in _groups(rows):
            arrays = [
                pyarrow.array([_exact(cell, column.kind) for cell in cells], field.type)
                for cells, column, field in zip(zip(*group, strict=True), columns, fields, strict=True)
            ]
            writer.write_table(pyarrow.Table.from_arrays(arrays, schema=schema), row_group_size=_GROUP)


def _parquet_rows(path: str, columns: Sequence[Column]) -> Iterator[Row]:
    import pyarrow.parquet

    with read_back(path) as stream:
        for batch in pyarrow.parquet.ParquetFile(stream).iter_batches(_GROUP):
            lists = [batch.column(place).to_pylist() for place in range(len(columns))]
            for row in zip(*lists, strict=True):
                yield tuple(
                    micros(c) if column.kind == SECONDS and c is not None else c
                    for c, column in zip(row, columns, strict=True)
                )


def _groups(rows: Iterable[Row]) -> Iterator[list[Row]]:
    group: list[Row] = []
    for row in rows:
        group.append(row)
        if len(group) == _GROUP:
            yield group
            group = []
    if group:
        yield group


def _exact(value: Any, kind: str) -> Any:
    return value / 1_000_000 if kind == "seconds" and value is not None else value
