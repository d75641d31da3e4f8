"""The map of the course: a row a lesson, a square an exercise, a circle a guess. SVG, or lines of text.

What is done is filled and has a tick, what was tried has a thick edge and a number, what is open is empty:
nobody needs to see the colours. They come from the page's theme; on paper they are those of the light one.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from vrrplab.exercises.course import DONE, OPEN, TRIED, Course, Lesson, Mark
from vrrplab.exercises.messages import Message
from vrrplab.output.page_text import in_columns
from vrrplab.views.style import DARK, LIGHT, Theme

WIDE, HEAD, ROW, BOX, GAP = 720, 26, 32, 20, 5  # units of the drawing, pixels at 720
TITLE_X, COUNT_X, MARKS_X = 44, 288, 306
SIGNS = {DONE: "✔", TRIED: "✘", OPEN: "…"}
GUESS_SIGNS = {DONE: "●", TRIED: "◐", OPEN: "○"}


def _colours(theme: Theme) -> str:
    own = {
        "fg": theme.text,
        "mute": theme.mute,
        "line": theme.line,
        "bg": theme.page,
        "good": theme.strong[0],
    }
    return "".join(f"--vc-{name}:{value};" for name, value in own.items())


STYLE = (
    f".vrrplab-course{{{_colours(LIGHT)}color:var(--vc-fg);max-width:860px;overflow-x:auto}}"
    "@media screen and (prefers-color-scheme:dark){"
    f"body:not([data-jp-theme-light]):not([data-vscode-theme-kind]) .vrrplab-course{{{_colours(DARK)}}}}}"
    "@media screen{body[data-jp-theme-light=false] .vrrplab-course,body[data-vscode-theme-kind*=dark]"
    f" .vrrplab-course{{{_colours(DARK)}}}}}"
    ".vrrplab-course svg{display:block;width:100%;height:auto}"
    # On a phone its letters stay large enough to be read, and it is moved sideways.
    "@media screen{.vrrplab-course>svg{min-width:700px}}"
    ".vrrplab-course text{fill:var(--vc-fg);font:14px system-ui,'Segoe UI',Roboto,'DejaVu Sans',sans-serif}"
    ".vrrplab-course text.m{fill:var(--vc-mute);font-size:12px}"
    ".vrrplab-course text.n{font-weight:600}"
    ".vrrplab-course text.e{text-anchor:end}.vrrplab-course text.c{text-anchor:middle}"
    ".vrrplab-course text.t{font-size:12px;font-weight:700;text-anchor:middle}"
    ".vrrplab-course text.s{font-size:10px}"
    ".vrrplab-course .o{fill:none;stroke:var(--vc-mute);stroke-width:1}"
    ".vrrplab-course .w{fill:none;stroke:var(--vc-fg);stroke-width:2.2}"
    ".vrrplab-course .d{fill:var(--vc-good);stroke:var(--vc-good)}"
    ".vrrplab-course .k{fill:none;stroke:var(--vc-bg);stroke-width:2.4}"
    ".vrrplab-course .k{stroke-linecap:round;stroke-linejoin:round}"
    ".vrrplab-course .p{fill:var(--vc-bg)}.vrrplab-course .h{fill:var(--vc-fg)}"
    ".vrrplab-course .r{stroke:var(--vc-line);stroke-width:1}"
)


def map_html(course: Course) -> str:
    """The map for a page: a picture with an alternative text, in the colours of the page's theme."""
    named = 'tabindex="0" role="group" aria-label="Map of the course"'  # the keyboard moves it sideways, too
    return f'<div class="vrrplab-course" {named}><style>{STYLE}</style>{map_svg(course)}</div>'


def map_svg(course: Course) -> str:
    """The picture alone; ``STYLE`` has its colours."""
    most = max((len(lesson.exercises) for lesson in course.lessons), default=1)
    guesses_x = MARKS_X + most * (BOX + GAP) + 18
    wide = max(
        WIDE, guesses_x + max((len(one.guesses) for one in course.lessons), default=1) * (BOX + GAP) + 8
    )
    parts = [
        f'<text class="m" x="{MARKS_X}" y="16">exercises</text>',
        f'<text class="m" x="{guesses_x}" y="16">guesses</text>',
    ]
    for n, lesson in enumerate(course.lessons):
        y = HEAD + n * ROW
        parts.append(f'<path class="r" d="M0 {y}H{wide}"/>')
        parts += _row(lesson, y + ROW / 2, guesses_x)
    bottom = HEAD + len(course.lessons) * ROW
    parts.append(f'<path class="r" d="M0 {bottom}H{wide}"/>')
    parts += _legend(bottom + 20)
    return (
        f'<svg viewBox="0 0 {wide} {bottom + 36}" role="img" aria-label="{escape(spoken(course))}">'
        f"{''.join(parts)}</svg>"
    )


def spoken(course: Course) -> str:
    """What the map shows, for those who do not see it."""
    lessons = "; ".join(
        f"{one.number} {one.title}: {_count(one.exercises)} exercises, {_count(one.guesses)} guesses".replace(
            " :", ":"
        )
        for one in course.lessons
    )
    return f"Map of the course. {course.summary()}. {lessons}."


def map_lines(course: Course) -> list[str]:
    """The map as text: a line a lesson."""
    wide = max((len(one.title) for one in course.lessons), default=0)
    most = max((len(one.exercises) for one in course.lessons), default=0)
    lines = []
    for one in course.lessons:
        boxes = " ".join(SIGNS[mark.state] for mark in one.exercises)
        circles = " ".join(GUESS_SIGNS[mark.state] for mark in one.guesses)
        lines.append(f"{one.number}  {one.title:<{wide}}  {boxes:<{2 * most}} {circles}".rstrip())
    return lines


def course_text(course: Course) -> str:
    """The map and the list below it, for a terminal."""
    return "\n".join([course.summary(), *_go_on(course), "", *map_lines(course), *list_lines(course)])


def _go_on(course: Course) -> list[str]:
    following = course.next()
    return [f"Go on with {following.name}, {following.about}."] if following else []


def list_lines(course: Course) -> list[str]:
    """A line an exercise and a guess that was made, grouped by notebook."""
    lines = []
    for lesson in course.lessons:
        lines.append("")
        lines += [f"{m.name:<22} {m.about:<48} {SIGNS[m.state]} {m.told}".rstrip() for m in lesson.exercises]
        lines += [_guessed(mark) for mark in lesson.guesses if mark.state != OPEN]
    if course.others:
        lines += ["", *map(_guessed, course.others)]
    return lines


def _guessed(mark: Mark) -> str:
    return f"{mark.name:<22} {GUESS_SIGNS[mark.state]} {mark.told}{', close' if mark.close else ''}"


class MapMessage(Message):
    """What ``progress()`` answers: the list as text, the map and the list behind it in a notebook."""

    __slots__ = ("course",)

    def __init__(self, course: Course, notes: tuple[str, ...]) -> None:
        super().__init__("table", course_text(course), notes=notes)
        self.course = course

    def _repr_html_(self) -> str:
        lines = [self.course.summary(), *_go_on(self.course)]
        notes = "".join(f"<div>! {escape(note)}</div>" for note in self.notes)
        head = f"<div><b>{escape(lines[0])}.</b> {escape(' '.join(lines[1:]))}</div>"
        every = "\n".join(list_lines(self.course)).strip()
        listed = f"<details><summary>As a list</summary>{in_columns(every)}</details>"
        return f"{notes}{head}{map_html(self.course)}{listed}"


def _count(marks: Sequence[Mark]) -> str:
    return f"{sum(mark.state == DONE for mark in marks)} of {len(marks)}"


def _row(lesson: Lesson, y: float, guesses_x: int) -> list[str]:
    done = sum(mark.state == DONE for mark in lesson.exercises)
    parts = [
        f'<text class="n" x="8" y="{y + 5}">{lesson.number}</text>',
        f'<text x="{TITLE_X}" y="{y + 5}">{escape(_short(lesson.title))}</text>',
        f'<text class="m e" x="{COUNT_X}" y="{y + 4}">{done}/{len(lesson.exercises)}</text>',
    ]
    for k, mark in enumerate(lesson.exercises):
        parts.append(square(mark, MARKS_X + k * (BOX + GAP), y - BOX / 2))
    for k, mark in enumerate(lesson.guesses):
        parts.append(circle(mark, guesses_x + k * (BOX + GAP) + BOX / 2, y))
    return parts


def _short(title: str) -> str:
    """A title that fits between its number and the count."""
    return title if len(title) <= 28 else f"{title[:27].rstrip()}…"


def square(mark: Mark, x: float, y: float) -> str:
    """An exercise. One dot below it for each hint."""
    size = f'x="{x + 1:g}" y="{y + 1:g}" width="{BOX - 2}" height="{BOX - 2}" rx="4"'
    if mark.state == DONE:
        body = f'<rect class="d" {size}/><path class="k" d="M{x + 5.5:g} {y + 10.5:g}l3.2 3.4 6-7.4"/>'
    elif mark.state == TRIED:
        told, wide = (str(mark.tries), "t") if mark.tries < 10 else ("9+", "t s")
        body = (
            f'<rect class="w" {size}/><text class="{wide}" x="{x + BOX / 2:g}" y="{y + 14.4:g}">{told}</text>'
        )
    else:
        body = f'<rect class="o" {size}/>'
    first = x + BOX / 2 - 2.5 * (mark.hints - 1)
    dots = "".join(
        f'<circle class="h" cx="{first + 5 * n:g}" cy="{y + BOX + 2.5:g}" r="1.5"/>'
        for n in range(mark.hints)
    )
    return f"<g>{_title(mark)}{body}{dots}</g>"


def circle(mark: Mark, x: float, y: float) -> str:
    """A guess: filled when what happened has been seen, with a tick if it was close."""
    size = f'cx="{x:g}" cy="{y:g}" r="{BOX / 2 - 1:g}"'
    if mark.state == DONE and mark.close:
        body = f'<circle class="d" {size}/><path class="k" d="M{x - 4.5:g} {y + 0.5:g}l3.2 3.4 6-7.4"/>'
    elif mark.state == DONE:
        body = f'<circle class="d" {size}/><circle class="p" cx="{x:g}" cy="{y:g}" r="3"/>'
    elif mark.state == TRIED:
        body = f'<circle class="w" {size}/><text class="t" x="{x:g}" y="{y + 4.3:g}">?</text>'
    else:
        body = f'<circle class="o" {size}/>'
    return f"<g>{_title(mark)}{body}</g>"


def _title(mark: Mark) -> str:
    about = f", {mark.about}" if mark.about else ""
    return f"<title>{escape(f'{mark.name}{about}: {mark.told}')}</title>"


def _legend(y: float) -> list[str]:
    """What the signs mean."""
    blank = Mark("", "", OPEN, "")
    signs = [
        (square, blank._replace(state=DONE, told="passed"), "passed"),
        (square, blank._replace(state=TRIED, tries=2, told="tried twice"), "tried so often"),
        (square, blank._replace(hints=2, told="two hints"), "hints"),
        (circle, blank._replace(state=DONE, close=True, told="close"), "close"),
        (circle, blank._replace(state=DONE, told="compared"), "compared"),
        (circle, blank._replace(state=TRIED, told="guessed"), "guessed"),
    ]
    parts, x = [], 8.0
    for draw, mark, words in signs:
        parts.append(draw(mark, x, y - BOX / 2) if draw is square else draw(mark, x + BOX / 2, y))
        parts.append(f'<text class="m" x="{x + BOX + 6:g}" y="{y + 4:g}">{words}</text>')
        x += BOX + 22 + 7 * len(words)
    return parts
