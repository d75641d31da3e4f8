"""Numbers as strtol reads them, addresses as inet_pton does."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vrrplab.config.address_syntax import parse_address, parse_host
from vrrplab.config.numbers import c_integer, read_int, read_micros, read_switch, read_unsigned


@pytest.mark.parametrize(
    ("text", "accepted", "value", "complaint"),
    [
        ("100", True, 100, ""),
        (" 100", True, 100, ""),
        ("+7", True, 7, ""),
        ("00012", True, 12, ""),
        ("", False, 0, "WARNING - number '' outside range [1, 255]"),
        ("256", False, 256, "WARNING - number '256' outside range [1, 255]"),
        ("-3", False, 2**32 - 3, "WARNING - negative number '-3'"),
        ("5s", True, 5, "WARNING - invalid number '5s'"),
        ("x", False, 0, "WARNING - invalid number 'x'"),
        (
            "99999999999",
            False,
            99999999999 & 0xFFFFFFFF,
            "WARNING - number '99999999999' outside unsigned integer range",
        ),
    ],
)
def test_unsigned_numbers(text: str, accepted: bool, value: int, complaint: str) -> None:
    reading = read_unsigned(text, 1, 255, lenient=True)
    assert (reading.accepted, reading.value) == (accepted, value)
    assert reading.complaints == ((complaint,) if complaint else ())


def test_rubbish_behind_a_number_is_not_accepted_where_the_daemon_is_strict() -> None:
    assert not read_unsigned("5s", 1, 255, lenient=False).accepted
    assert read_int("-254", -253, 253, lenient=True).complaints == (
        "number '-254' outside range [-253, 253]",
    )


@pytest.mark.parametrize(
    ("text", "accepted", "value_us"),
    [("1", True, 1_000_000), ("0.25", True, 250_000), (".3", True, 300_000), ("1.0000015", True, 1_000_002)],
)
def test_seconds_become_microseconds(text: str, accepted: bool, value_us: int) -> None:
    reading = read_micros(text, 10_000, 255_000_000)
    assert (reading.accepted, reading.value) == (accepted, value_us)


def test_seconds_out_of_range_are_told_with_decimals() -> None:
    reading = read_micros("300", 10_000, 255_000_000)
    assert not reading.accepted
    assert reading.complaints == ("WARNING - number '300' outside range [0.010000, 255.000000]",)


def test_switches() -> None:
    assert [read_switch(word) for word in ("on", "yes", "true", "off", "no", "false", "maybe")] == [
        *(True, True, True, False, False, False),
        None,
    ]


@given(st.integers(-(10**30), 10**30))
def test_every_integer_is_read_back(number: int) -> None:
    assert c_integer(f" {number}rest") == (number, "rest")


@given(st.ip_addresses())
def test_addresses_are_spelled_as_the_standard_library_does(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> None:
    read = parse_address(address.exploded)
    assert read is not None
    assert read.packed == address.packed
    again = parse_address(read.text)
    assert again == read


@given(st.text("0123456789abcdef:./%", max_size=24))
def test_what_is_no_address_here_is_none_elsewhere(text: str) -> None:
    try:
        expected = ipaddress.ip_address(text).packed if "%" not in text else None
    except ValueError:
        expected = None
    read = parse_address(text)
    assert (read.packed if read else None) == expected


@pytest.mark.parametrize(
    "text", ["1.2.3", "1.2.3.4.5", "1.2.3.256", "01.2.3.4", "a.b.c.d", "fe80::1%eth0", ":::", "1::2::3"]
)
def test_no_addresses(text: str) -> None:
    assert parse_address(text) is None


def test_mapped_and_compressed_forms() -> None:
    texts = ["::ffff:1.2.3.4", "2001:DB8:0:0:1::1", "0:0:0:0:0:0:0:0", "1:0:0:2:0:0:0:3"]
    assert [found.text for text in texts if (found := parse_address(text))] == [
        "::ffff:1.2.3.4",
        "2001:db8::1:0:0:1",
        "::",
        "1:0:0:2::3",
    ]


def test_a_peer_may_carry_a_prefix_which_does_not_count() -> None:
    assert parse_host("10.0.0.1/24") == parse_address("10.0.0.1")
    assert parse_host("10.0.0.1-5") == parse_address("10.0.0.1")
    assert parse_host("10.0.0/24") is None
