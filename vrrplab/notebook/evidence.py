"""What an administrator would look at after a drill: ``ip a``, and both logs side by side."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from pathlib import Path

from vrrplab import arguments
from vrrplab.errors import VrrplabError, did_you_mean
from vrrplab.tell import story as _story
from vrrplab.trace import Trace, as_trace
from vrrplab.trace.events import LogEvent
from vrrplab.units import micros

WIDTH = 118
MONO = "font-family:var(--jp-code-font-family,monospace),monospace"


@dataclass(repr=False, eq=False)
class Screen:
    """Text as a terminal shows it; ``str`` and ``print`` give the text alone.

    ``hang``: a line that is too long for the page goes on below, this many characters from the left;
    without it such a line is scrolled.
    """

    text: str
    hang: int = 0

    def __post_init__(self) -> None:
        self.text = self.text.rstrip("\n")

    def __repr__(self) -> str:
        return self.text

    def __contains__(self, words: str) -> bool:
        return words in self.text

    def _repr_html_(self) -> str:
        style = f"{MONO};font-size:0.86em;line-height:1.25;margin:0.3em 0;overflow-x:auto;white-space:pre"
        if not self.hang:
            return f'<pre style="{style}">{escape(self.text)}</pre>'
        line = f"white-space:pre-wrap;padding-left:{self.hang}ch;text-indent:-{self.hang}ch"
        lines = (f'<div style="{line}">{escape(text) or " "}</div>' for text in self.text.split("\n"))
        return f'<div style="{style}">{"".join(lines)}</div>'


def story(trace: Trace, width: int = WIDTH) -> Screen:
    """A drill as the article tells it: what was done, both logs side by side, ``ip a`` on both servers.

    ``width`` in characters, at least 40. VrrplabError: not a trace, or not such a width.
    """
    return Screen(_story.render(as_trace(trace, "story()"), arguments.whole(width, "width", 40)))


def ip_a(trace: Trace, server: str, at_s: float, interface: str = "eth0") -> Screen:
    """What ``ip a show eth0`` prints on a server at a moment (seconds).

    VrrplabError: not a trace, or one without such a server or interface.
    """
    arguments.known(server, "server", as_trace(trace, "ip_a()").servers, "in this trace")
    arguments.known(interface, "interface", _interfaces(trace, server), f"on {server}")
    at_s = arguments.number(at_s, "at_s")
    lines = _story.ip_address_show(trace, server, interface, micros(at_s))
    return Screen("\n".join([f"{server} at {at_s:g} s$ ip a show {interface}", *lines]))


def _interfaces(trace: Trace, server: str) -> list[str]:
    """Those of the cast, then any other that something happened to."""
    cast = trace.scenario.get("servers", {}).get(server, {}).get("interfaces", {})
    seen = [str(e.fields["interface"]) for e in trace.of(server=server) if e.fields.get("interface")]
    return list(dict.fromkeys([*cast, *seen]))


def logs(trace: Trace, from_s: float, to_s: float, server: str = "") -> Screen:
    """keepalived's own log lines between two moments (seconds), of one server or of all.

    VrrplabError: not a trace, no such server in it, or a moment that is no number.
    """
    as_trace(trace, "logs()")
    from_s, to_s = arguments.number(from_s, "from_s"), arguments.number(to_s, "to_s")
    if server:
        arguments.known(server, "server", trace.servers, "in this trace")
    chosen = [e for e in trace.of(LogEvent, server=server) if from_s <= e.t <= to_s]
    lines: list[str] = []
    before, count = ("", ""), 0
    for event in chosen:
        this = (event.server, str(event.line))
        count = count + 1 if this == before else 1
        if count > 1:
            lines.pop()
        times = f"  ({count} times)" if count > 1 else ""
        lines.append(f"{event.t:10.3f}  {event.server}  {this[1]}{times}")
        before = this
    hang = 10 + 2 + max((len(event.server) for event in chosen), default=0) + 2  # below the words
    return Screen("\n".join(lines) or "(no line)", hang)


def recorded(name: str, run: int = 0, *, frames: bool = False) -> Trace:
    """The trace of a recording of the real keepalived, by its name in data/recordings/INDEX.md.

    ``run`` counts its repetitions; ``frames``: with the bytes that were captured (run 0 only). VrrplabError:
    no recording has that name, or this one no such run.
    """
    from vrrplab.recording import read_recording

    return read_recording(_folder(name), arguments.whole(run, "run", 0), frames=frames)


def replayed(name: str) -> Trace:
    """The simulation of a recording's network, files and actions: to set beside ``recorded(name)``.

    VrrplabError: no recording has that name.
    """
    from vrrplab.notebook.simulate import simulate

    return simulate(_folder(name))


def written(name: str) -> Screen:
    """What the scripts of that recording wrote into their files, line by line.

    VrrplabError: no recording has that name.
    """
    import json

    observed = json.loads((_folder(name) / "observed.json").read_text(encoding="utf-8"))
    return Screen("\n".join(str(text).rstrip() for text in observed.get("files", {}).values()) or "(no file)")


def _folder(name: str) -> Path:
    from vrrplab.data_files import data_path

    folder = data_path("recordings")
    if not isinstance(name, str) or not (folder / name / "observed.json").is_file():
        known = [path.name for path in folder.iterdir() if path.is_dir()]
        hint = did_you_mean(str(name), known) or "data/recordings/INDEX.md lists them"
        raise VrrplabError(f"there is no recording {name!r}: {hint}")
    return folder / name
