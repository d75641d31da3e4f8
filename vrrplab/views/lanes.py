"""One lane of the timeline at a time: bars, labels and marks on the sheet."""

from __future__ import annotations

from collections.abc import Mapping

from vrrplab.units import seconds
from vrrplab.views import glyphs, style
from vrrplab.views.figure_layout import Paper
from vrrplab.views.style import SMALL
from vrrplab.views.timeline_rows import Lane, Span

LANE_IN = {"state": 0.27, "address": 0.23, "client": 0.25}
BAR_IN = {"state": 0.17, "address": 0.16, "client": 0.15}
MIDDLE_IN = {"state": 0.11, "address": 0.115, "client": 0.125}  # states leave room for the adverts below


def draw_states(paper: Paper, top_in: float, lane: Lane) -> None:
    """Bars with word or letter, and what the instance sent."""
    theme = paper.theme
    middle_in, bar_in = top_in + MIDDLE_IN["state"], BAR_IN["state"]
    for span, seen in paper.spans(lane.spans):
        if span.what == "off":
            line = seen, [middle_in, middle_in]
            paper.axes.plot(*line, color=theme.mute, linewidth=0.9, linestyle=(0, (1, 2)))
            paper.label([span.text], seen, middle_in, theme.mute, behind=theme.page)
            continue
        mark = style.STATE_MARKS.get(span.what, style.STATE_MARKS["INIT"])
        fill, border, ink = style.state_colours(span.what, theme)
        glyphs.bar(paper.axes, theme, seen, middle_in, bar_in, fill, border, mark.hatch, mark.dashed)
        word = mark.word if (seen[1] - seen[0]) * paper.in_per_s > 0.9 else ""
        behind = fill if mark.hatch else None  # letters on a hatched area need a quiet place
        paper.label([word, mark.letter], seen, middle_in, ink, bold=True, behind=behind)
    glyphs.advert_ticks(paper, lane.ticks, lane.zeros, middle_in + bar_in / 2)


def draw_owners(paper: Paper, top_in: float, lane: Lane, short: Mapping[str, str]) -> None:
    """Who had the address; hatched in red where several had it at once. Diamonds: announcements."""
    theme, bar_in = paper.theme, BAR_IN["address"]
    middle_in = top_in + MIDDLE_IN["address"]
    pale, strong = theme.pale[lane.hue % len(theme.pale)], theme.strong[lane.hue % len(theme.strong)]
    paper.axes.plot(paper.window, [middle_in] * 2, color=theme.line, linewidth=0.8, zorder=1)
    announced = paper.moments(lane.diamonds)
    for span, seen in paper.spans(lane.spans):
        several = span.what == "several"
        edge, hatch = (theme.vermillion, "xxxx") if several else (strong, "")
        glyphs.bar(paper.axes, theme, seen, middle_in, bar_in, pale, edge, hatch, False)
        texts = owner_texts(span, short)
        behind = pale if several else None
        paper.label(texts, seen, middle_in, theme.text, bold=several, behind=behind, also_busy=announced)
    glyphs.diamonds(paper.axes, theme, announced, middle_in + bar_in / 2, strong)


def owner_texts(span: Span, short: Mapping[str, str]) -> list[str]:
    """Who had the address, the longest text first; where several had it, how many they were is one, too."""
    names = span.text.split(" + ")
    texts = [span.text, " + ".join(short.get(name, name) for name in names)]
    return [*texts, str(len(names))] if span.what == "several" else texts


def draw_outages(paper: Paper, top_in: float, lane: Lane) -> None:
    """A line for a client that is served, a dashed box with its length where it is not."""
    theme, window, middle_in = paper.theme, paper.window, top_in + MIDDLE_IN["client"]
    line_s = max(window[0], seconds(lane.from_us)), window[1]
    if line_s[0] < line_s[1]:
        paper.axes.plot(line_s, [middle_in] * 2, color=theme.mute, linewidth=1.1, zorder=1)
    taken_s = window[0]
    shown = list(paper.spans(lane.spans))
    following = [seen[0] for _, seen in shown[1:]] + [window[1] + 1e9]
    for (span, seen), next_s in zip(shown, following, strict=False):
        box = seen, middle_in, BAR_IN["client"]
        glyphs.bar(paper.axes, theme, *box, theme.page, theme.vermillion, "", True)
        wide_s = (style.text_width_in(span.text, SMALL) + 0.12) / paper.in_per_s
        if wide_s <= seen[1] - seen[0]:
            paper.label([span.text], seen, middle_in, theme.vermillion)
            taken_s = seen[1]
            continue
        # too short for its label: beside it, where neither an outage nor another label is
        begin_s = seen[1] if seen[1] + wide_s <= window[1] else seen[0] - wide_s
        if begin_s < taken_s or (begin_s >= seen[1] and begin_s + wide_s > next_s):
            taken_s = max(taken_s, seen[1])
            continue
        taken_s = max(seen[1], begin_s + wide_s)
        x = begin_s + wide_s / 2
        style.write(paper.axes, x, middle_in, span.text, theme.vermillion, align="center", behind=theme.page)
