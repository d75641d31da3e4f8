"""Real VRRP: raw sockets for IP protocol 112 (and 51, AH), packet sockets for what tells of new addresses.

Receiving: one socket for each interface, IP version and protocol, bound to the interface and joined to the
groups its instances listen to. Sending: a raw socket for each interface; the kernel chooses the neighbour and
honours the host's firewall, as it does for keepalived. Gratuitous ARP and unsolicited neighbour
advertisements go out as whole frames through a packet socket. All of it needs CAP_NET_RAW.
"""

from __future__ import annotations

import contextlib
import socket
import struct
from collections.abc import Callable, Iterable

from vrrplab.config.model import InstanceConfig, NodeConfig
from vrrplab.drive.messages import AdvertFrames, Packet, Unusable, advertisement_of, announcement_of
from vrrplab.errors import LiveError
from vrrplab.live.transport import IP_MULTICAST_ALL, read_ipv4
from vrrplab.live.vrid_lock import Claims
from vrrplab.machine.acceptance import multicast_group
from vrrplab.machine.actions import SendAdvertisement, SendGratuitousArp
from vrrplab.system.interfaces import InterfaceTable
from vrrplab.system.privilege import NET_RAW, no_privilege
from vrrplab.wire.addresses import (
    VRRP_GROUP_IPV6,
    ZERO_MAC,
    is_multicast,
    pack_address,
    unpack_address,
)
from vrrplab.wire.ip import PROTOCOL_AH, PROTOCOL_VRRP

# linux/in.h, linux/in6.h: names that Python's socket module does not have
IPV6_MULTICAST_ALL = 29
SO_RCVBUFFORCE = 33
RECEIVE_BUFFER = 2 << 20
_PKTINFO6 = struct.Struct("=16sI")
_MREQN = struct.Struct("=4s4si")
_MREQ6 = struct.Struct("=16sI")
_INT = struct.Struct("=i")
CONTROL_PRIORITY = 6  # TC_PRIO_CONTROL: before all other traffic in a full queue, as keepalived asks for
TOS = 0xC0
_LARGEST = 65535
Groups = dict[tuple[str, int], set[str]]


class RawTransport:
    """Transport of a router with root's rights. ``instances`` say which interfaces and groups matter."""

    mode = "raw"

    def __init__(self, table: InterfaceTable, instances: Iterable[InstanceConfig]) -> None:
        self._table = table
        self._claims = Claims()
        self._listen_to(tuple(instances))
        self._receivers: dict[tuple[str, int, int], socket.socket] = {}
        self._senders: dict[tuple[str, int], socket.socket] = {}
        self._packet_sockets: dict[str, socket.socket] = {}
        self._frames = AdvertFrames()
        for interface in sorted({name for name, _ in self._groups}):
            self.open(interface)
        self._claims.take(self._instances)

    def _listen_to(self, instances: tuple[InstanceConfig, ...]) -> None:
        self._instances = instances
        self._groups = groups_of(instances)
        # The kernel hands frames that come from a VMAC's own address (the other router's, then) to the VMAC
        # interface alone; so an instance with a VMAC listens there, and nowhere else.
        self._base = {i.use_vmac: i.interface for i in instances if i.use_vmac}
        self._elsewhere: dict[tuple[str, int], set[int]] = {}
        for i in instances:
            if i.use_vmac:
                self._elsewhere.setdefault((i.interface, i.family), set()).add(i.vrid)

    def readers(self) -> list[tuple[int, Callable[[], Packet | Unusable | None]]]:
        found: list[tuple[int, Callable[[], Packet | Unusable | None]]] = []
        for (device, family, _), receiver in self._receivers.items():
            interface = self._base.get(device, device)
            skip = set() if device in self._base else self._elsewhere.get((device, family), set())
            read = self._reader6(receiver, interface) if family == 6 else self._reader4(receiver, interface)
            found.append((receiver.fileno(), _without(read, skip) if skip else read))
        return found

    def open(self, interface: str) -> None:
        self._forget(interface)
        self._receivers |= self._opened({interface}, self._groups)

    def follow(self, node: NodeConfig) -> None:
        groups = groups_of(node.instances)
        before = self._groups
        changed = {key[0] for key in before.keys() | groups.keys() if before.get(key) != groups.get(key)}
        try:
            self._claims.take(node.instances)
            opened = self._opened(changed, groups)
        except (LiveError, OSError):
            self._claims.keep(self._instances)
            raise
        for interface in changed:
            self._forget(interface)
        self._receivers |= opened
        self._listen_to(node.instances)
        self._claims.keep(node.instances)

    def _opened(self, interfaces: set[str], groups: Groups) -> dict[tuple[str, int, int], socket.socket]:
        """Receivers for these interfaces: all of them, or (LiveError) none."""
        found: dict[tuple[str, int, int], socket.socket] = {}
        try:
            for (name, family), joined in groups.items():
                known = self._table.by_name.get(name)
                if name not in interfaces or known is None:
                    continue
                for protocol in (PROTOCOL_VRRP, PROTOCOL_AH) if family == 4 else (PROTOCOL_VRRP,):
                    key = (name, family, protocol)
                    found[key] = _receiver(name, known.index, family, protocol, joined)
        except (LiveError, OSError):
            for one in found.values():
                one.close()
            raise
        return found

    def _forget(self, interface: str) -> None:
        for key in [k for k in self._receivers if k[0] == interface]:
            self._receivers.pop(key).close()
        for place in [k for k in self._senders if k[0] == interface]:
            self._senders.pop(place).close()
        if interface in self._packet_sockets:
            self._packet_sockets.pop(interface).close()

    def news(self, last: bool = False) -> list[str]:
        """Nothing: the kernel's rules say who may send here."""
        return []

    def close(self) -> None:
        everything = (*self._receivers.values(), *self._senders.values(), *self._packet_sockets.values())
        for one in everything:
            one.close()
        self._claims.keep(())
        self._receivers.clear()
        self._senders.clear()
        self._packet_sockets.clear()

    # -- receiving -------------------------------------------------------------------------------

    def _reader4(self, receiver: socket.socket, interface: str) -> Callable[[], Packet | Unusable | None]:
        receive = receiver.recv

        def read() -> Packet | Unusable | None:
            try:
                packet = receive(_LARGEST)
            except (BlockingIOError, InterruptedError):
                return None
            except OSError:
                return None  # ENETDOWN: said once when the interface goes down; netlink tells of it too
            return read_ipv4(interface, packet)

        return read

    def _reader6(self, receiver: socket.socket, interface: str) -> Callable[[], Packet | Unusable | None]:
        def read() -> Packet | Unusable | None:
            try:
                message, ancillary, _, sender = receiver.recvmsg(_LARGEST, 256)
            except OSError:
                return None
            hop_limit, destination = 0, VRRP_GROUP_IPV6
            for _, kind, data in ancillary:
                if kind == socket.IPV6_HOPLIMIT and len(data) >= 4:
                    hop_limit = _INT.unpack_from(data)[0]
                elif kind == socket.IPV6_PKTINFO and len(data) >= 20:
                    destination = unpack_address(data[:16])
            source = unpack_address(pack_address(str(sender[0]).partition("%")[0]))
            return Packet(interface, source, destination, hop_limit, message)

        return read

    # -- sending ---------------------------------------------------------------------------------

    def send_advert(self, action: SendAdvertisement, destination: str) -> bytes:
        if ":" in destination:
            self._send6(action, destination, advertisement_of(action).emit(action.source, destination))
            return b""
        multicast = is_multicast(destination)
        to_mac = None if multicast else ZERO_MAC
        frame = self._frames.make(action, destination, self._mac(action.interface), to_mac)
        self._sender(action.interface, 4).sendto(frame[14:], (destination, 0))
        return frame if multicast else b""

    def _send6(self, action: SendAdvertisement, destination: str, message: bytes) -> None:
        index = self._table.index_of(action.interface)
        info = _PKTINFO6.pack(pack_address(action.source), index)
        ancillary = [
            (socket.IPPROTO_IPV6, socket.IPV6_PKTINFO, info),
            (socket.IPPROTO_IPV6, socket.IPV6_HOPLIMIT, _INT.pack(action.ttl)),
            (socket.IPPROTO_IPV6, socket.IPV6_TCLASS, _INT.pack(TOS)),
        ]
        sender = self._sender(action.interface, 6)
        sender.sendmsg([message], ancillary, 0, (destination, 0, 0, index))

    def announce(self, action: SendGratuitousArp) -> str:
        mac = self._mac(action.interface)
        frame = announcement_of(action, mac)
        one = self._packet_sockets.get(action.interface)
        if one is None:
            one = socket.socket(socket.AF_PACKET, socket.SOCK_RAW | socket.SOCK_CLOEXEC, 0)
            one.setsockopt(socket.SOL_SOCKET, socket.SO_PRIORITY, CONTROL_PRIORITY)
            one.bind((action.interface, 0))
            self._packet_sockets[action.interface] = one
        one.send(frame)
        return mac

    def _sender(self, interface: str, family: int) -> socket.socket:
        sender = self._senders.get((interface, family))
        if sender is None:
            sender = self._senders[interface, family] = _sender(
                interface, self._table.index_of(interface), family
            )
        return sender

    def _mac(self, interface: str) -> str:
        known = self._table.by_name.get(interface)
        if known is not None:
            return known.mac or ZERO_MAC
        with (
            contextlib.suppress(OSError),
            open(f"/sys/class/net/{interface}/address", encoding="ascii") as file,
        ):
            return file.read().strip()
        return ZERO_MAC


def groups_of(instances: Iterable[InstanceConfig]) -> Groups:
    """(interface, or VMAC interface, and IP version) -> multicast groups to join there."""
    found: Groups = {}
    for config in instances:
        groups = found.setdefault((config.use_vmac or config.interface, config.family), set())
        groups.add(multicast_group(config))
    return found


def _without(
    read: Callable[[], Packet | Unusable | None], vrids: set[int]
) -> Callable[[], Packet | Unusable | None]:
    """A reader that passes over what another socket reads: adverts of these VRIDs."""

    def others() -> Packet | Unusable | None:
        while True:
            packet = read()
            if isinstance(packet, Packet) and len(packet.message) > 1 and packet.message[1] in vrids:
                continue
            return packet

    return others


def _open(family: int, protocol: int) -> socket.socket:
    kind = socket.AF_INET6 if family == 6 else socket.AF_INET
    try:
        one = socket.socket(kind, socket.SOCK_RAW | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK, protocol)
    except PermissionError:
        raise LiveError(no_privilege(NET_RAW)) from None
    except OSError as error:
        raise LiveError(f"an IPv{family} socket cannot be opened: {error.strerror}") from None
    return one


def _receiver(interface: str, index: int, family: int, protocol: int, groups: set[str]) -> socket.socket:
    one = _open(family, protocol)
    try:
        one.setsockopt(
            socket.SOL_SOCKET, socket.SO_BINDTODEVICE, interface.encode("utf-8", "surrogateescape") + b"\0"
        )
        # room for a burst, or for what comes while the process is not served
        with contextlib.suppress(OSError):
            one.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, RECEIVE_BUFFER)
        # without it a socket hears every group that anybody on this host has joined
        with contextlib.suppress(OSError):
            if family == 6:
                one.setsockopt(socket.IPPROTO_IPV6, IPV6_MULTICAST_ALL, 0)
            else:
                one.setsockopt(socket.IPPROTO_IP, IP_MULTICAST_ALL, 0)
        for group in groups:
            if family == 6:
                request = _MREQ6.pack(pack_address(group), index)
                one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP, request)
            else:
                request = _MREQN.pack(pack_address(group), bytes(4), index)
                one.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, request)
        if family == 6:
            one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVHOPLIMIT, 1)
            one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVPKTINFO, 1)
    except OSError as error:
        one.close()
        if isinstance(error, PermissionError):
            raise LiveError(no_privilege(NET_RAW)) from None
        raise LiveError(f"cannot listen on {interface} (IPv{family}): {error.strerror}") from None
    return one


def _sender(interface: str, index: int, family: int) -> socket.socket:
    one = _open(family, socket.IPPROTO_RAW if family == 4 else PROTOCOL_VRRP)
    try:
        one.setsockopt(
            socket.SOL_SOCKET, socket.SO_BINDTODEVICE, interface.encode("utf-8", "surrogateescape") + b"\0"
        )
        one.setsockopt(socket.SOL_SOCKET, socket.SO_PRIORITY, CONTROL_PRIORITY)
        one.setsockopt(
            socket.SOL_SOCKET, socket.SO_RCVBUF, 0
        )  # a raw socket also hears; nobody reads this one
        if family == 6:
            one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, index)
            one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_LOOP, 0)
        else:
            where = _MREQN.pack(bytes(4), bytes(4), index)
            one.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, where)
            one.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_LOOP, 0)
    except OSError:
        one.close()
        raise
    return one
