"""The page at the end of the course: what was passed, each guess beside what happened, on a sheet of A4."""

from __future__ import annotations

from html import escape

from vrrplab.exercises.course import OPEN, Course, Lesson, Mark
from vrrplab.exercises.course_map import BOX, STYLE, circle, square
from vrrplab.views.style import LIGHT

_LOOK = f"""
@page {{ size: A4; margin: 11mm 12mm }}
* {{ box-sizing: border-box }}
body {{ margin: 0 auto; max-width: 190mm; padding: 6mm; background: {LIGHT.page}; color: {LIGHT.text};
  font: 7.2pt/1.25 system-ui, "Segoe UI", Roboto, "DejaVu Sans", sans-serif;
  font-variant-numeric: tabular-nums }}
@media print {{ body {{ padding: 0; max-width: none }} .screen {{ display: none }} }}
.screen {{ margin: 0 0 5mm; padding: 2mm 3mm; background: {LIGHT.soft}; font-size: 10pt }}
h1 {{ margin: 0; font-size: 15pt; line-height: 1.2 }} h2 {{ margin: 0 0 .3mm; font-size: 8.4pt }}
header {{ display: flex; justify-content: space-between; align-items: flex-end; gap: 8mm;
  border-bottom: .5mm solid {LIGHT.text}; padding-bottom: 1.5mm; margin-bottom: 2mm }}
header p {{ margin: 0 }} .right {{ text-align: right; white-space: nowrap }}
.name {{ font-size: 11pt; font-weight: 600 }}
main {{ columns: 2; column-gap: 8mm }}
section {{ margin: 0 0 1.4mm }} li {{ break-inside: avoid }} h2 {{ break-after: avoid }}
ul {{ list-style: none; margin: 0; padding: 0 }}
li {{ display: flex; gap: 1.4mm; align-items: flex-start }} li > span {{ flex: 1; min-width: 0 }}
li > em {{ flex: none; max-width: 52%; text-align: right; font-style: normal; color: {LIGHT.mute} }}
li.g > span {{ flex: none }} li.g > em {{ flex: 1; max-width: none }}
.vrrplab-course li svg {{ flex: none; width: 2.9mm; height: 2.9mm; margin-top: .35mm }}
.vrrplab-course {{ max-width: none }}
"""


def page_html(course: Course, name: str, at: str) -> str:
    """The page, whole: no script, nothing from elsewhere. ``name``: the learner's, or "". ``at``: when."""
    day = at.partition("T")[0]
    sections = "".join(_section(lesson) for lesson in course.lessons)
    if course.others:
        sections += _listed("Other guesses", "", [_guess(mark) for mark in course.others])
    who = f'<p class="name">{escape(name)}</p>' if name else ""
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(f'vrrplab: results of {name}' if name else 'vrrplab: results')}</title>"
        f"<style>{STYLE}{_LOOK}</style></head><body>"
        '<p class="screen">This page fits on one sheet of A4: print it from the menu of the browser.</p>'
        f'<div class="vrrplab-course"><header><div>{who}<h1>vrrplab: the course</h1>'
        f"<p>{escape(_sentence(course))}</p></div>"
        f'<p class="right"><time datetime="{escape(day)}">{escape(day)}</time></p></header>'
        f"<main>{sections}</main></div></body></html>\n"
    )


def _sentence(course: Course) -> str:
    return f"{course.summary()}."


def _section(lesson: Lesson) -> str:
    rows = [_exercise(mark) for mark in lesson.exercises] + [_guess(mark) for mark in lesson.guesses]
    return _listed(lesson.number, lesson.title, rows)


def _listed(number: str, title: str, rows: list[str]) -> str:
    return f"<section><h2>{escape(f'{number} {title}'.strip())}</h2><ul>{''.join(rows)}</ul></section>"


def _exercise(mark: Mark) -> str:
    drawn = square(mark._replace(hints=0), 0, 0)
    return _row(
        drawn, mark.about, "" if mark.state == OPEN else mark.told.removeprefix("passed, "), mark.told
    )


def _guess(mark: Mark) -> str:
    close = ", close" if mark.close else ""
    return _row(circle(mark, BOX / 2, BOX / 2), mark.name, f"{mark.told}{close}", mark.told, ' class="g"')


def _row(drawn: str, left: str, right: str, spoken: str, kind: str = "") -> str:
    sign = f'<svg viewBox="0 0 {BOX} {BOX}" role="img" aria-label="{escape(spoken)}">{drawn}</svg>'
    return f"<li{kind}>{sign}<span>{escape(left)}</span><em>{escape(right)}</em></li>"
