"""How many processes of a name run on this machine, by the daemon's rules for vrrp_track_process.

Without ``full_command`` it is the kernel's name of a process (15 letters, no path), else the first word of
its command line, and then perhaps what follows: ``exact``; ``partial``: more may follow; ``initial``: more
may follow, of the last word too. A zombie does not count.
"""

from __future__ import annotations

import os

from vrrplab.config.model import ProcessConfig
from vrrplab.system.descriptors import raise_shortage


def count_processes(configs: tuple[ProcessConfig, ...]) -> dict[str, int]:
    """By the name of the vrrp_track_process. OSError if this cannot be seen."""
    counts = {config.name: 0 for config in configs}
    for entry in os.listdir("/proc") if configs else ():
        if not entry.isdecimal():
            continue
        try:
            with open(f"/proc/{entry}/stat", "rb") as file:
                head, _, rest = file.read().rpartition(b")")
            with open(f"/proc/{entry}/cmdline", "rb") as file:
                words = os.fsdecode(file.read()).split("\0")[:-1]
        except OSError as error:
            raise_shortage(error)
            continue  # it ended meanwhile, or is hidden from us
        if rest.split()[:1] != [b"Z"]:
            name = os.fsdecode(head.partition(b"(")[2])
            for config in configs:
                counts[config.name] += matches(config, name, words)
    return counts


def matches(config: ProcessConfig, name: str, words: list[str]) -> bool:
    """Is a process with this name and this command line one of them?"""
    program, *wanted = config.command
    if not config.full_command:
        return name == program
    if words[:1] != [program]:
        return False
    given = words[1:]
    if config.param_match == "exact":
        return given == wanted
    if config.param_match == "initial" and wanted:
        at_last = len(wanted) - 1
        return given[:at_last] == wanted[:-1] and "".join(given[at_last : at_last + 1]).startswith(wanted[-1])
    return not config.param_match or given[: len(wanted)] == wanted
