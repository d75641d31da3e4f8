"""Files nobody should run: one line, file and line, what is wrong, what would be right."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from vrrplab.config.keywords import vrrp_tables
from vrrplab.config.reader import parse_config, parse_text
from vrrplab.errors import ConfigError

GOOD = """vrrp_instance V1 {
    interface eth0
    virtual_router_id 51
    priority 150
    virtual_ipaddress {
        10.0.0.1
    }
}
"""


def refused(text: str, *, strict: bool = False) -> str:
    with pytest.raises(ConfigError) as caught:
        parse_text(text, "bad.conf", strict=strict)
    message = str(caught.value)
    assert "\n" not in message
    return message


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            GOOD.replace("id 51", "id 0"),
            "bad.conf:3: V1: virtual_router_id '0' is not valid - write a number from 1 to 255",
        ),
        (
            GOOD.replace("id 51", "id 256"),
            "bad.conf:3: V1: virtual_router_id '256' is not valid - write a number from 1 to 255",
        ),
        (
            GOOD.replace("    virtual_router_id 51\n", ""),
            "bad.conf:1: V1 has no virtual_router_id - add virtual_router_id with a number from 1 to 255",
        ),
        (
            GOOD.replace("virtual_router_id", "virtual_routerid"),
            "bad.conf:3: V1 has no virtual_router_id: unknown keyword 'virtual_routerid' - did you mean "
            "'virtual_router_id'?",
        ),
        (
            GOOD.replace("interface", "interfce"),
            "bad.conf:2: V1 has no interface: unknown keyword 'interfce' - did you mean 'interface'?",
        ),
        (
            GOOD.replace("    virtual_router_id 51\n", "")
            + GOOD.replace("V1", "V2").replace("virtual_router_id 51", "virtual_routerid 52"),
            "bad.conf:1: V1 has no virtual_router_id - add virtual_router_id with a number from 1 to 255",
        ),
        (
            GOOD.replace("    interface eth0\n", ""),
            "bad.conf:1: V1 has no usable interface - add interface NAME, with the network card that "
            "faces the "
            "other routers",
        ),
        (
            GOOD + GOOD.replace("V1", "V2").replace("10.0.0.1", "10.0.0.2"),
            "bad.conf:11: V1 and V2 both use VRID 51 with IPv4 on interface eth0 - give each virtual "
            "router of a "
            "network a virtual_router_id of its own",
        ),
        (
            GOOD.replace("150", ""),
            "bad.conf:4: 'priority' lacks a parameter after 'priority' - write 'priority <value>'; "
            "keepalived "
            "stops here",
        ),
        (
            GOOD.replace("priority 150", "version 3").replace("10.0.0.1", ""),
            "bad.conf:5: V1 has no virtual address - add at least one to virtual_ipaddress { … }",
        ),
        ("\x7fELF\x02\0\0", "bad.conf:1: is a binary file - a keepalived.conf is plain text"),
        (GOOD + "\0", "bad.conf:9: is a binary file - a keepalived.conf is plain text"),
    ],
)
def test_what_keepalived_does_not_run_with_is_an_error(text: str, message: str) -> None:
    assert refused(text) == message


@pytest.mark.parametrize(
    ("text", "kind", "message"),
    [
        (GOOD.rstrip()[:-1], "unclosed-brace", "bad.conf:1: a { is never closed - add the missing }"),
        (
            GOOD.replace("150", "300"),
            "priority-range",
            "bad.conf:4: priority '300' is not valid; keepalived uses 100 - write a number from 1 to "
            "254, or 255 "
            "for the owner of the addresses",
        ),
        (
            GOOD.replace("10.0.0.1", ""),
            "no-vip",
            "bad.conf:5: V1: no virtual address - add at least one to virtual_ipaddress { … }",
        ),
        (
            "",
            "no-instance",
            "bad.conf:1: the file is empty - write at least vrrp_instance NAME "
            "{ interface …, virtual_router_id …, "
            "virtual_ipaddress { … } }",
        ),
        (
            "# nothing but a comment\n",
            "no-instance",
            "bad.conf:1: no vrrp_instance in this file - write at least vrrp_instance NAME { interface …, "
            "virtual_router_id …, virtual_ipaddress { … } }",
        ),
    ],
)
def test_what_keepalived_survives_is_a_warning_and_with_strict_an_error(
    text: str, kind: str, message: str
) -> None:
    node = parse_text(text, "bad.conf")
    assert kind in [warning.kind for warning in node.warnings]
    assert refused(text, strict=True) == message


def test_the_daemons_words_about_an_unclosed_brace() -> None:
    node = parse_text(GOOD.rstrip()[:-1])
    assert node.warnings[-1].log == "There are 1 missing '}'s or extra '{'s"
    assert node.instance("V1").vrid == 51


def test_one_vrid_may_serve_both_families_two_interfaces_and_two_groups() -> None:
    other = GOOD.replace("V1", "V2")
    for second in (
        other.replace("10.0.0.1", "fe80::1"),
        other.replace("eth0", "eth1"),
        other.replace("priority 150", "mcast_dst_ip 224.0.0.99"),
    ):
        assert len(parse_text(GOOD + second).instances) == 2


@pytest.mark.parametrize("name", ["missing.conf", "folder", "name\0with-nul"])
def test_files_that_cannot_be_read(name: str, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(ConfigError) as caught:
        parse_config(str(tmp_path / name))
    assert "\n" not in str(caught.value)


def test_a_script_line_with_an_open_quote_stops_the_daemon() -> None:
    text = "vrrp_script chk {\nscript '/bin/true\n}\n" + GOOD
    assert refused(text).startswith("bad.conf:2: the quotes of the script line of chk do not match")


def test_an_error_in_an_included_file_names_that_file(tmp_path: Path) -> None:
    main = tmp_path / "keepalived.conf"
    main.write_text("include part.conf\n")
    (tmp_path / "part.conf").write_text(GOOD.replace("id 51", "id 999"))
    with pytest.raises(ConfigError, match=r"part.conf:3: V1: virtual_router_id '999' is not valid"):
        parse_config(main)


def test_endless_expansions_end() -> None:
    assert "expands to more than 100,000 lines" in refused("$A=x \\\n$A \\\ny\n$A")
    assert "more than 100000 values" in " ".join(
        warning.message for warning in parse_text("~SEQ(I, 1, 99999999) x").warnings
    )


# -- random text

WORDS = sorted(
    {
        *vrrp_tables(True),
        "global_defs",
        "state",
        "interface",
        "eth0",
        "virtual_router_id",
        "51",
        "virtual_ipaddress",
    }
    | {"10.0.0.1", "MASTER", "weight", "-5", "authentication", "auth_pass", "track_script", "track_interface"}
    | {
        "group",
        "$A",
        "$A=",
        "${A}",
        "~SEQ(I,1,3)",
        "@x",
        "@^x",
        "notify",
        "unicast_peer",
        "dev",
        "script",
        "\\",
    }
)
PIECES = st.lists(
    st.one_of(st.sampled_from(WORDS), st.sampled_from(["{", "}", "\n", "\n", '"', "'", "#", "!", " "])),
    max_size=60,
).map(" ".join)


@settings(max_examples=150, deadline=1000)
@given(text=st.one_of(st.text(max_size=200), PIECES), old=st.booleans(), strict=st.booleans())
@example(text="vrrp_script", old=True, strict=False)
@example(text="vrrp_instance\nstate MASTER", old=True, strict=False)
@example(text='notify_master "', old=False, strict=True)
def test_random_text_is_read_or_refused_in_one_line(text: str, old: bool, strict: bool) -> None:
    try:
        parse_text(text, daemon="2.2.7" if old else "2.4.3", strict=strict)
        message = ""
    except ConfigError as error:
        message = str(error)
    assert "\n" not in message


@settings(max_examples=60, deadline=1000)
@given(data=st.binary(max_size=300))
def test_random_bytes_are_read_or_refused(data: bytes, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("random") / "keepalived.conf"
    path.write_bytes(data)
    try:
        parse_config(path)
        message = ""
    except ConfigError as error:
        message = str(error)
    assert "\n" not in message


@pytest.mark.parametrize("gap", ["{{ vrid }}", "{% vrid %}", "<%= @vrid %>"])
def test_a_template_is_called_one(gap: str) -> None:
    told = refused(GOOD.replace("51", gap))
    assert told == (
        f"bad.conf:3: is a template: nothing is filled in for '{gap}' - give the file that is made from it"
    )


def test_a_template_that_keepalived_would_run_is_warned_of() -> None:
    text = "# {{ made }} by hand\n" + GOOD.replace("priority 150", 'priority "{{ prio }}"')
    (warning,) = [w for w in parse_text(text, "t.conf").warnings if w.kind == "template"]
    assert str(warning).startswith("t.conf:5: is a template: nothing is filled in for '{{ prio }}'")


@pytest.mark.parametrize("line", ['notify eth1 -t x"', "notify_fault '", 'notify_master a "b'])
def test_a_notify_line_whose_quotes_do_not_match_names_no_script(line: str) -> None:
    """Measured with keepalived 2.2.7 -t: "Unmatched quote", and it goes on."""
    text = f"vrrp_instance V {{\n interface eth0\n virtual_router_id 5\n {line}\n}}\n"
    node = parse_text(text)
    assert any("names no script" in str(warning) for warning in node.warnings)


def test_a_script_behind_notify_fifo_is_a_script() -> None:
    text = (
        "global_defs {\n script_user root\n notify_fifo_script /bin/reader\n}\n"
        "vrrp_instance V {\n interface eth0\n virtual_router_id 5\n}\n"
    )
    node = parse_text(text)
    assert any("without enable_script_security" in str(warning) for warning in node.warnings)
