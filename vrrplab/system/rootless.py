"""Starts a program for which setgroups(2) always succeeds: keepalived's checks, in an ordinary user's
namespace.

    python -m vrrplab.system.rootless PROGRAM ARGUMENT …

The kernel forbids setgroups in a user namespace that an ordinary user made (user_namespaces(7)). keepalived
calls it before it starts a script, and where it fails the script's process ends with status 0: the check
"passes" for ever, whatever it would have found (keepalived 2.2.7, measured). A seccomp filter lets the call
do nothing and succeed instead; all other system calls stay as they are. The program and its children inherit
the filter.
"""

from __future__ import annotations

import ctypes
import os
import platform
import sys

PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 38, 22, 2
SECCOMP_RET_ERRNO, SECCOMP_RET_ALLOW = 0x00050000, 0x7FFF0000
# linux/audit.h, and the number of setgroups there
ARCHITECTURES = {
    "x86_64": (0xC000003E, 116),
    "aarch64": (0xC00000B7, 159),
    "riscv64": (0xC00000F3, 159),
    "ppc64le": (0xC0000015, 81),
    "s390x": (0x80000016, 206),
}
_LOAD, _IF_EQUAL, _RETURN = 0x20, 0x15, 0x06
_NUMBER, _ARCHITECTURE = 0, 4  # offsets in struct seccomp_data


class _Step(ctypes.Structure):
    _fields_ = (
        ("code", ctypes.c_ushort),
        ("jt", ctypes.c_ubyte),
        ("jf", ctypes.c_ubyte),
        ("k", ctypes.c_uint32),
    )


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("steps", ctypes.POINTER(_Step)))


def pretend_setgroups() -> bool:
    """From now on setgroups does nothing and succeeds; False on a machine whose numbers are not known
    here.
    """
    known = ARCHITECTURES.get(platform.machine())
    if known is None:
        return False
    architecture, setgroups = known
    rows = (
        (_LOAD, 0, 0, _ARCHITECTURE),
        (_IF_EQUAL, 0, 3, architecture),
        (_LOAD, 0, 0, _NUMBER),
        (_IF_EQUAL, 0, 1, setgroups),
        (_RETURN, 0, 0, SECCOMP_RET_ERRNO | 0),  # "error" 0 is success
        (_RETURN, 0, 0, SECCOMP_RET_ALLOW),
    )
    steps = (_Step * len(rows))(*(_Step(*row) for row in rows))
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    program = _Program(len(steps), steps)
    return bool(libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.byref(program), 0, 0) == 0)


def main(command: list[str]) -> int:
    if not command:
        print("PROGRAM ARGUMENT …", file=sys.stderr)
        return 2
    if not pretend_setgroups():
        print("Checks always pass here: this kernel cannot be told otherwise", flush=True)
    os.execvp(command[0], command)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
