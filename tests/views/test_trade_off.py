"""The curve of false failovers against detection time: what is on it, drawn and as a table."""

from __future__ import annotations

import pytest

from vrrplab.views import style, trade_off
from vrrplab.views.trade_off import Point

POINTS = [
    Point("0.3", 0.9, None, 700.0, 12),
    Point("0.1", 0.3, 6194.0, 350.0, 12),
    Point("1", 0.0, 12.0, 1.0, 0),  # nobody has taken over yet
]


def test_the_quickest_comes_first_and_what_is_not_known_yet_stays_out() -> None:
    table = trade_off.rows(POINTS, note="24 of 36 runs")
    assert [point.name for point in table.points] == ["0.1", "0.3"]
    assert table.summary() == (
        "What quick detection costs. 0.1: 0.30 s, 6,194 a day; 0.3: 0.90 s, at most 700 a day."
    )


def test_as_a_table_every_point_is_a_row() -> None:
    plain = trade_off.rows(POINTS).plain()
    assert [row.cells for row in plain.rows] == [
        ("0.1", "0.300 s", "6,194", "12"),
        ("0.3", "0.900 s", "at most 700", "12"),
    ]


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("points", [POINTS, []], ids=["two", "none"])
def test_it_is_drawn_and_says_what_it_shows(points: list[Point], theme: str) -> None:
    figure = trade_off.draw(trade_off.rows(points), theme=theme)
    assert style.alt_text(figure).startswith("What quick detection costs.")
    axes = figure.axes[0]
    assert axes.get_yscale() == "log"
    hollow = [line for line in axes.lines if line.get_marker() == "v"]
    assert len(hollow) == sum(point.a_day is None and point.detection_s > 0 for point in points)


@pytest.mark.parametrize("width_in", [3.6, 9.6])
@pytest.mark.parametrize("count", [2, 9, 40, 41])
def test_no_label_lies_on_another_or_leaves_the_page(count: int, width_in: float) -> None:
    points = [
        Point(f"advert_int 0.{n}, segments.lan.loss 0.05", 2.626, None, 720.0, 30) for n in range(count)
    ]
    text = pytest.importorskip("matplotlib.text")
    figure = trade_off.draw(trade_off.rows(points), width_in=width_in)
    figure.canvas.draw()
    boxes = [text.Text.get_window_extent(label) for label in figure.axes[0].texts]  # without the line to it
    assert len(boxes) == (count if count <= 40 else 0)
    assert not [1 for n, one in enumerate(boxes) for two in boxes[n + 1 :] if one.overlaps(two)]
    assert all(box.x0 >= 0 and box.x1 <= figure.bbox.width for box in boxes)
    assert all(box.y0 >= 0 and box.y1 <= figure.bbox.height for box in boxes)


GRID = [
    Point(f"advert_int {advert_int}, loss {loss}", 2.6 * advert_int, a_day, 540.0, 40, f"loss {loss}")
    for advert_int, loss, a_day in ((0.1, 0, None), (0.1, 0.3, 2160.0), (0.3, 0, None), (0.3, 0.3, 900.0))
]


def test_a_line_joins_points_that_differ_in_one_thing() -> None:
    axes = trade_off.draw(trade_off.rows(GRID)).axes[0]
    joined = [list(line.get_ydata()) for line in axes.lines if line.get_marker() == "None"]
    assert joined == [[540.0, 540.0], [2160.0, 900.0]]


def test_names_of_strangers_are_no_formulas() -> None:
    odd = [Point("interface $x_1^2$\u202e", 0.3 * n, 10.0, 9.0, 5) for n in (1, 2)]
    for table in (trade_off.rows(odd), trade_off.rows(odd * 3)):  # beside their points, and in a column
        labels = trade_off.draw(table).axes[0].texts
        assert {label.get_text() for label in labels} == {"interface $x_1^2$\\u202e   10"}
        assert not any(label.get_parse_math() for label in labels)
