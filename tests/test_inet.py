"""Addresses in a Python without IPv6 (a browser's) are read and written as the system's calls do."""

from __future__ import annotations

from socket import AF_INET, AF_INET6, inet_ntop, inet_pton

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from vrrplab.inet import ntop_without_ipv6, pton_without_ipv6

# Bytes in which zeros stand together, where the ways of writing an address differ.
PACKED = st.one_of(
    st.binary(min_size=16, max_size=16),
    st.lists(st.sampled_from([b"\0\0", b"\0\1", b"\xff\xff", b"\x0a\0"]), min_size=8, max_size=8).map(
        b"".join
    ),
)


@given(PACKED)
@example(bytes(16))
@example(bytes(15) + b"\1")
@example(bytes(12) + b"\1\2\3\4")
@example(bytes(10) + b"\xff\xff\0\0\0\1")
def test_an_address_is_written_alike(packed: bytes) -> None:
    text = ntop_without_ipv6(AF_INET6, packed)
    assert text == inet_ntop(AF_INET6, packed)
    assert pton_without_ipv6(AF_INET6, text) == packed


@given(st.text("0123456789abcdefF:.%/ ", max_size=24))
@example("::1.2.3.4")
@example("::1.2.3.04")
@example("1:2:3:4:5:6:7::")
@example("fe80::1%eth0")
@example("::12345")
@example(":::")
def test_what_is_no_address_is_refused_alike(text: str) -> None:
    try:
        expected = inet_pton(AF_INET6, text)
    except OSError:
        with pytest.raises(OSError, match="illegal"):
            pton_without_ipv6(AF_INET6, text)
    else:
        assert pton_without_ipv6(AF_INET6, text) == expected


def test_ipv4_stays_the_systems() -> None:
    assert pton_without_ipv6(AF_INET, "192.168.2.1") == inet_pton(AF_INET, "192.168.2.1")
    assert ntop_without_ipv6(AF_INET, b"\xc0\xa8\2\1") == "192.168.2.1"
    with pytest.raises(OSError, match="illegal"):
        pton_without_ipv6(AF_INET, "192.168.2.01")
