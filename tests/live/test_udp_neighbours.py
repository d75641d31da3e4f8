"""The make-believe LAN of ``--udp`` belongs to this host: what a neighbour on a real network sends to it is
not heard, even while somebody here has joined the group on the real interface.
"""

from __future__ import annotations

import socket
import struct
import sys
import time

import pytest
from live_bench import PATIENCE_S, ROOT, Bench, config, until

from vrrplab.live.udp_socket import Receiver, open_sender, wrap
from vrrplab.wire.addresses import VRRP_GROUP_IPV4, multicast_mac, pack_mac
from vrrplab.wire.frames import advert_frame
from vrrplab.wire.ip import IPv4Header
from vrrplab.wire.vrrp import Advertisement

PORT = 11200
NUMBER = 1000
ATTACKER = "02:00:00:00:00:66"
NEIGHBOUR = "192.168.2.2"
HOST = "192.168.2.1"

# what makes the kernel hand the group's datagrams to every socket that is bound to it
JOINER = """
import socket, time
one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
request = socket.inet_aton("224.0.0.18") + socket.inet_aton("{}")
one.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, request)
print("joined", flush=True)
time.sleep(600)
"""
SENDER = """
import sys
sys.path.insert(0, {tests!r})
from test_udp_neighbours import attack
attack(*sys.argv[1:])
"""
# a Receiver that the kernel shields no longer: what is left is the look at each datagram
LISTENER = """
import os, select, socket, sys
from vrrplab.live.udp_socket import Receiver, open_sender, wrap
one = Receiver(int(sys.argv[1]))
one._socket.setsockopt(socket.IPPROTO_IP, 49, 1)
one._socket.setsockopt(socket.SOL_SOCKET, 33, 4 << 20)
print("listens", flush=True)
taken, ended = 0, False
while not ended:
    ended = os.path.exists(sys.argv[2])  # the neighbour has sent all of them: they are here, or never will be
    while select.select([one], [], [], 0.2)[0]:
        taken += one.read() is not None
print(taken, one.refused, one.news(), one.news(), one.news(last=True), flush=True)
"""


def forged() -> bytes:
    """An advert that every router must yield to."""
    advert = Advertisement(3, 51, 255, 200_000, ("192.168.2.100",))
    return wrap("eth0", advert_frame(ATTACKER, "192.168.2.9", VRRP_GROUP_IPV4, advert))


def attack(what: str, mac: str) -> None:
    """NUMBER datagrams from the neighbour: to the group, to the host's address, or to both as 127.0.0.1."""
    if what in ("group", "unicast"):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
            one.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(NEIGHBOUR))
            for _ in range(NUMBER):
                one.sendto(forged(), (VRRP_GROUP_IPV4 if what == "group" else HOST, PORT))
        return
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0) as raw:
        raw.bind(("eth0", 0))
        for n in range(NUMBER):
            target, to_mac = [
                (VRRP_GROUP_IPV4, multicast_mac(VRRP_GROUP_IPV4)),
                (HOST, mac),
                ("127.0.0.1", mac),
            ][n % 3]
            datagram = struct.pack("!HHHH", 4000, PORT, 8 + len(forged()), 0) + forged()
            packet = IPv4Header("127.0.0.1", target, 17, 255).emit(datagram)
            raw.send(pack_mac(to_mac) + pack_mac(ATTACKER) + b"\x08\0" + packet)


def shout(bench: Bench, what: str) -> None:
    words = [sys.executable, "-c", SENDER.format(tests=str(ROOT / "tests" / "live")), what, bench.mac("r1")]
    log = bench.folder / f"{what}.log"
    sender = bench.inside.start_process("attacker", *words, log=str(log))
    assert sender.wait(PATIENCE_S) == 0, log.read_text(encoding="utf-8")


def permit_everything(bench: Bench) -> None:
    """A host that takes loopback addresses from the wire, and somebody on it who joined the group there."""
    for name in ("all", "eth0"):
        for setting in ("route_localnet=1", "rp_filter=0", "accept_local=1"):
            bench.inside.run("r1", "sysctl", "-qw", f"net.ipv4.conf.{name}.{setting}")
    joined = bench.folder / "joiner.log"
    bench.inside.start_process("r1", sys.executable, "-c", JOINER.format(HOST), log=str(joined))
    until(lambda: "joined" in joined.read_text(encoding="utf-8"), "somebody has joined the group")


@pytest.mark.needs("namespaces", "ip", "nsenter", "tcpdump")
def test_a_neighbour_is_not_heard() -> None:
    """Input: a MASTER inside UDP; a neighbour sends 1,000 forged adverts of priority 255 to the group,
    1,000 to the host's own address, 1,000 in the name of 127.0.0.1.
    Output: none is taken, it stays MASTER.
    """
    with Bench(["r1", "attacker"]) as bench:
        router = bench.vrrplab(
            "r1", config(priority=150, version=3, interval="0.2"), "--udp", "--port", str(PORT),
            "--address", "eth0=192.168.2.1/24",
        )  # fmt: skip
        permit_everything(bench)
        until(lambda: "Entering MASTER STATE" in router.text(), "it is MASTER")
        for what in ("group", "unicast", "spoofed"):
            shout(bench, what)
        time.sleep(0.5)
        router.stop()
        trace = router.trace()
        assert [e.fields["to"] for e in trace.of("state")] == ["BACKUP", "MASTER", "STOP"], router.text()
        assert trace.of("statistics")[-1].fields["packets"] == 0
        assert trace.of("advert_received") == trace.of("advert_dropped") == []


@pytest.mark.needs("namespaces", "ip", "nsenter", "tcpdump")
def test_what_the_kernel_lets_through_is_refused_one_by_one() -> None:
    """Input: the same, heard by a receiver that the kernel does not shield.
    Output: none of 1,000 is taken; all are refused, in one sentence.
    """
    with Bench(["r1", "attacker"]) as bench:
        permit_everything(bench)
        for what, refused in (("group", NUMBER), ("spoofed", (NUMBER + 2) // 3)):
            log = bench.folder / f"{what}.heard.log"
            enough = bench.folder / f"{what}.enough"
            words = [sys.executable, "-c", LISTENER, str(PORT), str(enough)]
            listener = bench.inside.start_process("r1", *words, log=str(log))
            until(lambda log=log: "listens" in log.read_text(encoding="utf-8"), "it listens")  # type: ignore[misc]
            shout(bench, what)
            enough.touch()
            assert listener.wait(PATIENCE_S) == 0
            told = log.read_text(encoding="utf-8").splitlines()[-1]
            source = NEIGHBOUR if what == "group" else "127.0.0.1"
            assert told.startswith(
                f"0 {refused} ['{refused} datagrams refused, the first from {source} on eth0"
            ), told
            assert told.endswith("further ones are refused and counted'] [] []"), told


def test_this_host_is_heard() -> None:
    """Input: a datagram of this process, and of a socket that names another loopback address as its own.
    Output: both are taken, and nothing is told.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        one.bind(("127.0.0.1", 0))
        port = one.getsockname()[1]
    receiver = Receiver(port)
    try:
        with open_sender() as sender:
            sender.sendto(wrap("lan", b"frame"), (VRRP_GROUP_IPV4, port))
        with open_sender() as other:
            other.bind(("127.0.0.2", 0))
            other.sendto(wrap("lan", b"other"), (VRRP_GROUP_IPV4, port))
        assert [receiver.read(), receiver.read()] == [wrap("lan", b"frame"), wrap("lan", b"other")]
        assert receiver.read() is None
        assert (receiver.refused, receiver.news(), receiver.news(last=True)) == (0, [], [])
    finally:
        receiver.close()
