"""The still picture: what it says, and that it is a picture."""

from __future__ import annotations

from xml.etree import ElementTree

from toy_traces import VIP, cast, event, failover, has, state

from vrrplab.trace import Trace
from vrrplab.views.svg import read_moment, still_svg, still_text

SVG = "{http://www.w3.org/2000/svg}"


def texts(svg: str) -> list[str]:
    return [x.text or "" for x in ElementTree.fromstring(svg).iter(f"{SVG}text")]


def test_before_the_failure() -> None:
    assert still_text(failover(), 4.0) == (
        f"two routers, at 4.000 s of 20.0 s\n  r1  V1 MASTER (150) · has {VIP}\n  r2  V1 BACKUP (100)"
    )


def test_between_failure_and_takeover_nobody_has_the_address() -> None:
    assert still_text(failover(), 7.0) == (
        "two routers, at 7.000 s of 20.0 s\n"
        "  r1  V1 FAULT (150) · eth0 down since 5.000 s\n"
        "  r2  V1 BACKUP (100)\n"
        f"  nobody has {VIP}\n"
        f"  pc: no answer from {VIP} for 2.0 s\n"
        "  last action, at 5.000 s: r1 eth0 down"
    )


def test_two_masters_both_have_it() -> None:
    events = [*failover().events, state(9, "r1", "FAULT", "MASTER"), has(9, "r1")]
    moment = read_moment(Trace(sorted(events, key=lambda e: e.t_us)), 9.5)
    assert [server.addresses for server in moment.servers] == [[VIP], [VIP]]


def test_the_picture_says_the_same() -> None:
    said = texts(still_svg(failover(), 7.0))
    assert "eth0 down since 5.000 s" in said
    assert "nobody has .101" in said
    assert "✕ .101 lost 2.0 s" in said
    assert said.count("F") == 1
    assert said.count("B") == 1


def test_power_off_silences_everything() -> None:
    trace = Trace(
        [cast(), state(0.1, "r1", "INIT", "MASTER"), event(2, "action", action="power_off", server="r1")]
    )
    assert "r1  V1 INIT (150) · no power" in still_text(trace, 3)


def test_styles_stay_inside_the_picture() -> None:
    rules = still_svg(failover(), 1).split("<style>")[1].split("</style>")[0]
    outside = [r for r in rules.replace("@media (prefers-color-scheme: dark){", "").split("}") if "{" in r]
    assert outside
    assert all(rule.startswith(".vrrplab-still ") for rule in outside)


def test_a_long_title_is_whole_and_ends_inside_the_picture() -> None:
    told = (
        "the LAN interface of the first proxy goes down while the second is being repaired, then comes back"
    )
    root = ElementTree.fromstring(still_svg(Trace([cast(description=told)]), 7.0))
    lines = [x for x in root.iter(f"{SVG}text") if x.get("font-weight") and x.get("x") == "20.0"]
    assert " ".join(x.text or "" for x in lines) == f"{told} · 7.000 s"
    width = int(root.get("width", ""))
    assert all(20 + 7.4 * len(x.text or "") <= width - 20 for x in lines)
    endless = texts(still_svg(Trace([cast(description="word " * 200)]), 7.0))
    assert "… · 7.000 s" in endless


def test_an_empty_trace_is_a_sentence_and_still_a_picture() -> None:
    assert still_text(Trace([]), 0) == "trace, at 0.000 s of 0.0 s: nothing happened in this trace"
    assert texts(still_svg(Trace([]), 0)) == ["trace · 0.000 s"]


def test_names_cannot_break_out_of_the_picture() -> None:
    trace = Trace([cast(description="<script>alert(1)</script> & more")])
    assert ElementTree.fromstring(still_svg(trace, 0)).tag == f"{SVG}svg"
    assert "<script>" not in still_svg(trace, 0)
