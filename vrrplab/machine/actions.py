"""What a VRRP process may ask of its driver. Actions are commands, named in the imperative.

Their order is part of the contract: an advert goes out before the addresses are added, and those
before gratuitous ARP. Actions carry facts, never bytes: the driver encodes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from vrrplab.config.model import Authentication, VirtualAddress
from vrrplab.units import Micros

if TYPE_CHECKING:
    from vrrplab.config.routes import VirtualRoute, VirtualRule


@dataclass(slots=True)
class SendAdvertisement:
    """An advert to one or more destinations; the same value again says that nothing has changed."""

    instance: str
    interface: str  # where it leaves: the instance's interface or its VMAC interface
    source: str
    destinations: tuple[str, ...]  # the group, or each unicast peer
    version: int
    vrid: int
    priority: int
    interval_us: Micros
    addresses: tuple[str, ...]
    authentication: Authentication | None
    sequence: int  # AH sequence number, counts from 1; 0: no AH
    ttl: int
    checksum_form: str  # "pseudo-header" or "message": VRRPv3 over IPv4 (RFC 9568 section 5.2.8)
    quiet_when_down: bool  # keepalived does not complain when a farewell cannot leave a dead interface


@dataclass(slots=True)
class AddAddresses:
    """Put virtual addresses on their interfaces."""

    instance: str
    addresses: tuple[VirtualAddress, ...]


@dataclass(slots=True)
class RemoveAddresses:
    """Take virtual addresses off; those not there are no error. ``quiet``: only tidying up at a start."""

    instance: str
    addresses: tuple[VirtualAddress, ...]
    quiet: bool = False


@dataclass(slots=True)
class AddRoutes:
    """Put routes into their tables, or rules into the list; those there already are no error.

    ``instance`` "": static ones.
    """

    instance: str
    routes: tuple[VirtualRoute, ...] | tuple[VirtualRule, ...]


@dataclass(slots=True)
class RemoveRoutes:
    """Take routes or rules out, whoever added them; those not there are no error."""

    instance: str
    routes: tuple[VirtualRoute, ...] | tuple[VirtualRule, ...]


@dataclass(slots=True)
class SendGratuitousArp:
    """One gratuitous ARP request (IPv4) or unsolicited neighbour advertisement (IPv6) for one address."""

    instance: str
    interface: str
    address: str
    router: bool = False  # R flag of a neighbour advertisement
    broadcast_target: bool = True  # target hardware address ff:ff:ff:ff:ff:ff; False: the sender's own


@dataclass(slots=True)
class CreateVmac:
    """Make a macvlan with the virtual router MAC address on a base interface."""

    instance: str
    name: str
    base: str
    vrid: int
    family: int


@dataclass(slots=True)
class RemoveVmac:
    instance: str
    name: str


@dataclass(slots=True)
class SetAccept:
    """Accept (or drop) packets to these addresses; keepalived does it with a firewall table."""

    instance: str
    addresses: tuple[VirtualAddress, ...]
    accept: bool


@dataclass(slots=True)
class RunScript:
    """Start a track script; answer with ``ScriptExited(script, run, …)``."""

    script: str
    run: int
    command: tuple[str, ...]
    user: str


@dataclass(slots=True)
class KillScript:
    script: str
    run: int
    signal: int


@dataclass(slots=True)
class RunNotify:
    """Start a notify script and do not wait for it."""

    instance: str  # "" for a sync group
    group: str
    command: tuple[str, ...]
    user: str = ""


@dataclass(slots=True)
class StateChanged:
    instance: str
    old: str
    new: str
    reason: str


@dataclass(slots=True)
class FaultsChanged:
    """It stays in FAULT; ``faults``: what of its own is broken now, a sentence each."""

    instance: str
    faults: tuple[str, ...]


@dataclass(slots=True)
class PriorityChanged:
    instance: str
    old: int
    new: int
    reason: str


@dataclass(slots=True)
class AdvertisementDropped:
    instance: str
    source: str
    vrid: int
    reason: str  # name of a DropReason


@dataclass(slots=True)
class ScriptJudged:
    """A script run ended; ``changed``: fall or rise was reached by it."""

    script: str
    exit: int | str  # exit code, "timeout", or "signal N"
    passed: bool
    changed: bool


@dataclass(slots=True)
class WriteLog:
    """A line as keepalived of this profile would write it."""

    line: str


@dataclass(slots=True)
class Warn:
    """Something a user should know that no daemon says."""

    instance: str
    text: str


@dataclass(slots=True)
class EndProcess:
    """The process is done: SIGTERM has been served."""


Action = (
    SendAdvertisement
    | AddAddresses
    | RemoveAddresses
    | AddRoutes
    | RemoveRoutes
    | SendGratuitousArp
    | CreateVmac
    | RemoveVmac
    | SetAccept
    | RunScript
    | KillScript
    | RunNotify
    | StateChanged
    | FaultsChanged
    | PriorityChanged
    | AdvertisementDropped
    | ScriptJudged
    | WriteLog
    | Warn
    | EndProcess
)
