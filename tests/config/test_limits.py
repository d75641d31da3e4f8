"""Configurations that would be read for ever, or that an editor saved as the daemon cannot read them."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from vrrplab.config.reader import parse_config, parse_text
from vrrplab.errors import ConfigError

ROUTER = """vrrp_instance V1 {
    interface eth0
    virtual_router_id 51
    virtual_ipaddress {
        192.0.2.100
    }
}
"""


def doubled(first: str, times: int = 40) -> str:
    """Definitions of several lines, each of which is the one before, twice."""
    more = (f"$A{n + 1}=\\\n$A{n}\\\n$A{n}\n" for n in range(times))
    return f"$A0=\\\n{first}\\\n{first}\n{''.join(more)}$A{times}\n{ROUTER}"


ENDLESS = {
    "short comments": ("#\n" * 500_000 + ROUTER, "expands to more than 100,000 lines"),
    "a loop in a loop": ("~SEQ(i,1,90000) ~SEQ(j,1,90000) $X=1\n", "expands to more than 100,000 lines"),
    "a loop in a loop that leaves nothing": (
        "~SEQ(i,1,90000) ~SEQ(j,1,90000) # x\n",
        "expands to more than 100,000 lines",
    ),
    "doubled definitions": (doubled("x"), "expands to more than 100,000 lines"),
    "doubled definitions of nothing": (doubled("@nobody x"), "expands to more than 100,000 lines"),
    "braces that multiply": ("include " + "{a,b}" * 200, "stands for more than 20,000 names"),
    "a walk over the disk": ("include " + "/*" * 300, "looks at more than 20,000 names"),
    "a walk round and round": ("include " + "/proc/*/root" * 20 + "/*", "looks at more than 20,000 names"),
    "CR alone": (ROUTER.replace("\n", "\r"), "ends its lines with CR alone"),
    "UTF-8 with a mark": (
        "\ufeff" + ROUTER,
        "begins with a byte-order mark, which keepalived takes for a part",
    ),
}


@pytest.mark.parametrize(("text", "told"), ENDLESS.values(), ids=list(ENDLESS))
def test_what_has_no_end_is_told(text: str, told: str) -> None:
    begin_s = time.process_time()
    with pytest.raises(ConfigError, match=told) as caught:
        parse_text(text, "x.conf", strict=True)
    assert "\n" not in str(caught.value)
    assert time.process_time() - begin_s < 10


def tree(folder: Path, levels: int) -> Path:
    """Each file includes the next one twice."""
    for number in range(levels):
        (folder / f"{number}.conf").write_text(f"include {number + 1}.conf\n" * 2)
    (folder / f"{levels}.conf").write_text("# a leaf\n")
    main = folder / "main.conf"
    main.write_text("include 0.conf\n" + ROUTER)
    return main


def test_an_include_tree_has_a_limit_on_its_files(tmp_path: Path) -> None:
    with pytest.raises(
        ConfigError, match=r"opens more than 1,000 files, the most for a keepalived\.conf with"
    ):
        parse_config(tree(tmp_path, 30))


def test_below_the_limit_it_is_read_as_the_daemon_reads_it(tmp_path: Path) -> None:
    """keepalived 2.2.7 takes 2^8 files, and a chain of 300, without a word."""
    node = parse_config(tree(tmp_path, 8))
    assert [instance.name for instance in node.instances] == ["V1"]
    assert node.warnings == ()
    for number in range(300):
        (tmp_path / f"c{number}.conf").write_text(f"include c{number + 1}.conf\n")
    (tmp_path / "c300.conf").write_text(ROUTER)
    assert [instance.name for instance in parse_config(tmp_path / "c0.conf").instances] == ["V1"]


def test_a_glob_of_too_many_files(tmp_path: Path) -> None:
    for number in range(1100):
        (tmp_path / f"{number}.inc").write_text("")
    (tmp_path / "main.conf").write_text("include *.inc\n" + ROUTER)
    with pytest.raises(ConfigError, match="opens more than 1,000 files"):
        parse_config(tmp_path / "main.conf")


def test_what_is_included_counts_together(tmp_path: Path) -> None:
    (tmp_path / "big.inc").write_text("#" * 1_500_000 + "\n")
    (tmp_path / "main.conf").write_text("include big.inc\n" * 4 + ROUTER)
    with pytest.raises(ConfigError, match="is larger than 4 MiB with all that it includes"):
        parse_config(tmp_path / "main.conf", daemon="2.4.3")


def test_a_comment_of_50_megabytes(tmp_path: Path) -> None:
    (tmp_path / "main.conf").write_text("#" * 50_000_000 + "\n" + ROUTER)
    with pytest.raises(ConfigError, match=r"is larger than 4 MiB, the most for a keepalived\.conf with all"):
        parse_config(tmp_path / "main.conf")


def seconds_for(make: Callable[[int], str], size: int) -> float:
    begin_s = time.process_time()
    parse_text(make(size))
    return time.process_time() - begin_s


@pytest.mark.parametrize(
    "make",
    [
        lambda size: "#" * size * 1000 + "\n" + ROUTER,
        lambda size: "$A=\\\n" + "x y z\\\n" * (20 * size) + "q\n$A\n" + ROUTER,
        lambda size: f"~SEQ(i,1,{40 * size}) # x\n" + ROUTER,
    ],
    ids=["a long line", "a long definition", "a long loop"],
)
def test_reading_is_linear(make: Callable[[int], str]) -> None:
    seconds_for(make, 50)
    assert seconds_for(make, 800) < 12 * seconds_for(make, 200) + 0.2


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32"])
def test_another_encoding_is_named(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "main.conf").write_text(ROUTER, encoding=encoding)
    with pytest.raises(
        ConfigError, match=f"is {encoding.upper()}-LE text, of which keepalived reads no word"
    ):
        parse_config(tmp_path / "main.conf")


def test_a_mark_before_a_comment_does_no_harm_but_is_told() -> None:
    """keepalived 2.2.7 says: Unknown keyword, and goes on."""
    node = parse_text("\ufeff! ours\n" + ROUTER)
    assert {w.kind for w in node.warnings} == {"byte-order-mark", "unknown-keyword"}
    assert node.instances


def test_windows_line_ends_mean_nothing() -> None:
    """keepalived 2.2.7 reads them as LF."""
    assert parse_text(ROUTER.replace("\n", "\r\n")).warnings == ()
