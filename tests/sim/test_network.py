"""The switch, hosts and caches: who gets a frame, who is believed, and for how long."""

from __future__ import annotations

from dataclasses import replace

import pytest

from vrrplab import at, load_scenario, simulate, variant
from vrrplab.scenario.parts import Segment, Service
from vrrplab.sim.addresses import Address, Addresses
from vrrplab.sim.host import Host
from vrrplab.sim.nic import Nic
from vrrplab.sim.rng import Chance
from vrrplab.sim.scheduler import ACTION, CLIENT, PACKET, TIMER, Scheduler
from vrrplab.sim.services import RunningService
from vrrplab.sim.switch import Switch
from vrrplab.wire.frames import arp_request_frame, garp_frame


class Lan:
    """Three hosts on one switch."""

    def __init__(self, **segment: object) -> None:
        self.scheduler = Scheduler()
        self.changes = 0
        self.learned: list[tuple[str, str | None]] = []
        self.switch = Switch(
            Segment("lan", **segment),  # type: ignore[arg-type]
            self.scheduler,
            Chance(1),
            self.changed,
            lambda _segment, mac, port: self.learned.append((mac, port)),
        )
        self.hosts = [self.host(n) for n in (1, 2, 3)]

    def changed(self) -> None:
        self.changes += 1

    def host(self, number: int) -> Host:
        host = Host(f"h{number}", self.scheduler, self.changed)
        host.add_nic("eth0", f"02:00:00:00:00:0{number}", self.switch, (f"10.0.0.{number}/24",))
        return host

    def nic(self, number: int) -> Nic:
        return self.hosts[number - 1].nics["eth0"]

    def resolve(self, number: int, address: str) -> list[str | None]:
        """What host ``number`` learns about an address; empty while it waits."""
        answers: list[str | None] = []
        self.hosts[number - 1].neighbors.find(address, self.nic(number), answers.append)
        return answers


def test_at_one_moment_actions_come_first_then_packets_timers_and_clients() -> None:
    scheduler, order = Scheduler(), []
    for rank in (CLIENT, TIMER, PACKET, ACTION, ACTION):
        scheduler.at(5, rank, order.append, rank)
    scheduler.run_until(5)
    assert order == [ACTION, ACTION, PACKET, TIMER, CLIENT]
    assert scheduler.now == 5


def test_arp_finds_a_host_and_the_switch_learns_both() -> None:
    lan = Lan()
    answers = lan.resolve(1, "10.0.0.2")
    lan.scheduler.run_until(1000)
    assert answers == ["02:00:00:00:00:02"]
    assert lan.learned == [("02:00:00:00:00:01", "h1:eth0"), ("02:00:00:00:00:02", "h2:eth0")]


@pytest.mark.parametrize(
    ("own", "made"),
    [("febf::1/10", 0), ("fe80::1/64", 0), ("2001:db8::1/64", 1)],
    ids=["febf", "fe80", "global"],
)
def test_a_host_with_a_link_local_address_gets_no_second_one(own: str, made: int) -> None:
    """Link-local is fe80::/10: up to febf:…"""
    lan = Lan()
    host = Host("h4", lan.scheduler, lan.changed)
    nic = host.add_nic("eth0", "02:00:00:00:00:04", lan.switch, (own,))
    assert len(nic.addresses) == 1 + made


def test_nobody_answers_for_an_address_that_nobody_has() -> None:
    lan = Lan()
    answers = lan.resolve(1, "10.0.0.9")
    lan.scheduler.run_until(2_900_000)
    assert answers == []
    lan.scheduler.run_until(3_100_000)  # three questions, a second apart
    assert answers == [None]


def test_gratuitous_arp_moves_an_entry_at_once_but_makes_none() -> None:
    lan = Lan()
    lan.nic(2).addresses = Addresses([Address("10.0.0.100", 24)])
    lan.hosts[1].send(lan.nic(2), garp_frame("02:00:00:00:00:02", "10.0.0.100"))
    lan.scheduler.run_until(1000)
    answers = lan.resolve(1, "10.0.0.100")
    assert answers == []  # the announcement was nobody's business yet
    lan.scheduler.run_until(2000)
    lan.hosts[2].send(lan.nic(3), garp_frame("02:00:00:00:00:03", "10.0.0.100"))
    lan.scheduler.run_until(3000)
    assert lan.resolve(1, "10.0.0.100") == ["02:00:00:00:00:03"]


def test_an_entry_is_trusted_30_s_then_checked_and_dropped_after_8_more() -> None:
    lan = Lan()
    lan.resolve(1, "10.0.0.2")
    lan.scheduler.run_until(1000)
    lan.hosts[1].switch_off()
    lan.scheduler.run_until(30_500_000)
    assert lan.resolve(1, "10.0.0.2") == ["02:00:00:00:00:02"]  # stale, used, now being checked
    lan.scheduler.run_until(38_400_000)
    assert lan.resolve(1, "10.0.0.2") == ["02:00:00:00:00:02"]
    lan.scheduler.run_until(38_600_000)
    assert lan.resolve(1, "10.0.0.2") == []  # forgotten: everybody is asked


def test_a_switch_floods_what_it_does_not_know_and_forgets_a_dead_port() -> None:
    lan = Lan()
    lan.resolve(1, "10.0.0.2")
    lan.scheduler.run_until(1000)
    lan.nic(2).admin_up = False
    lan.switch.forget(lan.nic(2))
    assert lan.learned[-1] == ("02:00:00:00:00:02", None)
    assert lan.switch.walk(lan.nic(1), lan.nic(1).mac, lan.nic(2).mac) is None


def test_entries_of_the_mac_table_age() -> None:
    lan = Lan(mac_ageing_us=1_000_000)
    lan.resolve(1, "10.0.0.2")
    lan.scheduler.run_until(2_000_000)
    before = len(lan.learned)
    lan.hosts[0].send(lan.nic(1), arp_request_frame("02:00:00:00:00:01", "10.0.0.1", "10.0.0.3"))
    assert lan.learned[before:] == [("02:00:00:00:00:01", "h1:eth0")]  # learned anew


def test_port_security_stops_a_mac_address_that_is_not_the_ports_own() -> None:
    lan = Lan(port_security=True)
    assert lan.switch.walk(lan.nic(1), bytes.fromhex("00005e000133"), lan.nic(2).mac) is None
    assert lan.switch.walk(lan.nic(1), lan.nic(1).mac, lan.nic(2).mac) is not None


def test_a_segment_without_multicast_still_carries_broadcasts() -> None:
    lan = Lan(multicast=False)
    assert lan.switch.outputs(lan.nic(1), bytes.fromhex("01005e000012")) == []
    assert len(lan.switch.outputs(lan.nic(1), b"\xff" * 6)) == 2


def test_one_way_loss_is_one_way() -> None:
    lan = Lan()
    lan.switch.disturb(between=[["h1", "h2"]])
    one, two = lan.nic(1), lan.nic(2)
    assert lan.switch.walk(one, one.mac, two.mac) is None
    assert lan.switch.walk(two, two.mac, one.mac) is not None
    lan.switch.heal()
    assert lan.switch.walk(one, one.mac, two.mac) is not None


def test_a_delay_between_two_hosts_delays_nothing_else() -> None:
    lan = Lan()
    lan.switch.disturb(between=[["h1", "h2"]], latency_us=90_000)
    one, two, three = lan.nic(1), lan.nic(2), lan.nic(3)
    assert [lan.switch.walk(a, a.mac, b.mac) for a, b in ((one, two), (two, one), (one, three))] == [
        (two, 90_000),
        (one, 200),
        (three, 200),
    ]


@pytest.mark.parametrize("loss", [0.0, 0.3, 1.0])
def test_loss_is_a_share(loss: float) -> None:
    lan = Lan(loss=loss)
    one, two = lan.nic(1), lan.nic(2)
    arrived = sum(lan.switch.walk(one, one.mac, two.mac) is not None for _ in range(2000))
    assert arrived / 2000 == pytest.approx(1 - loss, abs=0.05)


def test_linux_takes_the_other_addresses_of_a_subnet_with_the_first() -> None:
    lan = Lan()
    host = lan.hosts[0]
    host.add_address("eth0", "10.0.0.100", 24)
    host.add_address("eth0", "10.9.0.100", 24)
    gone = [a.address for a in host.remove_address("eth0", "10.0.0.1")]
    assert gone == ["10.0.0.100", "10.0.0.1"]
    assert [a.address for a in lan.nic(1).addresses] == ["10.9.0.100"]


def test_a_service_bound_to_an_address_takes_only_those_it_found_when_it_started() -> None:
    lan = Lan()
    service = RunningService(Service("squid", 3128, ("10.0.0.100",)), lan.hosts[0])
    lan.hosts[0].add_address("eth0", "10.0.0.100", 24)
    assert not service.takes("10.0.0.100", 3128)
    service.start()
    assert service.takes("10.0.0.100", 3128)
    assert not service.takes("10.0.0.100", 80)
    turn = service.stop()
    assert service.up
    assert not service.takes("10.0.0.100", 3128)
    assert service.end(turn)
    assert not service.up


@pytest.mark.parametrize(
    ("command", "fails_at"),
    [
        ("/usr/sbin/squid -k check", None),
        ("/usr/bin/curl -sf -x 127.0.0.1:3128 http://192.0.2.1/", 15.008),
        ("/etc/keepalived/ask.sh 3128", 15.008),
        ("/etc/keepalived/ask.sh 31280 10.0.31.28", None),
    ],
)
def test_a_check_sees_a_process_unless_it_names_the_port(command: str, fails_at: float | None) -> None:
    """Squid is told to stop at 12.5 s and has a process for 30 s more."""
    stop = at(12.5, "service_stop", server="proxy-serv01", service="squid")
    edit = {"/usr/sbin/squid -k check": command}
    trace = simulate(variant("article-steady", stop, edit=edit, duration_s=30))
    failed = [e.t for e in trace.of("script", server="proxy-serv01") if e.fields["result"] == "fail"]
    assert failed[:1] == ([fails_at] if fails_at else [])


def test_a_check_that_names_a_service_follows_it_whatever_port_is_in_it_too() -> None:
    steady = load_scenario("article-steady")
    server = steady.servers["proxy-serv01"]
    services = {"web": Service("web", 80), **server.services}
    servers = {**steady.servers, "proxy-serv01": replace(server, services=services)}
    edit = {"/usr/sbin/squid -k check": "/usr/bin/curl -x squid:3128 http://origin:80/"}
    kill = at(12.5, "service_kill", server="proxy-serv01", service="squid")
    trace = simulate(variant(steady.changed(servers=servers), kill, edit=edit, duration_s=30))
    assert [e.t for e in trace.of("script", server="proxy-serv01") if e.fields["result"] == "fail"]


def test_an_answer_that_overtakes_another_ends_no_outage_before_it_began() -> None:
    """Questions every 20 ms, answers up to 60 ms late: the next may be there first."""
    steady = load_scenario("article-steady")
    lan = replace(steady.segments["lan"], loss=0.2, jitter_us=60_000)
    seen = simulate(steady.changed(segments={**steady.segments, "lan": lan})).outages()
    assert len(seen) > 500
    assert all(o.to_us is None or o.from_us <= o.to_us for o in seen)
