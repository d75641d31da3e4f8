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

from vrrplab.config.blocks import BlockReader, Table
from vrrplab.config.complete import complete
from vrrplab.config.diagnostics import STRUCTURE_KINDS, Diagnostics
from vrrplab.config.drafts import FileDraft, GlobalDraft
from vrrplab.config.keywords import checker_tables, global_tables, has_lvs, vrrp_tables
from vrrplab.config.lines import LineReader, decode
from vrrplab.config.model import ConfigWarning, NodeConfig, Source
from vrrplab.config.templates import template_of
from vrrplab.errors import ConfigError
from vrrplab.input_files import byte_order_mark, handed, read_bytes, unreadable
from vrrplab.limits import CONFIG_BYTES

DAEMONS = ("2.2.7", "2.4.3")
DEFAULT_LOG_FILE = "/etc/keepalived/keepalived.conf"


def parse_config(
    path: str | os.PathLike[str],
    *,
    host_id: str = "",
    daemon: str = "2.2.7",
    strict: bool = False,
    log_file: str = DEFAULT_LOG_FILE,
) -> NodeConfig:
    """What keepalived would make of the file at ``path``: a ``NodeConfig``, with defaults and corrections.

    - ``host_id``: keepalived's ``--config-id``, or the host's name: lines beginning with ``@NAME`` count on
      that host only.
    - ``daemon``: "2.2.7" or "2.4.3", whose rules and log lines apply.
    - ``strict``: refuse also what the daemon survives but nobody means: an unclosed brace, a priority
      outside 1..255, no virtual address, no vrrp_instance at all.
    - ``log_file``: the path of the file on the pictured server, which the daemon's log lines name.

    What keepalived corrects is in ``warnings``. ConfigError for what it does not run with: a
    virtual_router_id that is missing or not 1..255, no interface, one VRID twice on an interface, no
    virtual address in version 3 or strict mode, a missing parameter; also for files that cannot be read,
    are binary, or include each other in a circle.

    >>> first = vrrplab.parse_config("proxy-serv01.conf").instances[0]
    >>> first.name, first.base_priority, first.advert_interval_us
    ('proxy_ip1', 255, 1000000)
    """
    return _parse(config_bytes(path), os.fspath(path), host_id, daemon, strict, log_file)


def config_bytes(path: str | os.PathLike[str]) -> bytes:
    """What a keepalived.conf has in it. ConfigError: it cannot be read, is no plain file, or is too large."""
    file, hint = os.fspath(path), "name a keepalived.conf"
    files = handed()
    try:
        if not (files and file in files.files) and not S_ISREG(os.stat(file).st_mode):
            raise ConfigError(file, 0, "is not a regular file", hint)
    except (OSError, ValueError) as error:
        raise unreadable(file, error, ConfigError, hint) from None
    return read_bytes(file, CONFIG_BYTES, ConfigError, hint)


def config_text(path: str | os.PathLike[str]) -> str:
    """The same as text; bytes that are not UTF-8 come through unharmed."""
    return decode(config_bytes(path))


def parse_text(
    text: str,
    file: str = "<text>",
    *,
    host_id: str = "",
    daemon: str = "2.2.7",
    strict: bool = False,
    log_file: str = DEFAULT_LOG_FILE,
    alone: bool = False,
) -> NodeConfig:
    """The same for a text. ``file`` is what messages call it; includes are looked for beside it.

    ``alone``: nothing is looked for, an include is a ConfigError: for texts of somebody else.
    """
    return _parse(bytes_of_text(text, file), file, host_id, daemon, strict, log_file, alone)


def bytes_of_text(text: str, file: str) -> bytes:
    """A configuration as the bytes of a file; ConfigError for half of a character, which no file can have."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError as error:
        line = text.count("\n", 0, error.start) + 1
        message = f"{text[error.start]!r} is half of a character"
        raise ConfigError(file, line, message, "write the character itself") from None


def _parse(
    data: bytes, file: str, host_id: str, daemon: str, strict: bool, log_file: str, alone: bool = False
) -> NodeConfig:
    if daemon not in DAEMONS:
        raise ValueError(f"daemon must be one of {', '.join(DAEMONS)}, not {daemon!r}")
    encoding = byte_order_mark(data)[1]
    if encoding != "utf-8":
        what = f"is {encoding.upper()} text, of which keepalived reads no word"
        raise ConfigError(file, 1, what, "save it as UTF-8 without a byte-order mark")
    binary_at = _binary_line(data)
    if binary_at:
        raise ConfigError(file, binary_at, "is a binary file", "a keepalived.conf is plain text")
    text = decode(data)
    oddity = _oddity(data, text)
    try:
        node = _read(text, file, host_id, daemon, strict, log_file, alone)
    except ConfigError as error:
        if oddity is None:
            raise
        line, _, what, cure = oddity
        raise ConfigError(file, line, what, cure, error.log) from None
    if oddity is not None:
        line, kind, what, cure = oddity
        warning = ConfigWarning(Source(file, line), kind, what, cure)
        node = replace(node, warnings=(warning, *node.warnings))
    return node


def _oddity(data: bytes, text: str) -> tuple[int, str, str, str] | None:
    """What makes the daemon read something else than its writer sees: line, kind, what it is, the cure."""
    if byte_order_mark(data)[0]:
        what = "begins with a byte-order mark, which keepalived takes for a part of the first word"
        return 1, "byte-order-mark", what, "save it as UTF-8 without one"
    if "\r" in text.rstrip("\r") and "\n" not in text:
        what = "ends its lines with CR alone, so that keepalived reads it as a single line"
        return 1, "line-ends", what, "end them with LF: tr '\\r' '\\n'"
    return template_of(text)


def _read(
    text: str, file: str, host_id: str, daemon: str, strict: bool, log_file: str, alone: bool
) -> NodeConfig:
    # keepalived's parent process reads the settings of the whole daemon, its VRRP process the rest.
    parent = Diagnostics(file, daemon=daemon, strict=strict, log_file="")
    parent.muted = True
    settings = GlobalDraft()
    parent_reads = "global_defs" in text or "include" in text or "$" in text
    if parent_reads:
        _run(FileDraft(parent, settings), text, file, host_id, alone)
    vrrp = Diagnostics(file, daemon=daemon, strict=strict, log_file=log_file)
    draft = FileDraft(vrrp, settings)
    try:
        lines = _run(draft, text, file, host_id, alone, vrrp=True)
        if not parent_reads and STRUCTURE_KINDS & {warning.kind for warning in vrrp.warnings}:
            _run(FileDraft(parent, settings), text, file, host_id, alone)
        if not (draft.instances or draft.other_work):  # nothing to run: there is no VRRP process
            vrrp.warnings = [replace(warning, log="") for warning in vrrp.warnings]
        vrrp.warnings[:0] = parent.warnings
        if has_lvs(draft):
            vrrp.warnings += _of_checker(draft, text, file, host_id, alone)
        vrrp.reading = False
        _say_hosts(vrrp, lines, host_id)
        if not draft.instances:
            vrrp.log(
                "no-instance",
                "" if draft.other_work else "Warning - keepalived has no configuration to run",
                "no vrrp_instance in this file" if text.strip() else "the file is empty",
                "write at least vrrp_instance NAME { interface …, virtual_router_id …,"
                " virtual_ipaddress { … } }",
                Source(file, max(1, vrrp.source.line)),
            )
        node = complete(draft, file)
    except ConfigError as error:
        if vrrp.reading:  # what the parent process said comes before
            error.log = (*(warning.log for warning in parent.warnings if warning.log), *error.log)
        raise
    return replace(node, text=lines.whole_text(text))


def _of_checker(draft: FileDraft, text: str, file: str, host_id: str, alone: bool) -> list[ConfigWarning]:
    """What only the load balancer's process has to say, which reads its blocks."""
    vrrp = draft.diagnostics
    checker = Diagnostics(file, daemon=vrrp.daemon, strict=False, log_file=vrrp.log_names[file])
    _run(FileDraft(checker, draft.globals), text, file, host_id, alone, tables=checker_tables())
    said = {(warning.source, warning.log) for warning in vrrp.warnings}
    return [replace(w, checker=True) for w in checker.warnings if (w.source, w.log) not in said]


def _say_hosts(diagnostics: Diagnostics, lines: LineReader, host_id: str) -> None:
    """A host that none of the ``@name`` lines means is most often a mistake; the daemon is silent about it.

    It is none where ``@^name`` lines say what holds on all hosts but those.
    """
    hosts = lines.hosts
    if host_id in hosts or host_id in lines.other_hosts or not hosts.keys() - lines.other_hosts:
        return
    known = ", ".join(hosts)
    diagnostics.note(
        "host-lines",
        f"the lines for {known} (@{next(iter(hosts))} …) are not for {host_id or 'a host without a name'}: "
        "none of them counts",
        f"call the server {' or '.join(hosts)}; the daemon takes its host name, or keepalived -i NAME",
        next(iter(hosts.values())),
    )


def _run(
    draft: FileDraft,
    text: str,
    file: str,
    host_id: str,
    alone: bool,
    vrrp: bool = False,
    tables: Table | None = None,
) -> LineReader:
    """Read all of it as one process of the daemon: the parent, VRRP's, or the one with these ``tables``."""
    diagnostics = draft.diagnostics
    second = vrrp or tables is not None
    lines = LineReader(text, file, os.path.dirname(file), diagnostics, host_id, second, alone)
    draft.blocks = BlockReader(lines, diagnostics, draft, _is_later if diagnostics.old else None)
    if tables is None:
        tables = vrrp_tables(diagnostics.old) if vrrp else global_tables(diagnostics.old)
    draft.blocks.run(tables)
    if lines.open_braces:
        diagnostics.log(
            "unclosed-brace",
            f"There are {len(lines.open_braces)} missing '}}'s or extra '{{'s",
            "a { is never closed"
            if len(lines.open_braces) == 1
            else f"{len(lines.open_braces)} {{ are never closed",
            "add the missing }",
            lines.open_braces[0],
        )
    return lines


def _is_later(word: str) -> bool:
    from vrrplab.config.known_words import is_of_a_later_keepalived  # few files have an unknown word

    return is_of_a_later_keepalived(word)


def _binary_line(data: bytes) -> int:
    """The line at which a file proves to be no text, or 0: a NUL, or mostly control characters."""
    nul = data.find(b"\0")
    if nul >= 0:
        return data.count(b"\n", 0, nul) + 1
    head = data[:4096]
    controls = sum(byte < 32 and byte not in b"\t\n\v\f\r\x1b" for byte in head)
    undecodable = sum(0xDC80 <= ord(char) <= 0xDCFF for char in decode(head))
    return 1 if head and (controls + undecodable) * 3 > len(head) else 0
