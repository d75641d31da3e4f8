"""Sliders: every move runs and draws again, quickly, and a mistake leaves the picture as it was."""

from __future__ import annotations

import builtins
import struct
import sys
import time
import zlib
from collections.abc import Callable
from dataclasses import replace
from types import ModuleType
from typing import Any

import pytest
from drawn import RECORDINGS, crowd, recording
from matplotlib.figure import Figure

from vrrplab.errors import VrrplabError
from vrrplab.notebook.tuning import OPTIONS, controls_of, panel, tune
from vrrplab.scenario.reader import load_scenario
from vrrplab.sim.play import run
from vrrplab.trace import Trace
from vrrplab.views import style, timeline
from vrrplab.views.live import LiveTimeline
from vrrplab.views.panels import Control, LivePanel, Values, sentence, show
from vrrplab.views.raster import Stamps

DRILL = RECORDINGS / "article_drill3_flag" / "scenario.yaml"
CONTROLS = [Control("which", "which drill", 0, 1, 1, 0)]
DRILLS = ("article_drill1_eth0_down_up", "article_drill2_eth1_down_up")


def one_of_two(values: Values) -> Trace:
    if values["which"] > 1:
        raise VrrplabError("there are two drills")
    return recording(DRILLS[int(values["which"])])


def pixels(data: bytes) -> tuple[int, int, bytes]:
    """Width, height and the unpacked rows of one of our PNGs; the checksums are checked on the way."""
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    at, found = 8, {}
    while at < len(data):
        (size,) = struct.unpack_from("!I", data, at)
        kind, body = data[at + 4 : at + 8], data[at + 8 : at + 8 + size]
        assert struct.unpack_from("!I", data, at + 8 + size)[0] == zlib.crc32(kind + body)
        found[kind] = body
        at += 12 + size
    width, height = struct.unpack_from("!II", found[b"IHDR"])
    return width, height, zlib.decompress(found[b"IDAT"])


class TestLiveTimeline:
    def test_the_picture_is_a_png_of_the_right_size(self) -> None:
        live = LiveTimeline(recording(DRILLS[0]))
        width, height, rows = pixels(live.png(recording(DRILLS[0])))
        assert (width, height) == live.size
        assert len(rows) == height * (width * 4 + 1)

    def test_the_same_trace_gives_the_same_picture_whatever_was_before(self) -> None:
        live = LiveTimeline(recording(DRILLS[0]), to_s=30)
        first = live.png(recording(DRILLS[0]))
        other = live.png(recording(DRILLS[1]))
        assert other != first
        assert live.png(recording(DRILLS[0])) == first

    def test_other_words_on_the_same_paper_look_as_if_drawn_at_once(self) -> None:
        def dropped(at_s: float, loss: float, seed: int) -> Trace:
            fault = {"at_s": at_s, "action": "segment_fault", "segment": "lan", "loss": loss}
            scenario = tune(load_scenario("lesson-two-routers"), loss=0.0)
            return run(replace(scenario, seed=seed).with_actions([fault]))

        one, other = dropped(5, 0.2, 1), dropped(9, 0.35, 22)
        live = LiveTimeline(one, to_s=15)
        first = live.png(one)
        paper = live._paper
        assert live.png(other) == LiveTimeline(other, to_s=15).png(other) != first
        assert live._paper is paper, "not drawn anew"
        assert live.png(one) == first

    def test_any_trace_can_be_drawn(self) -> None:
        live = LiveTimeline(recording(DRILLS[0]), theme="dark")
        for trace in (
            crowd(),
            Trace([]),
            recording("article_split_brain_garp_refresh"),
            recording("sigkill"),
        ):
            pixels(live.png(trace))

    def test_stamps_are_kept(self) -> None:
        stamps = Stamps(100)
        assert stamps.get("MASTER", "#ffffff", True) is stamps.get("MASTER", "#ffffff", True)
        assert stamps.get("MASTER", "#ffffff", True).pixels.any()


class TestLivePanel:
    def test_a_move_changes_picture_and_sentence(self) -> None:
        live = LivePanel(one_of_two, CONTROLS)
        assert live.sentence == "serv02 is MASTER 2.85 s after “serv01 eth0 down”. Longest outage 2.88 s."
        before = live.png
        assert live.set(which=1) != before
        assert "serv02 is MASTER 0.63 s after “serv01 eth1 down”" in live.sentence
        assert "(At first: serv02 is MASTER 2.85 s" in live.sentence
        assert live.reset() == before

    def test_a_mistake_leaves_the_picture(self) -> None:
        live = LivePanel(one_of_two, CONTROLS)
        before, trace = live.png, live.trace
        assert live.set(which=2) == before
        assert live.sentence == "Cannot be run: there are two drills"
        assert live.trace is trace
        with pytest.raises(VrrplabError, match="no slider 'wich': there are which"):
            live.set(wich=1)

    def test_sentences(self) -> None:
        assert sentence(recording("article_steady")) == "No client missed an answer."
        assert sentence(Trace([])) == "No client was there to miss an answer."

    def test_ten_pictures_a_second_and_more(self) -> None:
        """Processor time, so that other work on the machine does not count."""
        scenario = load_scenario(DRILL)
        live = LivePanel(
            lambda values: run(tune(scenario, priority=int(values["priority"]))),
            [Control("priority", "priority", 1, 254, 1, 100)],
        )
        frames = []
        for value in range(60, 220, 10):
            begin = time.process_time()
            live.set(priority=value)
            frames.append(time.process_time() - begin)
        assert min(frames) < 0.1
        assert sorted(frames)[len(frames) // 2] < 0.2, "even on a machine that is busy with something else"

    def test_a_picture_costs_a_fraction_of_a_figure(self) -> None:
        def cost(draw: Callable[[], object]) -> float:
            spent = []
            for _ in range(5):
                begin = time.process_time()
                draw()
                spent.append(time.process_time() - begin)
            return min(spent)

        drill = recording(DRILLS[0])
        live = LiveTimeline(drill)
        live.png(drill)
        whole = cost(lambda: style.render_png(timeline.figure(drill), style.LIGHT, 120))
        assert cost(lambda: live.png(drill)) * 5 < whole


class TestWidgets:
    def test_moving_a_slider_exchanges_the_picture(self) -> None:
        box = show(one_of_two, CONTROLS)
        picture, told, _ = box.children
        before = picture.value
        box.sliders["which"].value = 1
        assert picture.value != before
        assert 'alt="State timeline of' in picture.value
        assert "serv01 eth1 down" in told.value
        reset = box.children[2].children[-1]
        reset.click()
        assert (box.sliders["which"].value, picture.value) == (0, before)

    def test_a_panel_for_a_scenario(self) -> None:
        box = panel(DRILL, ["priority", "fall", "interval"])
        assert list(box.sliders) == ["priority", "fall", "interval"]
        assert box.sliders["priority"].description == "priority of serv02"
        assert box.sliders["fall"].value == 1
        box.sliders["fall"].value = 3
        assert "is MASTER" in box.panel.sentence

    def test_without_ipywidgets_a_still_figure(self, monkeypatch: pytest.MonkeyPatch) -> None:
        real = builtins.__import__

        def without(name: str, *rest: Any) -> Any:
            if name == "ipywidgets":
                raise ImportError(name)
            return real(name, *rest)

        monkeypatch.setattr(builtins, "__import__", without)
        assert isinstance(show(one_of_two, CONTROLS), Figure)

    def test_in_marimo_a_still_figure(self, monkeypatch: pytest.MonkeyPatch) -> None:
        marimo = ModuleType("marimo")
        marimo.running_in_notebook = lambda: True  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, "marimo", marimo)
        assert isinstance(show(one_of_two, CONTROLS), Figure)


class TestTuning:
    def test_only_what_was_said_changes(self) -> None:
        scenario = load_scenario(DRILL)
        changed = tune(scenario, instance="proxy_ip1", server="serv02", priority=42, loss=0.1)
        assert changed.servers["serv02"].node.instance("proxy_ip1").base_priority == 42
        assert changed.servers["serv02"].node.instance("proxy_ip2").base_priority == 255
        assert changed.servers["serv01"].node == scenario.servers["serv01"].node
        assert {segment.loss for segment in changed.segments.values()} == {0.1}
        assert {segment.loss for segment in scenario.segments.values()} == {0.0}
        assert tune(scenario) == scenario

    def test_scripts(self) -> None:
        changed = tune(load_scenario(DRILL), fall=4, rise=3, interval=1.5, weight=-20)
        script = changed.servers["serv01"].node.scripts[0]
        assert (script.fall, script.rise, script.interval_us, script.weight) == (4, 3, 1_500_000, -20)
        tracked = changed.servers["serv01"].node.instance("proxy_ip1").track_scripts
        assert {one.weight for one in tracked} == {-20}

    def test_version_2_counts_whole_seconds(self) -> None:
        two = tune(load_scenario(DRILL), advert_int=2.7).servers["serv01"].node.instances[0]
        assert (two.version, two.advert_interval_us) == (2, 2_000_000)
        three = tune(load_scenario(RECORDINGS / "v3_ipv4" / "scenario.yaml"), advert_int=0.257)
        assert three.servers["serv01"].node.instances[0].advert_interval_us == 250_000

    def test_wrong_names_and_values(self) -> None:
        scenario = load_scenario(DRILL)
        with pytest.raises(VrrplabError, match=r"no server 'serv03' here: .*there are serv01, serv02"):
            tune(scenario, server="serv03")
        with pytest.raises(VrrplabError, match=r"no instance 'V1' here: .*there are proxy_ip1, proxy_ip2"):
            tune(scenario, instance="V1")
        with pytest.raises(VrrplabError, match="priority 256 is out of range: 1 to 255"):
            tune(scenario, priority=256)
        with pytest.raises(VrrplabError, match="no option 'colour': there are priority"):
            controls_of(scenario, ["colour"], "proxy_ip1", "serv01")
        steady = load_scenario(RECORDINGS / "v3_ipv4" / "scenario.yaml")
        with pytest.raises(VrrplabError, match="weight: V1 on serv01 tracks no script"):
            controls_of(steady, ["weight"], "V1", "serv01")

    def test_a_slider_for_every_option(self) -> None:
        controls = controls_of(load_scenario(DRILL), OPTIONS, "proxy_ip1", "serv01")
        assert [control.key for control in controls] == list(OPTIONS)
        assert all(control.low <= control.value <= control.high for control in controls)
