"""What a page has open: a scenario of vrrplab, a visitor's own files, or a capture; and its runs."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache, partial
from io import BytesIO
from pathlib import Path
from typing import Any

from vrrplab.config.reader import config_bytes
from vrrplab.data_files import data_root
from vrrplab.errors import VrrplabError
from vrrplab.forecast.why import cluster_of
from vrrplab.input_files import Handed, handed_over
from vrrplab.machine.profiles import profile_named
from vrrplab.page.files import Given, handed, node_files
from vrrplab.rules.cluster import Cluster
from vrrplab.scenario.fail_line import with_failures
from vrrplab.scenario.from_configs import assumptions, scenario_of_nodes
from vrrplab.scenario.model import Scenario
from vrrplab.scenario.nodes import Node, nodes_from, read_node
from vrrplab.scenario.reader import builtin_scenarios, load_scenario, scenario_from_text
from vrrplab.sim.estimate import work_of
from vrrplab.sim.reruns import Reruns
from vrrplab.trace import Trace
from vrrplab.trace.vocabulary import sentence
from vrrplab.units import plain_seconds
from vrrplab.views.bets import Bets
from vrrplab.views.conversation import Conversation
from vrrplab.views.forks import Forks

PROFILE = "keepalived-2.2.7"
_FRAMES_A_REPORT = 5000  # a second's work, in a browser
_READING = 0.6  # of the time that a capture takes


@dataclass
class Opened:
    """``base``: the scenario as it was opened, None for a capture; ``nodes``: the visitor's own, whose files
    are ``files``.
    """

    talk: Conversation
    base: Scenario | None = None
    files: Handed = field(default_factory=lambda: Handed({}))
    nodes: Sequence[Node] = ()
    assumed: Sequence[str] = ()
    notes: dict[str, Any] = field(default_factory=dict)

    @property
    def cluster(self) -> Cluster:
        """For rules. VrrplabError: there are no configurations."""
        if self.base is None:
            raise VrrplabError("a capture has no configuration files: add those of its servers")
        return Cluster(self.nodes, self.base.profile) if self.nodes else cluster_of(self.base)


def played(runs: Reruns, scenario: Scenario) -> Trace:
    """A run as a page plays it: goes on from an earlier one where it can. VrrplabError: it would take longer
    than anybody waits for.
    """
    work = work_of(scenario)
    if work.is_large:
        raise VrrplabError(
            f"this run would take {work}, so it is not begun: make it shorter, the intervals longer, or the"
            " cluster smaller"
        )
    return runs.run(scenario)


def opened(scenario: Any, failing: Sequence[str] = (), **more: Any) -> Opened:
    """A scenario, run; these failures, each a line as ``simulate --fail`` takes it, are its first change."""
    began_s = time.perf_counter()
    rerun = partial(played, Reruns(frames=True))
    forks = Forks(rerun(scenario), scenario, rerun, time.perf_counter() - began_s)
    found = Opened(Conversation(forks, (Bets(),)), scenario, **more)
    fail(found, failing)
    return found


def fail(found: Opened, lines: Sequence[str]) -> None:
    """The cluster as it was opened, with these failures and no other change."""
    if found.base is None:
        raise VrrplabError("nothing can fail in a capture: it has happened")
    forks = found.talk.forks
    failing: Any = with_failures(found.base, lines)
    forks.reset()
    if lines:
        added = [one for one in failing.actions if one not in found.base.actions]
        words = [f"{sentence(one.as_dict())} at {plain_seconds(one.at_us):g} s" for one in added]
        forks.rewrite(failing, ", ".join(words))


# -- what can be opened -------------------------------------------------------------------------------------


def built_in(name: str, profile: str | None, failing: Sequence[str]) -> Opened:
    """A scenario that comes with vrrplab. VrrplabError: there is none of that name."""
    if name not in builtin_scenarios():
        raise VrrplabError(f"no scenario of vrrplab is called {name[:80]!r}")
    files = shipped_files()
    with handed_over(files):
        return opened(load_scenario(name, profile=profile), failing, files=files)


@cache
def shipped_files() -> Handed:
    """The configurations that come with vrrplab, called as in their folder: article/proxy-serv01.conf."""
    folder = Path(data_root(), "configs")
    found = {
        path.relative_to(folder).as_posix(): config_bytes(path) for path in sorted(folder.rglob("*.conf"))
    }
    return Handed(found, found)


def own_files(files: Sequence[Given], profile: str | None, failing: Sequence[str]) -> Opened:
    """Configurations, or a scenario with those that it names. To be called with ``files`` handed over."""
    found = handed(files)
    scenario = _scenario_in(files, profile)
    if scenario is not None:
        return opened(scenario, failing, files=found)
    nodes = nodes_of(found, profile)
    scenario = scenario_of_nodes(nodes, profile or PROFILE)
    assumed = assumptions(scenario, nodes)
    return opened(scenario, failing, files=found, nodes=nodes, assumed=assumed)


def _scenario_in(files: Sequence[Given], profile: str | None) -> Scenario | None:
    """The scenario among files; None: there is none."""
    found = [file for file in files if file.is_scenario and not file.is_included]
    if len(found) > 1:
        raise VrrplabError(f"{found[0].name} and {found[1].name} are two scenarios: open one at a time")
    return scenario_from_text(found[0].text, "", found[0].name, profile=profile) if found else None


def cluster_in(files: Sequence[Given], profile: str | None) -> tuple[Cluster, Scenario | None]:
    """What rules look at in files that are not opened, and the scenario if one is among them."""
    scenario = _scenario_in(files, profile)
    if scenario is not None:
        return cluster_of(scenario), scenario
    return Cluster(nodes_of(handed(files), profile), profile or PROFILE), None


def nodes_of(files: Handed, profile: str | None) -> Sequence[Node]:
    """The nodes of the files that are handed over now."""
    own = node_files(files)
    if not own:
        raise VrrplabError("each of these files is included by another: add the file that no other includes")
    return nodes_from(own, profile=profile or PROFILE)


def refused(files: Handed, profile: str | None) -> list[VrrplabError]:
    """Why keepalived does not run with the nodes' files: an error for each that is refused."""
    daemon = profile_named(profile or PROFILE).wording
    errors = []
    for node in node_files(files):
        try:
            read_node(node, daemon)
        except VrrplabError as error:
            errors.append(error)
    return errors


def capture(name: str, data: bytes, how_far: Callable[[float], None] = lambda share: None) -> Opened:
    """Who was MASTER when, from frames. ``how_far`` is told the share that is done: of a capture of many
    megabytes nobody would know else that it is read. CaptureError: it is none.
    """
    from vrrplab.capture.reader import read_frames
    from vrrplab.limits import FINDINGS_TOLD
    from vrrplab.units import seconds
    from vrrplab.witness.timeline import timeline_of
    from vrrplab.witness.timeline_trace import to_trace

    content = BytesIO(data)

    def frames() -> Iterator[Any]:
        for place, frame in enumerate(read_frames(content, name)):
            if place % _FRAMES_A_REPORT == 0:
                how_far(_READING * content.tell() / len(data))
            yield frame

    timeline = timeline_of(frames())
    how_far(_READING)
    told = {
        "masters": [
            {
                "router": part.router.name,
                "addresses": list(part.router.addresses),
                "server": span.speaker,
                "priority": span.priority,
                "from_s": seconds(span.from_us),
                "to_s": seconds(span.end_us(timeline.end_us)),
                "still": span.to_us is None,
            }
            for part in timeline.routers
            for span in part.spans[: FINDINGS_TOLD.most]
        ],
        "findings": [
            {"at_s": seconds(one.t_us), "router": one.router, "text": one.text}
            for one in timeline.findings(FINDINGS_TOLD)
        ],
        "limits": timeline.limits(),
    }
    trace = to_trace(timeline, name)
    how_far((1 + _READING) / 2)
    return Opened(Conversation(Forks(trace)), notes=told)
