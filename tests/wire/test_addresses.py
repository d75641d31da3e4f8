"""Kinds of addresses, up to their edges, and who asks for them."""

from __future__ import annotations

import pytest

from vrrplab.machine.events import InterfaceStatus
from vrrplab.wire.addresses import is_link_local


@pytest.mark.parametrize(
    ("address", "is_so"),
    [
        ("fe7f:ffff::1", False),
        ("fe80::1", True),
        ("febf::1", True),
        ("fec0::1", False),
        ("169.254.0.1", True),
        ("169.253.255.255", False),
    ],
)
def test_link_local(address: str, is_so: bool) -> None:
    assert is_link_local(address) == is_so


def test_adverts_over_ipv6_come_from_any_link_local_address() -> None:
    addresses = ("169.254.0.1", "2001:db8::1", "fec0::1", "febf::1", "fe80::1")
    assert InterfaceStatus(True, addresses).primary(6) == "febf::1"
