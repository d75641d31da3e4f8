"""Is that true? A scenario on the real daemon and in the simulator; and the smallest one that differs.

One run of the real daemon is no proof: the machine may have been busy, and the protocol leaves some things
open. So a difference counts only when it comes again, a little later too; where real runs differ among
themselves, the verdict is "either". ``shrink`` takes away what a difference does not need: actions,
instances, servers, options.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from html import escape
from itertools import combinations
from typing import Any

from vrrplab.errors import LiveError, OutputError, VrrplabError
from vrrplab.lab import state_file
from vrrplab.lab.bench import RECORDING, complaints, lay_out
from vrrplab.output.files import folder_beside, put_in_place, require_new_folder
from vrrplab.scenario.model import Scenario
from vrrplab.scenario.random_clusters import scenario_of
from vrrplab.scenario.reader import load_scenario
from vrrplab.system.doctor import apt_line, program
from vrrplab.system.namespaces import can_be_root, unshare_command
from vrrplab.system.tools import python_module, python_path
from vrrplab.units import SECOND_US
from vrrplab.verify import Result, verify_recording
from vrrplab.verify.rule import compare_owners, same_course

SAME, DIFFERS, EITHER, NOISE = "same", "differs", "either", "noise"
_NUMBER = re.compile(r"\d+\.\d+|\d+ adverts|\d+ (?:real|simulated)")
SHIFT_US = 170_000
TRIES = 3  # real runs of one scenario at most; a difference must come in two of them
_LONGER_S = 60.0  # than the scenario: building, settling, writing
_NEEDED = ("unshare", "nsenter", "ip", "keepalived")

Say = Callable[[str], None]


@dataclass(slots=True)
class Comparison:
    """What came of comparing a scenario on the real daemon with its simulation.

    ``verdict``: "same"; "differs" (it came again); "either" (real runs differ among themselves, or
    reality is a toss there); "noise" (it did not come again). ``agrees``: the simulation is one of the
    things that really happened. ``result``: the run that speaks for it; ``folder``: its recording ("":
    not kept).
    """

    name: str
    verdict: str
    result: Result
    runs: int
    agrees: bool
    contents: str = ""
    folder: str = ""
    smallest: Scenario | None = field(default=None, repr=False)

    @property
    def first_difference(self) -> str:
        """The first thing in which the two differ, in words; "": none."""
        return next(iter(self.result.problems + self.result.packet_problems), "")

    def rows(self) -> list[tuple[str, str]]:
        """What was compared and how it came out."""
        result = self.result
        rows = [
            ("verdict", f"{self.verdict}, after {self.runs} run{'s' * (self.runs != 1)} of the real daemon"),
            ("states and owners", "; ".join(result.problems) or "same"),
            ("packets", "; ".join(result.packet_problems) or "same"),
            ("log lines", f"{100 * result.lines.share:.1f} % of {result.lines.counted}"),
        ]
        rows += [("only real", line) for line in result.lines.missing]
        return rows + [("only simulated", line) for line in result.lines.invented]

    def __repr__(self) -> str:
        return "\n".join([self.name, *(f"  {name:17} {text}" for name, text in self.rows())])

    def _repr_html_(self) -> str:
        rows = "".join(f"<tr><th>{escape(n)}</th><td>{escape(t)}</td></tr>" for n, t in self.rows())
        return f"<table><caption>{escape(self.name)}</caption>{rows}</table>"


class Stopped(Exception):
    """Somebody wants no more of it."""


class Benches:
    """Real runs, several at a time; a context manager that leaves nothing behind, whatever happens."""

    def __init__(self, rootless: bool | None = None) -> None:
        missing = [name for name in _NEEDED if not program(name)]
        if missing:
            raise LiveError(f"comparing needs {', '.join(missing)}: {apt_line(*missing)}")
        self._rootless = not can_be_root() if rootless is None else rootless
        self._running: set[subprocess.Popen[str]] = set()
        self._lock = threading.Lock()
        self._stopped = False

    def __enter__(self) -> Benches:
        return self

    def __exit__(self, *exc: object) -> None:
        self.stop()

    def stop(self) -> None:
        """End every run; its namespaces go with it."""
        with self._lock:
            self._stopped = True
            for process in self._running:
                process.kill()

    @contextlib.contextmanager
    def recording(self, scenario: Scenario) -> Iterator[str]:
        """Carry a scenario out; the folder of its recording, gone afterwards. LiveError if it cannot be."""
        with state_file.alone():
            folder, lock = state_file.new_folder()
        try:
            lay_out(scenario, folder)
            self._run(folder, lock, scenario.duration_us / SECOND_US + _LONGER_S)
            yield os.path.join(folder, RECORDING)
        finally:
            os.close(lock)
            state_file.remove_folder(folder)

    def _run(self, folder: str, lock: int, limit_s: float) -> None:
        words = [*unshare_command(self._rootless), *python_module("vrrplab.lab.bench", folder)]
        with self._lock:
            if self._stopped:
                raise Stopped
            # it ends when its standard input does: with this process, however that ends
            inside, ours = os.pipe()
            process = subprocess.Popen(
                words + ["rootless"] * self._rootless,
                stdin=inside,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                start_new_session=True,
                env={**os.environ, "PYTHONPATH": python_path()},
                pass_fds=[lock],
            )
            os.close(inside)
            self._running.add(process)
        try:
            said, complained = process.communicate(timeout=limit_s)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            raise LiveError(f"a run took longer than {limit_s:.0f} s") from None
        finally:
            os.close(ours)
            with self._lock:
                self._running.discard(process)
        if self._stopped:
            raise Stopped
        last = said.strip().rpartition("\n")[2]
        answer = json.loads(last) if last.startswith("{") else {}
        if not answer.get("done"):
            why = answer.get("error") or (complained.strip().rpartition("\n")[2] or "it ended at once")
            raise LiveError(f"the real daemon could not be run: {why}")


def compare(
    scenario: Scenario | str | os.PathLike[str], keep: str = "", rootless: bool | None = None
) -> Comparison:
    """A scenario on the real keepalived and in the simulator: is the simulation true?

    It takes as long as the scenario, and up to three times that when both differ. ``keep``: a new folder for
    the recording. LiveError: what the lab cannot carry out, or what is missing here; OutputError: the folder.
    """
    if not isinstance(scenario, Scenario):
        scenario = load_scenario(scenario, run_refused=True)
    with Benches(rootless) as benches:
        return judge(benches, scenario, keep)


def judge(benches: Benches, scenario: Scenario, keep: str = "") -> Comparison:
    """Run it on the real daemon until it is clear whether the simulation differs."""
    if keep:
        require_new_folder(keep)
    agreeing: list[Result] = []
    differing: list[Result] = []
    with folder_beside(keep) if keep else contextlib.nullcontext("") as beside:
        for number in range(TRIES):
            with benches.recording(_shifted(scenario, number)) as folder:
                result = verify_recording(folder)
                alike = agreeing if result.agrees else differing
                alike.append(result)
                if keep and len(alike) == 1:
                    _copy(folder, os.path.join(beside, str(result.agrees)), keep)
            spread, again = _spread(agreeing + differing), _again(differing)
            if not differing or len(agreeing) > 1 or (again and not spread):
                break
        if not differing:
            verdict = EITHER if agreeing[0].either else SAME
        elif spread:
            verdict = EITHER
        else:
            verdict = DIFFERS if again else NOISE
        spoken = differing[0] if verdict == DIFFERS else (agreeing or differing)[0]
        if keep:  # the run that speaks for all
            put_in_place(os.path.join(beside, str(spoken.agrees)), keep)
    runs, agrees = len(agreeing) + len(differing), spoken.agrees
    return Comparison(scenario.name, verdict, spoken, runs, agrees, _contents(scenario), keep)


def _shifted(scenario: Scenario, number: int) -> Scenario:
    """The same a little later. What hangs on the moment of an action, between two adverts that a busy machine
    has made late, does not come again then; what is wrong does.
    """
    shift_us = number * SHIFT_US if scenario.actions else 0
    actions = tuple(replace(action, at_us=action.at_us + shift_us) for action in scenario.actions)
    return scenario.changed(actions=actions, duration_us=scenario.duration_us + shift_us)


def _again(results: list[Result]) -> bool:
    """Did one difference come in two of these runs? At other moments it is the same one."""
    found = [{_NUMBER.sub("", p) for p in r.problems + r.packet_problems} for r in results]
    return any(one & other for one, other in combinations(found, 2))


def _spread(results: list[Result]) -> bool:
    """Do real runs of the same differ among themselves, in the order of states or in the owners?"""
    return any(
        not same_course(one.real, other.real) or compare_owners(one.real, other.real)
        for one, other in combinations(results, 2)
    )


def _copy(folder: str, to: str, told: str) -> None:
    """A recording as it is kept; ``told``: what its place will be called."""
    try:
        shutil.copytree(folder, to)
    except OSError as error:
        why = error.strerror or str(error)
        raise OutputError(told, f"the recording could not be written: {why}", "it is not kept") from None


def _contents(scenario: Scenario) -> str:
    """What is in it, in a few words."""
    nodes = [server.node for server in scenario.servers.values()]
    instances = [instance for node in nodes for instance in node.instances]
    names = dict.fromkeys(instance.name for instance in instances)
    found = [f"{len(nodes)} servers", f"{len(names)} instance{'s' * (len(names) != 1)}"]
    found += sorted({f"v{i.version} IPv{i.family}" for i in instances})
    traits = {
        "unicast": any(i.unicast for i in instances),
        "VMAC": any(i.use_vmac for i in instances),
        "auth": any(i.authentication for i in instances),
        "owner": any(i.address_owner for i in instances),
        "nopreempt": any(not i.preempt for i in instances),
        "preempt_delay": any(i.preempt_delay_us for i in instances),
        "scripts": any(node.scripts for node in nodes),
        "files": any(node.files for node in nodes),
        "routes": any(i.virtual_routes or i.virtual_rules for i in instances),
        "router": bool(scenario.routers),
        "promote_secondaries": any(s.promote_secondaries for s in scenario.servers.values()),
        "rp_filter": any(s.rp_filter for s in scenario.servers.values()),
        "dynamic_interfaces": any(node.global_defs.dynamic_interfaces for node in nodes),
        "group": any(node.sync_groups for node in nodes),
        "strict": any(i.strict for i in instances),
    }
    found += [name for name, there in traits.items() if there]
    happens = ", ".join(action.kind for action in scenario.actions) or "nothing happens"
    return f"{', '.join(found)}; {happens}"


# -- the smallest that differs -------------------------------------------------------------------------------


def shrink(
    benches: Benches, comparison: Comparison, plain: dict[str, Any], keep: str, runs: int
) -> Comparison:
    """The same difference with less around it, in at most ``runs`` real runs; its recording in ``keep``.

    A candidate is taken when the simulation still differs, in states and owners if it did so before; one real
    run each decides.
    """
    wants_states = bool(comparison.result.problems)
    best = comparison
    left = runs
    again = True
    while again and left > 0:
        again = False
        for candidate in smaller(plain):
            if left <= 0:
                break
            try:
                scenario = scenario_of(candidate)
            except VrrplabError:
                continue  # one part needs the other
            if complaints(scenario):
                continue
            left -= 1
            try:
                with benches.recording(scenario) as folder:
                    result = verify_recording(folder)
                    differs = bool(result.problems) if wants_states else not result.agrees
                    if differs:
                        with folder_beside(keep) as beside:
                            part = os.path.join(beside, "smaller")
                            _copy(folder, part, keep)
                            if best is not comparison:  # then that of a larger one is there
                                shutil.rmtree(keep)
                            put_in_place(part, keep)
            except LiveError:
                continue
            if differs:
                best = Comparison(
                    comparison.name,
                    comparison.verdict,
                    result,
                    comparison.runs,
                    agrees=False,
                    contents=_contents(scenario),
                    folder=keep,
                )
                best.smallest = scenario
                plain = candidate
                again = True
                break
    return best


def smaller(plain: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The same with something taken away: the largest pieces first."""
    actions = plain["actions"]
    if len(actions) > 1:
        for some in (actions[: len(actions) // 2], actions[len(actions) // 2 :]):
            yield {**plain, "actions": some}
    for place in range(len(actions)):
        yield {**plain, "actions": actions[:place] + actions[place + 1 :]}
    if len(plain["servers"]) > 2:
        for name in plain["servers"]:
            if not any(name == a.get("server") or name in str(a.get("between", "")) for a in actions):
                yield {**plain, "servers": {n: s for n, s in plain["servers"].items() if n != name}}
    if any("host" in server for server in plain["servers"].values()):
        bare = {n: {k: v for k, v in s.items() if k != "host"} for n, s in plain["servers"].items()}
        yield {**plain, "servers": bare}
    for edit in _removals(plain):
        changed = {
            name: {**server, "config": without(server["config"], edit)}
            for name, server in plain["servers"].items()
        }
        reloads = [{**a, "config": without(a["config"], edit)} if "config" in a else a for a in actions]
        yield {**plain, "servers": changed, "actions": reloads}


def _removals(plain: dict[str, Any]) -> list[str]:
    """Beginnings of lines whose line or block can go: whole instances, blocks, then single options."""
    instances: dict[str, None] = {}
    blocks: dict[str, None] = {}
    options: dict[str, None] = {}
    for server in plain["servers"].values():
        depth = 0
        for line in server["config"].splitlines():
            text = line.strip()
            if depth == 0 and text.startswith("vrrp_instance "):
                instances[text] = None
            elif text.endswith("{") and (depth == 1 or text.startswith(_TOP)):
                blocks[text] = None
            elif depth == 1 and text.split(" ")[0] in _OPTIONAL:
                options[text.split(" ")[0]] = None
            depth += text.count("{") - text.count("}")
    needed = ("virtual_ipaddress {", "unicast_peer {", "group {")
    return [
        *(instances if len(instances) > 1 else ()),
        *(b for b in sorted(blocks, key=lambda b: not b.startswith("vrrp_sync_group")) if b not in needed),
        *options,
    ]


_TOP = ("vrrp_sync_group", "vrrp_script", "track_file")
_OPTIONAL = {
    "nopreempt", "preempt_delay", "garp_master_delay", "garp_master_repeat", "garp_master_refresh",
    "garp_lower_prio_repeat", "accept", "no_accept", "lower_prio_no_advert", "higher_prio_send_advert",
    "down_timer_adverts", "skip_check_adv_addr", "dont_track_primary", "vmac_xmit_base", "use_vmac",
    "vrrp_startup_delay", "vrrp_strict", "sync_group_tracking_weight", "init_fail", "timeout", "weight",
    "dynamic_interfaces",
}  # fmt: skip


def without(text: str, beginning: str) -> str:
    """A configuration without the lines, or blocks, that begin so; an instance leaves its group too."""
    kept = []
    depth = skipped = 0
    name = (
        beginning.split()[1]
        if beginning.startswith(("vrrp_instance ", *(f"{word} " for word in _TOP)))
        else ""
    )
    for line in text.split("\n"):
        words = line.strip()
        opens, closes = words.count("{"), words.count("}")
        if not skipped and (words == beginning or words.split(" ")[0] == beginning):
            skipped = 1 if opens else 0
            if opens:
                continue
            depth += opens - closes
            continue
        if skipped:
            skipped += opens - closes
            continue
        if name and depth == 2 and words.split(" ")[0] == name:
            continue  # its mention in a group, or where it is tracked
        depth += opens - closes
        kept.append(line)
    return "\n".join(kept)
