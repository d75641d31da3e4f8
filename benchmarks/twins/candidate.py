"""One candidate in a process of its own, with its own ``vrrplab`` on the path; it runs what it is told to.

    python benchmarks/twins/candidate.py TREE KIND

``TREE`` is the folder in which its ``vrrplab`` lies, ``KIND`` one of engine, kernel, interrupt, callbacks.
Tasks come as JSON objects, one a line, and so do the answers; ``yardsticks.Candidate`` is the other end.
"""

from __future__ import annotations

import gc
import hashlib
import inspect
import json
import os
import resource
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

SECOND_US = 1_000_000


class Engine:
    """vrrplab's own world, whichever of its versions is on the path."""

    def __init__(self) -> None:
        try:
            self.load = import_module("vrrplab.scenario.reader").load_scenario
            self._world, self._play = import_module("vrrplab.sim.world").World, _play
        except ModuleNotFoundError:
            self.load = import_module("vrrplab.sim.scenario").load_scenario
            self._world, self._play = import_module("vrrplab.sim.world").World, _run_itself

    def job(self, scenario: Any, task: dict[str, Any]) -> Callable[[], Any]:
        options: dict[str, Any] = {}
        if not task.get("leap", True) and "leap" in inspect.signature(self._world).parameters:
            options["leap"] = False
        if "profile" in task:
            profile = import_module("vrrplab.machine.profiles").profile_named(scenario.profile)
            options["profile"] = replace(profile, **task["profile"])
        return lambda: self._play(self._world(scenario, **options))

    def transitions(self, trace: Any) -> list[list[Any]]:
        found = []
        for event in map(json.loads, lines_of(trace)):
            if event["event"] == "state":
                t_us = round(event["t"] * SECOND_US)
                found.append([t_us, event["server"], event["instance"], event["from"], event["to"]])
        return found


def _play(world: Any) -> Any:
    return import_module("vrrplab.sim.play").play(world)


def _run_itself(world: Any) -> Any:
    return world.run()


class Kernel(Engine):
    """The same with SimPy's kernel in the place of the scheduler."""

    def __init__(self) -> None:
        super().__init__()
        import_module("vrrplab.sim.world").Scheduler = import_module("kernel").SimpyScheduler


class Twin(Engine):
    """A lean twin around the machine."""

    def __init__(self, lan: type[Any]) -> None:
        super().__init__()
        self._lan = lan

    def job(self, scenario: Any, task: dict[str, Any]) -> Callable[[], Any]:
        return lambda: self._lan(scenario).run()

    def transitions(self, trace: Any) -> list[list[Any]]:
        return [list(change) for change in trace]


def candidate(kind: str) -> Engine:
    match kind:
        case "engine":
            return Engine()
        case "kernel":
            return Kernel()
        case "interrupt":
            return Twin(import_module("interrupt").InterruptLan)
        case "callbacks":
            return Twin(import_module("callbacks").CallbackLan)
    raise SystemExit(f"candidate {kind}: engine, kernel, interrupt and callbacks are there")


def lines_of(trace: Any) -> list[str]:
    return [event.to_json() for event in trace]


def scenario_of(engine: Engine, task: dict[str, Any]) -> Any:
    """The article's network as the task wants it, without clients."""
    scenario = engine.load(task["scenario"]).changed(clients={}, expect=())
    if "seconds" in task:
        scenario = scenario.changed(duration_us=task["seconds"] * SECOND_US, actions=())
    if task.get("loss"):
        lossy = {name: replace(s, loss=task["loss"]) for name, s in scenario.segments.items()}
        scenario = scenario.changed(segments=lossy)
    return scenario


def verified(folder: str) -> Callable[[], Any]:
    """All recordings in a folder, verified."""
    verify = import_module("vrrplab.verify").verify_recording
    recordings = sorted(file.parent for file in Path(folder).glob("*/observed.json"))
    return lambda: [verify(recording) and None for recording in recordings]


def answer(engine: Engine, task: dict[str, Any], folder: Path) -> dict[str, Any]:
    job = verified(task["verify"]) if "verify" in task else engine.job(scenario_of(engine, task), task)
    gc.collect()
    begun_s = time.process_time()
    result = job()
    if "file" in task:
        result.save(folder / task["file"])
    took_s = time.process_time() - begun_s
    answered: dict[str, Any] = {
        "cpu_s": took_s,
        "mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }
    if task.get("transitions"):
        answered["transitions"] = engine.transitions(result)
    if task.get("whole"):
        answered["whole"] = hashlib.sha256("\n".join(lines_of(result)).encode()).hexdigest()
    return answered


def main() -> None:
    tree, kind = Path(sys.argv[1]).resolve(), sys.argv[2]
    sys.path.insert(0, str(tree))
    import vrrplab

    if not Path(vrrplab.__file__).resolve().is_relative_to(tree):
        raise SystemExit(f"candidate {kind}: vrrplab comes from {vrrplab.__file__}, not from {tree}")
    engine = candidate(kind)
    # what is printed by accident must not stand between the answers
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    for line in sys.stdin:
        task = json.loads(line)
        print(json.dumps(answer(engine, task, Path(task.get("folder", ".")))), file=answers, flush=True)


if __name__ == "__main__":
    main()
