"""What the kernel says of interfaces: bytes to notices, notices to what a router should hear."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vrrplab.errors import LiveError
from vrrplab.machine.events import AddressAdded, AddressRemoved, InterfaceWentDown, InterfaceWentUp
from vrrplab.system.interfaces import InterfaceTable
from vrrplab.system.netlink import (
    IFF_RUNNING,
    IFF_UP,
    RTM_DELADDR,
    RTM_NEWADDR,
    RTM_NEWLINK,
    AddressNotice,
    LinkNotice,
    NetlinkSocket,
    messages,
    parse,
)

UP = IFF_UP | IFF_RUNNING
MAC = "02:00:00:00:00:01"


def attribute(kind: int, value: bytes) -> bytes:
    return struct.pack("=HH", 4 + len(value), kind) + value + bytes(-len(value) % 4)


def message(kind: int, body: bytes) -> bytes:
    return struct.pack("=IHHII", 16 + len(body), kind, 0, 1, 0) + body


LINK_BODY = (
    struct.pack("=BxHiII", 0, 1, 7, UP, 0)
    + attribute(3, b"eth7\0")
    + attribute(1, bytes.fromhex("020000000001"))
)
ADDRESS_BODY = (
    struct.pack("=BBBBi", 2, 24, 0, 0, 7)
    + attribute(1, bytes([10, 0, 0, 1]))
    + attribute(2, bytes([10, 0, 0, 1]))
)


def test_messages_of_a_datagram() -> None:
    """Input: two messages in one datagram. Output: an interface and an address."""
    found = [
        parse(kind, body)
        for kind, body in messages(message(RTM_NEWLINK, LINK_BODY) + message(RTM_NEWADDR, ADDRESS_BODY))
    ]
    assert found == [
        LinkNotice(7, "eth7", UP, MAC, gone=False),
        AddressNotice(7, "10.0.0.1", 24, "", tentative=False, gone=False),
    ]
    assert parse(RTM_DELADDR, ADDRESS_BODY) == AddressNotice(7, "10.0.0.1", 24, "", False, gone=True)


@given(st.binary(max_size=200))
def test_any_bytes_are_survived(data: bytes) -> None:
    for kind, body in messages(data):
        parse(kind, body)
    for kind in (RTM_NEWLINK, RTM_NEWADDR, RTM_DELADDR, 28, 99):
        parse(kind, data)


@given(st.integers(min_value=0, max_value=len(LINK_BODY)))
def test_a_cut_message_tells_what_is_there(size: int) -> None:
    found = parse(RTM_NEWLINK, LINK_BODY[:size])
    assert found is None or found.number == 7


def link(number: int = 7, name: str = "eth7", up: bool = True, gone: bool = False) -> LinkNotice:
    return LinkNotice(number, name, UP if up else 0, MAC, gone)


def address(text: str, *, number: int = 7, tentative: bool = False, gone: bool = False) -> AddressNotice:
    return AddressNotice(number, text, 24, "", tentative, gone)


@pytest.fixture
def table() -> InterfaceTable:
    known = InterfaceTable()
    known.apply(link())
    known.apply(address("10.0.0.1"))
    known.renewed.clear()
    return known


def test_a_link_goes_down_and_up(table: InterfaceTable) -> None:
    assert table.apply(link(up=False)) == [InterfaceWentDown("eth7")]
    assert table.apply(link(up=False)) == []
    assert table.apply(link()) == [InterfaceWentUp("eth7")]
    assert table.renewed == set()


def test_an_interface_is_deleted_and_comes_back_under_another_number(table: InterfaceTable) -> None:
    """Output: down, then up, and the driver learns that sockets must be opened anew."""
    assert table.apply(link(gone=True)) == [InterfaceWentDown("eth7")]
    assert table.status({"eth7"})["eth7"].up is False
    assert table.apply(link(number=9)) == [InterfaceWentUp("eth7")]
    assert table.renewed == {"eth7"}
    assert table.apply(address("10.0.0.1", number=9)) == [AddressAdded("eth7", "10.0.0.1")]


def test_a_renamed_interface_is_gone_under_its_old_name(table: InterfaceTable) -> None:
    assert table.apply(link(name="lan0")) == [InterfaceWentDown("eth7"), InterfaceWentUp("lan0")]


def test_only_what_others_remove_is_told(table: InterfaceTable) -> None:
    table.apply(address("10.0.0.9"))
    table.expect_removal("eth7", "10.0.0.9")
    assert table.apply(address("10.0.0.9", gone=True)) == []
    table.apply(address("10.0.0.9"))
    assert table.apply(address("10.0.0.9", gone=True)) == [AddressRemoved("eth7", "10.0.0.9")]


def test_a_tentative_address_does_not_count_yet(table: InterfaceTable) -> None:
    assert table.apply(address("fe80::1", tentative=True)) == []
    assert table.apply(address("fe80::1")) == [AddressAdded("eth7", "fe80::1")]


def test_a_missing_interface_is_named_with_those_there_are(table: InterfaceTable) -> None:
    with pytest.raises(LiveError, match=r"no interface eth0 here; there are: eth7"):
        table.require({"eth0", "eth7"})


def test_this_machine_has_a_loopback() -> None:
    netlink = NetlinkSocket()
    try:
        known = InterfaceTable.read(netlink)
    finally:
        netlink.close()
    assert "127.0.0.1" in known.by_name["lo"].addresses
