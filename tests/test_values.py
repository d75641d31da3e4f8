"""Values: what dataclasses promise, without their price."""

from __future__ import annotations

import dataclasses
import pickle
from typing import ClassVar

import pytest

from vrrplab.values import Record, Value, fresh, replace


class Point(Value):
    """A value with a required field, a default, and one made anew."""

    x: int
    label: str = "a"
    tags: list[int] = fresh(list)
    kind: ClassVar[str] = "point"
    __not_compared__ = ("label",)

    @property
    def double(self) -> int:
        return 2 * self.x


class Counter(Record):
    count: int = 0


def test_fields_are_given_by_position_or_name_with_defaults() -> None:
    point = Point(1, tags=[3])
    assert (point.x, point.label, point.tags, point.double, point.kind) == (1, "a", [3], 2, "point")
    assert Point(1).tags is not Point(1).tags
    assert repr(Point(1)) == "Point(x=1, label='a', tags=[])"


@pytest.mark.parametrize(
    ("arguments", "named"), [((), {}), ((1, "b", [], 4), {}), ((1,), {"x": 2}), ((1,), {"y": 2})]
)
def test_a_wrong_call_is_a_type_error(arguments: tuple[object, ...], named: dict[str, object]) -> None:
    with pytest.raises(TypeError):
        Point(*arguments, **named)  # type: ignore[arg-type]


def test_a_value_cannot_be_changed_and_a_record_can() -> None:
    with pytest.raises(AttributeError):
        Point(1).x = 2  # type: ignore[misc]
    counter = Counter()
    counter.count += 1
    assert counter == Counter(1)
    with pytest.raises(TypeError):
        hash(counter)


def test_equality_leaves_out_what_is_not_compared() -> None:
    assert Point(1, "a") == Point(1, "b")
    assert Point(1) != Point(2)
    assert Point(1) != (1, "a", [])


def test_everybody_takes_it_for_a_dataclass() -> None:
    assert dataclasses.is_dataclass(Point)
    assert [f.name for f in dataclasses.fields(Point)] == ["x", "label", "tags"]
    assert dataclasses.replace(Point(1), x=5) == replace(Point(1), x=5) == Point(5)
    assert dataclasses.asdict(Point(1)) == {"x": 1, "label": "a", "tags": []}
    assert pickle.loads(pickle.dumps(Point(1, "z"))).label == "z"
    match Point(7):
        case Point(7, label=text):
            assert text == "a"
        case _:
            pytest.fail("a pattern does not match")
