"""Writes what is made from vrrplab/trace: docs/trace.md, and the player's words of events and actions.

python tools/trace_page.py            writes both
python tools/trace_page.py --check    exit code 1 if one of them is stale
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import get_args, get_type_hints

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tools.pages import keep  # noqa: E402
from vrrplab.errors import DropReason  # noqa: E402
from vrrplab.output.printable import HIDDEN  # noqa: E402
from vrrplab.trace.events import KINDS, OpenEvent, TraceEvent, layout  # noqa: E402
from vrrplab.trace.vocabulary import FAULTS, Act  # noqa: E402
from vrrplab.views.writing import RIGHT_TO_LEFT  # noqa: E402

PAGE = ROOT / "docs" / "trace.md"
SCRIPT = ROOT / "vrrplab" / "views" / "static" / "vocabulary.js"
MADE = "Made by tools/trace_page.py from vrrplab/trace and vrrplab/errors.py. Do not edit."
TYPES = {
    "dict[str, typing.Any]": "object",
    "str": "text",
    "int": "integer",
    "float": "number",
    "bool": "true or false",
    "None": "null",
}
UNITS = {"_s": "seconds", "_ms": "milliseconds", "_kb": "kB"}

ROW = "{part: string, state: string, mends: string[], sentence: string}"

INTRODUCTION = f"""# What a trace says

<!-- {MADE} -->

A trace is JSON, one event a line, in order of time:

    {{"t": 14.853, "event": "state", "server": "r2", "instance": "V1", "from": "BACKUP", "to": "MASTER", …}}

Every event has `t` (seconds since the start, six decimals) and `event` (its kind). `server` and `instance`
say where it happened, if that can be said. In Python each kind is a class of `vrrplab.trace.events`, and a
field is its attribute, with a `_` where Python needs the word itself: `trace.of(StateEvent)[0].from_`. The
words work as well: `trace.of("state")[0].fields["from"]`. A field that "may be missing" is left out where
there is nothing to say.

## Events
"""

ACTIONS = """
## Actions

An `action` event has the action's word in `action`, and its keys. "Mends" are the actions whose harm it
undoes; a `segment_heal` that names keys undoes those only, and what is left is still there.
[scenario.md](scenario.md) says how each is written, and what it is in reality.

| action | keys | optional keys | afterwards | mends |
|---|---|---|---|---|
"""


def page() -> str:
    """The text of docs/trace.md."""
    return INTRODUCTION + "".join(_kind(kind) for kind in KINDS.values()) + ACTIONS + "".join(_actions())


def _kind(kind: type[TraceEvent]) -> str:
    writers = ", ".join(kind.written_by) or "nobody yet"
    head = f"\n### {kind.event}\n\n{' '.join((kind.__doc__ or '').split())}\nWritten by: {writers}.\n"
    rows = list(_keys(kind) if issubclass(kind, OpenEvent) else _fields(kind))
    return head + ("\n| field | type | unit | meaning |\n|---|---|---|---|\n" + "".join(rows) if rows else "")


def _keys(kind: type[OpenEvent]) -> Iterator[str]:
    for name, (given, meaning) in kind.keys.items():
        yield _row(name, given, meaning)


def _fields(kind: type[TraceEvent]) -> Iterator[str]:
    hints = get_type_hints(kind, include_extras=True)
    for attribute, name, required in layout(kind):
        if name in ("server", "instance", "content"):
            continue
        given, meaning = get_args(hints[attribute])
        allowed = [part for part in _type(given) if required or part != "null"]
        yield _row(name, " or ".join(allowed), meaning + ("" if required else "; may be missing"))


def _type(given: object) -> list[str]:
    text = re.sub(r"<class '(\w+)'>", r"\1", str(given))
    parts = [part.strip() for part in text.split("|")]
    return [f"list of {TYPES[p[5:-1]]}" if p.startswith("list[") else TYPES[p] for p in parts]


def _row(name: str, kind: str, meaning: str) -> str:
    unit = next((unit for end, unit in UNITS.items() if name.endswith(end)), "")
    return f"| `{name}` | {kind} | {unit} | {meaning.replace('|', '&#124;')} |\n"


def _actions() -> Iterator[str]:
    for act in Act:
        mends = ", ".join(f"`{word}`" for word in act.mends)
        state = f"{act.part}: {act.state}" if act.part else "other events tell"
        yield f"| `{act}` | {', '.join(act.needs)} | {', '.join(act.may)} | {state} | {mends} |\n"


def script() -> str:
    """The text of the player's vocabulary.js."""
    actions = {a: {"part": a.part, "state": a.state, "mends": a.mends, "sentence": a.sentence} for a in Act}
    tables = {
        "EVENTS": (
            "kind of event: what it says",
            {w: " ".join((k.__doc__ or "").split()) for w, k in KINDS.items()},
        ),
        "ACTIONS": ("action: what it changes, whose harm it mends, and a sentence over its keys", actions),
        "FAULTS": (
            "what can be wrong with a segment, in a sentence",
            {key: words[1] for key, words in FAULTS.items()},
        ),
        "DROPPED": ("drop reason: in words", {reason.name: reason.value for reason in DropReason}),
    }
    text = f"// The words of events and actions. {MADE}\n"
    for name, (meaning, rows) in tables.items():
        lines = (f"  {key}: {json.dumps(value, ensure_ascii=False)},\n" for key, value in rows.items())
        kind = "string" if isinstance(next(iter(rows.values())), str) else ROW
        text += f"\n/** @type {{Record<string, {kind}>}} {meaning} */\n"
        text += f"export const {name} = {{\n{''.join(lines)}}};\n"
    patterns = {
        "HIDDEN": ("what a page shows as an escape (vrrplab/output/printable.py)", HIDDEN),
        "RIGHT_TO_LEFT": ("a name that goes from right to left (vrrplab/views/writing.py)", RIGHT_TO_LEFT),
    }
    for name, (meaning, pattern) in patterns.items():
        escapes = (c if " " <= c <= "~" else f"\\u{{{ord(c):x}}}" for c in pattern)
        text += f"\n/** As a regular expression: {meaning}. */\n"
        text += f"export const {name} = {json.dumps(''.join(escapes))};\n"
    return text


def main(arguments: list[str]) -> int:
    return keep("trace_page.py", {PAGE: page(), SCRIPT: script()}, arguments)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
