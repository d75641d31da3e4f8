"""Captures made for a test: who says what, and when, and the timeline of it."""

from __future__ import annotations

from vrrplab.capture.reader import CapturedFrame
from vrrplab.wire.frames import advert_frame, decode, garp_frame
from vrrplab.wire.vrrp import Advertisement
from vrrplab.witness.timeline import Timeline, timeline_of

ONE, TWO = "192.168.2.251", "192.168.2.252"
MAC = {"192.168.2.1": "02:00:00:00:00:01", ONE: "02:00:00:00:00:fb", TWO: "02:00:00:00:00:fc"}
VIP = "192.168.2.100"


class Wire:
    """A capture in the making: ``at`` seconds, who says what."""

    def __init__(self) -> None:
        self.frames: list[tuple[int, bytes]] = []

    def advert(self, at_s: float, who: str, priority: int, interval_s: float = 1, version: int = 2) -> Wire:
        advert = Advertisement(version, 51, priority, round(interval_s * 1e6), (VIP,))
        return self.raw(at_s, advert_frame(MAC[who], who, "224.0.0.18", advert))

    def adverts(self, from_s: float, to_s: float, who: str, priority: int, interval_s: float = 1) -> Wire:
        at_s = from_s
        while at_s <= to_s + 1e-9:
            self.advert(at_s, who, priority, interval_s, version=2 if interval_s >= 1 else 3)
            at_s += interval_s
        return self

    def garp(self, at_s: float, who: str) -> Wire:
        return self.raw(at_s, garp_frame(MAC.get(who, who), VIP))

    def raw(self, at_s: float, frame: bytes) -> Wire:
        self.frames.append((round(at_s * 1e6), frame))
        return self

    def timeline(self) -> Timeline:
        frames = sorted(self.frames, key=lambda pair: pair[0])
        return timeline_of(
            CapturedFrame(number, t_us * 1000, decode(frame))
            for number, (t_us, frame) in enumerate(frames, 1)
        )


def kinds(timeline: Timeline) -> list[str]:
    return [finding.kind for finding in timeline.findings()]


def text_of(timeline: Timeline, kind: str) -> str:
    return next(finding.text for finding in timeline.findings() if finding.kind == kind)
