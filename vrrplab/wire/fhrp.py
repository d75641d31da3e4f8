"""First-hop redundancy protocols of other makers, recognised so that "no VRRP, but HSRP" can be said: HSRP
(Cisco), GLBP (Cisco), VRRP-E (Brocade, Ruckus). All go over UDP.

    HSRP   port 1985 (2029 over IPv6), to 224.0.0.2 (version 1, RFC 2281), 224.0.0.102 or ff02::66 (version 2)
    GLBP   port 3222, to 224.0.0.102 or ff02::66
    VRRP-E port 8888, to 224.0.0.2 (its makers' manuals); its fields are not public

HSRP version 1 (RFC 2281)                          version 2: type, length, value; of type 1:

     0       1       2       3                      0       1       2       3
    +-------+-------+-------+-------+              +-------+-------+-------+-------+
    |0      |opcode |state  |hello s|              |1      |40     |2      |opcode |
    |hold s |prio   |group  | 0     |              |state  |4 or 6 |     group     |
    |  authentication, 8 bytes      |              |  identifier, 6 bytes … | priority, 4 …
    |  virtual address              |              |  hello ms, 4 | hold ms, 4 | virtual address, 16
    +-------------------------------+              +-------------------------------+
"""

from __future__ import annotations

from dataclasses import dataclass

from vrrplab.units import SECOND_US, Micros
from vrrplab.wire.addresses import unpack_address

PORTS = {1985: "hsrp", 2029: "hsrp", 3222: "glbp", 8888: "vrrp-e"}
KINDS = ("hsrp", "glbp", "vrrp-e")
_GROUPS = {
    "hsrp": ("224.0.0.2", "224.0.0.102", "ff02::66"),
    "glbp": ("224.0.0.102", "ff02::66"),
    "vrrp-e": ("224.0.0.2",),
}
_OPCODES = {0: "hello", 1: "coup", 2: "resign", 3: "advertise"}
_STATES_1 = {0: "Initial", 1: "Learn", 2: "Listen", 4: "Speak", 8: "Standby", 16: "Active"}
_STATES_2 = {0: "Disabled", 1: "Initial", 2: "Learn", 3: "Listen", 4: "Speak", 5: "Standby", 6: "Active"}
_GLBP_STATES = {4: "Listen", 8: "Speak", 16: "Standby", 32: "Active"}
_NAMES = {"hsrp": "HSRP", "glbp": "GLBP", "vrrp-e": "VRRP-E"}


@dataclass(slots=True)
class Fhrp:
    """A hello of HSRP or GLBP, or a packet of VRRP-E. Fields that are not there, or not known, are None."""

    protocol: str
    version: int | None = None
    opcode: str | None = None
    group: int | None = None
    state: str | None = None
    priority: int | None = None
    hello_us: Micros | None = None
    address: str | None = None

    @property
    def name(self) -> str:
        return _NAMES[self.protocol]

    @property
    def text(self) -> str:
        """``HSRP group 10 Active prio 110``."""
        words = [self.name]
        if self.group is not None:
            words.append(f"group {self.group}")
        if self.state is not None:
            words.append(self.state)
        if self.opcode not in (None, "hello"):
            words.append(f"{self.opcode}")
        if self.priority is not None:
            words.append(f"prio {self.priority}")
        if self.address is not None:
            words.append(self.address)
        return " ".join(words)


def protocol_of(port: int, destination: str) -> str:
    """The protocol that goes to this port of this group, "" for others: a port alone says little."""
    protocol = PORTS.get(port, "")
    return protocol if destination in _GROUPS.get(protocol, ()) else ""


def parse(protocol: str, data: bytes) -> Fhrp:
    """The UDP payload; what cannot be read is None."""
    if protocol == "hsrp":
        return _hsrp(data)
    if protocol == "glbp":
        return _glbp(data)
    return Fhrp(protocol)


def _hsrp(data: bytes) -> Fhrp:
    if len(data) >= 20 and data[0] == 0:
        state = _STATES_1.get(data[2])
        opcode = _OPCODES.get(data[1])
        if opcode == "advertise":
            return Fhrp("hsrp", 1, opcode)
        address = unpack_address(data[16:20])
        return Fhrp("hsrp", 1, opcode, data[6], state, data[5], data[3] * SECOND_US, address)
    at = 0
    while at + 2 <= len(data):
        kind, size = data[at], data[at + 1]
        if kind == 1 and at + 42 <= len(data) and data[at + 2] == 2:
            return _group_state(data[at + 2 : at + 42])
        at += 2 + size
    return Fhrp("hsrp", 2 if data[:1] in (b"\1", b"\2", b"\3", b"\4") else None)


def _group_state(value: bytes) -> Fhrp:
    family = value[3]
    address = unpack_address(value[24:28] if family == 4 else value[24:40])
    number = int.from_bytes
    return Fhrp(
        "hsrp", 2, _OPCODES.get(value[1]), number(value[4:6], "big"), _STATES_2.get(value[2]),
        number(value[12:16], "big"), number(value[16:20], "big") * 1000, address,
    )  # fmt: skip


def _glbp(data: bytes) -> Fhrp:
    if len(data) < 12:
        return Fhrp("glbp")
    found = Fhrp("glbp", data[0], group=int.from_bytes(data[2:4], "big"))
    at = 12
    while at + 2 <= len(data):
        kind, size = data[at], data[at + 1]
        if size < 2:
            break
        if kind == 1 and size >= 24 and at + 24 <= len(data):
            found.opcode = "hello"
            found.state, found.priority = _GLBP_STATES.get(data[at + 3]), data[at + 5]
            found.hello_us = int.from_bytes(data[at + 8 : at + 12], "big") * 1000
            width = data[at + 23]
            if width in (4, 16) and at + 24 + width <= len(data):
                found.address = unpack_address(data[at + 24 : at + 24 + width])
        at += size
    return found
