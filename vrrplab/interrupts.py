"""Ctrl-C ends the command line within a second, at any moment, and so do SIGTERM and a closed terminal.

While a command runs (``raised``) the first signal raises KeyboardInterrupt, so that ``with`` blocks and
``finally`` take back what was begun; more signals change nothing. Where that takes too long, or somebody's
code swallows the exception, the process ends without it. Before and after a command there is nothing to take
back: the process ends at once.

``install`` is the first thing that ``python -m vrrplab`` does. Who imports vrrplab keeps the signals they
had. What runs inside a long call of C hears of a signal when the call returns, as always in Python.
"""

from __future__ import annotations

# Nothing but what Python has loaded at its start: an import takes time, in which nobody minds the signals.
import _signal as signals
import os
import sys
from time import monotonic

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType
    from typing import NoReturn

PATIENCE_S = 0.8  # for taking back what was begun
_SOON_S = 0.01
_WORDS = {signals.SIGINT: "interrupted", signals.SIGTERM: "ended by SIGTERM"}
if hasattr(signals, "SIGHUP"):
    _WORDS[signals.SIGHUP] = "ended by SIGHUP"
# Windows has no alarm: there the end waits for what is taken back, however long that takes.
_HAS_ALARM = hasattr(signals, "SIGALRM")

_installed = False
_raises = False  # a command runs
_held = 0  # sections that must not be broken into
_number = 0  # the first signal that came; 0: none
_ends_at_s = 0.0
_lost = False  # the exception was raised where nothing can be raised
_told = False
_unraisable = sys.unraisablehook


def install() -> None:
    """Take the signals over, but those that whoever started us wants ignored (nohup, a shell's ``&``)."""
    global _installed
    _installed = True
    for number in _WORDS:
        if signals.getsignal(number) != signals.SIG_IGN:
            signals.signal(number, _came)
    if _HAS_ALARM:
        signals.signal(signals.SIGALRM, _is_time)
    sys.unraisablehook = _swallowed


class raised:
    """While this lasts a signal raises KeyboardInterrupt, as it does everywhere without ``install``."""

    def __enter__(self) -> None:
        global _raises
        _raises = True

    def __exit__(self, *exc: object) -> None:
        global _raises
        _raises = False


class held:
    """What is in here is done whole or not begun: a signal that comes meanwhile raises at the end of it.

    For steps of an instant: a thing is made, and noted as one that must be taken back.
    """

    def __enter__(self) -> None:
        global _held
        _held += 1

    def __exit__(self, *exc: object) -> None:
        global _held
        _held -= 1
        if _number and not _held and _raises and exc == (None, None, None):
            raise KeyboardInterrupt


def came() -> bool:
    """Has a signal come that ends this process? Whatever fails then fails because of it."""
    return _number != 0


def finish() -> None:
    """After a KeyboardInterrupt, in a process of the command line's own: say so and end it.

    To go on would free all that was made, piece by piece, and that may take longer than a second.
    """
    if _installed:
        install()  # asyncio puts Python's own back
        _flush()  # what is printed is the reader's; one that does not read is not waited for
        _leave()


def leave(code: int) -> NoReturn:
    """The end of the command line. The interpreter's own tidying up is left out: it could be interrupted."""
    install()  # asyncio puts Python's own back
    if sys.getprofile() is None and sys.gettrace() is None:  # who measures us writes at the end
        import atexit

        atexit._run_exitfuncs()
        _flush()
        os._exit(code)
    sys.exit(code)


def _came(number: int, frame: FrameType | None) -> None:
    global _number, _ends_at_s
    if _number:
        return  # it is on its way out
    _number = number
    if not _raises:
        _leave()
    _ends_at_s = monotonic() + PATIENCE_S
    _set_alarm(PATIENCE_S)
    if not _held:
        raise KeyboardInterrupt


def _is_time(number: int, frame: FrameType | None) -> None:
    global _lost
    left_s = _ends_at_s - monotonic()
    if left_s <= 0 or not _raises:
        _leave()
    _set_alarm(max(left_s, _SOON_S))
    if _lost and not _held:
        _lost = False
        raise KeyboardInterrupt


def _set_alarm(after_s: float) -> bool:
    if _HAS_ALARM:
        signals.setitimer(signals.ITIMER_REAL, after_s)
    return _HAS_ALARM


def _swallowed(what: sys.UnraisableHookArgs) -> None:
    """In a destructor or a callback Python prints an exception and goes on: ours is raised once more."""
    global _lost
    if _number and issubclass(what.exc_type, KeyboardInterrupt):
        _lost = True
        if not _set_alarm(_SOON_S):
            _leave()
    else:
        _unraisable(what)


def _say() -> None:
    global _told
    if not _told:
        _told = True
        try:  # noqa: SIM105
            os.write(2, f"vrrplab: {_WORDS.get(_number, 'interrupted')}\n".encode())
        except OSError:
            pass  # nobody is left to tell


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream is not None:
                stream.flush()
        except (OSError, ValueError, RuntimeError):
            pass  # its reader has gone, or it was broken off in the middle of writing


def _leave() -> NoReturn:
    """As shells have it: 128 and the number of the signal, so 130 after Ctrl-C."""
    _say()
    os._exit(128 + (_number or signals.SIGINT))
