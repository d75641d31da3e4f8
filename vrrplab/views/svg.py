"""The cluster at one moment without anything that moves: an SVG picture, or a few lines of text.

Shown where no widget can run (a page of results, a viewer of notebooks, a terminal), and in the HTML
player until its script has started. Drawn from the trace alone, like everything here.
"""

from __future__ import annotations

from html import escape
from typing import Any, NamedTuple

from vrrplab.output.printable import escaped, printable
from vrrplab.output.text_columns import cut, padded, width, wrap
from vrrplab.trace import Trace
from vrrplab.trace.events import ActionEvent, AdvertSentEvent, InterfaceEvent, PriorityEvent, as_table
from vrrplab.trace.names import probes_of
from vrrplab.trace.vocabulary import DAEMON, PORT, POWER, Act
from vrrplab.units import Micros, micros, seconds
from vrrplab.views.naming import action_text, short_addresses
from vrrplab.views.style import DARK, LIGHT, THEMES, Theme, pictures_html
from vrrplab.views.writing import shown

CARD, GAP, PAD = 224, 46, 20  # pixels
LINE, LETTER = 17, 7.4  # of the title: the height of a line, and the width of its wider letters
TITLE_LINES = 3
LETTERS = {"MASTER": "M", "BACKUP": "B", "FAULT": "F", "INIT": "I", "STOP": "S"}


class _Row(NamedTuple):
    instance: str
    state: str
    priority: int | None


class _Server(NamedTuple):
    name: str
    interfaces: list[tuple[str, str, bool]]  # name, segment, up
    rows: list[_Row]
    addresses: list[str]
    power: bool
    faults: list[str]


class _Missed(NamedTuple):
    """No answer from a target, for so many seconds up to now; or that percentage of its answers."""

    for_s: float
    percent: int | None


class Moment(NamedTuple):
    """What a still shows: read once from the trace."""

    title: str
    at_s: float
    segments: list[tuple[str, str]]  # name, subnet; the one where VRRP is spoken last
    servers: list[_Server]
    clients: list[tuple[str, list[tuple[str, _Missed | None]]]]  # name, (target, None: it answers)
    unheld: list[str]
    short: dict[str, str]


def read_moment(trace: Trace, at_s: float) -> Moment:
    """Everything a still shows, at ``at_s`` seconds."""
    at_us, told = micros(at_s), trace.scenario
    holders = {address: trace.owners(address, at_s) for address in trace.addresses}
    names = as_table(told.get("servers"))
    servers = [_server(trace, name, names.get(name, {}), at_us, holders) for name in trace.servers]
    used = [
        segment for server in servers for name, segment, _ in server.interfaces if name in _spoken_on(trace)
    ]
    main = max(used, key=used.count) if used else ""
    segments = [
        (name, str((value or {}).get("subnet") or ""))
        for name, value in as_table(told.get("segments")).items()
    ]
    segments.sort(key=lambda segment: segment[0] == main)
    unheld = [address for address, who in holders.items() if not who]
    title = str(told.get("description") or trace.name or "trace")
    return Moment(
        title, at_s, segments, servers, _clients(trace, at_us), unheld, short_addresses(trace.addresses)
    )


def _spoken_on(trace: Trace) -> set[str]:
    told = as_table(trace.scenario.get("servers"))
    configured = {i.get("interface") for s in told.values() for i in as_table(s.get("instances")).values()}
    return configured or {e.interface for e in trace.of(AdvertSentEvent)}


def _server(
    trace: Trace, name: str, told: dict[str, Any], at_us: Micros, holders: dict[str, tuple[str, ...]]
) -> _Server:
    up, why, power, daemon = _condition(trace, name, at_us)
    own = [i for i, s in trace.instances if s == name]
    own += [i for i in as_table(told.get("instances")) if i not in own]
    rows = []
    for i in own:
        state = trace.state_at(seconds(at_us), name, i)
        silent = not power and state != "STOP"  # a recording of a power cut holds no last word
        rows.append(_Row(i, "INIT" if silent else state, _priority(trace, name, i, told, at_us)))
    interfaces = [
        (port, str(value.get("segment") or ""), power and up.get(port, True))
        for port, value in as_table(told.get("interfaces")).items()
    ]
    faults = [] if power else ["no power"]
    faults += [f"{port} {why[port]}" for port, _, is_up in interfaces if power and not is_up]
    program = str(told.get("daemon") or "keepalived")
    faults += [f"{program} {daemon}"] if daemon and power else []
    return _Server(name, interfaces, rows, [a for a, who in holders.items() if name in who], power, faults)


def _condition(trace: Trace, name: str, at_us: Micros) -> tuple[dict[str, bool], dict[str, str], bool, str]:
    """(interface -> up, interface -> since when it is not, power, what is wrong with the daemon or "")."""
    up: dict[str, bool] = {}
    why: dict[str, str] = {}
    power, daemon = True, ""
    told: list[ActionEvent | InterfaceEvent] = trace.of(ActionEvent, InterfaceEvent, server=name)
    for event in told:
        if event.t_us > at_us:
            break
        act = event.act if isinstance(event, ActionEvent) else None
        if isinstance(event, InterfaceEvent) or (act and act.part == PORT):
            port = str(event.fields.get("interface", ""))
            is_up = event.up if isinstance(event, InterfaceEvent) else bool(act and act.mends)
            if not is_up and up.get(port, True):
                words = "cable out" if act is Act.CARRIER_DOWN else "down"
                why[port] = f"{words} since {event.t:.3f} s"
            up[port] = is_up
        elif act and act.part == POWER:
            power, daemon = bool(act.mends), ""
        elif act and act.part == DAEMON and event.content.get("process") != "child":
            daemon = "" if act.mends else act.state
    return up, why, power, daemon


def _priority(trace: Trace, server: str, instance: str, told: dict[str, Any], at_us: Micros) -> int | None:
    now: int | None = as_table(told.get("instances")).get(instance, {}).get("priority")
    for event in trace.of(PriorityEvent, server=server, instance=instance):
        if event.t_us <= at_us:
            now = int(event.to)
    return now


def _clients(trace: Trace, at_us: Micros) -> list[tuple[str, list[tuple[str, _Missed | None]]]]:
    """Each client's targets, with the outage that began first of those that last."""
    now: dict[tuple[str, str], _Missed] = {}
    for o in trace.disturbances():
        if o.from_us < at_us and (o.to_us is None or at_us < o.to_us):
            now.setdefault((o.client, o.target), _Missed(seconds(at_us - o.from_us), o.percent))
    clients = as_table(trace.scenario.get("clients"))
    found: dict[str, dict[str, _Missed | None]] = {name: {} for name in clients}
    for name, probe in probes_of(trace.scenario):
        target = str(probe.get("target"))
        found[name][target] = now.get((name, target))
    return [(name, list(rows.items())) for name, rows in found.items()]


# -- words -------------------------------------------------------------------------------------------


def still_text(trace: Trace, at_s: float) -> str:
    """Who is what, who has which address, what is broken and who gets no answer: a line each."""
    moment = read_moment(trace, at_s)
    lines = [f"{moment.title}, at {at_s:.3f} s of {seconds(trace.end_us):.1f} s"]
    if not moment.servers:
        return f"{lines[0]}: nothing happened in this trace"
    wide = max(width(server.name) for server in moment.servers)
    for server in moment.servers:
        rows = ", ".join(
            f"{row.instance} {row.state}" + (f" ({row.priority})" if row.priority is not None else "")
            for row in server.rows
        )
        has = f" · has {', '.join(server.addresses)}" if server.addresses else ""
        bad = f" · {', '.join(server.faults)}" if server.faults else ""
        lines.append(f"  {padded(server.name, wide)}  {rows or 'no instance'}{has}{bad}")
    if moment.unheld and at_s > 0:
        more = f" and {len(moment.unheld) - 4} more" if len(moment.unheld) > 4 else ""
        lines.append(f"  nobody has {', '.join(moment.unheld[:4])}{more}")
    for client, targets in moment.clients:
        for target, missed in targets:
            if missed and missed.percent:
                lines.append(f"  {client}: {missed.percent} % of the questions to {target} are lost")
            elif missed:
                lines.append(f"  {client}: no answer from {target} for {missed.for_s:.1f} s")
    done = [e for e in trace.of(ActionEvent) if e.t <= at_s]
    lines += [f"  last action, at {done[-1].t:.3f} s: {action_text(done[-1], trace)}"] if done else []
    return escaped("\n".join(lines))


# -- picture -----------------------------------------------------------------------------------------


def still_svg(trace: Trace, at_s: float, theme: Theme | None = None) -> str:
    """The cluster at a moment as SVG; without ``theme`` light or dark as the page's reader prefers."""
    return _Drawing(read_moment(trace, at_s), theme).text()


def still_html(trace: Trace, at_s: float) -> str:
    """The same for a notebook: it follows the notebook's theme, and a screen reader says ``still_text``.

    JupyterLab shows an SVG as a picture without words; those of an HTML image it keeps.
    """
    drawings = {name: _Drawing(read_moment(trace, at_s), theme) for name, theme in THEMES.items()}
    pictures = {name: drawing.text().encode() for name, drawing in drawings.items()}
    lines = [" ".join(line.split()) for line in still_text(trace, at_s).splitlines()]
    width, height = drawings["light"].size
    return pictures_html(pictures, ". ".join(lines), {"width": width, "height": height}, "image/svg+xml")


def _rules(theme: Theme) -> str:
    """Style rules that hold inside our own pictures only, wherever they are put."""
    rules = {
        ".page": f"fill:{theme.page}",
        "text": f"fill:{theme.text}",
        ".mute": f"fill:{theme.mute}",
        ".bar": f"fill:{theme.soft};stroke:{theme.line}",
        ".wire": f"stroke:{theme.line}",
        ".card": f"fill:{theme.page};stroke:{theme.line}",
        ".hurt": f"stroke:{theme.vermillion}",
        ".MASTER": f"fill:{theme.blue}",
        ".FAULT": f"fill:{theme.vermillion}",
        ".BACKUP": f"fill:{theme.page};stroke:{theme.mute}",
        ".INIT": f"fill:none;stroke:{theme.mute};stroke-dasharray:3 3",
        ".STOP": f"fill:none;stroke:{theme.mute};stroke-dasharray:3 3",
        ".bad": f"fill:{theme.vermillion}",
        ".on": f"fill:{theme.on_colour}",
    }
    rules |= {f".v{n}": f"fill:{colour}" for n, colour in enumerate(theme.strong)}
    return "".join(f".vrrplab-still {where}{{{what}}}" for where, what in rules.items())


class _Drawing:
    def __init__(self, moment: Moment, theme: Theme | None = None) -> None:
        self.moment = moment
        self.theme = theme
        self.parts: list[str] = []
        self.size = (0, 0)  # pixels, known when it is drawn

    def text(self) -> str:
        moment = self.moment
        servers = moment.servers
        width = max(2 * PAD + len(servers) * CARD + max(0, len(servers) - 1) * GAP, 420)
        left = (width - len(servers) * CARD - max(0, len(servers) - 1) * GAP) / 2
        x_of = {server.name: left + n * (CARD + GAP) for n, server in enumerate(servers)}
        title = wrap(f"{moment.title} · {moment.at_s:.3f} s", int((width - 2 * PAD) / LETTER))
        if len(title) > TITLE_LINES:
            title[TITLE_LINES - 1 :] = [f"… · {moment.at_s:.3f} s"]
        for n, line in enumerate(title):
            self._words(PAD, 24 + LINE * n, line, bold=True)
        y = 40.0 + LINE * (len(title) - 1)
        bars: dict[str, float] = {}
        for name, subnet in moment.segments[:-1]:
            self._bar(left - 8, y, width - 2 * left + 16, name, subnet)
            bars[name] = y + 13
            y += 42
        y += 26 if len(moment.segments) > 1 else 0
        tall = max([self._height(server) for server in servers], default=40)
        under = y + tall + 44
        for name, subnet in moment.segments[-1:]:
            self._bar(left - 8, under, width - 2 * left + 16, name, subnet)
            bars[name] = under + 13
        for server in servers:
            self._server(server, x_of[server.name], y, tall, bars)
        bottom = self._clients(under + 26 if bars else y + tall, width)
        if moment.unheld and moment.at_s > 0:
            names = ", ".join(moment.short.get(a, a) for a in moment.unheld[:6])
            self._words(width / 2, under - 16, f"nobody has {names}", "mute", "middle")
        return self._page(width, bottom)

    def _page(self, width: float, height: float) -> str:
        moment = self.moment
        title = f"{moment.title} · {moment.at_s:.3f} s"
        self.size = round(width), round(height)
        rules = _rules(self.theme or LIGHT)
        if self.theme is None:
            rules += f"@media (prefers-color-scheme: dark){{{_rules(DARK)}}}"
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}" '
            f'viewBox="0 0 {width:.0f} {height:.0f}" role="img" class="vrrplab-still" font-size="12" '
            f'font-family="system-ui, DejaVu Sans, sans-serif">'
            f"<title>{escape(printable(title))}</title><style>{rules}</style>"
            f'<rect class="page" width="100%" height="100%"/>'
            f"{''.join(self.parts)}</svg>"
        )

    def _words(
        self, x: float, y: float, words: str, style: str = "", anchor: str = "start", bold: bool = False
    ) -> None:
        weight = ' font-weight="700"' if bold else ""
        place = f'x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"'
        self.parts.append(f'<text {place} class="{style}"{weight}>{escape(shown(words))}</text>')

    def _box(self, x: float, y: float, w: float, h: float, style: str, radius: int = 6) -> None:
        self.parts.append(
            f'<rect x="{x:.1f}" y="{y:.1f}" width="{w:.1f}" height="{h:.1f}" rx="{radius}" class="{style}"/>'
        )

    def _bar(self, x: float, y: float, w: float, name: str, subnet: str) -> None:
        self._box(x, y, w, 26, "bar")
        words = f"{name} switch" + (f" · {subnet}" if subnet else "")
        self._words(x + 14, y + 17, cut(words, int((w - 28) / 6.5)), "mute")

    def _height(self, server: _Server) -> float:
        return 40 + 28 * len(server.rows) + 28 * max(1, -(-len(server.addresses) // 3)) + 34

    def _server(self, server: _Server, x: float, y: float, tall: float, bars: dict[str, float]) -> None:
        last = self.moment.segments[-1][0] if self.moment.segments else ""
        sides: dict[bool, list[tuple[str, str, bool]]] = {True: [], False: []}
        for port in server.interfaces:
            sides[port[1] != last].append(port)
        places = [
            (x + CARD * (n + 1) / (len(ports) + 1), on_top, port)
            for on_top, ports in sides.items()
            for n, port in enumerate(ports)
        ]
        for px, on_top, (_, segment, up) in places:
            if segment in bars:
                dash = "" if up else ' stroke-dasharray="6 6"'
                edge = y if on_top else y + tall
                style = "wire" if up else "hurt"
                way = f"M{px:.1f} {edge:.1f}V{bars[segment]:.1f}"
                wire = f'<path d="{way}" class="{style}" stroke-width="4"{dash}/>'
                self.parts.insert(0, wire)  # under the switches
        self._box(x, y, CARD, tall, "card hurt" if server.faults else "card", 10)
        self._words(x + 14, y + 28, cut(server.name, 28), bold=True)
        for n, row in enumerate(server.rows):
            top = y + 40 + 28 * n
            self._box(x + 14, top, CARD - 28, 24, "card", 5)
            self._box(x + 14, top, 24, 24, row.state, 5)
            on = "on" if row.state in ("MASTER", "FAULT") else ""
            self._words(x + 26, top + 16.5, LETTERS.get(row.state, row.state[:1]), on, "middle", bold=True)
            self._words(x + 46, top + 16.5, cut(row.instance, 14))
            if row.priority is not None:
                self._words(x + CARD - 22, top + 16.5, f"priority {row.priority}", "mute", "end")
        order = list(self.moment.short)
        for n, address in enumerate(server.addresses):
            bx, by = x + 14 + 66 * (n % 3), y + 46 + 28 * len(server.rows) + 28 * (n // 3)
            self._box(bx, by, 60, 22, f"v{order.index(address) % 6}", 11)
            self._words(
                bx + 30, by + 15, cut(self.moment.short.get(address, address), 9), "on", "middle", bold=True
            )
        for n, words in enumerate(server.faults[:2]):
            self._words(x + 14, y + tall - 30 + 15 * n, cut(words, 34), "bad", bold=True)
        for px, on_top, (name, _, up) in places:
            edge = y if on_top else y + tall
            self._box(px - 22, edge - 9, 44, 18, "card" if up else "card hurt", 4)
            self._words(px, edge + 4, cut(name, 7), "", "middle")

    def _clients(self, y: float, width: float) -> float:
        clients = self.moment.clients
        if not clients:
            return y + 16
        each = min(160.0, (width - 2 * PAD) / len(clients) - 10)
        start = (width - len(clients) * (each + 10) + 10) / 2
        tall = 28 + 16 * max(1, *(len(rows) for _, rows in clients))
        for n, (name, rows) in enumerate(clients):
            x = start + n * (each + 10)
            self.parts.append(f'<path d="M{x + each / 2:.1f} {y}v28" class="wire" stroke-width="4"/>')
            self._box(x, y + 28, each, tall, "card hurt" if any(missed for _, missed in rows) else "card", 8)
            self._words(x + each / 2, y + 46, cut(name, 20), "", "middle")
            for k, (target, missed) in enumerate(rows):
                short = self.moment.short.get(target, target)
                words, look = f"✓ {short} answers", "mute"
                if missed:
                    share = f"loses {missed.percent} %" if missed.percent else f"lost {missed.for_s:.1f} s"
                    words, look = f"✕ {short} {share}", "bad"
                self._words(x + each / 2, y + 62 + 16 * k, cut(words, 24), look, "middle")
        return y + 28 + tall + 14
