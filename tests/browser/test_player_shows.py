"""What the player shows, at any moment, of any trace."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable
from typing import Any

import pytest
from player_pages import DRILL, PLAYER, badge, frame_on_screen, moment, seek, simulated, thing

from vrrplab.data_files import data_path
from vrrplab.notebook.simulate import simulate
from vrrplab.trace import Trace

sync_api = pytest.importorskip("playwright.sync_api", reason="needs playwright: make venv")
expect = sync_api.expect


@pytest.fixture
def drill(file_page: Callable[..., Any]) -> Any:
    """The article's first drill as a file of its own."""
    return file_page(simulated())


def test_one_glance_says_who_holds_what_and_what_is_broken(drill: Any) -> None:
    seek(drill, 5)
    expect(badge(drill, "192.168.2.101")).to_have_attribute("data-holder", "proxy-serv01")
    expect(badge(drill, "192.168.2.102")).to_have_attribute("data-holder", "proxy-serv02")
    expect(thing(drill, "instance proxy-serv01 proxy_ip1")).to_have_attribute("data-state", "MASTER")
    seek(drill, 13)
    expect(thing(drill, "instance proxy-serv01 proxy_ip1")).to_have_attribute("data-state", "FAULT")
    expect(thing(drill, "nic proxy-serv01 eth0")).to_have_attribute("data-state", "down")
    expect(badge(drill, "192.168.2.101")).to_have_attribute("data-holder", "nobody")
    expect(drill.get_by_text("eth0 down since 12.000 s")).to_be_visible()
    expect(drill.get_by_text("✕ .101 lost 1.0 s")).to_be_visible()
    seek(drill, 16)
    expect(badge(drill, "192.168.2.101")).to_have_attribute("data-holder", "proxy-serv02")
    expect(drill.locator(".vl-fresh, .vl-table tr").filter(has_text="…00:fc").first).to_be_visible()


def test_nobody_is_served_while_nobody_has_the_address(file_page: Callable[..., Any]) -> None:
    page = file_page(simulated("lesson-ipv6"))
    held = page.evaluate(f"{PLAYER}.model.firstHeld({PLAYER}.model.cast.vips[0].address)")
    assert 3 < held < 5
    client = page.locator('[aria-label^="Client "]')
    seek(page, 1)
    assert page.locator("[data-vip]").count() == 0
    expect(client).to_contain_text("nobody has ::2:100")
    expect(client).not_to_contain_text("answers")
    assert "nobody has" in client.get_attribute("aria-label")
    lane = page.evaluate("document.querySelector('.vl-lanes .vl-line').getBoundingClientRect().x")
    address = page.evaluate("document.querySelector('.vl-lanes .vl-have').getBoundingClientRect().x")
    assert abs(lane - address) < 3
    seek(page, held)
    expect(client).to_contain_text("✓ ::2:100 answers")


def test_an_address_that_nobody_ever_has_serves_nobody(file_page: Callable[..., Any]) -> None:
    trace = simulated()
    page = file_page(Trace([e for e in trace if e.event not in ("address_added", "outage", "state")]))
    seek(page, 20)
    expect(page.locator('[aria-label^="Client "]')).to_contain_text("nobody has .101")
    assert page.locator(".vl-lanes .vl-line").count() == 0


def test_a_server_is_called_by_a_name_not_by_a_number(file_page: Callable[..., Any]) -> None:
    text = "".join(event.to_json() + "\n" for event in simulated())
    page = file_page(simulated())
    for one, other, shown in (
        ("web-1", "web-2", ["web-1", "web-2"]),
        ("eu-web-1", "eu-web-2", ["web-1", "web-2"]),
        ("eu-web-01", "eu-db-01", ["web-01", "db-01"]),
        ("lb_1", "lb_2b", ["lb_1", "lb_2b"]),
        ("10-1", "10-2", ["10-1", "10-2"]),
    ):
        renamed = text.replace("proxy-serv01", one).replace("proxy-serv02", other)
        page.evaluate(f"text => {PLAYER}.load(text)", renamed)
        assert page.evaluate(f"[...{PLAYER}.model.cast.servers.values()].map(s => s.short)") == shown


def test_no_frame_passes_over_the_letters_of_a_switch(drill: Any) -> None:
    """Name and network stand outside the outermost cables."""
    tabs = [drill.locator(f'[data-thing="nic proxy-serv0{n} eth0"]').bounding_box() for n in (1, 2)]
    name, subnet = (drill.locator('[data-thing="switch lan"] text').nth(n) for n in (0, 1))
    expect(name).to_have_text("LAN switch")
    expect(subnet).to_have_text("192.168.2.0/24")
    left, right = name.bounding_box(), subnet.bounding_box()
    assert left["x"] + left["width"] < tabs[0]["x"] + tabs[0]["width"] / 2
    assert right["x"] > tabs[1]["x"] + tabs[1]["width"] / 2


def test_the_same_moment_looks_the_same_from_both_sides(drill: Any) -> None:
    """Rewinding is exact: the picture of a moment does not depend on how one came there."""
    names = "[...document.querySelectorAll('.vl-svg [aria-label]')].map(x => x.getAttribute('aria-label'))"
    look = f"{names}.join()"
    first = {}
    for t in (2.0, 12.5, 14.9, 23.0, 31.0):
        seek(drill, t)
        first[t] = drill.evaluate(look)
    for t in (31.0, 23.0, 14.9, 12.5, 2.0):
        seek(drill, t)
        assert drill.evaluate(look) == first[t]
    assert len(set(first.values())) == 4, "2 s and 31 s are alike: all is as it was"


def test_the_recording_of_real_daemons_plays_like_the_simulation(file_page: Callable[..., Any]) -> None:
    from vrrplab.recording import read_recording

    page = file_page(read_recording(data_path("recordings", "article_drill1_eth0_down_up")))
    expect(page.get_by_text("real keepalived, recorded")).to_be_visible()
    seek(page, 13)
    expect(badge(page, "192.168.2.101")).to_have_attribute("data-holder", "nobody")
    seek(page, 16)
    expect(badge(page, "192.168.2.101")).to_have_attribute("data-holder", "serv02")
    page.keyboard.press("w")
    expect(page.locator(".vl-why")).to_contain_text("what was seen, not why")
    expect(page.locator(".vl-why")).to_contain_text("eth0 of serv01 is set down")
    thing(page, "nic serv01 eth0").click(force=True)
    expect(page.locator(".vl-menu")).to_contain_text("real daemons, recorded")
    assert page.locator(".vl-menu button").count() == 0


def test_a_capture_plays_too(file_page: Callable[..., Any]) -> None:
    from vrrplab.notebook.cluster import cluster

    folder = data_path("recordings", "article_drill1_eth0_down_up")
    page = file_page(cluster(folder / "capture.pcap").trace)
    expect(page.get_by_text("a capture", exact=True)).to_be_visible()
    seek(page, 20)
    expect(badge(page, "192.168.2.101")).to_have_attribute("data-holder", "192.168.2.252")
    expect(page.get_by_text("worked out from the frames")).to_be_visible()


def test_two_masters_are_said_out_loud(live_page: Callable[..., Any]) -> None:
    page = live_page("firewall-closed")
    seek(page, 10)
    assert badge(page, "192.168.2.101").count() == 2
    expect(page.locator(".vl-banner")).to_have_text("serv01 and serv02 both have .101, .102")
    seek(page, 1)
    expect(page.locator(".vl-banner")).to_be_hidden()


def test_a_network_healed_in_part_is_still_broken(file_page: Callable[..., Any]) -> None:
    """Input: a segment loses every frame and is slow; only its speed is healed. Output: it loses all."""
    fault = {"at_s": 10, "action": "segment_fault", "segment": "lan", "loss": 1.0, "latency_s": 0.05}
    heal = {"at_s": 15, "action": "segment_heal", "segment": "lan", "latency_s": 0}
    whole = {"at_s": 20, "action": "segment_heal", "segment": "lan"}
    page = file_page(simulate("lesson-two-routers", actions=[fault, heal, whole], until_s=25))
    seek(page, 12)
    expect(thing(page, "switch lan")).to_have_attribute(
        "aria-label", re.compile("loses every frame, 0.05 s late")
    )
    seek(page, 17)
    expect(thing(page, "switch lan")).to_have_attribute("data-state", "fault")
    expect(thing(page, "switch lan")).to_have_attribute("aria-label", re.compile("loses every frame$"))
    words = "network lan works again in part, but still loses 100 % of all frames"
    expect(page.locator(".vl-log").get_by_text(words)).to_be_visible()
    seek(page, 22)
    expect(thing(page, "switch lan")).to_have_attribute("data-state", "up")


def test_a_service_is_back_with_the_power(file_page: Callable[..., Any]) -> None:
    stop = {"at_s": 5, "action": "service_stop", "server": "proxy-serv01", "service": "squid"}
    off = {"at_s": 8, "action": "power_off", "server": "proxy-serv01"}
    on = {"at_s": 12, "action": "power_on", "server": "proxy-serv01"}
    page = file_page(simulate("article-steady", actions=[stop, off, on], until_s=20))
    at = [page.evaluate(f"{PLAYER}.model.value({t}, 'service', 'proxy-serv01', 'squid')") for t in (7, 9, 15)]
    assert at == ["refusing", "down", "up"]


@pytest.mark.alone
def test_playing_follows_the_clock_at_any_speed(drill: Any) -> None:
    drill.locator("select[aria-label=Speed]").select_option("10")
    begun = moment(drill)  # a film begins shortly before its first action
    drill.get_by_role("button", name="Play (space)").click()
    drill.wait_for_timeout(1000)
    drill.get_by_role("button", name="Pause (space)").click()
    assert 6 < moment(drill) - begun < 14
    stopped = moment(drill)
    drill.wait_for_timeout(150)
    assert moment(drill) == stopped


def test_it_stops_at_the_end_and_starts_again(drill: Any) -> None:
    drill.evaluate(f"{PLAYER}.setSpeed(50)")
    seek(drill, 31.9)
    drill.keyboard.press("Space")
    drill.wait_for_function(f"!{PLAYER}.playing && {PLAYER}.t == 32")
    drill.keyboard.press("Space")
    drill.wait_for_function(f"{PLAYER}.t < 32 && {PLAYER}.playing")


def test_steps_and_jumps(drill: Any) -> None:
    drill.locator(".vrrplab").focus()
    seek(drill, 11.9)
    drill.keyboard.press("Shift+ArrowRight")
    assert moment(drill) == 12
    drill.keyboard.press("Shift+ArrowRight")
    takeover = moment(drill)
    assert 14 < takeover < 16
    drill.keyboard.press("ArrowRight")
    assert takeover < moment(drill) < takeover + 0.1
    drill.keyboard.press("ArrowLeft")
    assert moment(drill) == takeover
    drill.keyboard.press("Shift+ArrowLeft")
    assert moment(drill) == 12
    drill.keyboard.press("Home")
    assert moment(drill) == 0
    drill.keyboard.press("End")
    assert moment(drill) == 32


def test_slider_lanes_and_log_are_one_time(drill: Any) -> None:
    box = drill.locator(".vl-slider svg").bounding_box()
    drill.mouse.click(box["x"] + box["width"] / 2, box["y"] + 14)
    assert moment(drill) == pytest.approx(16, abs=0.2)
    expect(drill.locator(".vl-clock")).to_contain_text("16.0")
    box = drill.locator(".vl-lanes").bounding_box()
    drill.mouse.click(box["x"] + box["width"] - 8, box["y"] + 30)
    assert moment(drill) == pytest.approx(32, abs=0.2)
    seek(drill, 12)
    drill.locator(".vl-row", has_text="BACKUP → MASTER").first.locator(".vl-what").click()
    assert 14 < moment(drill) < 16
    expect(drill.locator(".vl-now")).to_be_visible()


def test_the_future_can_be_hidden(drill: Any) -> None:
    seek(drill, 5)
    expect(drill.locator(".vl-row", has_text="eth0 of serv01 is set down")).to_be_visible()
    drill.get_by_role("button", name="Hide future").click()
    expect(drill.locator(".vl-row", has_text="eth0 of serv01 is set down")).to_be_hidden()
    assert float(drill.locator(".vl-veil").get_attribute("width")) > 100
    drill.keyboard.press("h")
    expect(drill.locator(".vl-row", has_text="eth0 of serv01 is set down")).to_be_visible()


def frame_fields(page: Any) -> dict[str, str]:
    found = page.evaluate(
        "[...document.querySelectorAll('.vl-fields li')].map(x => "
        "[x.querySelector('span').textContent, x.querySelector('b').textContent])"
    )
    return dict(found)


def test_the_frame_under_the_cursor_is_read_byte_by_byte(drill: Any) -> None:
    advert = drill.evaluate(f"{PLAYER}.model.flights.find(f => f.kind == 'advert' && f.t > 2)")
    seek(drill, advert["t"])
    fields = frame_fields(drill)
    assert fields["TTL"] == "255"
    assert fields["priority"] == str(advert["e"]["priority"])
    assert fields["virtual router ID"] == str(advert["e"]["vrid"])
    assert fields["address 1"] == advert["e"]["addresses"][0]
    shown = drill.locator(".vl-hex").inner_text().replace(" ", "").replace("\n", "")
    assert shown == advert["e"]["frame"]
    garp = drill.evaluate(f"{PLAYER}.model.flights.find(f => f.kind == 'garp' && f.t > 14)")
    seek(drill, garp["t"])
    expect(drill.locator(".vl-frame-panel h2")).to_contain_text("Gratuitous ARP")
    assert frame_fields(drill)["sender IP"] == "192.168.2.101"


def test_every_byte_has_a_name(live_page: Callable[..., Any]) -> None:
    """In every kind of frame the simulator sends, VRRPv3 over IPv6 included, no byte is left over."""
    page = live_page(DRILL)
    frames = []
    for name in ("v3_ipv6", "auth_ah", "auth_pass", "v3_ipv4", "use_vmac"):
        from vrrplab.scenario.reader import load_scenario
        from vrrplab.sim.play import run

        trace = run(load_scenario(data_path("recordings", name, "scenario.yaml")), frames=True)
        sent = [e for e in trace if e.event in ("advert_sent", "garp_sent", "na_sent")]
        assert sent
        frames += [(e.event, e.fields) for e in (sent[0], sent[-1], *trace.of("na_sent", "garp_sent")[:1])]
    assert {event for event, _ in frames} == {"advert_sent", "garp_sent", "na_sent"}
    for event, fields in frames:
        bits = page.evaluate(
            "async hex => { const { decodeFrame } = window.vrrplabParts; return decodeFrame(hex); }",
            fields["frame"],
        )
        named = [(f["from"], f["to"]) for f in bits["fields"]]
        assert named[0][0] == 0
        assert named[-1][1] == len(fields["frame"]) // 2
        assert all(a[1] == b[0] for a, b in itertools.pairwise(named))
        assert not [f for f in bits["fields"] if f["layer"] == "rest" and f["name"] == "data"]
        values = {f["name"]: f["value"] for f in bits["fields"]}
        if event == "advert_sent":
            assert values["priority"] == str(fields["priority"])
            assert values["address 1"] == fields["addresses"][0]
        elif event == "na_sent":
            assert values["target"] == fields["address"]
            assert values["target MAC"] == fields["mac"]
        else:
            assert values["sender IP"] == values["target IP"] == fields["address"]


def test_a_frame_on_its_way_can_be_clicked(drill: Any) -> None:
    advert = drill.evaluate(f"{PLAYER}.model.flights.find(f => f.kind == 'advert' && f.t > 2)")
    seek(drill, advert["t"])
    at = frame_on_screen(drill, advert["t"])
    drill.mouse.click(*at)
    expect(drill.locator(".vl-menu-title")).to_contain_text("advert of serv0")
    drill.keyboard.press("Escape")
    seek(drill, 8)
    expect(drill.get_by_text("follow the cursor")).to_be_visible()
