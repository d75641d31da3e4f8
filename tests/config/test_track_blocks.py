"""track_file, vrrp_track_process and bfd_instance: what is read, and what keepalived says of mistakes.

Log lines of keepalived 2.2.7, measured; for quorums out of range they are as in its source.
"""

from __future__ import annotations

import pytest

from vrrplab.config.model import NO_LIMIT, NodeConfig
from vrrplab.config.reader import parse_text

INSTANCE = (
    "vrrp_instance V1 {\n interface eth0\n virtual_router_id 51\n virtual_ipaddress {\n 10.0.0.9/24\n }\n}\n"
)


def read(block: str) -> NodeConfig:
    return parse_text(block + INSTANCE)


def logs(node: NodeConfig) -> list[str]:
    return [warning.log.partition(") ")[2] for warning in node.warnings]


@pytest.mark.parametrize("keyword", ["track_file", "vrrp_track_file"])
def test_a_file_has_a_path_and_what_is_written_into_it(keyword: str) -> None:
    node = read(f'{keyword} load {{\n file "/run/load"\n init_file overwrite -5\n}}\n')
    [file] = node.files
    assert (file.name, file.path, file.init_value, file.overwrite) == ("load", "/run/load", -5, True)
    assert bool(node.warnings) == (keyword == "vrrp_track_file")  # a deprecated name


@pytest.mark.parametrize(
    ("options", "value", "said"),
    [
        ("", None, []),
        ("init_file", 0, []),
        ("init_file 500", 500, ["Track file load init value 500 is outside sensible range [-254, 254]"]),
        ("init_file ov", 0, ["Unknown track file init option ov"]),
        ("init_file 3x", 0, ["invalid number '3x'", "Track file load init value 3x is invalid"]),
    ],
)
def test_init_file_as_keepalived_reads_it(options: str, value: int | None, said: list[str]) -> None:
    node = read(f"track_file load {{\n file /run/load\n {options}\n}}\n")
    assert node.files[0].init_value == value
    assert logs(node) == said


@pytest.mark.parametrize(
    ("options", "quorum", "most", "said"),
    [
        ("", 1, NO_LIMIT, 0),
        ("quorum 2\nquorum_max 3", 2, 3, 0),
        ("quorum_max 0", 0, 0, 0),  # none may run
        ("quorum 3\nquorum_max 2", 3, NO_LIMIT, 1),
        ("quorum_max 2\nquorum 3", 1, 2, 1),
        ("quorum 0", 1, NO_LIMIT, 2),
        ("quorum_max 70000", 1, NO_LIMIT, 2),
    ],
)
def test_quorums(options: str, quorum: int, most: int, said: int) -> None:
    node = read(f"vrrp_track_process web {{\n process webworker\n {options}\n}}\n")
    [process] = node.processes
    assert (process.quorum, process.quorum_max, len(node.warnings)) == (quorum, most, said)


def test_a_process_with_parameters_is_looked_for_in_its_command_line() -> None:
    node = read(
        "vrrp_track_process plain {\n process webworker\n delay 1.5\n}\n"
        "vrrp_track_process whole {\n process /opt/web -d run\n fork_delay 2\n}\n"
        "vrrp_track_process some {\n process /opt/web -d\n param_match initial\n terminate_delay 0.5\n}\n"
        "vrrp_track_process wrong {\n process x\n param_match most\n delay 0\n}\n"
    )
    plain, whole, some, wrong = node.processes
    assert (plain.command, plain.full_command, plain.terminate_delay_us) == (("webworker",), False, 1_500_000)
    assert (whole.command, whole.param_match) == (("/opt/web", "-d", "run"), "exact")
    assert (whole.full_command, whole.terminate_delay_us) == (True, 0)  # a fork's delay is no end's
    assert (some.param_match, some.terminate_delay_us) == ("initial", 500_000)
    assert (wrong.param_match, wrong.full_command) == ("", False)
    assert "Invalid param_match type most - ignoring" in logs(node)


@pytest.mark.parametrize(
    ("process", "findable"),
    [
        ("process webworker", True),
        ("process /usr/sbin/webworker", False),
        ("process a-rather-long-name", False),  # the kernel keeps 15 letters of it
        ("process /usr/sbin/webworker\nfull_command", True),
        ("process /usr/sbin/webworker -d", True),
    ],
)
def test_a_process_that_is_never_found_is_told(process: str, findable: bool) -> None:
    node = read(f"vrrp_track_process web {{\n{process}\n}}\n")
    assert node.processes[0].findable is findable
    told = [w.message for w in node.warnings if w.kind == "track-process"]
    assert bool(told) is not findable
    assert all("compared with the kernel's" in text for text in told)


def test_sessions_are_known_by_name() -> None:
    assert [bfd.name for bfd in read("bfd_instance PEER {\n neighbor_ip 10.0.0.2\n}\n").bfds] == ["PEER"]
