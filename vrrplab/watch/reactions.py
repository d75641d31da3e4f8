"""What ``live watch`` does about what it finds: ends (``--exit-on``), starts a command (``--run``), counts.

The command is one of the user's, judged and started as a daemon's scripts are (``live.scripts``): from a list
of words, as an unprivileged user where we are root, never through a shell. What a finding says comes in
variables and as three last arguments. One runs at a time, in the order of what happened; a few wait, and what
comes faster than that is counted and told. A command that hangs is killed.
"""

from __future__ import annotations

import asyncio
import shlex
import signal
import time
from collections import Counter, deque
from collections.abc import Callable
from typing import NamedTuple, TypeVar

from vrrplab.config.model import GlobalConfig
from vrrplab.errors import LiveError, did_you_mean
from vrrplab.limits import COMMANDS_WAIT, WATCHED_DROPS
from vrrplab.live.scripts import ScriptRunner, account_for, program_of
from vrrplab.output.printable import printable
from vrrplab.trace.events import StateEvent
from vrrplab.witness.finding_kinds import KINDS, WATCHED
from vrrplab.witness.observer import Told
from vrrplab.witness.recent import Key

T = TypeVar("T")

COMMAND_TIMEOUT_S = 30.0
_COMMANDS_A_SECOND = 10  # at most; starting one takes some milliseconds, in which nothing is heard
CHANGE = "state"  # what a change of state is called beside the kinds of findings
DONE, FAILED, HUNG, LEFT_OUT = "done", "failed", "timeout", "left_out"  # what became of a command


def kinds_of(text: str) -> frozenset[str]:
    """The kinds of findings that a list names, separated by commas. LiveError for one that there is not."""
    names = [word.strip() for word in text.split(",")]
    for name in names:
        if name not in WATCHED:
            hint = did_you_mean(name, WATCHED) or f"there are: {', '.join(WATCHED)}"
            raise LiveError(f"--exit-on {name or repr(name)}: no such finding - {hint}")
    return frozenset(names)


class Command(NamedTuple):
    """What ``--run`` starts. ``words``: what it consists of; ``user``: "USER", "USER GROUP" or ""."""

    words: tuple[str, ...]
    user: str


def command_of(text: str, user: str) -> Command:
    """A command line, split as a shell does, that can be started here. LiveError says why it cannot."""
    try:
        words = tuple(shlex.split(text))
    except ValueError as error:
        raise LiveError(f"--run {text}: {str(error).lower()}") from None
    if not words:
        raise LiveError("--run names no command")
    program = program_of(words, account_for(user, GlobalConfig()))
    if program.why_not:
        security = ", for security" if program.unsafe else ""
        raise LiveError(f"--run {words[0]}: would not be started{security}: {program.why_not}")
    return Command(words, user)


class _Run(NamedTuple):
    kind: str
    router: str
    text: str
    variables: dict[str, str]


class Reactions:
    """``warn`` says a sentence of the watcher's own; ``end`` ends it. Used inside a running event loop."""

    def __init__(
        self,
        exit_on: frozenset[str],
        command: Command | None,
        warn: Callable[[str], None],
        end: Callable[[], None],
        timeout_s: float = COMMAND_TIMEOUT_S,
    ) -> None:
        self._exit_on, self._command, self._warn, self._end = exit_on, command, warn, end
        self._timeout_s = timeout_s
        self._waiting: deque[_Run] = deque()
        self._scripts = ScriptRunner(self._ended, warn)
        self._runs = 0
        self._is_running = False
        self._hung = False
        self._killer: asyncio.TimerHandle | None = None
        self._pause: asyncio.TimerHandle | None = None
        self._idle = asyncio.Event()
        self._idle.set()
        self.commands: Counter[str] = Counter()  # what became of them
        self._left_out_told = 0
        self.ended_by: Told | None = None
        self.findings: Counter[tuple[str, int, int, str]] = Counter()  # by interface, IP version, VRID, kind
        self.changes: Counter[Key] = Counter()  # how often somebody became MASTER
        self.gap_us: Counter[Key] = Counter()

    # -- what happens ----------------------------------------------------------------------------------

    def found(self, told: Told) -> None:
        finding, key = told.finding, (told.interface, told.ip_version, told.vrid)
        self._count(self.findings, (*key, finding.kind), (told.interface, 4, 0, finding.kind), 1)
        if finding.kind == "gap" and finding.until_us is not None:
            self._count(self.gap_us, key, (told.interface, 4, 0), finding.until_us - finding.t_us)
        kind = KINDS[finding.kind]
        is_last = finding.kind in self._exit_on and self.ended_by is None
        if kind.is_told or is_last:
            self._react(
                _Run(finding.kind, finding.router, told.text, _variables(key, kind.severity)), is_last
            )
        if is_last:
            self.ended_by = told
            self._end()

    def changed(self, key: Key, event: StateEvent) -> None:
        if event.to == "MASTER":
            self._count(self.changes, key, (key[0], 4, 0), 1)
        text = f"{event.server} {event.from_} -> {event.to}, because {event.reason}"
        more = {"SERVER": event.server, "FROM": event.from_, "TO": event.to}
        self._react(_Run(CHANGE, event.instance, text, _variables(key, CHANGE, **more)))

    def _count(self, counter: Counter[T], key: T, others: T, number: int) -> None:
        """Bounded, whatever VRIDs a network invents."""
        counter[key if key in counter or len(counter) < WATCHED_DROPS.most else others] += number

    # -- the command -----------------------------------------------------------------------------------

    def _react(self, run: _Run, is_last: bool = False) -> None:
        if self._command is None:
            return
        if len(self._waiting) >= COMMANDS_WAIT.most and not is_last:
            self.commands[LEFT_OUT] += 1
            return
        if is_last:  # what came before is old news, and nobody waits for it
            self.commands[LEFT_OUT] += len(self._waiting)
            self._waiting.clear()
        self._waiting.append(run)
        self._idle.clear()
        self._start_next()

    def _start_next(self) -> None:
        if self._is_running or self._pause is not None:
            return
        if not self._waiting:
            self._idle.set()
            return
        assert self._command is not None
        run = self._waiting.popleft()
        self._runs += 1
        self._is_running, self._hung = True, False
        text = printable(run.text)
        words = (*self._command.words, run.kind, printable(run.router) or "-", text)
        variables = {f"VRRPLAB_{name}": printable(value) for name, value in run.variables.items()}
        variables |= {"VRRPLAB_KIND": run.kind, "VRRPLAB_ROUTER": printable(run.router), "VRRPLAB_TEXT": text}
        loop = asyncio.get_running_loop()
        self._pause = loop.call_later(1 / _COMMANDS_A_SECOND, self._may_start)
        self._killer = loop.call_later(self._timeout_s, self._kill)
        self._scripts.start("--run", self._runs, words, self._command.user, variables)

    def _may_start(self) -> None:
        self._pause = None
        self._start_next()

    def _kill(self) -> None:
        self._hung = True
        self._scripts.kill("--run", self._runs, signal.SIGKILL)

    def _ended(self, script: str, run: int, code: int | None, number: int) -> None:
        self._is_running = False
        if self._killer is not None:
            self._killer.cancel()
        self.commands[HUNG if self._hung else DONE if code == 0 else FAILED] += 1
        if self._hung:
            self._warn(f"--run: the command was killed, it still ran after {self._timeout_s:g} s")
        self._start_next()

    def news(self) -> None:
        """Say how many commands were left out, with every tenfold."""
        left_out = self.commands[LEFT_OUT]
        if left_out > 10 * self._left_out_told:
            self._left_out_told = left_out
            self._warn(f"--run: {left_out} left out so far, more happens than the command is done with")

    async def finish(self, stopped: asyncio.Future[None]) -> None:
        """The watcher ends by ``--exit-on``: let the command end that says so, unless somebody stops us."""
        idle = asyncio.ensure_future(self._idle.wait())
        await asyncio.wait((idle, stopped), return_when=asyncio.FIRST_COMPLETED)
        idle.cancel()

    def close(self) -> None:
        """Nothing more is started, and what runs is killed."""
        self._waiting.clear()
        for timer in (self._killer, self._pause):
            if timer is not None:
                timer.cancel()
        self._scripts.close()


def _variables(key: Key, severity: str, **more: str) -> dict[str, str]:
    interface, ip_version, vrid = key
    return {
        "SEVERITY": severity,
        "INTERFACE": interface,
        "VRID": str(vrid) if vrid else "",
        "FAMILY": f"IPv{ip_version}" if vrid else "",
        "TIME": f"{time.time():.6f}",
        **more,
    }
