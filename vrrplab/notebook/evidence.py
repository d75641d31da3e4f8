"""What an administrator would look at after a drill: ``ip a``, logs, and what differs between two files."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from pathlib import Path

from vrrplab import arguments
from vrrplab.errors import VrrplabError, did_you_mean
from vrrplab.output.page_text import COLUMNS, in_columns
from vrrplab.tell import story as _story
from vrrplab.trace import Trace, as_trace
from vrrplab.trace.events import LogEvent
from vrrplab.units import micros

WIDTH = 118


@dataclass(repr=False, eq=False)
class Screen:
    """Text as a terminal shows it; ``str`` and ``print`` give the text alone, ``in`` looks for words in it.

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
        if not self.hang:
            return in_columns(self.text)
        line = f"white-space:pre-wrap;padding-left:{self.hang}ch;text-indent:-{self.hang}ch"
        lines = (f'<div style="{line}">{escape(text) or " "}</div>' for text in self.text.split("\n"))
        return f'<div tabindex="0" style="{COLUMNS}">{"".join(lines)}</div>'


def story(trace: Trace, width: int = WIDTH) -> Screen:
    """A drill as the article tells it: what was done, both logs side by side, ``ip a`` on both servers.

    ``width``: in characters, at least 40. It shows itself in a notebook; ``print`` and ``str`` give the
    text. VrrplabError: not a trace, or not such a width.

    >>> told = vrrplab.story(vrrplab.simulate("article-drill-1-lan-nic"))
    >>> "14.626 (proxy_ip1) Entering MASTER STATE" in told
    True
    """
    return Screen(_story.render(as_trace(trace, "story()"), arguments.whole(width, "width", 40)))


def ip_a(trace: Trace, server: str, at_s: float, interface: str = "eth0") -> Screen:
    """What ``ip a show eth0`` prints on a server at a moment.

    ``at_s``: seconds from the start of the run. ``interface``: another one than eth0. VrrplabError: not a
    trace, one without such a server or interface, or a moment that is no number.

    >>> vrrplab.ip_a(vrrplab.simulate("article-drill-1-lan-nic"), "proxy-serv01", 10)
    proxy-serv01 at 10 s$ ip a show eth0
    2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 state UP
        link/ether 02:00:00:00:00:fb brd ff:ff:ff:ff:ff:ff
        inet 192.168.2.251/24 scope global eth0
        inet 192.168.2.101/24 scope global secondary eth0:1
    """
    names = as_trace(trace, "ip_a()").names
    names.interface(interface, names.server(server))
    at_s = arguments.number(at_s, "at_s")
    lines = _story.ip_address_show(trace, server, interface, micros(at_s))
    return Screen("\n".join([f"{server} at {at_s:g} s$ ip a show {interface}", *lines]))


def logs(trace: Trace, from_s: float, to_s: float, server: str = "", *, words: str = "") -> Screen:
    """keepalived's own log lines between two moments, of one server or of all.

    ``from_s``, ``to_s``: seconds from the start of the run. ``server`` "": all of them. ``words``: only
    lines that say these. VrrplabError: not a trace, no such server in it, or a moment that is no number.

    >>> vrrplab.logs(vrrplab.simulate("article-drill-1-lan-nic"), 11, 13, "proxy-serv01")
        12.000  proxy-serv01  Netlink reports eth0 down
        12.000  proxy-serv01  (proxy_ip1) Entering FAULT STATE
        12.000  proxy-serv01  (proxy_ip1) sent 0 priority
        12.000  proxy-serv01  (proxy_ip1) removing VIPs.
        12.000  proxy-serv01  (proxy_ip2) Entering FAULT STATE
    """
    as_trace(trace, "logs()")
    from_s, to_s = arguments.number(from_s, "from_s"), arguments.number(to_s, "to_s")
    if server:
        trace.names.server(server)
    arguments.text(words, "words")
    chosen = [e for e in trace.of(LogEvent, server=server) if from_s <= e.t <= to_s and words in e.line]
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


def events(trace: Trace, kind: str, from_s: float = 0, to_s: float | None = None, server: str = "") -> Screen:
    """What happened of one kind between two moments, a line each.

    ``kind``: ``"script"``, ``"state"``, as docs/trace.md lists them. ``to_s`` None: to the end. ``server``
    "": all of them. VrrplabError: not a trace, no such kind or server, or a moment that is no number.

    >>> vrrplab.events(vrrplab.simulate("article-steady"), "script", 2, 6, "proxy-serv01")
        3.008000 proxy-serv01   script          chk_squid_service: pass (exit 0)
    """
    from vrrplab.tell.lines import line

    as_trace(trace, "events()")
    from_s = arguments.number(from_s, "from_s")
    to_s = trace.end_us / 1e6 if to_s is None else arguments.number(to_s, "to_s")
    found = [line(e) for e in trace.of(arguments.text(kind, "kind"), server=server) if from_s <= e.t <= to_s]
    return Screen("\n".join(found) or "(nothing)")


def differences(before: str | bytes, after: str | bytes) -> Screen:
    """What differs: between two texts the lines that went (-) and came (+), between two frames the bytes.

    VrrplabError: not two texts, and not two frames.

    >>> vrrplab.differences("priority 255", "priority 254")
    - priority 255
    + priority 254
    >>> vrrplab.differences(bytes([1, 2, 3]), bytes([1, 7, 3]))
    byte 1: 02 and 07
    """
    if isinstance(before, bytes) and isinstance(after, bytes):
        found = [
            f"byte {place}: {one:02x} and {other:02x}"
            for place, (one, other) in enumerate(zip(before, after, strict=False))
            if one != other
        ]
        if len(before) != len(after):
            found.append(f"{len(before)} bytes and {len(after)} bytes")
        return Screen("\n".join(found) or "not one byte differs")
    from difflib import ndiff

    one, other = arguments.text(before, "the first text"), arguments.text(after, "the second text")
    lines = [text.rstrip() for text in ndiff(one.splitlines(), other.splitlines())]
    return Screen("\n".join(text for text in lines if text[:1] in ("+", "-")) or "not one line differs")


def recorded(name: str, run: int = 0, *, frames: bool = False) -> Trace:
    """The trace of a recording of the real keepalived that comes with vrrplab.

    ``name``: as data/recordings/INDEX.md has it. ``run``: which of its repetitions, from 0. ``frames``:
    with the bytes that were captured (run 0 only). VrrplabError: no recording has that name, or this one
    no such run.

    >>> vrrplab.recorded("article_drill1_cable").owner("192.168.2.101", 16)
    'serv02'
    """
    from vrrplab.recording import read_recording

    return read_recording(_folder(name), arguments.whole(run, "run", 0), frames=frames)


def replayed(name: str) -> Trace:
    """The simulation of a recording's network, files and actions, to set beside ``recorded(name)``.

    VrrplabError: no recording has that name.

    >>> vrrplab.replayed("article_drill1_cable").owner("192.168.2.101", 16)
    'serv02'
    """
    from vrrplab.notebook.simulate import simulate

    return simulate(_folder(name))


def written(name: str) -> Screen:
    """What the scripts of a recording wrote into their files, line by line.

    ``name``: as data/recordings/INDEX.md has it. VrrplabError: no recording has that name.

    >>> print(str(vrrplab.written("notify_scripts")).splitlines()[0])
    1795341163.285984421 serv02:notify argc=4 args=[INSTANCE V1 BACKUP 100]
    """
    from vrrplab.recording import read_observed

    observed = read_observed(_folder(name))
    return Screen("\n".join(str(text).rstrip() for text in observed.get("files", {}).values()) or "(no file)")


def _folder(name: str) -> Path:
    from vrrplab.data_files import data_path

    folder = data_path("recordings")
    if not isinstance(name, str) or not (folder / name / "observed.json").is_file():
        known = [path.name for path in folder.iterdir() if path.is_dir()]
        hint = did_you_mean(str(name), known) or "data/recordings/INDEX.md lists them"
        raise VrrplabError(f"there is no recording {name!r}: {hint}")
    return folder / name
