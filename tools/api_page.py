"""Writes docs/api.md: every public name of vrrplab, with its signature and its docstring.

python tools/api_page.py            writes it
python tools/api_page.py --check    exit code 1 if it is stale
"""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any, ForwardRef

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import vrrplab  # noqa: E402
from tools.pages import cell, keep, table  # noqa: E402
from vrrplab import errors  # noqa: E402

PAGE = ROOT / "docs" / "api.md"
MADE = "Made by tools/api_page.py from the docstrings. Do not edit."
WIDTH = 90  # of a signature on one line

# What the public names give and take, and the two doors of other rooms that outsiders hold on to.
VALUES = {
    "Scenario": "vrrplab.scenario.model",
    "StateSpan": "vrrplab.trace.spans",
    "OwnerSpan": "vrrplab.trace.spans",
    "Outage": "vrrplab.trace.spans",
    "Phase": "vrrplab.trace.spans",
    "Screen": "vrrplab.notebook.evidence",
    "Capture": "vrrplab.notebook.captures",
    "Frame": "vrrplab.wire.frames",
    "NodeConfig": "vrrplab.config.model",
    "Configurations": "vrrplab.notebook.configs",
    "Table": "vrrplab.notebook.configs",
    "Message": "vrrplab.exercises.messages",
    "Comparison": "vrrplab.lab.comparison",
}
DOORS = {
    "wire.vrrp.Advertisement": "vrrplab.wire.vrrp",
    "columns.read": "vrrplab.columns",
    "columns.Columns": "vrrplab.columns",
}
# Public for the sake of other modules of vrrplab only.
INSIDE = {
    *("Scenario.is_found", "Scenario.added_later", "Scenario.as_cast", "Frame.layers"),
    *("Advertisement.needed_size", "Advertisement.fields_to_send", "Advertisement.unwritable"),
    *("Columns.empty", "Columns.take_over"),
}

INTRODUCTION = f"""# From Python

<!-- {MADE} -->

`import vrrplab` gives the names below; each is fetched when it is first asked for. `help(vrrplab.simulate)`
says what stands here. Examples are run by a test (`tests/test_api_page.py`), in a folder with
[frr-two-routers.pcap](../data/captures/frr-two-routers.pcap) and [the article's two
files](../data/configs/article).

Moments and durations are seconds where a name ends in `_s`, and whole microseconds (`Micros`) where it ends
in `_us`. A `Source` is a `Scenario`, the path of a scenario file, or the name of a built-in one. Whatever a
user can do wrong is a `VrrplabError` of one line: what is wrong, where, and what would be right.
"""

VALUES_HEAD = """
## What they give

Values that the functions return; nobody needs to make one.
"""

DOORS_HEAD = """
## Two doors more

A VRRP message by itself, and captures of millions of frames as columns; the names are stable.
"""


def page() -> str:
    """The text of docs/api.md."""
    return "".join(_parts())


def _parts() -> Iterator[str]:
    yield INTRODUCTION
    listed = dict(re.findall(r"^    (\w+) {2,}(\S.*)$", vrrplab.__doc__ or "", re.MULTILINE))
    for group, names in vrrplab._GROUPS.items():
        yield f"\n## {group}\n\n" + table("name", "is")
        for name in names:
            yield f"| [{name}](#{name.lower()}) | {_markdown(cell(listed[name]))} |\n"
        for name in names:
            yield from _entry(name, getattr(vrrplab, name))
    for head, homes in ((VALUES_HEAD, VALUES), (DOORS_HEAD, DOORS)):
        yield head
        for name, home in homes.items():
            yield from _entry(name, getattr(import_module(home), name.rpartition(".")[2]))


def everything() -> Iterator[tuple[str, Any]]:
    """Every name on the page and what it stands for: functions, classes, their methods and properties."""
    for name in vrrplab.__all__:
        yield from _with_members(name, getattr(vrrplab, name))
    for name, home in (VALUES | DOORS).items():
        yield from _with_members(name, getattr(import_module(home), name.rpartition(".")[2]))


def _with_members(name: str, value: Any) -> Iterator[tuple[str, Any]]:
    yield name, value
    for member, inner in _members(value):
        yield f"{name}.{member}", inner


def _members(value: Any) -> Iterator[tuple[str, Any]]:
    """What is public in a class or a module, in the order in which it stands there."""
    if value is vrrplab.views:
        yield from ((name, getattr(value, name)) for name in ("compare", "save"))
        for view in value._VIEWS:
            module = getattr(value, view)
            yield from (
                (f"{view}.{n}", f) for n, f in vars(module).items() if n in ("rows", "figure", "show")
            )
    elif inspect.ismodule(value):
        yield from (
            (name, inner)
            for name, inner in vars(value).items()
            if inspect.isfunction(inner) and inner.__module__ == value.__name__ and not name.startswith("_")
        )
    elif inspect.isclass(value):
        for name, inner in vars(value).items():
            if name.startswith("_") or f"{value.__name__}.{name}" in INSIDE:
                continue
            if isinstance(inner, classmethod | staticmethod):
                yield name, getattr(value, name)
            elif inspect.isfunction(inner) or isinstance(inner, property):
                yield name, inner


def _entry(name: str, value: Any) -> Iterator[str]:
    yield f"\n### {name}\n"
    if inspect.isfunction(value):
        yield f"\n```python\n{_signature(name, value)}\n```\n"
    yield f"\n{_docstring(value)}\n"
    if value is errors.VrrplabError:
        yield "\n" + table("kind", "is")
        for kind in vars(errors).values():
            if inspect.isclass(kind) and issubclass(kind, value) and kind is not value:
                yield f"| `{kind.__name__}` | {_first(kind)} |\n"
    if value is vrrplab.wire:
        yield "\n" + table("module", "speaks of")
        for path in sorted(Path(*vrrplab.wire.__path__).glob("[a-z]*.py")):
            module = import_module(f"vrrplab.wire.{path.stem}")
            yield f"| `wire.{path.stem}` | {_first(module)} |\n"
    fields = getattr(value, "__annotations__", {}) if inspect.isclass(value) else {}
    fields = {field: kind for field, kind in fields.items() if not field.startswith("_")}
    if fields:
        yield "\n" + table("field", "type")
        for field, kind in fields.items():
            yield f"| `{field}` | `{cell(_type(kind))}` |\n"
    for member, inner in _members(value):
        if isinstance(inner, property):
            kind = inspect.signature(inner.fget).return_annotation if inner.fget else ""
            yield f"\n`{member}: {_type(kind)}`: {_docstring(inner)}\n"
        else:
            yield f"\n```python\n{_signature(member, inner)}\n```\n\n{_docstring(inner)}\n"


def _signature(name: str, function: Any) -> str:
    """As it is written in the source: annotations without quotes, an argument a line if it is long."""
    given = inspect.signature(function)
    words: list[str] = []
    stars = False
    for parameter in given.parameters.values():
        if parameter.name in ("self", "cls"):
            continue
        if parameter.kind == parameter.KEYWORD_ONLY and not stars:
            words.append("*")
        stars = stars or parameter.kind in (parameter.KEYWORD_ONLY, parameter.VAR_POSITIONAL)
        word = {parameter.VAR_POSITIONAL: "*", parameter.VAR_KEYWORD: "**"}.get(
            parameter.kind, ""
        ) + parameter.name
        word += "" if parameter.annotation is parameter.empty else f": {_type(parameter.annotation)}"
        word += "" if parameter.default is parameter.empty else f" = {parameter.default!r}"
        words.append(word)
    result = "" if given.return_annotation is given.empty else f" -> {_type(given.return_annotation)}"
    line = f"{name}({', '.join(words)}){result}"
    if len(line) <= WIDTH:
        return line
    return f"{name}(\n" + "".join(f"    {word},\n" for word in words) + f"){result}"


def _type(annotation: Any) -> str:
    if isinstance(annotation, ForwardRef):
        return annotation.__forward_arg__
    return annotation if isinstance(annotation, str) else inspect.formatannotation(annotation)


def _docstring(value: Any) -> str:
    """As Markdown: examples and drawings as code."""
    parts = []
    for paragraph in (inspect.getdoc(value) or "").split("\n\n"):
        if paragraph.startswith(">>>"):
            parts.append(f"```pycon\n{paragraph}\n```")
        elif paragraph.startswith("    "):
            parts.append(paragraph)
        else:
            parts.append(_markdown(paragraph))
    return "\n\n".join(parts)


def _first(value: Any) -> str:
    """The first paragraph of a docstring, as a cell."""
    return _markdown(cell((inspect.getdoc(value) or "").partition("\n\n")[0]))


def _markdown(text: str) -> str:
    return text.replace("``", "`")


def main(arguments: list[str]) -> int:
    return keep("api_page.py", {PAGE: page()}, arguments)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
