"""Looking at figures without eyes: texts over each other or over the edge, and traces to draw."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from itertools import combinations
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from vrrplab.recording import read_recording
from vrrplab.trace import Trace, TraceEvent, make_event
from vrrplab.units import micros
from vrrplab.views import style

RECORDINGS = Path(__file__).resolve().parent.parent.parent / "data" / "recordings"


@cache
def recording(name: str) -> Trace:
    return read_recording(RECORDINGS / name, frames=True)


def event(t_s: float, name: str, /, **fields: Any) -> TraceEvent:
    """``from_`` and ``to`` for what Python cannot name."""
    return make_event(micros(t_s), name, {key.rstrip("_"): value for key, value in fields.items()})


def state(t_s: float, server: str, to: str, instance: str = "V1", before: str = "INIT") -> TraceEvent:
    return event(t_s, "state", server=server, instance=instance, from_=before, to=to, reason=f"why {to}")


def trace(*events: TraceEvent, end_s: float = 10.0) -> Trace:
    return Trace(sorted(events, key=lambda one: one.t_us), end_us=micros(end_s))


def cast(instances: int = 1, servers: int = 2, vips: int = 1, name: str = "r{}") -> dict[str, Any]:
    """The fields of a scenario event: ``servers`` routers with the same ``instances``."""
    names = [name.format(number) for number in range(1, servers + 1)]
    groups = {
        f"V{i}": {
            "vrid": i,
            "interface": "eth0",
            "priority": 100,
            "virtual_addresses": [f"10.0.{i}.{v}/24" for v in range(1, vips + 1)],
        }
        for i in range(1, instances + 1)
    }
    port = {"segment": "lan", "addresses": ["10.0.0.1/24"]}
    return {
        "name": "made up",
        "description": "two routers",
        "profile": "keepalived-2.2.7",
        "seed": 0,
        "duration_s": 60,
        "origin": "simulation",
        "segments": {"lan": {"subnet": "10.0.0.0/8"}},
        "servers": {
            n: {
                "interfaces": {"eth0": {**port, "mac": f"02:00:00:00:00:0{i}"}},
                "instances": {g: {**c, "priority": 100 + i} for g, c in groups.items()},
            }
            for i, n in enumerate(names)
        },
        "clients": {},
    }


# As strangers give them: many scripts, emoji, accents, mathtext, markup, controls, halves of characters.
NAMES = (
    "服务器甲", "خادم-2", "שרת", "नमस्ते", "bureau 🖥 👨\u200d👩\u200d👧 🇩🇪", "e\u0301\u0302 cafe",
    "$x_1^2$ \\frac{a}{b}", "<&>\"' 100 %", "a\u202eb\x07\u2028c\n", "\udce9\ud800", "very-long-服务器-" * 6,
)  # fmt: skip


def every_script(names: Sequence[str] = NAMES) -> Trace:
    """Each of these names as a server, an instance, a client, an interface, a label, and in the head."""
    fields = cast(instances=2, servers=len(names), vips=2)
    groups = list(fields["servers"]["r1"]["instances"].values())
    fields["name"], fields["description"] = " ".join(NAMES), " · ".join(reversed(NAMES))
    fields["segments"] = {"局域网 شبكة": {"subnet": "10.0.0.0/8"}}
    probes = [{"kind": "icmp", "target": "10.0.1.1", "every_s": 0.1}]
    fields["clients"] = {f"{name}!": {"segment": "局域网 شبكة", "probes": probes} for name in names}
    fields["servers"] = {
        name: {
            "interfaces": {name: {"segment": "局域网 شبكة", "mac": f"02:00:00:00:01:{n:02x}"}},
            "instances": {names[k]: {**group, "interface": name} for k, group in enumerate(groups)},
        }
        for n, name in enumerate(names)
    }  # fmt: skip
    events = [event(0, "scenario", **fields)]
    for n, name in enumerate(names):
        t_s, own = 0.5 + 5 * n, {"server": name, "instance": names[n % 2]}
        events.append(state(t_s, name, "MASTER", names[n % 2], "BACKUP"))
        events.append(event(t_s, "address_added", interface=name, address="10.0.1.1/24", label=name, **own))
        events.append(event(t_s, "advert_sent", vrid=1, priority=100, interval_s=1.0, **own))
        events.append(event(t_s + 2, "action", action="link_down", server=name, interface=name))
        events.append(event(t_s + 2, "script", server=name, script=name, result="fail", exit=1, changed=True))
        events.append(event(t_s + 3, "log", server=name, line=f"({name}) says {name}"))
        missed = {"client": f"{name}!", "kind": "icmp", "target": "10.0.1.1", "lost": 9}
        events.append(event(t_s + 3, "outage", **missed, from_s=t_s + 2, to_s=t_s + 3))
        seen = {"client": f"{name}!", "ip": "10.0.1.1", "mac": f"02:00:00:00:00:{n:02x}"}
        events.append(event(t_s + 1, "neighbour", **seen))
        port = {"segment": "局域网 شبكة", "mac": "02:00:00:00:00:01", "port": f"{name}:{name}"}
        events.append(event(t_s + 1, "mac_learned", **port))
    return trace(*events, end_s=60)


def crowd(servers: int = 3, instances: int = 2, vips: int = 20, actions: int = 14) -> Trace:
    """Long names, many of everything, and mastership going round once every four seconds."""
    fields = cast(instances, servers, vips, "a-rather-long-server-name-{:02d}.example.net")
    fields["name"] = "A scenario whose name says everything there is to say, and then some more " * 2
    fields["description"] = "a long description " * 20
    probes = [{"kind": "icmp", "target": f"10.0.1.{v}", "every_s": 0.1} for v in range(1, vips + 1)]
    fields["clients"] = {"the-computer-of-somebody-with-a-long-name": {"segment": "lan", "probes": probes}}
    names = list(fields["servers"])
    events = [event(0, "scenario", **fields)]
    for number, group in enumerate(fields["servers"][names[0]]["instances"]):
        addresses = fields["servers"][names[0]]["instances"][group]["virtual_addresses"]
        for turn in range(14):
            t_s, master = 0.5 + 4 * turn + number, names[(turn + number) % servers]
            before = names[(turn + number - 1) % servers]
            if turn:
                events.append(state(t_s, before, ("BACKUP", "FAULT")[turn % 2], group, "MASTER"))
            events.append(state(t_s, master, "MASTER", group, "BACKUP"))
            for a in addresses:
                if turn:
                    events.append(event(t_s, "address_removed", server=before, instance=group, address=a))
                events.append(event(t_s, "address_added", server=master, instance=group, address=a))
                bare = a.split("/")[0]
                garp = {"server": master, "instance": group, "interface": "eth0", "address": bare}
                events.append(event(t_s, "garp_sent", mac=f"02:00:00:00:00:0{names.index(master)}", **garp))
            for tick in range(40):
                sent = {"server": master, "instance": group, "vrid": number + 1, "priority": 100}
                events.append(event(t_s + tick / 10, "advert_sent", interval_s=0.1, **sent))
    for number in range(actions):
        down = {"action": "link_down", "server": names[number % servers], "interface": "eth0"}
        events.append(event(1 + 3.9 * number, "action", **down))
    for probe in probes:
        missed = {"client": next(iter(fields["clients"])), "kind": "icmp", "target": probe["target"]}
        events.append(event(33, "outage", **missed, from_s=30.0, to_s=33.0, lost=30))
    return trace(*events, end_s=60)


def troubles(figure: Figure) -> list[str]:
    """Texts that overlap each other or reach over the edge of the figure."""
    canvas: Any = figure.canvas
    with style.look(style.LIGHT):
        canvas.draw()
    renderer = canvas.get_renderer()
    width, height = canvas.get_width_height()
    boxes = []
    for holder in (figure, *figure.axes):
        for text in holder.texts:
            box = text.get_window_extent(renderer)
            clip = text.get_clip_box() if text.get_clip_on() else None
            hidden = clip is not None and not clip.overlaps(box)
            if text.get_text().strip() and text.get_visible() and not hidden:
                boxes.append((text.get_text(), box))
    for axes in figure.axes:
        if axes.axison:
            labels = [label for label in axes.get_xticklabels() if label.get_text()]
            inside = [
                label for label in labels if axes.bbox.x0 - 1 <= _middle(label, renderer) <= axes.bbox.x1 + 1
            ]
            boxes += [(label.get_text(), label.get_window_extent(renderer)) for label in inside]
    found = [
        f"{text!r} reaches over the edge"
        for text, box in boxes
        if box.x0 < 0 or box.y0 < 0 or box.x1 > width or box.y1 > height
    ]
    for (one, a), (other, b) in combinations(boxes, 2):
        wide, tall = min(a.x1, b.x1) - max(a.x0, b.x0), min(a.y1, b.y1) - max(a.y0, b.y0)
        if wide > 1 and tall > 2:  # a pixel of room that letters do not use
            found.append(f"{one!r} over {other!r}")
    return found


def _middle(label: Any, renderer: Any) -> float:
    box = label.get_window_extent(renderer)
    return float(box.x0 + box.x1) / 2
