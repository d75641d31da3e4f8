"""A table that grows: whole rows in order, gone on with by the same sweep and by nobody else."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest

from vrrplab.errors import OutputError
from vrrplab.scenario.reader import load_scenario
from vrrplab.sweeping.columns import Row, columns_of
from vrrplab.sweeping.executors import Here
from vrrplab.sweeping.plan import Plan, plan_of
from vrrplab.sweeping.run import chunks
from vrrplab.sweeping.table_file import TableFile

SCENARIO = load_scenario("power-off").changed(clients={})
ONE, TWO = ["fault=12..15", "loss=0,0.05"], ["fault=12..15", "loss=0,0.1"]


def plan(runs: int = 3, vary: Sequence[str] = ONE, seed: int = 0) -> Plan:
    return plan_of(SCENARIO, vary, runs, seed)


def swept(path: Path, of: Plan, *, anew: bool = False, version: str = "1") -> list[Row]:
    with closing(TableFile(str(path), of, version, anew=anew)) as table:
        return [row for rows in chunks(of, Here(), table) for row in rows]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("whole") / "sweep.csv"
    swept(path, plan())
    return path.read_bytes()


def test_a_row_a_run_and_what_each_column_is(tmp_path: Path) -> None:
    path = tmp_path / "sweep.csv"
    rows = swept(path, plan())
    assert [row[0] for row in rows] == list(range(6))
    head, *lines = path.read_text().splitlines()
    assert head.split(",") == [column.name for column in columns_of(plan())]
    assert lines[0].startswith(f"0,{plan().seed_of(0)},")
    note = json.loads((tmp_path / "sweep.csv.json").read_text())
    assert note["scenario"] == "power-off"
    assert [column["name"] for column in note["columns"]] == head.split(",")


@pytest.mark.parametrize("kept", [0, 5, 200, 400, 700, 1000])
def test_whatever_was_left_of_it_the_same_command_makes_the_same_bytes(
    tmp_path: Path, whole: bytes, kept: int
) -> None:
    path = tmp_path / "sweep.csv"
    swept(path, plan())
    path.write_bytes(whole[:kept])
    swept(path, plan())
    assert path.read_bytes() == whole


def test_zeros_at_the_end_as_a_crash_leaves_them_are_taken_back(tmp_path: Path, whole: bytes) -> None:
    path = tmp_path / "sweep.csv"
    swept(path, plan())
    path.write_bytes(whole[:-40] + b"\0" * 40)
    swept(path, plan())
    assert path.read_bytes() == whole


def test_more_runs_begin_with_the_fewer(tmp_path: Path, whole: bytes) -> None:
    path = tmp_path / "sweep.csv"
    swept(path, plan(2))
    assert whole.startswith(path.read_bytes())
    swept(path, plan(3))
    assert path.read_bytes() == whole


def test_who_is_interrupted_before_rows_are_counted_does_not_say_that_there_are_none(
    tmp_path: Path, whole: bytes
) -> None:
    path = tmp_path / "sweep.csv"
    with closing(TableFile(str(path), plan(), "1")) as table:
        assert table.kept().startswith("0 of 6 runs are kept in ")
    path.write_bytes(whole[:-200])
    with closing(TableFile(str(path), plan(), "1")) as table:
        assert table.kept() == f"all that {path} had is kept; the same command goes on with it"
        kept = len(list(table.rows()))
        assert table.kept().startswith(f"{kept} of 6 runs are kept in ")
    assert kept


def test_fewer_runs_than_are_there_leave_them_and_the_note_counts_them(tmp_path: Path, whole: bytes) -> None:
    path = tmp_path / "sweep.csv"
    swept(path, plan(3))
    assert len(swept(path, plan(1))) == 6
    assert path.read_bytes() == whole
    assert json.loads((tmp_path / "sweep.csv.json").read_text())["runs"] == 6
    path.write_bytes(whole[: whole.index(b"\n4,") + 1])  # as if it had been interrupted there
    assert len(swept(path, plan(1))) == 4
    assert json.loads((tmp_path / "sweep.csv.json").read_text())["runs"] == 4


@pytest.mark.parametrize(
    ("other", "version", "told"),
    [
        (plan(seed=1), "1", "its seed is 0, not 1"),
        (plan(vary=TWO), "1", "there varied fault_s = 12..15, drawn for each run; segments.*.loss = 0, 0.05"),
        (plan(), "2", "made by vrrplab 1, this is 2"),
        (
            plan_of(SCENARIO.changed(duration_us=9), ONE, 3),
            "1",
            "the scenario, or a configuration, was changed",
        ),
        (plan_of(load_scenario("kill-9"), ONE, 3), "1", "of power-off, not of kill-9"),
    ],
    ids=["seed", "varied", "version", "content", "scenario"],
)
def test_another_sweep_is_refused_and_nothing_is_lost(
    tmp_path: Path, whole: bytes, other: Plan, version: str, told: str
) -> None:
    path = tmp_path / "sweep.csv"
    swept(path, plan())
    with pytest.raises(OutputError) as caught:
        swept(path, other, version=version)
    assert told in str(caught.value)
    assert "--force" in str(caught.value)
    assert path.read_bytes() == whole


def test_what_is_no_table_of_a_sweep_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "sweep.csv"
    path.write_text("my,own,table\n1,2,3\n")
    with pytest.raises(OutputError, match="is there already, and there is no"):
        swept(path, plan())
    assert path.read_text() == "my,own,table\n1,2,3\n"
    swept(path, plan(1), anew=True)
    assert len(path.read_text().splitlines()) == 3


def test_parquet_has_the_same_rows_and_goes_on_too(tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    path, other = tmp_path / "sweep.parquet", tmp_path / "other.parquet"
    rows = swept(path, plan(2))
    table = parquet.read_table(path)
    assert table.column("run").to_pylist() == [0, 1, 2, 3]
    took = table.schema.names.index("192.168.2.101.takeover_s")
    assert [round(cell * 1e6) for cell in table.column(took).to_pylist()] == [row[took] for row in rows]
    assert table.schema.field("calm_s").metadata[b"meaning"].startswith(b"from the start")
    assert not (tmp_path / "sweep.parquet.csv").exists()
    swept(path, plan(3))
    swept(other, plan(3))
    assert path.read_bytes() == other.read_bytes()
