"""The same cases as ``interop_play``, simulated: the same stages, the same questions asked of the trace."""

from __future__ import annotations

from interop_cases import V4, Case, Trio
from interop_play import PRIORITIES, VRID, Role, Seen, keepalived_conf, role_of, vrids
from live_bench import config

from vrrplab.config.frr import frr_lines
from vrrplab.live.driver import live_profile
from vrrplab.machine.profiles import KEEPALIVED_227
from vrrplab.scenario.reader import scenario_from_text
from vrrplab.sim.play import run
from vrrplab.trace import Trace
from vrrplab.trace.events import AdvertSentEvent

FRR = "frr-8.4.4"
HOSTS = {"ours": 1, "theirs": 2, "r1": 1, "r2": 2, "r3": 3}
SEGMENTS = "segments: {lan: {subnet: 192.168.2.0/24}, wan: {subnet: 203.0.113.0/24}}\n"


def simulate(case: Case | Trio, frr: str = FRR) -> Seen:
    """What the simulation makes of a case; formulas are left to ``interop_play``. ``frr``: its profile."""
    return _three(case) if isinstance(case, Trio) else _two(case, frr)


def server(host: str, body: dict[str, str], start_at_s: float = 0) -> str:
    """One server of a scenario; ``body``: its text by the key that holds it."""
    number = HOSTS[host]
    addresses = f"[192.168.2.{number}/24, 'fe80::ff:fe00:{number}/64', 'fd00:2::{number}/64']"
    lines = [f"  {host}:", f"    start_at_s: {start_at_s}", "    interfaces:"]
    lines.append(f"      eth0: {{segment: lan, addresses: {addresses}}}")
    lines.append(f"      eth1: {{segment: wan, addresses: [203.0.113.{number}/24]}}")
    for key, text in body.items():
        lines.append(f"    {key}: |" if "\n" in text else f"    {key}: {text}")
        lines += [f"      {line}" for line in text.splitlines()] if "\n" in text else []
    return "\n".join(lines) + "\n"


def play(servers: str, actions: list[tuple[float, str]], duration_s: float) -> Trace:
    """Servers without a profile of their own are what ``live run`` is."""
    done = "".join(f"- {{at_s: {at_s}, action: {action}}}\n" for at_s, action in actions)
    text = f"name: interop\nduration_s: {duration_s}\n{SEGMENTS}servers:\n{servers}actions:\n{done}"
    return run(scenario_from_text(text), profile=live_profile(KEEPALIVED_227))


def body_of(case: Case, role: Role, frr: str) -> dict[str, str]:
    if not role.ours and case.daemon == "frr":
        interval_ms = int(role.every_s * 1000)
        text = frr_lines(
            "eth0", VRID, tuple(role.plain), role.version, role.priority, interval_ms, role.preempt
        )
        return {"profile": frr, "frr": text + case.frr_more}
    text = keepalived_conf(case, role, f"192.168.2.{2 if role.ours else 1}")
    real = case.ours_is_keepalived or not role.ours
    return {"config": text} | ({"profile": "keepalived-2.2.7"} if real else {})


def _two(case: Case, frr: str) -> Seen:
    high, low = ("ours", "theirs") if case.ours_high else ("theirs", "ours")
    unit_s = max(case.interval_s, case.their_interval_s) * 6
    first, second = (high, low) if case.preempts else (low, high)
    stop_s, back_s, cut_s, end_s = (2 + n * unit_s for n in (2, 3, 5, 7))
    late_s = 0 if case.preempts else unit_s  # who comes first stays
    servers = "".join(
        server(host, body_of(case, role_of(case, host), frr), late_s if host == low else 0)
        for host in ("ours", "theirs")
    )
    if not case.works:
        trace = play(servers, [], stop_s)
        return Seen(not sent(trace, low))
    cable = "eth1" if case.group else "eth0"
    actions = [
        (stop_s, f"daemon_stop, server: {high}"),
        (back_s, f"daemon_start, server: {high}"),
        (cut_s, f"carrier_down, server: {first}, interface: {cable}"),
    ]
    trace = play(servers, actions, end_s)
    began_s = sent(trace, high)[0]
    accepts = not [t for t in sent(trace, low) if began_s + 1.5 * case.interval_s < t < stop_s]
    before_s = cut_s - 1.5 * case.interval_s
    if case.preempts:
        preempted = not [t for t in sent(trace, low) if before_s < t < cut_s]
    else:
        preempted = bool([t for t in sent(trace, high) if back_s < t < cut_s])
    return Seen(
        accepts,
        farewell_s=max(takeover(trace, high, low, stop_s, vrid) for vrid in vrids(case)),
        silent_s=takeover(trace, first, second, cut_s, vrids(case)[-1]),
        preempts=preempted,
    )


def _three(case: Trio) -> Seen:
    made = dict(zip(("r1", "r2", "r3"), zip(case.daemons, PRIORITIES, strict=True), strict=True))
    servers = ""
    for host, (name, priority) in made.items():
        plain = tuple(a.partition("/")[0] for a in V4)
        body = {"profile": FRR, "frr": frr_lines("eth0", VRID, plain, 3, priority)}
        if name != "frr":
            body = {"config": config(priority=priority, version=3)}
            body |= {} if name == "vrrplab" else {"profile": "keepalived-2.2.7"}
        servers += server(host, body)
    actions = [
        (10, "daemon_stop, server: r1"),
        (15, "carrier_down, server: r2, interface: eth0"),
        (22, "daemon_start, server: r1"),
    ]
    trace = play(servers, actions, 32)
    quiet = not [t for host in ("r2", "r3") for t in sent(trace, host) if 6 < t < 10]
    return Seen(
        quiet and not [t for t in sent(trace, "r3") if 11 < t < 15],
        farewell_s=takeover(trace, "r1", "r2", 10),
        silent_s=takeover(trace, "r2", "r3", 15),
        preempts=not [t for t in sent(trace, "r3") if t > 28],
    )


def sent(trace: Trace, host: str, vrid: int = VRID) -> list[float]:
    """When its adverts of a virtual router left, the farewells left out."""
    return [e.t_us / 1e6 for e in trace.of(AdvertSentEvent, server=host) if e.vrid == vrid and e.priority]


def takeover(trace: Trace, old: str, new: str, since_s: float, vrid: int = VRID) -> float:
    """From the last advert of one host, its farewell too, to the first of the other after a moment."""
    first_s = next(t for t in sent(trace, new, vrid) if t > since_s)
    adverts = [e for e in trace.of(AdvertSentEvent, server=old) if e.vrid == vrid]
    return first_s - [e.t_us / 1e6 for e in adverts if e.t_us / 1e6 < first_s][-1]
