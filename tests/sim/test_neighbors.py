"""A host's ARP and neighbour entries as Linux keeps them: what waits, what gives way, who answers."""

from __future__ import annotations

import pytest

from vrrplab.scenario.parts import Segment
from vrrplab.scenario.reader import scenario_from_text
from vrrplab.sim.host import Host
from vrrplab.sim.nic import Nic, Vmac
from vrrplab.sim.play import run
from vrrplab.sim.rng import Chance
from vrrplab.sim.scheduler import Scheduler
from vrrplab.sim.switch import Switch
from vrrplab.trace import Trace
from vrrplab.wire.frames import arp_request_frame, decode, garp_frame

VMAC = "00:00:5e:00:01:33"


class Wire:
    """Three hosts on one switch, each with one address of each family, and what was on the wire."""

    def __init__(self) -> None:
        self.scheduler = Scheduler()
        self.frames: list[tuple[int, bytes]] = []
        self.switch = Switch(
            Segment("lan"), self.scheduler, Chance(1), lambda: None, lambda _segment, _mac, _port: None
        )
        self.switch.capture = lambda t_us, _segment, data: self.frames.append((t_us, data))
        self.hosts = {n: Host(f"h{n}", self.scheduler, lambda: None) for n in (1, 2, 3)}
        for n, host in self.hosts.items():
            host.add_nic("eth0", self.mac(n), self.switch, (f"10.0.0.{n}/24", f"fd00::{n}/64"))

    @staticmethod
    def mac(number: int) -> str:
        return f"02:00:00:00:00:0{number}"

    def nic(self, number: int) -> Nic:
        return self.hosts[number].nics["eth0"]

    def find(self, number: int, address: str) -> list[str | None]:
        """What host ``number`` learns about an address; empty while it waits."""
        found: list[str | None] = []
        self.hosts[number].neighbors.find(address, self.nic(number), found.append)
        return found

    def ask(self, number: int, sender: str, target: str, to_mac: str = "ff:ff:ff:ff:ff:ff") -> None:
        """Host ``number`` sends an ARP question and everybody has it."""
        frame = arp_request_frame(self.mac(number), sender, target, to_mac)
        self.hosts[number].send(self.nic(number), frame)
        self.wait(1000)

    def wait(self, us: int) -> None:
        self.scheduler.run_until(self.scheduler.now + us)

    def questions(self) -> list[float]:
        """When somebody was asked for an address, in seconds."""
        seen = [(t, decode(data)) for t, data in self.frames]
        return [
            round(t / 1e6, 3)
            for t, frame in seen
            if frame.ns or (frame.arp and frame.arp.op == 1 and not frame.arp.gratuitous)
        ]


@pytest.mark.parametrize(("dead", "late"), [("10.0.0.9", "10.0.0.9/24"), ("fd00::9", "fd00::9/64")])
def test_what_is_sent_to_a_dead_neighbour_waits_3_07_s_and_is_lost(dead: str, late: str) -> None:
    """Measured, Linux 6.18: 3.06 to 3.1 s, both families; recording unicast_start_link_down: 3.07 s."""
    wire = Wire()
    found = wire.find(1, dead)
    wire.wait(3_071_000)
    assert not found
    wire.wait(2_000)
    assert found == [None]
    assert wire.questions() == [0, 1.024, 2.048]
    again = wire.find(1, dead)  # the next packet asks anew
    wire.wait(1_500_000)
    wire.hosts[3].add_address("eth0", dead, int(late.split("/")[1]))
    wire.wait(1_000_000)
    assert again == [wire.mac(3)]


@pytest.mark.parametrize("address", ["10.0.0.9", "fd00::9"])
def test_all_that_waits_leaves_when_the_neighbour_answers(address: str) -> None:
    """Measured, ten packets a second, the third question answered: 21 leave. (Linux keeps 208 KiB.)"""
    wire = Wire()
    waiting = []
    for number in range(21):
        waiting.append(wire.find(1, address))
        if number == 15:
            wire.hosts[3].add_address("eth0", address, 24 if "." in address else 64)
        wire.wait(100_000)
        if number < 20:
            assert not any(waiting)
    assert waiting == [[wire.mac(3)]] * 21


def test_a_question_for_our_address_overrides_what_was_known_at_once() -> None:
    """Measured: REACHABLE and fresh, the entry moves and is STALE. An answer so soon would be ignored."""
    wire = Wire()
    wire.find(1, "10.0.0.2")
    wire.wait(1000)
    assert wire.find(1, "10.0.0.2") == [wire.mac(2)]
    wire.ask(3, "10.0.0.2", "10.0.0.1")
    assert wire.find(1, "10.0.0.2") == [wire.mac(3)]
    wire.ask(2, "10.0.0.2", "10.0.0.1")
    assert wire.find(1, "10.0.0.2") == [wire.mac(2)]


def test_a_question_for_somebody_else_moves_an_entry_that_is_a_second_old() -> None:
    """Linux: locktime, 1 s. Measured with a request for a third address."""
    wire = Wire()
    wire.find(1, "10.0.0.2")
    wire.wait(1000)
    wire.ask(3, "10.0.0.2", "10.0.0.77")
    assert wire.find(1, "10.0.0.2") == [wire.mac(2)]
    wire.wait(1_200_000)
    wire.ask(3, "10.0.0.2", "10.0.0.77")
    assert wire.find(1, "10.0.0.2") == [wire.mac(3)]


def test_gratuitous_arp_is_no_answer_so_the_next_use_checks_the_entry() -> None:
    """Recording vmac_client_arp: the client asks at the announced MAC address 5.1 s later."""
    wire = Wire()
    wire.find(1, "10.0.0.2")
    wire.wait(2_000_000)
    wire.hosts[3].add_address("eth0", "10.0.0.2", 24)
    wire.hosts[3].send(wire.nic(3), garp_frame(wire.mac(3), "10.0.0.2"))
    wire.wait(1000)
    wire.frames.clear()
    assert wire.find(1, "10.0.0.2") == [wire.mac(3)]
    wire.wait(6_000_000)
    assert wire.questions() == [7.001]


def test_entries_go_when_their_interface_is_set_down() -> None:
    """Linux: neigh_ifdown."""
    wire = Wire()
    wire.find(1, "10.0.0.2")
    wire.wait(1000)
    waiting = wire.find(1, "10.0.0.9")
    wire.hosts[1].neighbors.forget("eth0")
    assert waiting == [None]
    assert wire.find(1, "10.0.0.2") == []


@pytest.mark.parametrize(("rp_filter", "answers"), [(0, 2), (1, 1), (2, 2)])
def test_a_card_answers_no_question_from_where_rp_filter_would_drop_it(rp_filter: int, answers: int) -> None:
    """Measured: two cards in one subnet, both answer for the second's address; in strict mode the first."""
    wire = Wire()
    host = wire.hosts[1]
    host.rp_filter = rp_filter
    host.add_nic("eth1", wire.mac(9), wire.switch, ("10.0.0.11/24",))
    wire.ask(2, "10.0.0.2", "10.0.0.11")
    replies = [arp for _, data in wire.frames if (arp := decode(data).arp) and arp.op == 2]
    assert len(replies) == answers
    assert replies[0].sender_mac == wire.mac(1)


def with_vmac(wire: Wire, number: int) -> None:
    wire.nic(number).vmacs["vrrp.51"] = Vmac("vrrp.51", VMAC)
    wire.hosts[number].add_address("vrrp.51", "10.0.0.100", 24)


def test_a_vmacs_address_is_answered_for_by_the_vmac_alone() -> None:
    """Measured with 2.2.7, which sets arp_ignore: asked at the card's MAC address, nobody answers."""
    wire = Wire()
    with_vmac(wire, 1)
    wire.ask(2, "10.0.0.2", "10.0.0.100")
    assert decode(wire.frames[-1][1]).arp.sender_mac == VMAC  # type: ignore[union-attr]
    wire.frames.clear()
    wire.ask(2, "10.0.0.2", "10.0.0.100", wire.mac(1))
    assert len(wire.frames) == 1


def test_a_vmac_host_looks_for_its_client_with_the_cards_mac_address() -> None:
    """Measured with 2.2.7: request from 02:…:01 for the client, "tell" the virtual address."""
    wire = Wire()
    with_vmac(wire, 1)
    wire.ask(2, "10.0.0.2", "10.0.0.100")  # the VMAC knows the client now, the card does not
    wire.find(2, "10.0.0.100")
    wire.wait(1000)
    wire.frames.clear()
    answers: list[tuple[str, bytes, str | None]] = []
    wire.hosts[1].answer(
        "10.0.0.2", "10.0.0.100", wire.nic(1), lambda nic, mac, his: answers.append((nic.name, mac, his))
    )
    assert not answers
    wire.wait(1000)
    assert answers == [("eth0", wire.nic(1).mac, wire.mac(2))]
    question = decode(wire.frames[0][1]).arp
    assert question is not None
    assert (question.sender_mac, question.sender_ip, question.target_ip) == (
        wire.mac(1),
        "10.0.0.100",
        "10.0.0.2",
    )
    assert wire.find(2, "10.0.0.100") == [wire.mac(1)]  # and so the client comes to the card


def unicast(*actions: str, start_at_s: float = 0) -> Trace:
    def router(name: str, own: int, peer: int, priority: int, start: float) -> str:
        return f"""
  {name}:
    start_at_s: {start}
    interfaces: {{eth0: {{segment: lan, addresses: [192.168.2.{own}/24]}}}}
    config: |
      vrrp_instance V1 {{
        interface eth0
        virtual_router_id 51
        priority {priority}
        unicast_src_ip 192.168.2.{own}
        unicast_peer {{ 192.168.2.{peer} }}
        virtual_ipaddress {{ 192.168.2.100/24 }}
      }}"""

    return run(
        scenario_from_text(f"""
duration_s: 20
segments: {{lan: {{subnet: 192.168.2.0/24}}}}
servers:{router("a", 1, 2, 150, start_at_s)}{router("b", 2, 1, 100, 0)}
actions: [{", ".join(actions)}]
""")
    )


def test_adverts_to_a_dead_peer_are_lost_in_fours_and_the_last_ones_leave_together() -> None:
    """Recording unicast_start_link_down: MASTER at 3.6 s, the peer is back at 10 s; three leave at once."""
    down = "{at_s: 0, action: link_down, server: a, interface: eth0}"
    up = "{at_s: 10, action: link_up, server: a, interface: eth0}"
    trace = unicast(down, up)
    sent = [e.t for e in trace.of("advert_sent", server="b")]
    assert len([t for t in sent if 10 <= t < 10.1]) == 3
    assert not [t for t in sent if t < 10]
    lost = [e.t for e in trace.of("advert_failed", server="b")]
    assert len(lost) == 4
    assert len(set(lost)) == 1
