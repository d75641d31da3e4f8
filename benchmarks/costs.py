"""What things cost on this machine, beside the figures by which vrrplab reckons (vrrplab/work.py).

    python benchmarks/costs.py [--quick]

CPU time and memory of one of each, in microseconds and bytes, and how many times the figure in the table that
is. Memory is what is still kept at the end, or, of what is built whole, the most that it took.
"""

from __future__ import annotations

import gc
import io
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from itertools import islice
from pathlib import Path
from types import SimpleNamespace

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]

import simulation as bench  # noqa: E402

from vrrplab import work  # noqa: E402
from vrrplab.commands import simulate  # noqa: E402
from vrrplab.commands.verify import _bytes  # noqa: E402
from vrrplab.data_files import data_path  # noqa: E402
from vrrplab.scenario.model import Scenario  # noqa: E402
from vrrplab.scenario.parts import Server  # noqa: E402
from vrrplab.scenario.reader import load_scenario  # noqa: E402
from vrrplab.sim.play import play, run  # noqa: E402
from vrrplab.sim.world import World  # noqa: E402
from vrrplab.trace import Trace  # noqa: E402
from vrrplab.units import SECOND_US  # noqa: E402
from vrrplab.verify import verify_recording  # noqa: E402

LESS = 10 if "--quick" in sys.argv[1:] else 1


def measured(job: Callable[[], object], peak: bool = False) -> tuple[float, float]:
    """CPU seconds, and bytes kept of the job's result (``peak``: the most that it took)."""
    begun_s = time.process_time()
    job()
    took_s = time.process_time() - begun_s
    gc.collect()
    tracemalloc.start()
    kept = job()
    now, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    del kept
    return took_s, most if peak else now


def row(cost: work.Cost, number: int, took_s: float, size: float) -> None:
    us, bytes_ = 1e6 * took_s / number, size / number
    times = f"{us / cost.us:4.1f} times" if cost.us else ""
    sizes = f"{bytes_ / cost.bytes:4.1f} times" if cost.bytes else ""
    print(f"{cost.what:32} {us:8.1f} us {times:10}  {bytes_:8.0f} bytes {sizes}", flush=True)


def of_run(cost: work.Cost, kind: str, scenario: Scenario, **options: bool) -> None:
    """All of a run, put down to the kind of event of which there are most in it."""

    def job() -> tuple[World, Trace]:
        world = World(scenario, **options)
        return world, play(world)

    number = sum(event.event == kind for event in job()[1])
    row(cost, number, *measured(job))


def simulations() -> None:
    many = bench.cluster(200, 1, 100 // LESS)
    of_run(work.RECEPTION, "advert_received", many)
    peerless = {name: replace(segment, multicast=False) for name, segment in many.segments.items()}
    of_run(work.SENT, "advert_sent", bench.cluster(20, 1, 300 // LESS).changed(segments=peerless))
    steady = load_scenario("article-steady").changed(clients={}, actions=())
    checked = steady.changed(duration_us=600 // LESS * SECOND_US)
    unchecked = checked.changed(servers={name: without_checks(one) for name, one in checked.servers.items()})
    (with_s, with_bytes), (s, bytes_) = (measured(partial(run, one)) for one in (checked, unchecked))
    number = sum(event.event == "script" for event in run(checked))
    row(work.CHECK, number, with_s - s, with_bytes - bytes_)
    of_run(work.START, "state", bench.cluster(2, 200, 1))


def without_checks(server: Server) -> Server:
    instances = tuple(replace(one, track_scripts=()) for one in server.node.instances)
    return replace(server, node=replace(server.node, scripts=(), instances=instances))


def tellings() -> None:
    steady = load_scenario("article-steady").changed(duration_us=3_000 // LESS * SECOND_US, actions=())
    world = World(steady, frames=True, capture=True)
    trace = play(world)
    for form, cost in simulate._TELLING.items():
        row(
            cost, len(trace), *measured(lambda form=form: simulate._write([trace], form, Nowhere(), 80), True)
        )
    with tempfile.TemporaryDirectory() as folder:
        for cost, name, number in (
            (work.PCAP, "pcap", len(world.captured)),
            (work.HTML, "html", len(trace)),
            (work.PLOT, "plot", len(trace)),
        ):
            ending = {"plot": "svg"}.get(name, name)
            wanted = {"pcap": None, "html": None, "plot": None, name: f"{folder}/x.{ending}"}
            args = SimpleNamespace(**wanted, at=0.0)

            def job(args: SimpleNamespace = args) -> None:
                simulate._write_files(steady, [trace], world.captured, args)  # type: ignore[arg-type]

            row(cost, number, *measured(job, True))
        row(work.ROW, len(trace), *measured(trace.to_dataframe))


class Nowhere(io.TextIOBase):
    """Takes text and keeps none of it."""

    def write(self, text: str) -> int:
        return len(text)


def captures_and_recordings() -> None:
    from vrrplab.capture.pcap import write_pcap
    from vrrplab.capture.reader import read_frames
    from vrrplab.decoding.explain import explain
    from vrrplab.decoding.table import row_head, row_tail
    from vrrplab.decoding.verdict import judge
    from vrrplab.decoding.wall_clock import WallClock
    from vrrplab.witness.timeline import timeline_of

    world = World(
        load_scenario("article-steady").changed(duration_us=1_000 // LESS * SECOND_US, actions=()),
        capture=True,
    )
    play(world)
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/x.pcap"
        write_pcap(path, ((t_us, data) for t_us, _, data in world.captured))

        def told() -> None:
            clock = WallClock()
            for one in read_frames(path):
                head = row_head(one.number, one.t_ns, 0, clock)
                row_tail(one.frame, judge(one.frame), len(head))

        def explained() -> None:
            for one in islice(read_frames(path), 200):
                explain(one.frame, judge(one.frame), "keepalived-2.2.7")

        row(work.FRAME_TOLD, len(world.captured), *measured(told))
        row(work.FRAME_EXPLAINED, 200, *measured(explained))
        row(work.FRAME_SEEN, len(world.captured), *measured(lambda: timeline_of(read_frames(path))))
    folders = sorted(path.parent for path in data_path("recordings").glob("*/observed.json"))[:30]
    row(
        work.RECORDED,
        sum(map(_bytes, folders)),
        *measured(lambda: [verify_recording(one) and None for one in folders]),
    )


if __name__ == "__main__":
    simulations()
    tellings()
    captures_and_recordings()
