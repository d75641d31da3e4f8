"""What an administrator looks at: text in a terminal, and on a page."""

from __future__ import annotations

import re

from vrrplab import ip_a, logs, replayed, simulate


def test_a_long_log_line_goes_on_below_its_words() -> None:
    shown = logs(replayed("prio255_both"), 0, 1, server="serv02")
    first, *_ = str(shown).splitlines()
    page = shown._repr_html_()
    assert page.count("<div") == 1 + len(str(shown).splitlines())
    hang = int(re.findall(r"padding-left:(\d+)ch;text-indent:-\1ch", page)[0])
    assert first[:hang].split() == ["0.034", "serv02"]
    assert "white-space:pre-wrap" in page


def test_columns_are_scrolled_and_not_broken() -> None:
    page = ip_a(simulate("article-steady"), "proxy-serv01", at_s=5)._repr_html_()
    assert page.startswith("<pre")
    assert "pre-wrap" not in page
