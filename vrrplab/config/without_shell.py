"""What becomes of a command that expects a shell: keepalived starts it without one, its signs are arguments.

``script "/usr/bin/pgrep squid > /dev/null"`` runs pgrep with three arguments, and pgrep takes only one: the
check fails for ever. What a command does with words too many was measured (2.2.7 on Debian 12: procps,
psmisc, coreutils, curl, wget, iproute2, iputils; nc by its manual). Called for lines that have such signs.
"""

from __future__ import annotations

import re

_SIGN = re.compile(
    r"(?<!\S)(?:\d*|&)>>?(?:&\d)?|(?<!\S)<{1,3}|\|\||&&|(?<!\S)[|&;]|[&;](?!\S)|`|\$(?:[({$?]|[A-Za-z_]\w*)"
)
_PATTERN = re.compile(r"(?<!\S)/\S*[*?\[]")
_OF_FILES = frozenset({"[", "cat", "ls", "stat", "test"})  # their arguments are files: a pattern means some
_SHELLS = frozenset(
    {"ash", "bash", "busybox", "dash", "ksh", "node", "perl", "python", "python3", "sh", "zsh"}
)
_ONLY_IN_A_SHELL = frozenset(
    {".", "[[", "case", "cd", "exit", "export", "for", "if", "set", "source", "while"}
)
_EXITS = {
    **dict.fromkeys(("echo", "printf", "true"), 0),
    **dict.fromkeys(
        ("cat", "docker", "false", "kill", "killall", "lsof", "mountpoint", "nc", "ps", "stat"), 1
    ),
    **dict.fromkeys(("[", "awk", "grep", "ls", "pgrep", "ping", "test"), 2),
    **{"pg_isready": 3, "wget": 4, "ip": 255, "ss": 255},
}
"""What a program answers for ever that is given words it cannot use."""
_ANY_OF_THEM = frozenset({"pidof", "service", "systemctl"})  # one well name among the words is enough
BASH_ONLY = ("</dev/tcp/", "</dev/udp/")
"""Files that no system has: bash connects instead of opening them."""
_SYSTEM = re.compile(r"(?:/usr)?/s?bin/|[^/]*$")


def shell_sign(text: str, command: tuple[str, ...]) -> str:
    """The first sign of a command line that only a shell would act on, or ""."""
    name = _name(command)
    bare = _outside_quotes(text, expands=name not in _SHELLS)
    found = _SIGN.search(bare) or (_PATTERN.search(bare) if name in _OF_FILES else None)
    return found.group() if found else ""


def exit_for_ever(command: tuple[str, ...], sign: str) -> tuple[int | None, bool]:
    """What a command with such a sign exits with, every time, and whether that is sure; None: as without it.

    A program of the system that is not known here most likely complains of words too many; a script of
    one's own, in another folder, most likely does not look at them.
    """
    name = _name(command)
    literal = sign[0] in "`$"
    if name == "curl":  # of its last address: nobody there (7), no such host (6), no address (3)
        host = re.fullmatch(r"[\w.-]+", command[-1])
        return (7 if command[-1].isdigit() else 6 if host else 3), True
    if name == "pgrep" and sign[0] == "$" and sign[1:2].isalpha():  # one pattern, which nothing matches
        return 1, True
    if name in _EXITS:
        return _EXITS[name], True
    if name in _ANY_OF_THEM:
        return (1 if literal else None), True
    if name in _SHELLS or not _SYSTEM.match(command[0]):
        return None, False
    return 1, False


def needs_shell(name: str) -> bool:
    """Is this a word of the shell's language, where a program should be named? keepalived finds none."""
    return name in _ONLY_IN_A_SHELL or name[:1] in ("$", "<") or bool(re.match(r"[A-Za-z_]\w*=", name))


def _name(command: tuple[str, ...]) -> str:
    return command[0].rpartition("/")[2] if command else ""


def _outside_quotes(text: str, expands: bool) -> str:
    """The line with ``_`` for what is quoted; ``expands``: but for what a shell acts on in double quotes."""
    shown: list[str] = []
    quote = ""
    escaped = False
    for char in text:
        kept = "_"
        if escaped:
            escaped = False
        elif char == "\\":
            escaped = True
        elif quote:
            if char == quote:
                quote = ""
            elif quote == '"' and expands:
                kept = char if char in "`$({" or (shown[-1:] == ["$"] and char not in " \t") else "_"
        elif char in "\"'":
            quote = char
        else:
            kept = char
        shown.append(kept)
    return "".join(shown)
