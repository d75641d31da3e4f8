"""Small changes of a keepalived.conf's text."""

from __future__ import annotations

from vrrplab.config.edits import with_entry, with_option, without
from vrrplab.config.reader import parse_text

TEXT = """\
! weight 7 in a comment {
vrrp_script chk   # the check
{
    script "/bin/check {weight 9}"
    weight -2    # too little
}
vrrp_script other { script /bin/true
}
vrrp_instance V {
    interface eth0
    virtual_router_id 51
    @a priority 110
    @b priority 100
    nopreempt
    virtual_ipaddress { 192.168.2.100/24 }
    track_script {
        chk
    }
}
"""
SCRIPT, INSTANCE = (("vrrp_script", "chk"),), (("vrrp_instance", "V"),)


def changed_lines(text: str) -> list[tuple[str, str]]:
    """The lines that are not as they were, before and after, of texts of one length."""
    pairs = zip(TEXT.split("\n"), text.split("\n"), strict=True)
    return [(old, new) for old, new in pairs if old != new]


def test_an_option_is_replaced_where_it_stands_and_its_comment_stays() -> None:
    change = with_option(TEXT, SCRIPT, "weight", "-4")
    assert change is not None
    assert change[:3] == (5, "weight -2", "weight -4")
    assert changed_lines(change.text) == [("    weight -2    # too little", "    weight -4    # too little")]


def test_an_option_of_a_host_is_that_hosts() -> None:
    change = with_option(TEXT, INSTANCE, "priority", "99", host="b")
    assert change is not None
    assert changed_lines(change.text) == [("    @b priority 100", "    @b priority 99")]
    assert parse_text(change.text, host_id="a").instances[0].base_priority == 110
    assert parse_text(change.text, host_id="b").instances[0].base_priority == 99


def test_an_option_that_is_not_there_is_the_blocks_last_line() -> None:
    change = with_option(TEXT, INSTANCE, "advert_int", "2")
    assert change is not None
    assert change[1:3] == ("", "advert_int 2")
    assert change.text.endswith("    }\n    advert_int 2\n}\n")
    assert parse_text(change.text, host_id="a").instances[0].advert_interval_us == 2_000_000
    other = with_option(TEXT, (("vrrp_script", "other"),), "weight", "3")
    assert other is not None
    assert parse_text(other.text, host_id="a").script("other").weight == 3


def test_an_option_is_taken_out_with_its_line() -> None:
    change = without(TEXT, INSTANCE, "nopreempt")
    assert change is not None
    assert change[:3] == (14, "nopreempt", "")
    assert change.text == TEXT.replace("    nopreempt\n", "")
    assert without(TEXT, INSTANCE, "unicast_peer") is None


def test_an_entry_goes_into_its_block_however_that_is_written() -> None:
    more = with_entry(TEXT, INSTANCE, "virtual_ipaddress", "192.168.2.101/24")
    assert more is not None
    found = parse_text(more.text, host_id="a").instances[0].virtual_addresses
    assert [a.address for a in found] == ["192.168.2.100", "192.168.2.101"]
    weighted = with_entry(TEXT, INSTANCE, "track_script", "chk weight -30")
    assert weighted is not None
    assert parse_text(weighted.text, host_id="a").instances[0].track_scripts[0].weight == -30
    made = with_entry(TEXT, INSTANCE, "track_interface", "eth1")
    assert made is not None
    assert [t.name for t in parse_text(made.text, host_id="a").instances[0].track_interfaces] == ["eth1"]


def test_there_is_nothing_to_change_in_a_block_that_is_not_there() -> None:
    assert with_option(TEXT, (("vrrp_instance", "W"),), "priority", "1") is None
    assert with_entry("", INSTANCE, "track_script", "chk") is None
