"""Lists of addresses are remembered when they come again, and only then."""

from __future__ import annotations

from itertools import product

from vrrplab.wire import addresses
from vrrplab.wire.address_lists import PACKED, TEXTS, pack_list, unpack_list


def test_a_list_is_remembered_from_the_second_time_on() -> None:
    packed, texts = bytes([198, 51, 100, 77, 198, 51, 100, 78]), ("198.51.100.77", "198.51.100.78")
    for memory, key in ((TEXTS, (4, packed)), (PACKED, texts)):
        memory.pop(key, None)
    addresses._once.clear()
    assert unpack_list(packed, 4) == texts
    assert (4, packed) not in TEXTS
    assert unpack_list(packed, 4) == texts
    assert TEXTS[4, packed] == texts
    known = pack_list(texts)
    assert texts not in PACKED
    assert known[0] == packed
    assert pack_list(texts) == known == PACKED[texts]


def test_a_crowd_of_strangers_leaves_nothing_behind() -> None:
    addresses._once.clear()
    before = dict(TEXTS), dict(addresses._ip_text)
    for high, low in product(range(20), range(250)):
        assert unpack_list(bytes([11, high, 99, low]), 4) == (f"11.{high}.99.{low}",)
    assert (dict(TEXTS), dict(addresses._ip_text)) == before
    assert len(addresses._once) <= addresses._CACHE_LIMIT
