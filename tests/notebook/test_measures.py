"""What lessons measure, compare and list, with one call each."""

from __future__ import annotations

import pytest

from vrrplab import (
    conf,
    differences,
    events,
    logs,
    outage_s,
    outages_s,
    recorded,
    silence_s,
    simulate,
    variant,
)
from vrrplab.errors import VrrplabError
from vrrplab.notebook.frames import changed, verdict

S1, S2, VIP = "proxy-serv01", "proxy-serv02", "192.168.2.101"


def test_the_silence_is_the_formula_and_a_recordings_is_a_little_more() -> None:
    power = simulate("power-off")
    assert silence_s(power, S2, "proxy_ip1") == pytest.approx(3 + 156 / 256, abs=0.001)
    for name, formula in (("takeover_v2_a1_p1", 3.996), ("takeover_v2_a1_p254", 3.008)):
        assert formula < silence_s(recorded(name), "serv02") < formula + 0.05


def test_where_nobody_took_over_there_is_no_silence() -> None:
    with pytest.raises(VrrplabError, match="did not take over from anybody for proxy_ip1"):
        silence_s(simulate("article-steady"), S2, "proxy_ip1")
    with pytest.raises(VrrplabError, match="no server 'nobody'"):
        silence_s(simulate("article-steady"), "nobody")


def test_one_failure_at_many_moments_lasts_longer_the_earlier_it_comes() -> None:
    found = outages_s("article-steady", "power_off", VIP, times=4, server=S1)
    assert len(found) == 4
    assert 2.5 < min(found) < max(found) < 3.7
    assert outages_s("article-steady", "power_off", VIP, from_s=12.5, times=1, server=S1) == [
        pytest.approx(outage_s(simulate(_off(12.5)), VIP))
    ]
    with pytest.raises(VrrplabError, match="times"):
        outages_s("article-steady", "power_off", times=0, server=S1)
    with pytest.raises(VrrplabError, match="to_s"):
        outages_s("article-steady", "power_off", from_s=5, to_s=4, server=S1)


def _off(moment: float):  # type: ignore[no-untyped-def]
    from vrrplab import at

    return variant("article-steady", at(moment, "power_off", server=S1))


def test_events_are_listed_between_two_moments() -> None:
    drill = simulate("article-drill-3-squid")
    lines = events(drill, "script", 40, 46, S1).text.splitlines()
    assert [line.split()[4] for line in lines] == ["pass", "fail"]
    assert "counts" in lines[1]
    assert events(drill, "script", 0.5, 0.6).text == "(nothing)"
    with pytest.raises(VrrplabError):
        events(drill, "scripts")


def test_log_lines_can_be_chosen_by_their_words() -> None:
    drill = simulate("article-drill-1-lan-nic")
    assert logs(drill, 0, 30, words="Entering FAULT").text.count("\n") == 1


def test_differences_of_texts_and_of_frames() -> None:
    assert "+     unicast_src_ip 192.168.2.251" in differences(conf(S1), conf(S1, "unicast"))
    assert differences(conf(S1), conf(S1)).text == "not one line differs"
    frame = bytes(range(5))
    assert differences(frame, changed(frame, 2, 9)).text == "byte 2: 02 and 09"
    assert differences(frame, frame).text == "not one byte differs"
    assert differences(frame, frame + b"x").text == "5 bytes and 6 bytes"
    with pytest.raises(VrrplabError, match="the second text"):
        differences("a", 5)  # type: ignore[arg-type]


def test_a_changed_byte_is_judged() -> None:
    sent = simulate("article-steady", until_s=1, frames=True).of("advert_sent", server=S1)[0]
    frame = bytes.fromhex(sent.fields["frame"])
    assert verdict(frame).text == "accepted"
    far = verdict(changed(frame, 22, 254))
    assert far.text.startswith("thrown away:")
    assert "TTL 254" in far
    with pytest.raises(VrrplabError, match="byte"):
        changed(frame, 54, 1)
    with pytest.raises(VrrplabError, match="takes a frame"):
        verdict("frame")  # type: ignore[arg-type]
