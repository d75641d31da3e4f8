"""The virtual addresses of an advert, between text and bytes.

Remembered from the second time on, because adverts repeat the same lists for ever, and those of a flood are
seen once each. Callers look into ``PACKED`` and ``TEXTS`` first: ``functools.lru_cache`` in their place takes
80 ns longer, 4 % of encoding an advert (measured, Python 3.11).
"""

from __future__ import annotations

from typing import Any

from vrrplab.limits import REMEMBERED_ADDRESSES
from vrrplab.wire.addresses import comes_again, pack_address, unpack_address
from vrrplab.wire.checksum import total

# addresses as text -> (their bytes, the sum of these, bytes an address takes; 0: none or mixed up)
PACKED: dict[tuple[str, ...], tuple[bytes, int, int]] = {}
# the same the other way; bytes of IPv4 and IPv6 lists of one length are told apart by the width
TEXTS: dict[tuple[int, bytes], tuple[str, ...]] = {}
_LIMIT = 1024
_in_it: dict[int, int] = {}  # how many addresses there are, by the memory's id


def pack_list(addresses: tuple[str, ...]) -> tuple[bytes, int, int]:
    """What ``PACKED`` will hold for these addresses. Raises AddressError."""
    parts = [pack_address(address) for address in addresses]
    widths = {len(part) for part in parts}
    packed = b"".join(parts)
    known = packed, total(packed), widths.pop() if len(widths) == 1 else 0
    _remember(PACKED, addresses, known, len(addresses))
    return known


def unpack_list(packed: bytes, width: int) -> tuple[str, ...]:
    """What ``TEXTS`` will hold for these bytes; ``width``: 4 for IPv4, 16 for IPv6."""
    packed = bytes(packed)
    texts = tuple(unpack_address(packed[i : i + width]) for i in range(0, len(packed), width))
    _remember(TEXTS, (width, packed), texts, len(texts))
    return texts


def _remember(memory: dict[Any, Any], key: Any, known: Any, number: int) -> None:
    """Lists may be long, so their addresses count."""
    if not comes_again(key):
        return
    _in_it[id(memory)] = _in_it.get(id(memory), 0) + number
    if len(memory) >= _LIMIT or _in_it[id(memory)] > REMEMBERED_ADDRESSES.most:
        memory.clear()
        _in_it[id(memory)] = number
    memory[key] = known
