"""Where one instance is: its state with the deadlines in it, and the only ways to change them.

``enter`` goes into a state and says why; the RFCs' two timers are started anew by a helper each. Nobody else
in the machine assigns a state or a deadline (tests/machine/test_structure.py keeps it).
"""

from __future__ import annotations

from vrrplab.machine.actions import StateChanged
from vrrplab.machine.process import Process
from vrrplab.machine.states import ALLOWED, Backup, Init, Master, State
from vrrplab.units import Micros


class Role:
    __slots__ = ("_name", "_process", "armed", "state")

    def __init__(self, name: str, process: Process, state: State) -> None:
        self._name = name
        self._process = process
        self.state = state
        self.armed = 0  # counts up through the process's life: when a timer was last set

    def enter(self, state: State, why: str) -> None:
        """The only way into another state; ``why`` answers the question."""
        old, new = self.state.name, state.name
        self.state = state
        self.armed = self._process.number()
        if old == new:
            return
        assert (old, new) in ALLOWED, f"{old} -> {new}"
        self._process.emit(StateChanged(self._name, old, new, why))

    def was_called(self, before: str) -> None:
        """A reload may give it another name: nothing happens to it, but who follows the names is told."""
        if before != self._name:
            here = self.state.name
            self._process.emit(StateChanged(before, here, "STOP", f"a reload calls it {self._name}"))
            self._process.emit(
                StateChanged(self._name, here, here, f"it was called {before} before the reload")
            )

    def restart_master_down(
        self, from_us: Micros, interval_us: Micros, preempt_from_us: Micros | None = None
    ) -> None:
        """BACKUP: without an advert MASTER ``interval_us`` after that (RFC 9568: Active_Down_Timer)."""
        self.state = Backup(interval_us, from_us + interval_us, preempt_from_us)
        self.armed = self._process.number()

    def restart_advert(self, from_us: Micros, interval_us: Micros) -> None:
        """MASTER: the next advert ``interval_us`` after that (RFC 9568: Adver_Timer)."""
        self.state = Master(from_us + interval_us)
        self.armed = self._process.number()

    def next_deadline(self) -> Micros | None:
        state = self.state
        if isinstance(state, Backup):
            return state.master_down_at_us
        if isinstance(state, Master):
            return state.advert_at_us
        return state.master_at_us if isinstance(state, Init) else None
