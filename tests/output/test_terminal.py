"""Whatever is printed goes through the door, and control sequences of ours reach terminals only."""

from __future__ import annotations

import io
import sys
from typing import cast

import pytest
import wcwidth

from vrrplab.output.terminal import ERASE_LINE, Batched, Guarded, guarded, rewrite_line, standard_streams


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_whatever_is_printed_is_escaped(monkeypatch: pytest.MonkeyPatch) -> None:
    out, err = io.StringIO(), io.StringIO()
    monkeypatch.setattr(sys, "stdout", out)
    monkeypatch.setattr(sys, "stderr", err)
    with standard_streams():
        print("a\x1b[31m", end="\x07")
        print("b\x9b", file=sys.stderr)
        sys.stdout.writelines(["c\u202e\n", "d\n"])
        with standard_streams():  # a command that calls another
            print("e\x1b")
    assert out.getvalue() == "a\\u001b[31m\\u0007c\\u202e\nd\ne\\u001b\n"
    assert err.getvalue() == "b\\u009b\n"
    assert sys.stdout is out


def test_a_file_can_be_guarded_too() -> None:
    file = io.StringIO()
    print("\x1b", file=guarded(file))
    assert file.getvalue() == "\\u001b\n"
    assert guarded(guarded(file)) is not file


def test_own_control_sequences_reach_terminals_only() -> None:
    for file, told in ((Terminal(), f"{ERASE_LINE}3 of \\u001b5"), (io.StringIO(), "")):
        rewrite_line("3 of \x1b5", file)
        assert file.getvalue() == told
        file = Guarded(file)  # type: ignore[assignment]
        rewrite_line("", cast(io.StringIO, file))
        assert cast(io.StringIO, file).getvalue() == told + (ERASE_LINE if told else "")


def test_progress_never_wraps_on_a_terminal() -> None:
    file = Terminal()
    rewrite_line("名" * 200, file)
    assert wcwidth.wcswidth(file.getvalue().removeprefix(ERASE_LINE)) <= 79


@pytest.mark.parametrize("write_through", [False, True])
def test_rows_to_a_file_go_together_and_none_waits_where_nothing_shall(write_through: bool) -> None:
    file = io.TextIOWrapper(io.BytesIO(), write_through=write_through, newline="\n")
    rows = Batched(Guarded(file))
    for number in range(200):
        rows.write(f"{number}\n")
        file.flush()
        seen = file.buffer.getvalue().count(b"\n")
        assert seen == (number + 1 if write_through else (number + 1) // 64 * 64)
    rows.flush()
    file.flush()
    assert file.buffer.getvalue().split() == [str(number).encode() for number in range(200)]
