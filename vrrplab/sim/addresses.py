"""The addresses of one interface, in the order in which they were put there.

Each is found at once, however many there are: a configuration may name thousands.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import starmap
from operator import attrgetter
from typing import Any, NamedTuple, TypeVar

from vrrplab.sim.packet import mac_bytes
from vrrplab.wire.addresses import is_link_local, pack_address

_Network = tuple[int, int, int]  # version, prefix length, first bits
_Key = TypeVar("_Key")


@dataclass(slots=True, eq=False)
class Address:
    """One address on an interface; ``mac``: the virtual router MAC address it is reached by, or "".

    Nothing changes in it but ``added_us``, which is set as soon as it is added, and later ``check_us``.
    """

    address: str
    prefix: int
    label: str = ""
    mac: str = ""
    added_us: int | None = None  # since when the kernel looks for duplicates of it; None: it does not
    check_us: int = 0  # how long that takes, where it was drawn
    mac_bytes: bytes = field(init=False)

    def __post_init__(self) -> None:
        self.mac_bytes = mac_bytes(self.mac)

    @property
    def with_prefix(self) -> str:
        """As ``ip`` and a configuration write it: 192.0.2.1/24."""
        return f"{self.address}/{self.prefix}"

    @property
    def version(self) -> int:
        """Of IP: 4 or 6."""
        return 6 if ":" in self.address else 4

    @property
    def is_scope_link(self) -> bool:
        """What Linux gives scope link: fe80::/10. (A 169.254.0.0/16 set by hand has scope global.)"""
        return ":" in self.address and is_link_local(self.address)


class Addresses:
    """What an interface has: ``len``, iteration (oldest first), and questions by text and by network.

    A copy (``snapshot``) shares all that with its original until one of the two adds or removes an address.
    """

    __slots__ = ("_all", "_lengths", "_macs", "_named", "_networks", "_shared", "_versions")

    def __init__(self, addresses: Iterable[Address] = ()) -> None:
        self._all: OrderedDict[Address, None] = OrderedDict()
        self._named: dict[str, list[Address]] = {}  # the same text twice: with two prefixes
        self._networks: dict[_Network, OrderedDict[Address, None]] = {}
        self._lengths: dict[tuple[int, int], int] = {}  # (version, prefix length) -> how many
        self._macs: dict[bytes, int] = {}  # how many are reached by it
        self._versions = {4: 0, 6: 0}
        self._shared: Shared | None = None  # all that, since somebody else has it too
        for address in addresses:
            self.add(address)

    def __reduce__(self) -> tuple[Any, ...]:
        if self._versions[6] and any(a.added_us is not None for a in self._all):
            return _copied, (tuple(map(_FIELDS, self._all)),)  # how long they are looked for may change
        if self._shared is None:
            self._shared = Shared(
                self._all, self._named, self._networks, self._lengths, self._macs, self._versions
            )
        return _sharing, (self._shared,)

    def _take(self, shared: Shared) -> None:
        self._all, self._named, self._networks, self._lengths, self._macs, self._versions = shared

    def _be_alone(self) -> None:
        """Before a change: what others have stays as it is."""
        if self._shared is None:
            return
        self._shared = None
        self._all, self._lengths = self._all.copy(), self._lengths.copy()
        self._macs, self._versions = self._macs.copy(), self._versions.copy()
        self._named = {text: list(those) for text, those in self._named.items()}
        self._networks = {network: those.copy() for network, those in self._networks.items()}

    def __len__(self) -> int:
        return len(self._all)

    def __iter__(self) -> Iterator[Address]:
        return iter(self._all)

    def add(self, address: Address) -> None:
        """The newest one."""
        self._be_alone()
        self._all[address] = None
        self._named.setdefault(address.address, []).append(address)
        network = _network(address.address, address.prefix)
        self._networks.setdefault(network, OrderedDict())[address] = None
        _count(self._lengths, network[:2], 1)
        _count(self._macs, address.mac_bytes, 1)
        self._versions[address.version] += 1

    def remove(self, address: Address) -> None:
        """It must be here."""
        self._be_alone()
        del self._all[address]
        named = self._named[address.address]
        named.remove(address)
        if not named:
            del self._named[address.address]
        network = _network(address.address, address.prefix)
        del self._networks[network][address]
        if not self._networks[network]:
            del self._networks[network]
        _count(self._lengths, network[:2], -1)
        _count(self._macs, address.mac_bytes, -1)
        self._versions[address.version] -= 1

    def get(self, text: str) -> Address | None:
        """The one of that text (no prefix), or None; the oldest of several."""
        named = self._named.get(text)
        return named[0] if named else None

    def has(self, text: str) -> bool:
        """Is there one of that text (no prefix)?"""
        return text in self._named

    def of_version(self, version: int) -> int:
        """How many are IPv4 (4) or IPv6 (6)."""
        return self._versions[version]

    def first_of(self, version: int) -> str:
        """The oldest IPv4 (4) or IPv6 (6) address, or ""."""
        if not self._versions[version]:
            return ""
        return next(a.address for a in self._all if a.version == version)

    def reached_by(self, mac: bytes) -> bool:
        """Is any of them reached by this virtual router MAC address?"""
        return mac in self._macs

    def is_first(self, address: Address) -> bool:
        """Is it the primary one, the oldest, of its subnet?"""
        return next(iter(self._subnet(address))) is address

    def subnet_of(self, address: Address) -> list[Address]:
        """Those of its subnet, oldest first, itself included: same bits, same prefix length."""
        return list(self._subnet(address))

    def _subnet(self, address: Address) -> OrderedDict[Address, None]:
        return self._networks[_network(address.address, address.prefix)]

    def reach(self, destination: str) -> int:
        """The longest prefix length of a network of theirs that the destination is in; -1: of none."""
        if not self._all:
            return -1
        bits = pack_address(destination)
        version, number = (4 if len(bits) == 4 else 6), int.from_bytes(bits, "big")
        return max(
            (
                length
                for known, length in self._lengths
                if known == version
                and (version, length, number >> (len(bits) * 8 - length)) in self._networks
            ),
            default=-1,
        )


class Shared(NamedTuple):
    """What several ``Addresses`` have in common, which none of them changes."""

    all: OrderedDict[Address, None]
    named: dict[str, list[Address]]
    networks: dict[_Network, OrderedDict[Address, None]]
    lengths: dict[tuple[int, int], int]
    macs: dict[bytes, int]
    versions: dict[int, int]


def _sharing(shared: Shared) -> Addresses:
    made = Addresses.__new__(Addresses)
    made._take(shared)
    made._shared = shared
    return made


_FIELDS = attrgetter("address", "prefix", "label", "mac", "added_us", "check_us")


def _copied(fields: tuple[tuple[Any, ...], ...]) -> Addresses:
    return Addresses(starmap(Address, fields))


def _network(address: str, prefix: int) -> _Network:
    bits = pack_address(address)
    return (4 if len(bits) == 4 else 6), prefix, int.from_bytes(bits, "big") >> (len(bits) * 8 - prefix)


def _count(counts: dict[_Key, int], key: _Key, by: int) -> None:
    left = counts.get(key, 0) + by
    if left:
        counts[key] = left
    else:
        del counts[key]
