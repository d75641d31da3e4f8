"""What keepalived survives is simulated with its own words; only what it refuses is refused.

Each row was measured with keepalived 2.2.7: the configuration below with one change, ``--config-test`` and a
run of 1.3 s in a network namespace with eth0 and eth1. ``LN`` stands for the file and line it names.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from vrrplab import simulate
from vrrplab.config.reader import DEFAULT_LOG_FILE, parse_text
from vrrplab.errors import ConfigError
from vrrplab.scenario.from_configs import scenario_from_configs

BASE = """vrrp_instance V1 {
    state BACKUP
    interface eth0
    virtual_router_id 51
    priority 150
    advert_int 1
    virtual_ipaddress {
        10.0.0.100/24
    }
}
"""
SCRIPT = """global_defs {
    enable_script_security
    script_user root
}
vrrp_script chk {
    script "/bin/true"
    interval 1
}
"""
VIP, NO_VIP = "        10.0.0.100/24\n", "(V1) No VIP specified; at least one is sensible"
DEFAULT_PRIORITY = "L5 (V1) Priority not valid! must be between 1 & 255. Using default 100"
MULTICAST = (
    "(V1) A unicast keyword has been specified without any unicast peers. Defaulting to multicast. This "
    "usage is deprecated - please update your configuration."
)


def with_line(line: str) -> str:
    """One more option, on line 7."""
    return BASE.replace("    advert_int 1\n", f"    advert_int 1\n{line}\n")


def with_script(old: str, new: str) -> str:
    return SCRIPT.replace(old, new) + with_line("track_script {\nchk\n}")


def grouped(*members: str) -> str:
    return "vrrp_sync_group G {\ngroup {\n" + "".join(f"{name}\n" for name in members) + "}\n}\n"


SECOND = BASE.replace("V1", "V2").replace("51", "52").replace("10.0.0.100", "10.0.0.101")

SURVIVED = {
    "an unknown option": (with_line("frobnicate 3"), ["L7 Unknown keyword 'frobnicate'"]),
    "priority 0": (BASE.replace("150", "0"), ["L5 number '0' outside range [1, 255]", DEFAULT_PRIORITY]),
    "priority 256": (
        BASE.replace("150", "256"),
        ["L5 number '256' outside range [1, 255]", DEFAULT_PRIORITY],
    ),
    "priority 300": (
        BASE.replace("150", "300"),
        ["L5 number '300' outside range [1, 255]", DEFAULT_PRIORITY],
    ),
    "a negative priority": (BASE.replace("150", "-1"), ["L5 negative number '-1'", DEFAULT_PRIORITY]),
    "a word for a priority": (BASE.replace("150", "high"), ["L5 invalid number 'high'", DEFAULT_PRIORITY]),
    "a semicolon behind it": (BASE.replace("150", "150;"), ["L5 invalid number '150;'", DEFAULT_PRIORITY]),
    "no priority": (BASE.replace("    priority 150\n", ""), []),
    "no virtual address": (BASE.replace(VIP, ""), [NO_VIP, NO_VIP]),
    "only excluded addresses": (
        BASE.replace("virtual_ipaddress", "virtual_ipaddress_excluded"),
        [NO_VIP, NO_VIP],
    ),
    "an address that is none": (
        BASE.replace("10.0.0.100/24", "10.0.0.300/24"),
        ["L8 VRRP parsed invalid IP 10.0.0.300/24. skipping IP...", NO_VIP, NO_VIP],
    ),
    "a good address behind it": (
        BASE.replace(VIP, f"10.0.0.300/24\n{VIP}"),
        ["L8 VRRP parsed invalid IP 10.0.0.300/24. skipping IP..."],
    ),
    "a prefix of 33": (
        BASE.replace("100/24", "100/33"),
        [
            "L8 WARNING - number '33' outside range [0, 32]",
            "L8 Invalid address prefix len 33 for address 10.0.0.100/33 - using 32",
        ],
    ),
    "both families in one instance": (
        BASE.replace(VIP, f"{VIP}fd00::1/64\n"),
        ["L9 (V1): address family must match VRRP instance [fd00::1/64] - ignoring"],
    ),
    "an address without its dev": (
        BASE.replace("100/24", "100/24 dev"),
        ["L8 No dev parameter specified for 10.0.0.100/24", NO_VIP, NO_VIP],
    ),
    "advert_int 0": (
        BASE.replace("_int 1", "_int 0"),
        [
            "L6 WARNING - number '0' outside range [0.010000, 255.000000]",
            "L6 (V1) Advert interval (0) not valid! Must be > 0 - ignoring",
        ],
    ),
    "advert_int 300": (
        BASE.replace("_int 1", "_int 300"),
        [
            "L6 WARNING - number '300' outside range [0.010000, 255.000000]",
            "L6 (V1) Advert interval (300) not valid! Must be > 0 - ignoring",
        ],
    ),
    "advert_int 41 in version 3": (
        BASE.replace("_int 1", "_int 41\nversion 3"),
        [
            "(V1) VRRPv3 advertisement interval 41.00s is out of range. Must be less than 40.96s. Setting to "
            "40.95s"
        ],
    ),
    "one name twice": (BASE * 2, ["L11 vrrp instance V1 already defined"]),
    "one VRID on two cards": (BASE + BASE.replace("V1", "V2").replace("eth0", "eth1"), []),
    "no name": (BASE.replace(" V1", ""), ["L1 vrrp_instance must have a name"]),
    "no state": (BASE.replace("    state BACKUP\n", ""), []),
    "a state in small letters": (
        BASE.replace("BACKUP", "master"),
        ["L2 (V1) unknown state 'master', defaulting to BACKUP"],
    ),
    "a long password": (
        with_line("authentication {\nauth_type PASS\nauth_pass 123456789\n}"),
        ["L9 Truncating auth_pass to 8 characters"],
    ),
    "no password": (
        with_line("authentication {\nauth_type PASS\n}"),
        ["(V1) Authentication specified but no password given. Ignoring"],
    ),
    "an open brace": (BASE.rstrip()[:-1], ["There are 1 missing '}'s or extra '{'s"] * 2),
    "a brace too many": (
        BASE + "}\n",
        [
            "(Line 11) Extra '}' found",
            "(Line 11) Unknown keyword '}'",
            "L11 Extra '}' found",
            "L11 Unknown keyword '}'",
        ],
    ),
    "an unknown block": (
        "frob {\n}\n" + BASE,
        [
            "(Line 1) Unknown keyword 'frob'",
            "(Line 1) Unexpected '{' - ignoring",
            "(Line 2) Unknown keyword '}'",
            "L1 Unknown keyword 'frob'",
            "L1 Unexpected '{' - ignoring",
            "L2 Unknown keyword '}'",
        ],
    ),
    "another program's file": (
        "server {\n listen 80;\n}\n",
        [
            "(Line 1) Unknown keyword 'server'",
            "(Line 1) Unexpected '{' - ignoring",
            "(Line 2) Unknown keyword 'listen'",
            "(Line 3) Unknown keyword '}'",
            "Warning - keepalived has no configuration to run",
        ],
    ),
    "nothing in track_script": (
        SCRIPT + with_line("track_script {\n}"),
        ["Warning - script chk is not used"],
    ),
    "a script that is not there": (
        SCRIPT + with_line("track_script {\nchx\n}"),
        ["L16 (V1) track script chx not found, ignoring...", "Warning - script chk is not used"],
    ),
    "a group with a stranger": (
        grouped("V1", "V9") + BASE,
        [
            "Virtual router V9 specified in sync group G doesn't exist - ignoring",
            "Sync group G has only 1 virtual router(s) - this probably isn't what you want",
        ],
    ),
    "a group of one": (
        grouped("V1") + BASE,
        ["Sync group G has only 1 virtual router(s) - this probably isn't what you want"],
    ),
    "a group of none": (
        grouped() + BASE,
        [
            "L3 Warning - sync group G has empty group block",
            "Sync group G has no virtual router(s). removing",
        ],
    ),
    "a member twice": (
        grouped("V1", "V1", "V2") + BASE + SECOND,
        ["Virtual router V1 cannot exist in more than one sync group; ignoring G"],
    ),
    "unicast without peers": (with_line("unicast_peer {\n}"), [MULTICAST]),
    "a peer that is no address": (
        with_line("unicast_peer {\n10.0.0.300\n}"),
        [
            "L8 Configuration error: VRRP instance[V1] malformed unicast peer address[10.0.0.300]. "
            "Skipping...",
            MULTICAST,
        ],
    ),
    "weight 300": (
        with_script("interval 1", "interval 1\nweight 300"),
        [
            "L8 number '300' outside range [-253, 253]",
            "L8 vrrp_script chk weight 300 must be in [-253, 253]",
        ],
    ),
    "fall 0": (
        with_script("interval 1", "interval 1\nfall 0"),
        [
            "L8 WARNING - number '0' outside range [1, 2147483647]",
            "L8 (chk): vrrp script fall value '0' invalid, defaulting to 1",
        ],
    ),
    "interval 0": (
        with_script("interval 1", "interval 0"),
        ["L7 (chk): vrrp script interval must be greater than 0, setting to 1"],
    ),
    "no script": (
        with_script('    script "/bin/true"\n', ""),
        [
            "L7 No script set for vrrp_script chk - removing",
            "L15 (V1) track script chk not found, ignoring...",
        ],
    ),
    "an open quote inside a script's": (
        with_script("/bin/true", "/bin/true 'x"),
        [
            "L6 String '/bin/true 'x': missing terminating '",
            "L8 No script set for vrrp_script chk - removing",
            "L16 (V1) track script chk not found, ignoring...",
        ],
    ),
    "an include of nothing": (
        "include /nonexistent/x.conf\n" + BASE,
        ["(Line 1) Config files missing '/nonexistent/x.conf'."],
    ),
    "a pattern in no folder": (
        "include /nonexistent/*.conf\n" + BASE,
        ["(Line 1) Config files missing '/nonexistent/*.conf'."],
    ),
    "an empty file": ("", ["Warning - keepalived has no configuration to run"]),
    "only global_defs": (
        "global_defs {\nrouter_id x\n}\n",
        ["Warning - keepalived has no configuration to run"],
    ),
}

REFUSED = {
    "VRID 0": BASE.replace("51", "0"),
    "VRID 256": BASE.replace("51", "256"),
    "no VRID": BASE.replace("    virtual_router_id 51\n", ""),
    "no interface": BASE.replace("    interface eth0\n", ""),
    "one VRID twice on a card": BASE + BASE.replace("V1", "V2"),
    "an option without its value": BASE.replace("priority 150", "priority"),
    "no virtual address in version 3": BASE.replace(VIP, "").replace("advert_int 1", "version 3"),
    "no virtual address in strict mode": "global_defs {\nvrrp_strict\n}\n" + BASE.replace(VIP, ""),
    "only addresses of the other family": with_line("unicast_peer {\nfd00::2\n}"),
    "an open quote": BASE.replace("BACKUP", '"BACKUP'),
}


def daemon_line(expected: str) -> str:
    place, _, rest = expected.partition(" ")
    numbered = place[:1] == "L" and place[1:].isdigit()
    return f"({DEFAULT_LOG_FILE}: Line {place[1:]}) {rest}" if numbered else expected


@pytest.mark.parametrize("name", SURVIVED)
def test_what_the_daemon_survives_runs_with_its_words(name: str, tmp_path: Path) -> None:
    text, expected = SURVIVED[name]
    lines = [daemon_line(line) for line in expected]
    path = tmp_path / "node.conf"
    path.write_text(text, encoding="utf-8")
    made = scenario_from_configs([path], duration_us=5_000_000)
    warnings = made.servers["node"].node.warnings
    said = [warning.log for warning in warnings if warning.log]
    assert said == lines
    trace = simulate(made)
    written = [event.fields["line"] for event in trace if event.event == "log"]
    told = [event.fields["text"] for event in trace if event.event == "warning"]
    assert [line for line in written if line in lines] == lines
    assert all(any(text.startswith(w.message) for text in told) for w in warnings)
    for instance in made.servers["node"].node.instances:
        assert trace.states(instance.name), "it takes part"


@pytest.mark.parametrize("name", REFUSED)
def test_what_the_daemon_refuses_is_refused(name: str) -> None:
    with pytest.raises(ConfigError) as refusal:
        parse_text(REFUSED[name], "node.conf")
    assert refusal.value.line > 0
    assert "\n" not in str(refusal.value)


def test_priority_100_takes_the_place_of_what_is_no_priority(tmp_path: Path) -> None:
    for number, priority in enumerate(("0", "256", "300", "high")):
        node = parse_text(BASE.replace("150", priority), f"{number}.conf")
        assert node.instance("V1").base_priority == 100
