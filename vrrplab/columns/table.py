"""The columns of many frames: a chunk of rows, what each column is called and what its numbers stand for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vrrplab.errors import DropReason
from vrrplab.units import CENTISECOND_US, SECOND_US
from vrrplab.wire.addresses import unpack_address

if TYPE_CHECKING:
    import numpy as np

KINDS = ("other", "vrrp", "arp", "na", "carp", "igmp", "hsrp", "glbp", "vrrp-e")
FORMS = (None, "message", "pseudo-header")
REASONS: tuple[DropReason | None, ...] = (None, *DropReason)

# name, dtype, further dimensions
_STORED: tuple[tuple[str, str, tuple[int, ...]], ...] = (
    ("t_ns", "i8", ()),
    ("kind", "u1", ()),
    ("ip_version", "u1", ()),
    ("ttl", "u1", ()),
    ("source", "u1", (16,)),
    ("address", "u1", (16,)),
    ("mac", "u1", (8,)),
    ("header", "u1", (8,)),
    ("ip_checksum_ok", "i1", ()),
    ("checksum_ok", "i1", ()),
    ("checksum_form", "u1", ()),
    ("announces", "?", ()),
    ("reason", "u1", ()),
    ("tunnels", "u1", ()),
    ("sealed", "u1", ()),
)
NAMES = (
    "number",
    "t_ns",
    "kind",
    "ip_version",
    "ttl",
    "source",
    "address",
    "source_mac",
    "ip_checksum_ok",
    "checksum_ok",
    "checksum_form",
    "announces",
    "reason",
    "tunnels",
    "sealed",
    "version",
    "type",
    "vrid",
    "priority",
    "count",
    "auth_type",
    "interval_us",
    "checksum",
)


class Columns:
    """The frames of one chunk, a NumPy array a field, all of one length.

    ``number`` counts from 1 through the file; ``t_ns`` nanoseconds since 1970; ``kind`` an index into KINDS;
    ``ip_version`` 4, 6 or 0; ``ttl``; ``source`` and ``address`` 16 bytes a row (IPv4 in the first four):
    the sender, and the first virtual address or the one that ARP or NA speaks of; ``source_mac`` 6 bytes;
    ``version``, ``type``, ``vrid``, ``priority``, ``count``, ``auth_type``, ``interval_us``, ``checksum``
    of an advert (0 where there is none); ``ip_checksum_ok`` and ``checksum_ok`` 1 right, 0 wrong, -1 not
    judged; ``checksum_form`` an index into FORMS; ``announces`` True for gratuitous ARP and unsolicited NA;
    ``reason`` an index into REASONS: the first fault; ``tunnels`` how many are around the packet that the row
    tells of, ``sealed`` an index into SEALED: what could not be opened. What several of them are read from is
    kept as it stands in the frame, eight bytes a row: ``header``, a message's first, and ``mac``, with two
    zeros behind.
    """

    number: np.ndarray[Any, Any]
    t_ns: np.ndarray[Any, Any]
    kind: np.ndarray[Any, Any]
    ip_version: np.ndarray[Any, Any]
    ttl: np.ndarray[Any, Any]
    source: np.ndarray[Any, Any]
    address: np.ndarray[Any, Any]
    mac: np.ndarray[Any, Any]
    header: np.ndarray[Any, Any]
    ip_checksum_ok: np.ndarray[Any, Any]
    checksum_ok: np.ndarray[Any, Any]
    checksum_form: np.ndarray[Any, Any]
    announces: np.ndarray[Any, Any]
    reason: np.ndarray[Any, Any]
    tunnels: np.ndarray[Any, Any]
    sealed: np.ndarray[Any, Any]

    def __init__(self, rows: int, first_number: int) -> None:
        import numpy as np

        self.number = np.arange(first_number, first_number + rows)
        for name, dtype, shape in _STORED:
            setattr(self, name, np.zeros((rows, *shape), dtype))
        self.ip_checksum_ok.fill(-1)
        self.checksum_ok.fill(-1)

    def empty(self, rows: int) -> Columns:
        """Another one, with nothing in it yet."""
        return Columns(rows, 1)

    def take_over(self, rows: np.ndarray[Any, Any], part: Columns) -> None:
        """What ``part`` says, for some rows."""
        for name, _, _ in _STORED:
            getattr(self, name)[rows] = getattr(part, name)

    @property
    def source_mac(self) -> np.ndarray[Any, Any]:
        """Zeros where the capture did not keep it."""
        mac: np.ndarray[Any, Any] = self.mac[:, :6]
        return mac

    # --- fields of the message, read from its first eight bytes ------------------------------------------

    def _byte(self, place: int) -> np.ndarray[Any, Any]:
        column: np.ndarray[Any, Any] = self.header[:, place]
        return column

    @property
    def version(self) -> np.ndarray[Any, Any]:
        """Of an advert; 0 for other frames."""
        version: np.ndarray[Any, Any] = self._byte(0) >> 4
        return version

    @property
    def type(self) -> np.ndarray[Any, Any]:
        """Of an advert, 1 in every one that is right; 0 for other frames."""
        kind: np.ndarray[Any, Any] = self._byte(0) & 15
        return kind

    @property
    def vrid(self) -> np.ndarray[Any, Any]:
        """Virtual router ID of an advert; 0 for other frames."""
        return self._byte(1)

    @property
    def priority(self) -> np.ndarray[Any, Any]:
        """Of an advert; 0 for other frames too."""
        return self._byte(2)

    @property
    def count(self) -> np.ndarray[Any, Any]:
        """Of addresses, as the advert claims; 0 for other frames."""
        return self._byte(3)

    @property
    def auth_type(self) -> np.ndarray[Any, Any]:
        """0 in version 3, which has none."""
        kind: np.ndarray[Any, Any] = self._byte(4) * (self.version == 2)
        return kind

    @property
    def interval_us(self) -> np.ndarray[Any, Any]:
        """Between adverts, as the advert says, in microseconds; 0 for other frames."""
        fourth, fifth, version = self._byte(4).astype("u4"), self._byte(5).astype("u4"), self.version
        in_version_3 = ((fourth & 15) << 8 | fifth) * CENTISECOND_US * (version == 3)
        interval_us: np.ndarray[Any, Any] = in_version_3 + fifth * SECOND_US * (version == 2)
        return interval_us

    @property
    def checksum(self) -> np.ndarray[Any, Any]:
        """As it stands in the message (ICMPv6's for a neighbour advertisement)."""
        return self.header.view(">u2")[:, 3].astype("u2")

    def __len__(self) -> int:
        return len(self.number)

    def __repr__(self) -> str:
        first = int(self.number[0]) if len(self) else 0
        return f"<Columns of {len(self)} frames from {first}>"

    @property
    def source_text(self) -> np.ndarray[Any, Any]:
        """The senders' addresses as text (an object array)."""
        return self._texts(self.source)

    @property
    def address_text(self) -> np.ndarray[Any, Any]:
        """The first virtual or announced address as text, "" where there is none (an object array)."""
        texts = self._texts(self.address)
        texts[~self.address.any(axis=1)] = ""
        return texts

    def _texts(self, packed: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        import numpy as np

        sizes = np.where(self.ip_version == 6, 16, np.where(self.ip_version == 4, 4, 0))
        sizes[(sizes == 0) & (self.kind == KINDS.index("arp"))] = 4
        texts = [unpack_address(row.tobytes()[:n]) if n else "" for row, n in zip(packed, sizes, strict=True)]
        return np.array(texts, dtype=object)

    def to_dict(self) -> dict[str, np.ndarray[Any, Any]]:
        """Name to array, for ``pandas.DataFrame`` and the like (addresses as they are, 16 bytes)."""
        return {name: getattr(self, name) for name in NAMES}
