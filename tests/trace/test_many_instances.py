"""A cluster of hundreds of instances is told in time in proportion to their number."""

from __future__ import annotations

from tests.lines_run import lines_run
from vrrplab import Trace, at, own_cluster, simulate, variant
from vrrplab.tell import table


def cluster(instances: int) -> Trace:
    """A card fails that all instances of a server use."""
    files = {
        name: "".join(
            f"vrrp_instance V{i} {{\n interface eth0\n virtual_router_id {i + 1}\n priority {priority}\n"
            f" advert_int 5\n virtual_ipaddress {{\n 10.0.0.{i + 50}/8\n }}\n}}\n"
            for i in range(instances)
        )
        for name, priority in (("r1", 200), ("r2", 100))
    }
    off = at(16, "carrier_down", server="r1", interface="eth0")
    return simulate(variant(own_cluster(**files), off, duration_s=17))


def test_twice_as_many_instances_take_twice_as_long_to_tell() -> None:
    traces = [cluster(n) for n in (15, 30, 60)]
    table.render(traces[0])  # what is imported and remembered on the way counts for nobody
    few, some, many = (lines_run(lambda trace=trace: table.render(trace)) for trace in traces)
    assert (many - some) < 2.4 * (some - few)


def test_questions_about_one_moment_share_what_is_known_of_it() -> None:
    trace = cluster(30)

    def ask() -> list[str]:
        return [trace.why(17, "r1", f"V{i}") for i in range(30)]

    first, later = lines_run(lambda: trace.why(17, "r1", "V0")), lines_run(ask)
    assert later < 4 * first
    assert ask()[3].startswith("FAULT since 16.000 s: interface eth0 is down (since 16.000 s)")


def test_what_is_kept_of_a_moment_is_not_kept_when_more_has_happened() -> None:
    trace = cluster(1)
    last = next(e for e in reversed(trace.events) if e.event == "state" and e.server == "r1")
    trace.events.remove(last)
    before = trace.why(17, "r1", "V0")
    trace.events.append(last)
    assert trace.why(17, "r1", "V0").startswith("FAULT")
    assert before.startswith("MASTER")


def left_behind(addresses: int) -> Trace:
    """A daemon is killed, and its addresses are on both servers from then on."""
    rows = "\n".join(f"10.1.{n // 200}.{n % 200}/32" for n in range(addresses))
    files = {
        name: f"vrrp_instance V {{\n interface eth0\n virtual_router_id 5\n priority {priority}\n"
        f" virtual_ipaddress {{\n{rows}\n}}\n}}\n"
        for name, priority in (("r1", 200), ("r2", 100))
    }
    return simulate(variant(own_cluster(**files), at(6, "daemon_kill", server="r1"), duration_s=12))


def test_many_addresses_on_two_servers_are_explained_in_one_go() -> None:
    traces = [left_behind(n) for n in (20, 40, 80)]
    left_behind(1).on_several()  # what is imported on the way counts for nobody
    few, some, many = (lines_run(trace.on_several) for trace in traces)
    assert (many - some) < 2.4 * (some - few)
    assert len(traces[2].on_several()) == 80
    assert "from a daemon that was killed at 6.000 s" in traces[2].on_several()[79][1]
