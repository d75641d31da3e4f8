"""A table for a spreadsheet: what a stranger wrote is text there, a number is a number."""

from __future__ import annotations

import csv

import pytest

from vrrplab.output.csv_text import csv_text


@pytest.mark.parametrize(
    ("name", "cell"),
    [
        ("=HYPERLINK(0)", "'=HYPERLINK(0)"),
        ("+1+cmd|'/C calc'!A0", "'+1+cmd|'/C calc'!A0"),
        ("-2+3", "'-2+3"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'\\t=1"),
        ("\r=1", "'\\r=1"),
        ("  =1", "'  =1"),
        ("＝1", "'＝1"),
        ("a-b", "a-b"),
        ('O\'Neill, Zoë "Z"', 'O\'Neill, Zoë "Z"'),
        ("a\x1b[2J\nb", "a\\u001b[2J\\nb"),
        ("", ""),
    ],
)
def test_no_cell_is_a_formula(name: str, cell: str) -> None:
    text = csv_text([["learner", "tries"], [name, 3]])
    assert list(csv.reader(text.splitlines())) == [["learner", "tries"], [cell, "3"]]


def test_numbers_keep_their_sign() -> None:
    assert csv_text([[-1, -0.5, 2]]) == "-1,-0.5,2\n"
