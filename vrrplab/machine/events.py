"""What can happen to a VRRP process. Events are facts, named in the past tense; they carry no policy.

The driver (simulator or real sockets) makes them; ``daemon.Daemon`` passes each on to the instances it
concerns. Times are not part of an event: ``handle(event, now)`` takes them beside it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from vrrplab.config.model import NodeConfig
from vrrplab.errors import DropReason
from vrrplab.wire.addresses import is_link_local
from vrrplab.wire.vrrp import Advertisement


@dataclass(slots=True, frozen=True)
class InterfaceStatus:
    """What a host says of one interface: is it up, and which addresses has it (text, no prefix)."""

    up: bool = True
    addresses: tuple[str, ...] = ()
    exists: bool = True
    tentative: tuple[str, ...] = ()  # those that the kernel still looks for duplicates of (RFC 4862 5.4)
    base: str = ""  # the card that a macvlan is on

    def primary(self, family: int) -> str:
        """The source of adverts: the first IPv4 address, or the first IPv6 link-local one; "" if none.

        RFC 9568 sections 5.1.1.1 and 5.1.2.1.
        """
        for address in self.addresses:
            is_v6 = ":" in address
            if family == 4 and not is_v6:
                return address
            if family == 6 and is_v6 and is_link_local(address):
                return address
        return ""


@dataclass(slots=True)
class TrackedValues:
    """How what else can be tracked stands, each by the name that the configuration gives it."""

    files: dict[str, str] = field(default_factory=dict)  # what they hold; one not named does not exist
    processes: dict[str, int] = field(default_factory=dict)  # how many run; one not named: enough
    bfds_down: frozenset[str] = frozenset()  # the other sessions are up


@dataclass(slots=True)
class Started:
    """The process starts on a host with these interfaces."""

    interfaces: dict[str, InterfaceStatus]
    missing_scripts: frozenset[str] = frozenset()  # vrrp_scripts whose file does not exist
    refused_scripts: frozenset[str] = frozenset()  # those that this host will not start, and has said so
    rp_filter: int = 0  # net.ipv4.conf.all.rp_filter
    tracked: TrackedValues = field(default_factory=TrackedValues)


@dataclass(slots=True)
class AdvertisementReceived:
    """A VRRP message that the host took in from a wire, its checksum and length already verified."""

    interface: str
    source: str
    destination: str
    ttl: int
    advertisement: Advertisement
    sequence: int | None = None  # of the AH header; None: there was none
    ah_valid: bool = True  # False: the AH value (or HMAC trailer) does not fit our key
    surplus: int = 0  # bytes behind the message, which its length does not account for
    flaws: tuple[DropReason, ...] = ()  # what the codec found; no driver hands such a one to the machine


@dataclass(slots=True)
class InterfaceWentDown:
    interface: str


@dataclass(slots=True)
class InterfaceWentUp:
    interface: str


@dataclass(slots=True)
class InterfaceDeleted:
    """A card is gone; that it went down, and its addresses, has been told before."""

    interface: str


@dataclass(slots=True)
class InterfaceAdded:
    """A card appeared, down and without addresses as yet."""

    interface: str


@dataclass(slots=True)
class AddressRemoved:
    """An address disappeared, not by our own action."""

    interface: str
    address: str


@dataclass(slots=True)
class AddressAdded:
    """An address appeared, not by our own action."""

    interface: str
    address: str


@dataclass(slots=True)
class ScriptExited:
    """A track script ended: with an exit code, or (``status`` None) killed by ``signal``."""

    script: str
    run: int
    status: int | None
    signal: int = 0


@dataclass(slots=True)
class FileRead:
    """A tracked file was written, or (``text`` None) is gone."""

    file: str
    text: str | None


@dataclass(slots=True)
class ProcessesCounted:
    """So many processes of a vrrp_track_process run now."""

    process: str
    count: int


@dataclass(slots=True)
class BfdChanged:
    """A BFD session came up or went down."""

    bfd: str
    up: bool


@dataclass(slots=True)
class StopRequested:
    """SIGTERM."""


@dataclass(slots=True)
class ReloadRequested:
    """SIGHUP. ``ReloadFinished`` follows when the new file has been read."""


@dataclass(slots=True)
class ReloadFinished:
    """The new configuration has been read; the daemon goes on with it."""

    config: NodeConfig
    interfaces: dict[str, InterfaceStatus] = field(default_factory=dict)
    missing_scripts: frozenset[str] = frozenset()
    refused_scripts: frozenset[str] = frozenset()
    tracked: TrackedValues = field(default_factory=TrackedValues)


@dataclass(slots=True)
class Thawed:
    """The process was stopped (SIGSTOP, a paused VM) and runs again; ``late_us``: its most overdue timer."""

    late_us: int


@dataclass(slots=True)
class TimePassed:
    """A deadline may have come; calling too early is harmless."""


# What one instance hears from the daemon it belongs to.


@dataclass(slots=True)
class InstanceStarted:
    """The instance begins with this source address ("" if its interface has none) and these open ends."""

    source: str
    faults: dict[str, str] = field(default_factory=dict)  # cause -> why
    waits_for: tuple[str, ...] = ()  # scripts whose first result decides; twice: two of them
    priority_shift: int = 0  # weights that count from the start …
    weights: list[str] = field(default_factory=list)  # … and whose they are, each in a sentence
    delayed_until_us: int = 0  # vrrp_startup_delay


@dataclass(slots=True)
class TrackedObjectFailed:
    """Something without which the instance cannot work failed. ``cause`` is its name, ``why`` a sentence.

    ``first``: a script's first result, which the instance waited for. ``shift``: what leaves the priority
    with it, silently, until the fault is over.
    """

    cause: str
    why: str
    first: bool = False
    shift: int = 0


@dataclass(slots=True)
class TrackedObjectRecovered:
    """It works again, or (``first``) a script's first result is good. ``shift``: what it adds to the priority
    now; None: it has no part in that.
    """

    cause: str
    why: str
    first: bool = False
    shift: int | None = None


@dataclass(slots=True)
class WeightChanged:
    """Something tracked with a weight moved the priority by ``shift``."""

    shift: int
    why: str


@dataclass(slots=True)
class VirtualAddressRemoved:
    """Somebody took one of the instance's virtual addresses away."""

    address: str


@dataclass(slots=True)
class DelayEnded:
    """vrrp_startup_delay is over."""


InstanceEvent = (
    InstanceStarted
    | AdvertisementReceived
    | TrackedObjectFailed
    | TrackedObjectRecovered
    | WeightChanged
    | VirtualAddressRemoved
    | DelayEnded
    | StopRequested
    | TimePassed
)

Event = (
    Started
    | AdvertisementReceived
    | InterfaceWentDown
    | InterfaceWentUp
    | InterfaceDeleted
    | InterfaceAdded
    | AddressRemoved
    | AddressAdded
    | ScriptExited
    | FileRead
    | ProcessesCounted
    | BfdChanged
    | StopRequested
    | ReloadRequested
    | ReloadFinished
    | Thawed
    | TimePassed
)
