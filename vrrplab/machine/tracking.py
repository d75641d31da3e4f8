"""vrrp_script: when a check runs, when its result counts, and what the daemon says about it.

One tracker a script, shared by all instances that track it. It never runs anything: it asks for runs and
kills by actions and hears exits by events. Results count only at the edges: ``rise`` good ones in a row,
``fall`` bad ones (man page keepalived.conf(5), vrrp_script; recordings track_script_*).

keepalived counts with one number: below ``rise`` the script is down, from there on it is up, and
``rise + fall - 1`` is as good as it gets.
"""

from __future__ import annotations

from dataclasses import dataclass

from vrrplab.config.model import ScriptConfig
from vrrplab.machine.actions import KillScript, RunScript, ScriptJudged
from vrrplab.machine.process import Process
from vrrplab.units import SECOND_US, Micros

SIGKILL, SIGTERM = 9, 15
KILL_AFTER_US = 2 * SECOND_US  # a check that ignores SIGTERM is killed then


@dataclass(slots=True)
class ScriptVerdict:
    """The script changed sides. ``first``: it is the result that instances waited for."""

    passed: bool
    first: bool
    reloading: bool
    why: str


class ScriptTracker:
    __slots__ = (
        "_busy",
        "_last_status",
        "_limits",
        "_process",
        "_profile",
        "_run",
        "_run_at_us",
        "armed",
        "config",
        "phase",
        "result",
    )

    def __init__(self, config: ScriptConfig, process: Process) -> None:
        self.config = config
        self._process = process
        self._profile = process.profile
        self.armed = process.number()
        self.phase = "init"  # "init" | "reload" | "done": what the next result means
        self.result = config.rise - 1  # one success is enough at the start, with init_fail too
        self._last_status = 0
        self._busy = "idle"  # "idle" | "already running" | "being timed out"
        self._run = 0
        self._run_at_us: Micros | None = None
        self._limits: dict[int, tuple[Micros, int]] = {}  # run -> (when, signal) to end it

    @property
    def is_up(self) -> bool:
        """Did its results add up to "healthy"? Not meaningful before the first one."""
        return self.result >= self.config.rise

    def start(self, now: Micros) -> None:
        self._run_at_us = now
        self.tick(now)

    def adopt(self, old: ScriptTracker) -> None:
        """Reload: keep what is known (keepalived says so in its log)."""
        if old.phase != "done":
            self.phase = old.phase
            return
        rise, fall = self.config.rise, self.config.fall
        if old.is_up:
            is_best = old.result == old.config.rise + old.config.fall - 1
            best = rise + fall - 1
            self.result = best if is_best else min(rise + old.result - old.config.rise, best)
        else:
            self.result = max(0, rise - (old.config.rise - old.result)) if old.result else 0
        self._last_status = old._last_status
        self.phase = "done"
        self._say("script_reload_ok" if self.is_up else "script_reload_bad")

    def next_deadline(self) -> Micros | None:
        first = self._run_at_us
        for at_us, _ in self._limits.values():
            if first is None or at_us < first:
                first = at_us
        return first

    def tick(self, now: Micros) -> None:
        """Start a run that is due, end one that takes too long."""
        if self._run_at_us is not None and now >= self._run_at_us:
            self._run_at_us = now + self.config.interval_us  # runs missed while it was frozen are not made up
            if self._busy != "idle":
                self._say("script_running", state=self._busy)
            if self._busy == "idle" or self._profile.reruns_running_script:
                self._begin(now)
        for run, (at_us, signal) in list(self._limits.items()):  # in the order in which they were begun
            if now >= at_us:
                self._process.emit(KillScript(self.config.name, run, signal))
                self._busy = "being timed out"
                self._limits[run] = (now + KILL_AFTER_US, SIGKILL)

    def _begin(self, now: Micros) -> None:
        self._run += 1
        self._busy = "already running"
        limit_us = self.config.timeout_us or self.config.interval_us
        self._limits[self._run] = (now + limit_us, SIGTERM)
        self._process.emit(RunScript(self.config.name, self._run, self.config.command, self.config.user))

    def exited(self, run: int, status: int | None, signal: int) -> ScriptVerdict | None:
        """A run ended; the verdict, if the script changed sides by it."""
        if run not in self._limits:
            return None  # a run of before a reload
        del self._limits[run]
        timed_out = status is None and self._busy == "being timed out" and signal in (SIGTERM, SIGKILL)
        if status is not None and status != self._last_status:
            self._say("script_now", status=status)
        if status is not None:
            self._last_status = status
        passed = status == 0
        verdict = self._count(passed, status, signal, timed_out)
        shown: int | str = status if status is not None else ("timeout" if timed_out else f"signal {signal}")
        self._process.emit(ScriptJudged(self.config.name, shown, passed, verdict is not None))
        self._busy = "idle"
        self.phase = "done"
        return verdict

    def _count(self, passed: bool, status: int | None, signal: int, timed_out: bool) -> ScriptVerdict | None:
        rise, fall = self.config.rise, self.config.fall
        first, reloading = self.phase == "init", self.phase == "reload"
        verdict = None
        if passed:
            if self.result < rise - 1:
                self.result += 1
            elif self.result != rise + fall - 1:
                if self.result < rise:
                    self._say("script_succeeded")
                    verdict = ScriptVerdict(True, first, reloading, self._why_passed(first))
                self.result = rise + fall - 1
        elif self.result > rise:
            self.result -= 1
        else:
            if self.result == rise or first or reloading:
                how = self._say_failure(status, signal, timed_out)
                verdict = ScriptVerdict(False, first, reloading, self._why_failed(first, how))
            self.result = 0
        return verdict

    def _say_failure(self, status: int | None, signal: int, timed_out: bool) -> str:
        if timed_out:
            self._say("script_timed_out")
            return "it did not end in time"
        if status is not None:
            self._say("script_failed", how="exited with status", code=status)
            return f"exit code {status}"
        self._say("script_failed", how="due to signal", code=signal)
        return f"killed by signal {signal}"

    def _why_passed(self, first: bool) -> str:
        if first:
            return f"script {self.config.name} succeeded at its first run"
        rise = self.config.rise
        return f"script {self.config.name} succeeded {_times(rise)} (rise {rise})"

    def _why_failed(self, first: bool, how: str) -> str:
        if first:
            return f"script {self.config.name} failed at its first run ({how})"
        fall = self.config.fall
        return f"script {self.config.name} failed {_times(fall)} (fall {fall}; {how})"

    def _say(self, key: str, **values: object) -> None:
        self._process.log(key, script=self.config.name, **values)


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times in a row"
