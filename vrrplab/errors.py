"""Every exception vrrplab raises on purpose, in one place.

Each message is one line a user can act on: what is wrong, where, and what would be right (``did_you_mean``).
The command line prints ``str(error)`` and exits with 2; nothing else ever reaches a user.
Exceptions of any other type that leave the package are bugs of ours.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum
from functools import lru_cache


def did_you_mean(word: str, known: Iterable[str], *, alike: float = 0.5) -> str:
    """The hint that names the known word most like this one; "" where none is like it.

    ``alike``: how much of both words must be the same, from 0 to 1.
    """
    if not 1 < len(word) < 200:  # comparing costs the product of the lengths
        return ""
    return _most_like(word, tuple(known), alike)


@lru_cache(maxsize=256)  # a mistake is often made more than once, and each costs a millisecond
def _most_like(word: str, known: tuple[str, ...], alike: float) -> str:
    from difflib import get_close_matches  # slow to import, and rarely needed

    near = get_close_matches(word, known, n=1, cutoff=alike)
    return f"did you mean {near[0]!r}?" if near else ""


class VrrplabError(Exception):
    """Base of all errors a user can cause or meet."""


class DropReason(Enum):
    """Why a received packet is not used. Shared by the codec, the counters and the packet views."""

    TOO_SHORT = "too short"
    BAD_ETHERTYPE = "not an IP or ARP frame"
    BAD_IP_HEADER = "bad IP header"
    BAD_IP_CHECKSUM = "bad IP header checksum"
    NOT_VRRP = "not VRRP"
    CARP = "CARP, not VRRP"
    FRAGMENT = "a fragment"
    BAD_TTL = "TTL or hop limit is not 255"
    BAD_VERSION = "another VRRP version"
    BAD_TYPE = "not an advertisement"
    BAD_LENGTH = "length does not fit the address count"
    BAD_CHECKSUM = "wrong checksum"
    BAD_VRID = "VRID 0 or not configured here"
    BAD_COUNT = "no address, or another number of addresses"
    BAD_INTERVAL = "another advertisement interval"
    BAD_AUTH_TYPE = "another authentication type"
    AUTH_MISMATCH = "wrong password or authentication value"
    REPLAYED = "AH sequence number already seen"
    ADDRESS_LIST_MISMATCH = "another list of virtual addresses"
    ADDRESS_OWNER = "this router owns the addresses"
    UNICAST_MISMATCH = "multicast where unicast is expected, or the reverse"
    OTHER_GROUP = "sent to another multicast group"
    NOT_A_PEER = "sender is not a configured unicast peer"
    FIREWALL = "the firewall drops it"
    RP_FILTER = "the reverse path filter drops it: the way back to its sender leads elsewhere, or nowhere"
    MACVLAN = "a macvlan with the sender's MAC address takes it, and the daemon listens on the card"
    OWN_SOURCE = "it bears an address of the receiver's own, so its kernel drops it"


class PacketError(VrrplabError):
    """Bytes that are not what they should be.

    ``reason`` says what kind of fault it is, ``offset`` the byte (from the start of what was
    handed to the parser) where it shows.
    """

    def __init__(self, reason: DropReason, offset: int, message: str = "") -> None:
        self.reason = reason
        self.offset = offset
        self.message = message or reason.value
        super().__init__(f"{self.message} (byte {offset})")


class AddressError(VrrplabError, ValueError):
    """Text or bytes that are no IPv4, IPv6 or MAC address, or are of the wrong family."""


class PlacedError(VrrplabError):
    """An error in a file that a user wrote: ``file:line: message - hint``, each also an attribute."""

    def __init__(self, file: str, line: int, message: str, hint: str = "") -> None:
        self.file = file
        self.line = line
        self.message = message
        self.hint = hint
        place = f"{file}:{line}" if line else file
        told = f"{place}: {message}" if place else message  # what was put together from files has no place
        super().__init__(told + (f" - {hint}" if hint else ""))


class ConfigError(PlacedError):
    """A keepalived.conf that keepalived itself would refuse, or that cannot be read.

    ``log``: the daemon's own lines up to the one with which it gives up, as ``ConfigWarning`` has them; empty
    where the file was not read that far.
    """

    def __init__(self, file: str, line: int, message: str, hint: str = "", log: tuple[str, ...] = ()) -> None:
        super().__init__(file, line, message, hint)
        self.log = log


class ScenarioError(PlacedError):
    """A scenario file that cannot be run."""


class HostError(PlacedError):
    """What a host should have said of itself - its addresses, its daemon's dump - and is something else."""


class TraceError(PlacedError):
    """A trace or recording that cannot be read."""


class CaptureError(PlacedError):
    """A capture file that is none, or that breaks off; ``line`` is not used, the message names the byte."""


class OutputError(VrrplabError, OSError):
    """A file that cannot be written, or must not be: ``output: why - cure``. ``output``: its name, as given,
    behind the option that it was given to.
    """

    def __init__(self, output: str, why: str, hint: str = "") -> None:
        super().__init__(f"{output}: {why}" + (f" - {hint}" if hint else ""))
        self.strerror = why


class RuleError(VrrplabError):
    """A rule of VRRP that somebody wrote, that does not answer as it must: ``rule moment: what - cure``.

    ``rule``: its field of a Profile; ``at_s`` and ``server``: when it was asked and whose daemon asked, where
    that is known.
    """

    def __init__(
        self, rule: str, message: str, hint: str, at_s: float | None = None, server: str = ""
    ) -> None:
        self.rule = rule
        self.message = message
        self.hint = hint
        self.at_s = at_s
        self.server = server
        moment = "" if at_s is None else f" at {at_s:.6f} s on {server}"
        super().__init__(f"{rule}{moment}: {message} - {hint}")

    def asked(self, at_s: float, server: str) -> RuleError:
        """The same, of that moment and server."""
        return RuleError(self.rule, self.message, self.hint, at_s, server)


class LiveError(VrrplabError):
    """Real sockets, namespaces or daemons that cannot be used on this machine."""
