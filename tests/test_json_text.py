"""JSON that nobody means is refused with its line, all other is read as it is."""

from __future__ import annotations

import json
import re

import pytest

from vrrplab.json_text import JsonError, json_of


@pytest.mark.parametrize(
    ("text", "line", "told"),
    [
        ('{\n"a": }', 2, "is not JSON: Expecting value"),
        ("[" * 100_000, 0, "nested deeper than 40 levels"),
        ("[" * 50 + "]" * 50, 0, "nested deeper than 40 levels"),
        ('{"a": NaN}', 0, "the number NaN: only finite ones"),
        ('{"a": -Infinity}', 0, "the number -Infinity"),
        ('{"a": 1e999}', 0, "the number 1e999"),
        ("9" * 30, 0, "the number 99999999…"),
        ("9" * 5000, 0, "the number 99999999…"),
        ('["x",\n"\\ud800"]', 2, "has half a character"),
        ('{"\\uDC00x": 1}', 1, "has half a character"),
    ],
    ids=lambda value: str(value)[:20],
)
def test_json_that_nobody_means(text: str, line: int, told: str) -> None:
    with pytest.raises(JsonError, match=re.escape(told)) as caught:
        json_of(text)
    assert caught.value.line == line


def test_json_that_somebody_means() -> None:
    deep = "[" * 40 + "]" * 40
    assert json.dumps(json_of(deep)).replace(" ", "") == deep
    assert json_of('["\\ud83d\\ude00", "\\udce9", "\\\\ud800", 18446744073709551615]') == [
        "\U0001f600",
        "\udce9",  # a byte that is not UTF-8
        "\\ud800",
        2**64 - 1,
    ]
