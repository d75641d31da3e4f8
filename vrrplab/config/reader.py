"""Reading keepalived.conf: a path or a text in, a NodeConfig or one ConfigError out.

This is the face of the package. The way in: bytes → logical lines (``lines``, with ``tokens`` and
``definitions``) → blocks and keywords (``blocks``, ``keywords`` and the handlers) → drafts →
corrections (``complete``) → the immutable values of ``model``.

Read as keepalived reads, deviations of its versions included. What it complains about and then
ignores is a warning; what makes it stop is a ConfigError.
"""

from __future__ import annotations

import os
from dataclasses import replace
from stat import S_ISREG

from vrrplab.config.blocks import BlockReader
from vrrplab.config.complete import complete
from vrrplab.config.diagnostics import Diagnostics
from vrrplab.config.drafts import FileDraft, GlobalDraft
from vrrplab.config.keywords import global_tables, vrrp_tables
from vrrplab.config.lines import LineReader, decode
from vrrplab.config.model import NodeConfig, Source
from vrrplab.errors import ConfigError

DAEMONS = ("2.2.7", "2.4.3")
DEFAULT_LOG_FILE = "/etc/keepalived/keepalived.conf"
_LARGEST_FILE = 64 * 1024 * 1024


def parse_config(
    path: str | os.PathLike[str],
    *,
    host_id: str = "",
    daemon: str = "2.2.7",
    strict: bool = False,
    log_file: str = DEFAULT_LOG_FILE,
) -> NodeConfig:
    """What keepalived would make of the file at ``path``.

    ``host_id`` is keepalived's ``--config-id``: lines beginning with ``@NAME`` count on that host only.
    ``daemon`` ("2.2.7" or "2.4.3") chooses whose rules and log lines apply. ``log_file`` is the path
    of the file on the pictured server: the daemon's log lines name it.

    Raises ConfigError for what keepalived itself does not run with: a virtual_router_id that is
    missing or not 1..255, no interface, one VRID twice on an interface, no virtual address in version
    3 or strict mode, a missing parameter; also for files that cannot be read, are binary, or include
    each other in a circle. With ``strict`` also for things the daemon survives but nobody means: an
    unclosed brace, a priority outside 1..255, no virtual address, no vrrp_instance at all.
    """
    file = os.fspath(path)
    try:
        status = os.stat(file)
        if not S_ISREG(status.st_mode):
            raise ConfigError(file, 0, "is not a regular file", "give the path of a keepalived.conf")
        if status.st_size > _LARGEST_FILE:
            raise ConfigError(file, 0, "is larger than 64 MiB", "no keepalived.conf is")
        with open(file, "rb") as stream:
            data = stream.read()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise ConfigError(
            file, 0, f"cannot be read: {reason}", "give the path of a keepalived.conf"
        ) from None
    return _parse(data, file, host_id, daemon, strict, log_file)


def parse_text(
    text: str,
    file: str = "<text>",
    *,
    host_id: str = "",
    daemon: str = "2.2.7",
    strict: bool = False,
    log_file: str = DEFAULT_LOG_FILE,
) -> NodeConfig:
    """The same for a text. ``file`` is what messages call it; includes are looked for beside it."""
    return _parse(text.encode("utf-8", "surrogateescape"), file, host_id, daemon, strict, log_file)


def _parse(data: bytes, file: str, host_id: str, daemon: str, strict: bool, log_file: str) -> NodeConfig:
    if daemon not in DAEMONS:
        raise ValueError(f"daemon must be one of {', '.join(DAEMONS)}, not {daemon!r}")
    binary_at = _binary_line(data)
    if binary_at:
        raise ConfigError(file, binary_at, "is a binary file", "a keepalived.conf is plain text")
    text = decode(data)

    # keepalived's parent process reads the settings of the whole daemon, its VRRP process the rest.
    parent = Diagnostics(file, daemon=daemon, strict=strict, log_file="")
    parent.muted = True
    settings = GlobalDraft()
    if "global_defs" in text or "include" in text or "$" in text:
        _run(FileDraft(parent, settings), text, file, host_id)
    vrrp = Diagnostics(file, daemon=daemon, strict=strict, log_file=log_file)
    vrrp.warnings = parent.warnings
    draft = FileDraft(vrrp, settings)
    lines = _run(draft, text, file, host_id, vrrp=True)
    vrrp.reading = False
    if lines.open_braces:
        vrrp.log(
            "unclosed-brace",
            f"There are {len(lines.open_braces)} missing '}}'s or extra '{{'s",
            "a { is never closed"
            if len(lines.open_braces) == 1
            else f"{len(lines.open_braces)} {{ are never closed",
            "add the missing }",
            lines.open_braces[0],
        )
    if not draft.instances:
        vrrp.log(
            "no-instance",
            "" if draft.other_work else "Warning - keepalived has no configuration to run",
            "no vrrp_instance in this file" if text.strip() else "the file is empty",
            "write at least vrrp_instance NAME { interface …, virtual_router_id …, virtual_ipaddress { … } }",
            Source(file, max(1, vrrp.source.line)),
        )
    return replace(complete(draft, file), text=None if lines.included else text)


def _run(draft: FileDraft, text: str, file: str, host_id: str, vrrp: bool = False) -> LineReader:
    diagnostics = draft.diagnostics
    lines = LineReader(text, file, os.path.dirname(file), diagnostics, host_id, second_reading=vrrp)
    draft.blocks = BlockReader(lines, diagnostics, draft)
    tables = vrrp_tables if vrrp else global_tables
    draft.blocks.run(tables(diagnostics.old))
    return lines


def _binary_line(data: bytes) -> int:
    """The line at which a file proves to be no text, or 0: a NUL, or mostly control characters."""
    nul = data.find(b"\0")
    if nul >= 0:
        return data.count(b"\n", 0, nul) + 1
    head = data[:4096]
    controls = sum(byte < 32 and byte not in b"\t\n\v\f\r\x1b" for byte in head)
    undecodable = sum(0xDC80 <= ord(char) <= 0xDCFF for char in decode(head))
    return 1 if head and (controls + undecodable) * 3 > len(head) else 0
