"""The moving picture of README: a cable is pulled, nobody has the address, another server takes it.

It is drawn from the trace of a simulation, as SVG with CSS animations, because an ``<img>`` runs no script.
One second of the picture is one second of the trace; only while the address moves, all in some milliseconds,
the picture is in slow motion (``SLOW_S``), so that one sees what follows from what. Packets take microseconds
and are drawn for a third of a second. Whoever asks for less motion, or has a viewer without animations, sees
the moment after the takeover with the whole course below it; and so does who takes the picture that is made
``still``.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from math import pi
from typing import NamedTuple

from vrrplab.trace import Trace
from vrrplab.trace.events import ActionEvent, AdvertReceivedEvent, AdvertSentEvent, StateEvent
from vrrplab.views.style import Theme

WIDTH, HEIGHT = 840, 444
SLOW_S = 1.3  # of the picture, for the milliseconds in which the address moves
AFTER_S, FADE_S = 3.6, 0.5  # of the trace, shown after the takeover; and the end of the picture
HOP_S = 0.3  # how long a packet is drawn on its way
PROBE_EVERY_S = 0.4  # of the fifty requests a second so many are drawn

PC, SWITCH_X, CARD_X, CARD_W, CARD_H = (190, 165), 300, 470, 340, 112
ROW_Y = {"holder": 22, "other": 194}  # tops of the two cards
PORT_Y = {who: top + CARD_H / 2 for who, top in ROW_Y.items()}
PILL_X, PILL_W, PILL_H = 490, 226, 40
GAP_Y = 144  # the pill where nobody has it
LEFT, RIGHT, LANE_Y = 126, 810, 344  # of the course below
STRIP = 40  # height of a line of the counter


class Facts(NamedTuple):
    """What the picture says, all of it from the trace; seconds of the trace."""

    holder: str
    other: str
    address: str
    client: str
    heard_s: list[float]  # adverts of the holder, as the other hears them
    pulled_s: float
    taken_s: float
    answered_s: float
    outage_s: float
    said_s: list[float]  # adverts of the other as MASTER
    begin_s: float
    end_s: float


def facts(trace: Trace) -> Facts:
    """Of a trace in which one address moves once, because of a cable. ValueError: it is another story."""
    (address,) = trace.addresses
    (pulled,) = trace.of(ActionEvent)
    (outage,) = (one for one in trace.outages(address) if one.to_s is not None)
    taken_s = next(event.t for event in trace.of(StateEvent) if event.t > pulled.t and event.to == "MASTER")
    holder, other = (trace.owner(address, at_s=at_s) for at_s in (pulled.t - 0.1, taken_s + 0.1))
    if holder is None or other is None or outage.to_s is None:
        raise ValueError("the picture needs an address that goes from one server to another")
    heard_s = [event.t for event in trace.of(AdvertReceivedEvent, server=other) if event.t < pulled.t]
    begin_s = heard_s[-3]
    end_s = taken_s + AFTER_S
    said_s = [e.t for e in trace.of(AdvertSentEvent, server=other) if e.t < end_s - HOP_S]
    client = str(outage.client)
    outage_s = outage.to_s - outage.from_s
    return Facts(
        holder, other, address, client, heard_s[-3:], pulled.t, taken_s, outage.to_s, outage_s, said_s,
        begin_s, end_s,
    )  # fmt: skip


def alt_text(trace: Trace) -> str:
    """The picture in words, for those who cannot see it."""
    fact = facts(trace)
    silence_s = fact.taken_s - fact.heard_s[-1]
    return (
        f"A cluster of two servers. {fact.holder} has the address {fact.address}, answers the client and"
        f" sends an advert each second. Its cable is pulled. {fact.other} hears nothing for"
        f" {silence_s:.1f} s, then takes the address, and the client, {fact.outage_s:.2f} s without an"
        f" answer, is answered again."
    )


REDUCED = "@media (prefers-reduced-motion:reduce){*{animation:none!important}}"


class Clock:
    """Moments of the trace as moments of the picture, both in seconds."""

    def __init__(self, fact: Facts) -> None:
        self.begin_s, self.slow_from_s, self.slow_to_s = fact.begin_s, fact.taken_s, fact.answered_s
        self.loop_s = fact.end_s - fact.begin_s + SLOW_S + FADE_S

    def __call__(self, t_s: float) -> float:
        stretch = (t_s - self.slow_from_s) / (self.slow_to_s - self.slow_from_s)
        return t_s - self.begin_s + SLOW_S * min(max(stretch, 0), 1)


class Style:
    """The rules of the picture's ``<style>``: what moves, and when."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.rules: list[str] = []  # how the still moment looks, where it is not as drawn
        self.motion: list[str] = []

    def text(self, still: bool) -> str:
        """All rules, or those of the still moment alone."""
        return "\n".join([*self.rules] if still else [*self.rules, *self.motion, REDUCED]) + "\n"

    def moves(self, name: str, course: Sequence[tuple[float, str]]) -> None:
        """Class ``name`` follows the course: (second of the picture, declarations)."""
        frames = "".join(f"{self._share(at_s)}{{{what}}}" for at_s, what in course)
        self.motion.append(f"@keyframes {name}{{{frames}}}")
        self.motion.append(f".{name}{{animation:{name} {number(self.clock.loop_s)}s linear infinite}}")

    def shown(self, name: str, spans: Sequence[tuple[float, float]], fade_s: float = 0.15) -> None:
        """Class ``name`` is seen in these spans of the picture and not seen outside them."""
        course = [(0.0, "opacity:0")] if spans[0][0] > 0 else []
        for from_s, to_s in spans:
            if from_s > 0:
                course.append((from_s, "opacity:0"))
            course.append((from_s + fade_s if from_s > 0 else 0.0, "opacity:1"))
            if to_s < self.clock.loop_s:
                course += [(to_s, "opacity:1"), (to_s + fade_s, "opacity:0")]
        course.append((self.clock.loop_s, course[-1][1]))
        self.moves(name, course)

    def _share(self, at_s: float) -> str:
        return f"{number(100 * at_s / self.clock.loop_s, 3)}%"

    def way(self, name: str, points: Sequence[tuple[float, float]], long_s: float) -> None:
        """A packet's way along the points, begun by ``start``; nothing is seen of it before and after."""

        def at(point: tuple[float, float]) -> str:
            return f"transform:translate({number(point[0])}px,{number(point[1])}px)"

        far = [abs(x - u) + abs(y - v) for (x, y), (u, v) in itertools.pairwise(points)]
        course = [(0.0, f"opacity:1;{at(points[0])}")]
        for count, point in enumerate(points[1:], 1):
            course.append((long_s * sum(far[:count]) / sum(far), at(point)))
        course[-1] = (long_s, f"opacity:1;{at(points[-1])}")
        gone = f"opacity:0;{at(points[-1])}"
        self.moves(name, [*course, (long_s + 0.02, gone), (self.clock.loop_s, gone)])

    def start(self, at_s: float) -> str:
        """The style of an element whose ``way`` begins at a second of the picture."""
        return f"animation-delay:{number(at_s - self.clock.loop_s)}s"


def number(value: float, places: int = 2) -> str:
    """Short, and the same on every machine."""
    text = f"{value:.{places}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def tag(name: str, *inside: str, **attributes: float | str) -> str:
    """An element: ``class_`` is its class, and a ``_`` within a name is a dash."""
    words = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{value if isinstance(value, str) else number(value)}"'
        for key, value in attributes.items()
    )
    return f"<{name}{words}>{''.join(inside)}</{name}>" if inside else f"<{name}{words}/>"


def rect(x: float, y: float, width: float, height: float, rx: float, **attributes: float | str) -> str:
    return tag("rect", x=x, y=y, width=width, height=height, rx=rx, **attributes)


def words(text: str, x: float, y: float, class_: str, anchor: str = "middle") -> str:
    return tag("text", text, class_=class_, x=x, y=y, text_anchor=anchor)


def picture(trace: Trace, theme: Theme, *, still: bool = False) -> str:
    """The SVG file's text."""
    fact = facts(trace)
    clock = Clock(fact)
    style = Style(clock)
    pulled, taken, done = clock(fact.pulled_s), clock(fact.taken_s), clock(fact.answered_s)
    end = clock.loop_s
    style.moves(
        "all", [(0, "opacity:0"), (0.25, "opacity:1"), (end - FADE_S, "opacity:1"), (end, "opacity:0")]
    )
    parts = [
        _switch(theme, style, pulled),
        _cables(theme, style, pulled),
        _packets(theme, style, fact, (pulled, taken, done)),
        _client(theme, style, fact, (pulled + 0.2, done)),
        *_servers(theme, style, fact, (pulled, taken)),
        _address(theme, style, fact, (pulled, taken)),
        _course(theme, style, fact, done),
    ]
    sheet = rect(1, 1, WIDTH - 2, HEIGHT - 2, 14, fill=theme.page, stroke=theme.line)
    size = f'viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}"'
    return "\n".join(
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img">',
            "<!-- Made by tools/moving_picture.py (make pictures) from a simulation. Do not edit. -->",
            tag("title", alt_text(trace)),
            f"<style>{_fixed(theme)}{style.text(still)}</style>",
            sheet,
            '<g class="all">',
            *parts,
            "</g>",
            "</svg>\n",
        )
    )


def _fixed(theme: Theme) -> str:
    """What does not move: letters, larger where the picture is small, and how the still moment looks."""
    fonts = 'Inter,system-ui,"Segoe UI",Roboto,"DejaVu Sans",sans-serif'
    return f"""
text{{font-family:{fonts};font-variant-numeric:tabular-nums;fill:{theme.text}}}
.name{{font-size:28px;font-weight:700}}.word{{font-size:20px}}
.pill{{font-size:25px;font-weight:600}}.count{{font-size:27px;font-weight:700}}
.mute{{fill:{theme.mute}}}.on{{fill:{theme.on_colour};font-weight:600}}
.bad{{fill:{theme.vermillion};font-weight:600}}
.gone,.dot{{opacity:0}}
@media (max-width:520px){{.word{{font-size:24px}}.long{{display:none}}}}
"""


def _switch(theme: Theme, style: Style, pulled: float) -> str:
    style.shown("nolink", [(pulled, style.clock.loop_s)], 0.05)
    top, height, x = 34, 268, SWITCH_X - 34
    holder_y, other_y = PORT_Y["holder"], PORT_Y["other"]

    def port(x: float, y: float, **more: float | str) -> str:
        return rect(x, y - 11, 12, 22, 3, **{"fill": theme.mute, **more})

    return "".join(
        (
            rect(
                x, top, 68, height, 10, fill=theme.soft, fill_opacity=0.55, stroke=theme.line, stroke_width=2
            ),
            port(x - 6, PC[1]),
            port(x + 62, holder_y),
            port(x + 62, other_y),
            port(x + 62, holder_y, class_="nolink", fill=theme.vermillion),
            words("switch", SWITCH_X, top + height + 24, "word mute"),
        )
    )


def _cables(theme: Theme, style: Style, pulled: float) -> str:
    holder_y, other_y, plug_x, end_x = PORT_Y["holder"], PORT_Y["other"], SWITCH_X + 34, CARD_X - 4
    hangs, swing = "transform:rotate(-26deg)", ";animation-timing-function:cubic-bezier(.3,1.7,.6,1)"
    there = "transform:none"
    style.moves(
        "cable",
        [(0, there), (pulled, there + swing), (pulled + 0.45, hangs), (style.clock.loop_s, hangs)],
    )
    style.rules.append(f".cable{{{hangs};transform-origin:{CARD_X}px {number(holder_y)}px}}")

    def cable(d: str) -> str:
        return tag("path", d=d, stroke=theme.mute, stroke_width=5, stroke_linecap="round")

    prongs = f"M{plug_x - 8} {number(holder_y - 4)}h8m-8 8h8"
    plug = rect(plug_x - 2, holder_y - 9, 22, 18, 3, fill=theme.text)
    return cable(f"M{PC[0]} {PC[1]}H{SWITCH_X - 42}M{SWITCH_X + 42} {number(other_y)}H{end_x}") + tag(
        "g",
        cable(f"M{plug_x + 12} {number(holder_y)}H{end_x}"),
        plug,
        tag("path", d=prongs, stroke=theme.text, stroke_width=3),
        class_="cable",
    )


def _packets(theme: Theme, style: Style, fact: Facts, moments: tuple[float, float, float]) -> str:
    """Adverts are dots, requests and answers squares, the announcement of the address a diamond."""
    pulled, taken, done = moments
    clock, x, edge = style.clock, SWITCH_X, CARD_X - 8
    at_holder, at_other = PORT_Y["holder"], PORT_Y["other"]
    dead_end = (x, at_holder + 28)
    for server, y in (("1", at_holder), ("2", at_other)):
        way = [(PC[0], PC[1]), (x, PC[1]), (x, y), (edge, y)]
        style.way(f"ask{server}", way, HOP_S)
        style.way(f"reply{server}", way[::-1], HOP_S)
    style.way("lost", [(PC[0], PC[1]), (x, PC[1]), dead_end], HOP_S)
    style.way("advert1", [(edge, at_holder), (x, at_holder), (x, at_other), (edge, at_other)], HOP_S)
    style.way("advert2", [(edge, at_other), (x, at_other), dead_end], HOP_S)
    style.way("garp", [(edge, at_other), (x, at_other), (x, PC[1]), (PC[0], PC[1])], HOP_S + 0.1)
    shown, gone = "opacity:1", "opacity:0"
    style.moves("cross", [(0, shown), (0.25, shown), (0.4, gone), (clock.loop_s, gone)])
    drawn = []

    def square(kind: str, at_s: float, colour: str) -> None:
        drawn.append(rect(-6, -6, 12, 12, 2, class_=f"dot {kind}", fill=colour, style=style.start(at_s)))

    def answered(at_s: float, server: int) -> None:
        square(f"ask{server}", at_s, theme.mute)
        square(f"reply{server}", at_s + HOP_S, theme.green)

    def every(from_s: float, to_s: float) -> list[float]:
        return [from_s + PROBE_EVERY_S * n for n in range(int((to_s - from_s) / PROBE_EVERY_S) + 1)]

    for at_s in every(0.1, pulled - 2 * HOP_S):
        answered(at_s, 1)
    for at_s in every(pulled + 0.02, taken - HOP_S - 0.1):
        square("lost", at_s, theme.vermillion)
        cross = tag(
            "path", class_="gone cross", d="M-7 -7L7 7M-7 7L7 -7", stroke=theme.vermillion, stroke_width=4,
            stroke_linecap="round", style=style.start(at_s + HOP_S),
        )  # fmt: skip
        drawn.append(tag("g", cross, transform=f"translate({x} {number(dead_end[1])})"))
    for at_s in every(done - 2 * HOP_S, clock.loop_s - FADE_S - 2 * HOP_S):
        answered(at_s, 2)
    # The holder's adverts arrive at the moment of the trace, since the other's patience begins anew with
    # them; what the other sends leaves at its moment, the first when the address has arrived.
    adverts = [("advert1", clock(t_s) - HOP_S) for t_s in fact.heard_s]
    adverts += [("advert2", clock(t_s) + (0.3 if t_s == fact.said_s[0] else 0)) for t_s in fact.said_s]
    drawn += [
        tag("circle", r=9, class_=f"dot {kind}", fill=theme.blue, style=style.start(begin_s))
        for kind, begin_s in adverts
        if begin_s > 0
    ]
    diamond, begin = "M0 -13L13 0L0 13L-13 0Z", style.start(taken + 0.32)
    drawn.append(tag("path", d=diamond, class_="dot garp", fill=theme.strong[1], style=begin))
    return "".join(drawn)


def _client(theme: Theme, style: Style, fact: Facts, dark: tuple[float, float]) -> str:
    style.shown("good", [(0, dark[0]), (dark[1], style.clock.loop_s)], 0.08)
    style.shown("dark", [dark], 0.08)
    style.rules.append(".dark{opacity:0}")
    x, y, width, height = 34, 112, 150, 100
    middle_x, middle_y = x + width / 2, y + height / 2

    def screen(kind: str, paper: str, d: str, ink: str) -> str:
        mark = tag(
            "path", d=d, fill="none", stroke=ink, stroke_width=11, stroke_linecap="round",
            stroke_linejoin="round",
        )  # fmt: skip
        return tag("g", rect(x + 8, y + 8, width - 16, height - 16, 5, fill=paper), mark, class_=kind)

    tick = f"M{number(middle_x - 24)} {number(middle_y + 1)}l16 17l31 -36"
    cross = f"M{number(middle_x - 19)} {number(middle_y - 19)}l38 38m-38 0l38 -38"
    foot = f"M{number(middle_x - 16)} {y + height}v18h-16h64h-16v-18"
    return "".join(
        (
            tag("path", d=foot, fill=theme.mute, stroke=theme.mute, stroke_width=4, stroke_linejoin="round"),
            rect(x, y, width, height, 10, fill=theme.page, stroke=theme.mute, stroke_width=4),
            screen("good", theme.pale[0], tick, theme.green),
            screen("dark", theme.soft, cross, theme.vermillion),
            words(fact.client, middle_x, y + height + 48, "word mute"),
        )
    )


def _servers(theme: Theme, style: Style, fact: Facts, moments: tuple[float, float]) -> list[str]:
    pulled, taken = moments
    loop_s = style.clock.loop_s
    style.shown("hold", [(0, pulled)], 0.05)
    style.shown("fault", [(pulled, loop_s)], 0.05)
    style.shown("wait", [(0, taken)], 0.1)
    style.shown("take", [(taken, loop_s)], 0.1)
    style.rules.append(".hold,.wait{opacity:0}")
    states = {
        "holder": [("hold", "MASTER", theme.blue, True), ("fault", "FAULT", theme.vermillion, True)],
        "other": [("wait", "BACKUP", theme.mute, False), ("take", "MASTER", theme.blue, True)],
    }
    right = CARD_X + CARD_W
    drawn = []
    for who, name in (("holder", fact.holder), ("other", fact.other)):
        top = ROW_Y[who]
        drawn.append(rect(CARD_X, top, CARD_W, CARD_H, 12, fill=theme.page))
        drawn.append(rect(CARD_X, top, CARD_W, CARD_H, 12, fill=theme.soft, opacity=0.6))
        for kind, state, colour, filled in states[who]:
            fill, css = (colour, "word on") if filled else ("none", "word mute")
            border = rect(CARD_X, top, CARD_W, CARD_H, 12, fill="none", stroke=colour, stroke_width=3)
            label = rect(right - 144, top + 14, 128, 32, 7, fill=fill, stroke=colour, stroke_width=2)
            drawn.append(tag("g", border, label, words(state, right - 80, top + 38, css), class_=kind))
        boxes, lamps = (
            f"M{CARD_X + 20} {top + 17}h26v11h-26zm0 15h26v11h-26z",
            f"M{CARD_X + 38} {top + 22.5}h3m-3 15h3",
        )
        drawn.append(tag("path", d=boxes, fill=theme.mute))
        drawn.append(tag("path", d=lamps, stroke=theme.page, stroke_width=4))
        drawn.append(words(name, CARD_X + 58, top + 40, "name", "start"))
    return [*drawn, _patience(theme, style, fact)]


def _patience(theme: Theme, style: Style, fact: Facts) -> str:
    """How long the other has heard nothing: a ring that each advert empties, and seconds that are counted."""
    radius = 17
    around = 2 * pi * radius
    clock = style.clock
    limit_s = fact.taken_s - fact.heard_s[-1]
    ring, strip = [], []
    for from_s, to_s in itertools.pairwise([*fact.heard_s, fact.taken_s]):
        full, tenths = (to_s - from_s) / limit_s, round(10 * (to_s - from_s))
        just_before = clock(to_s) - 0.005
        ring += [
            (clock(from_s), f"stroke-dashoffset:{number(around)}"),
            (just_before, f"stroke-dashoffset:{number(around * (1 - full))}"),
        ]
        strip += [
            (clock(from_s), f"transform:none;animation-timing-function:steps({tenths},end)"),
            (just_before, f"transform:translateY({-tenths * STRIP}px)"),
        ]
    for name, course in (("ring", ring), ("strip", strip)):
        style.moves(name, [*course, (clock.loop_s, course[-1][1])])
    x, y = PILL_X + radius + 3, ROW_Y["other"] + 78
    lines = "".join(
        words(f"{tenth / 10:.1f} s", 2, 29 + STRIP * tenth, "count", "start")
        for tenth in range(round(10 * limit_s) + 1)
    )
    filled = tag(
        "circle", class_="ring", cx=x, cy=y, r=radius, fill="none", stroke=theme.vermillion, stroke_width=7,
        stroke_dasharray=around, transform=f"rotate(-90 {x} {y})",
    )  # fmt: skip
    return tag(
        "g",
        tag("circle", cx=x, cy=y, r=radius, fill="none", stroke=theme.line, stroke_width=7),
        filled,
        tag("svg", tag("g", lines, class_="strip"), x=x + 28, y=y - 20, width=90, height=STRIP),
        words("of silence", x + 118, y + 8, "word mute long", "start"),
        class_="wait",
    )


def _address(theme: Theme, style: Style, fact: Facts, moments: tuple[float, float]) -> str:
    """The pill with the address: in the holder's card, nowhere, in the other's card."""
    pulled, taken = moments
    loop_s, y = style.clock.loop_s, ROW_Y["other"] + 58
    at_holder, nowhere, at_other = (
        f"transform:translateY({number(top - y)}px)" for top in (ROW_Y["holder"] + 58, GAP_Y, y)
    )
    soft = ";animation-timing-function:cubic-bezier(.4,0,.2,1)"
    style.moves(
        "pillmove",
        [
            (0, at_holder),
            (pulled, at_holder + soft),
            (pulled + 0.7, nowhere),
            (taken, nowhere + soft),
            (taken + 0.3, at_other),
            (loop_s, at_other),
        ],
    )
    style.shown("solid", [(0, pulled), (taken + 0.2, loop_s)], 0.1)
    style.shown("ghost", [(pulled, taken + 0.25)], 0.1)
    style.rules.append(".ghost{opacity:0}")

    def pill(kind: str, css: str, **more: float | str) -> str:
        box = rect(PILL_X, y, PILL_W, PILL_H, 20, stroke_width=2.5, **more)
        return tag("g", box, words(fact.address, PILL_X + PILL_W / 2, y + 29, f"pill {css}"), class_=kind)

    return tag(
        "g",
        pill("ghost", "bad", fill=theme.page, stroke=theme.vermillion, stroke_dasharray="7 6"),
        pill("solid", "on", fill=theme.strong[0], stroke=theme.strong[0]),
        class_="pillmove",
    )


def _course(theme: Theme, style: Style, fact: Facts, done: float) -> str:
    """Who has the address and whether the client is answered, over time; a cursor uncovers it."""
    per_s = (RIGHT - LEFT) / (fact.end_s - fact.begin_s)
    clock = style.clock

    def x(t_s: float) -> float:
        return LEFT + (t_s - fact.begin_s) * per_s

    def bar(from_s: float, to_s: float, y: float, height: float, **more: float | str) -> str:
        return rect(x(from_s), y, (to_s - from_s) * per_s, height, 5, **more)

    ends = (fact.begin_s, fact.taken_s, fact.answered_s, fact.end_s)
    moves = [(clock(t_s), f"transform:translateX({number(x(t_s) - RIGHT)}px)") for t_s in ends]
    style.moves("cursor", [*moves, (clock.loop_s, "transform:none")])
    style.shown("sum", [(done, clock.loop_s)], 0.2)
    first, second, high = LANE_Y, LANE_Y + 32, 25
    under, middle, out_s = second + high, second + high / 2, fact.answered_s - fact.outage_s
    drawn = [words(fact.client, LEFT - 12, second + 20, "word mute", "end")]
    drawn.append(words("address", LEFT - 12, first + 20, "word mute", "end"))
    held = ((fact.begin_s, fact.pulled_s, fact.holder), (fact.taken_s, fact.end_s, fact.other))
    for from_s, to_s, name in held:
        drawn.append(bar(from_s, to_s, first, high, fill=theme.strong[0]))
        drawn.append(words(name, x((from_s + to_s) / 2), first + 20, "word on"))
    dashed = {"fill": "none", "stroke": theme.vermillion, "stroke_width": 2, "stroke_dasharray": "7 6"}
    drawn.append(bar(fact.pulled_s, fact.taken_s, first + 1, high - 2, **dashed))
    drawn.append(words("nobody", x((fact.pulled_s + fact.taken_s) / 2), first + 20, "word bad"))
    for from_s, to_s in ((fact.begin_s, out_s), (fact.answered_s, fact.end_s)):
        line = f"M{number(x(from_s))} {number(middle)}H{number(x(to_s))}"
        drawn.append(tag("path", d=line, stroke=theme.green, stroke_width=14, stroke_dasharray="4 4"))
    drawn.append(bar(out_s, fact.answered_s, second, high, fill=theme.pale[3]))
    lost = f"{fact.outage_s:.2f} s" + tag("tspan", " no answer", class_="long")
    drawn.append(words(lost, x((out_s + fact.answered_s) / 2), second + 20, "word bad sum"))
    for after_s in range(-int(fact.pulled_s - fact.begin_s), int(fact.end_s - fact.pulled_s) + 1):
        at = x(fact.pulled_s + after_s)
        tick = f"M{number(at)} {under + 3}v6"
        drawn.append(tag("path", d=tick, class_="long", stroke=theme.mute, stroke_width=2))
        said = f"{after_s} s".replace("-", "\N{MINUS SIGN}") if after_s else "0"
        drawn.append(words(said, at, under + 28, "word mute"))
    future = rect(RIGHT, first - 4, RIGHT - LEFT + 2, 2 * high + 15, 0, fill=theme.page, opacity=0.94)
    now = tag("path", d=f"M{RIGHT} {first - 6}v{2 * high + 20}", stroke=theme.text, stroke_width=3)
    drawn.append(tag("g", future, now, class_="cursor"))
    # What the cursor covers is cut off where the course ends.
    return tag("svg", *drawn, x=0, y=0, width=RIGHT + 3, height=HEIGHT)
