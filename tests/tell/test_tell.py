"""Traces in words: they fit, they align, and nothing in them steers a terminal."""

from __future__ import annotations

import pytest

from vrrplab.api import simulate
from vrrplab.recording import read_recording
from vrrplab.resources import data_path
from vrrplab.tell import lines, story, table
from vrrplab.tell.words import clean, wrap
from vrrplab.trace import Trace, TraceEvent

TELLINGS = [table.render, story.render, lines.render]


def test_wrapping_keeps_words_and_the_width() -> None:
    text = "one two three " + "x" * 50
    for width in (12, 20, 40):
        wrapped = wrap(text, width, "  ")
        assert all(len(line) <= width for line in wrapped)
        assert "".join("".join(wrapped).split()) == "".join(text.split())
    assert wrap("", 10) == [""]


def test_what_steers_a_terminal_is_shown_as_a_question_mark() -> None:
    assert clean("a\x1b[31mb\nc") == "a?[31mb?c"


@pytest.mark.parametrize("tell", TELLINGS)
def test_every_telling_takes_an_empty_trace_and_one_without_a_cast(tell: object) -> None:
    assert callable(tell)
    assert isinstance(tell(Trace([])), str)
    fields = {"server": "a", "instance": "V", "from": "INIT", "to": "MASTER"}
    assert isinstance(tell(Trace([TraceEvent(5, "state", fields)])), str)


@pytest.mark.parametrize("tell", TELLINGS)
@pytest.mark.parametrize(
    "name", ["article_drill1_eth0_down_up", "many_vips_20", "three_nodes_poweroff", "v3_ipv6"]
)
def test_recordings_are_told_like_simulations(name: str, tell: object) -> None:
    assert callable(tell)
    text = tell(read_recording(data_path("recordings", name)))
    assert name in text or tell is lines.render
    if tell is table.render:
        assert all(len(line) <= 80 for line in text.splitlines())


def test_a_table_says_what_a_reader_needs() -> None:
    text = table.render(simulate("article-drill-1-lan-nic"))
    rows = text.splitlines()
    assert "   12.000 s  link_down proxy-serv01 eth0" in rows
    assert any(r.split()[:4] == ["14.618", "s", "+2.618", "takeover"] for r in rows)
    assert any(r.split()[:4] == ["25.004", "s", "+3.004", "return"] for r in rows)
    assert any(r.startswith("192.168.2.101  proxy-serv01   proxy-serv02   proxy-serv01") for r in rows)


def test_ip_a_follows_links_and_addresses() -> None:
    trace = simulate("power-off")
    show = story.ip_address_show
    assert "    inet 192.168.2.101/24 scope global secondary eth0:1" in show(
        trace, "proxy-serv01", "eth0", 5_000_000
    )
    assert show(trace, "proxy-serv01", "eth0", 15_000_000) == ["  (the server has no power)"]
    assert "192.168.2.101" in "".join(show(trace, "proxy-serv02", "eth0", 20_000_000))
