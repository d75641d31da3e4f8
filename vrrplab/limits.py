"""How much is too much: every bound on what is read, told or run, with its figure and its reason.

``docs/limits.md`` is made of this table (tools/limits_page.py), so a limit has one figure. What enforces
a limit names it in its message.
"""

from __future__ import annotations

from typing import NamedTuple

MIB = 1024 * 1024


class Limit(NamedTuple):
    """``what`` may have ``most`` ``unit``; ``why`` that is enough, or all that can be borne."""

    most: int
    unit: str
    what: str
    why: str

    def __str__(self) -> str:
        if self.unit == "bytes":
            for size, name in ((1024 * MIB, "GiB"), (MIB, "MiB"), (1024, "KiB")):
                if self.most % size == 0:
                    return f"{self.most // size} {name}"
        return f"{self.most:,} {self.unit}"


# -- files that are read -----------------------------------------------------------------------------------

CONFIG_BYTES = Limit(
    4 * MIB,
    "bytes",
    "a keepalived.conf with all that it includes",
    "the longest real one seen has 250 kB",
)
CONFIG_FILES = Limit(
    1000,
    "files",
    "a keepalived.conf with all that it includes",
    "the daemon has no such limit: where each file includes the next twice it reads for 3 s at 16 files"
    " and for ever at 30",
)
CONFIG_LINES = Limit(
    100_000,
    "lines",
    "a keepalived.conf with all that it includes, loops and definitions",
    "a loop in a loop, or definitions that double each other, go on for ever; 100,000 are read in about 2 s",
)
CONFIG_INCLUDE_NAMES = Limit(
    20_000,
    "names",
    "the patterns of include",
    "/*/*/*/* is the whole disk; a folder of configurations has some hundred files",
)
INVENTORY_NAMES = Limit(
    100_000,
    "names",
    "the folders of an inventory",
    "an inventory of 1,000 hosts with ten files each has 11,000; / has a million",
)
PAGE_FILES = Limit(
    200,
    "files",
    "what is dropped on a page",
    "a cluster has two to ten nodes, and a file of each may include some others",
)
PAGE_CAPTURE_BYTES = Limit(
    64 * MIB,
    "bytes",
    "a capture that is dropped on a page",
    "half a million frames, which a browser goes through in half a minute; the command line takes any size",
)
HOST_ADDRESSES_BYTES = Limit(
    4 * MIB,
    "bytes",
    "the addresses of one host, as ip -j addr prints them",
    "an address has 300 bytes: 10,000 of them",
)
DUMP_BYTES = Limit(
    16 * MIB,
    "bytes",
    "what a keepalived writes about itself",
    "one with two instances has 11 kB, one with 250 has 600",
)
SCENARIO_BYTES = Limit(
    512 * 1024,
    "bytes",
    "a scenario file",
    "the longest that comes with vrrplab has 2 kB; 1,000 servers have 86 kB, read in half a second",
)
YAML_DEPTH = Limit(
    40,
    "levels",
    "a scenario file",
    "the YAML reader's time grows faster than the levels: a minute for 5,000",
)
YAML_VALUES = Limit(
    100_000,
    "values",
    "a scenario file, its aliases written out",
    "aliases of aliases multiply without end; 1,000 servers have 7,000 values",
)
TRACE_LINE_BYTES = Limit(
    16 * MIB,
    "bytes",
    "a line of a trace",
    "the first line tells of every server: 3 kB for the two of a drill",
)
TRACE_BYTES = Limit(
    1024 * MIB,
    "bytes",
    "a trace",
    "an event has about 190 bytes, so more than five million of them, all kept in memory",
)
OBSERVED_BYTES = Limit(
    64 * MIB,
    "bytes",
    "a recording's observed.json",
    "the longest that comes with vrrplab has 70 kB for 40 s",
)
SETTINGS_BYTES = Limit(
    1 * MIB,
    "bytes",
    "a .vrrplab.toml or a baseline of config check",
    "a baseline of 1,000 findings has 300 kB",
)
PROGRESS_BYTES = Limit(
    1 * MIB,
    "bytes",
    "a progress file",
    "one with long answers to every exercise has 30 kB",
)
CLASS_NAMES = Limit(
    20_000,
    "names",
    "a class's folder, with all folders in it",
    "a class of 1,000 with twenty each; 10,000 progress files are read in 2 s",
)
LESSON_BYTES = Limit(
    MIB,
    "bytes",
    "a copied lesson that a newer one replaces",
    "the longest that comes with vrrplab has 16 kB; a larger one has been run or changed, and is kept",
)
COPIED_BYTES = Limit(
    64 * 1024,
    "bytes",
    "the record of the lessons that were copied",
    "a dozen names with a hash or two each have 2 kB",
)
LAB_STATE_BYTES = Limit(
    64 * 1024,
    "bytes",
    "a state file of the lab",
    "it has six short values",
)
TUNNELS = Limit(
    8,
    "tunnels in each other",
    "a frame",
    "no network has more than three; a frame of 64 KiB has room for 3,000, and what is deeper is counted",
)
HEX_BYTES = Limit(
    1 * MIB,
    "bytes",
    "a frame as text",
    "the longest frame there is, 64 KiB, has 205 kB as tcpdump -xx prints it",
)
LEFT_OUT_BYTES = Limit(
    16 * MIB,
    "bytes",
    "lines for which the dumps of a text have a *",
    "60 frames of 256 KiB, four times the longest there is; three short lines stand for so much",
)
TEXT_BYTES = Limit(
    64 * MIB,
    "bytes",
    "a text of frames, or a log",
    "a day of adverts as tcpdump prints them has 22 MB; a longer one can be cut into parts",
)
UNPACKED_BYTES = Limit(
    4096 * MIB,
    "bytes",
    "what is unpacked of a compressed capture",
    "nothing of it is kept; a few kilobytes may be made to hold any number",
)
JSON_DEPTH = Limit(
    40,
    "levels",
    "JSON",
    "nothing that vrrplab writes is nested so deeply",
)
JSON_DIGITS = Limit(
    20,
    "digits",
    "a whole number in JSON",
    "2^64 has 20; longer ones are no counts and no times",
)

SHOWN = Limit(
    1_000,
    "characters",
    "a name, path or message from outside that is shown in one line",
    "a dozen lines of a terminal; nobody reads a longer one, and what stands around it must stay in sight",
)

RECORDING_FRAMES = Limit(
    100_000,
    "frames",
    "one run of a recording",
    "those that come with vrrplab have 363 at most, and each becomes an event of the trace",
)
TRACE_QUEUE_BYTES = Limit(
    2 * MIB,
    "bytes",
    "the trace of `live` that waits for a terminal, pipe or disk",
    "some 10,000 events; what does not fit is counted, and told where it is missing",
)
SWEEP_NOTE_BYTES = Limit(
    4 * MIB,
    "bytes",
    "what a sweep says of its table, in NAME.json",
    "a line a column: 4,096 virtual addresses have 20,000",
)
SWEEP_TORN_BYTES = Limit(
    8 * MIB,
    "bytes",
    "the end of a sweep's table that is taken back because it was broken off",
    "what is written at once has some hundred kB; where more is wrong somebody changed the file",
)
SWEEP_S = Limit(
    3600,
    "s",
    "a sweep that is begun without --yes",
    "its progress bar says how long it will take, and whoever ends it keeps what is done: longer than other"
    " work",
)
SWEEP_RUNS = Limit(
    2**48,
    "runs",
    "a sweep",
    "a run takes a millisecond: they are 9,000 years",
)
WORK_S = Limit(
    30,
    "s",
    "work that is begun without --yes",
    "who waits longer for something wants to know that before; an estimate, so that nothing has run yet",
)
WORK_BYTES = Limit(
    1024 * MIB,
    "bytes",
    "memory of work that is begun without --yes",
    "a laptop has that left beside a browser",
)
PREDICT_NODES = Limit(
    8,
    "nodes",
    "a cluster whose failures `config predict` simulates at up to four phases each",
    "in a larger one each is simulated at one or two: 20 nodes have 200 failures, and every node hears every"
    " advert",
)
FINDINGS_TOLD = Limit(
    100,
    "findings of one kind",
    "what is told of a capture",
    "what comes after them is more of the same; a capture of an attack has one for each of its frames",
)
FINDINGS_WRITTEN = Limit(
    10_000,
    "findings of one kind",
    "JSON lines or a trace made of a capture",
    "10 MB; every span of every MASTER is in there besides",
)
TIMELINE_LINES = Limit(
    40,
    "lines",
    "each part of a timeline, beyond which it is summed up (--all tells it all)",
    "two thirds of a screen; whoever looks for a pattern wants a number, not a list",
)
FINDINGS_SUMMED = Limit(
    20,
    "findings of one kind",
    "what a timeline tells without --all",
    "the others of the kind are counted, and what they have in common is told once",
)
WORST_TOLD = Limit(
    10,
    "lines",
    "what is told of a list that is summed up: the worst of it",
    "a glance",
)

WATCHED_ROUTERS = Limit(
    512,
    "virtual routers",
    "a network that `live watch` follows",
    "every VRID of IPv4 and of IPv6; one that has no MASTER any more gives its place to a new one",
)

WATCHED_SENDERS_EACH = Limit(
    32,
    "senders",
    "a virtual router that `live watch` follows",
    "a dozen servers share an address at most; who fell silent gives its place to a new one",
)

WATCHED_SENDERS = Limit(
    512,
    "senders",
    "a network that `live watch` follows",
    "2 kB of memory each; every virtual router has room for one beyond that",
)

WATCHED_ADDRESSES = Limit(
    8192,
    "virtual addresses",
    "a network that `live watch` follows",
    "eight for each of its senders; an announcement is looked for in all of them",
)

WATCHED_FRAMES_EACH = Limit(
    256,
    "frames",
    "the latest of a virtual router, in which `live watch` finds what a capture would show",
    "five intervals of a dozen senders, and their announcements; the oldest goes",
)

WATCHED_BYTES = Limit(
    3 * MIB // 8,
    "bytes",
    "the latest frames of all virtual routers that `live watch` follows",
    "two frames of each, however old, may be more than that",
)

WATCHED_DROPS = Limit(
    2048,
    "counters",
    "adverts that a watcher sees dropped, by interface, VRID and reason",
    "eight reasons for every VRID; further ones are counted under VRID 0",
)

COMMANDS_WAIT = Limit(
    64,
    "commands",
    "what `live watch --run` has yet to start",
    "one runs at a time; what comes beyond that is counted",
)

WATCHER_REMEMBERS = Limit(
    1024,
    "findings",
    "a watcher, so as to say each once (a quarter of it of those that rest on several frames),",
    "the one that was seen longest ago is forgotten then, and may be said again",
)

REMEMBERED_ADDRESSES = Limit(
    16384,
    "virtual addresses",
    "the memory of lists that adverts repeat",
    "1 MB; it is emptied then, and what is still repeated is soon in it again",
)

WARNINGS_TOLD = Limit(
    30,
    "warnings of one kind",
    "what a command says of its configurations",
    "a screen of them; the others are counted, and the trace has them all",
)
LINES_AT_ONCE = Limit(
    2_000,
    "lines",
    "log of one server at one moment, as `log` and `story` tell it",
    "a word of 3 MB gave 5,916 at the start; the others are counted, and JSON lines have them all",
)

PARAGRAPH = Limit(
    4_000,
    "characters",
    "a description or explanation from outside that is told in several lines",
    "fifty lines of 80 columns: two screens",
)


def table() -> dict[str, Limit]:
    """Every limit by its name, in the order of this file."""
    return {name: value for name, value in globals().items() if isinstance(value, Limit)}
