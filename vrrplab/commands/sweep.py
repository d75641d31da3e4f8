"""``sweep``: a scenario many times, with what varies between the runs; what came of it, in figures."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager, nullcontext
from typing import TYPE_CHECKING

from vrrplab import interrupts
from vrrplab.commands.guide import Example, Guide
from vrrplab.commands.node_arguments import add_node_options, scenario_of
from vrrplab.commands.plot_arguments import add_plot_arguments, theme_of
from vrrplab.errors import OutputError, VrrplabError
from vrrplab.output.files import TableName
from vrrplab.output.printable import printable
from vrrplab.output.progress import Progress
from vrrplab.sweeping.engines import ENGINES
from vrrplab.work import processors

if TYPE_CHECKING:
    from vrrplab.scenario.model import Scenario
    from vrrplab.sweeping.executors import Executor
    from vrrplab.sweeping.plan import Plan
    from vrrplab.sweeping.reckoned import Formulas
    from vrrplab.sweeping.summary import Summary
    from vrrplab.sweeping.table_file import TableFile

_CONFIGS = ("configs/article/proxy-serv01.conf", "configs/article/proxy-serv02.conf")
GUIDES = {
    "": Guide(
        (
            Example(
                "vrrplab sweep article-drill-1-lan-nic --runs 50",
                "how long a failure takes, whenever it falls between adverts and checks",
            ),
            Example(
                "vrrplab sweep power-off --runs 20 --vary advert_int=1,2 --out sweep.csv",
                "each of two intervals, at moments that are drawn; a row a run, in a table",
            ),
            Example(
                "vrrplab sweep power-off --runs 20 --plot outages.svg --theme dark",
                "drawn: a dot a run, in colours for a page that is dark",
            ),
            Example(
                "vrrplab sweep proxy-serv01.conf proxy-serv02.conf --fail 'proxy-serv01 eth0 at 10 for 20'"
                " --vary loss=0,0.05 --runs 20",
                "your own servers' files, on a good network and on a bad one",
                files=_CONFIGS,
            ),
        ),
        {2: "bad usage or bad input, or a sweep that is too large without --yes"},
    )
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "scenario",
        metavar="SCENARIO",
        nargs="+",
        help="a scenario file, a built-in name (simulate --list), or the keepalived.conf files of a cluster",
    )
    add_node_options(parser)
    parser.add_argument(
        "--vary",
        metavar="NAME=VALUES",
        action="append",
        default=[],
        help="what varies, as often as you like: fault, loss, latency, jitter, SERVER.start,"
        " segments.lan.loss, SERVER.BLOCK.OPTION or just OPTION of keepalived.conf; VALUES are 1,2,3 or"
        " 1..3/0.5 (each of them, and each with each of another NAME), or 10..13 (drawn for each run)."
        " Without any: fault, over a whole period of adverts and checks",
    )
    parser.add_argument(
        "--runs", type=int, metavar="N", help="runs of each combination of values (default: 1000)"
    )
    parser.add_argument("--seed", type=int, default=0, help="of everything that is drawn (default: 0)")
    parser.add_argument(
        "--fail",
        action="append",
        default=[],
        metavar="FAILURE",
        help="'SERVER THING [at S] [for S]', as for simulate, in place of a scenario's own actions",
    )
    parser.add_argument("--until", type=float, metavar="S", help="end each run after that many seconds")
    parser.add_argument("--profile", help="behave like another daemon or RFC, e.g. keepalived-2.4.3, rfc9568")
    parser.add_argument(
        "--out",
        metavar="FILE",
        type=TableName,
        help="a row a run: FILE.csv or FILE.parquet; what is there already of the same sweep is gone on with",
    )
    parser.add_argument(
        "--jobs", type=int, metavar="N", help="processes that run it (default: one a processor)"
    )
    parser.add_argument(
        "--only",
        metavar="TARGET",
        help="clients ask for TARGET alone, by ICMP where they do: less to simulate, and what formulas need",
    )
    parser.add_argument(
        "--engine",
        choices=ENGINES,
        default="auto",
        help="vectorised: one fault of a pair and its repair, reckoned by formulas with NumPy, the same rows"
        " hundreds of times sooner; events: simulated, each packet; auto (default): formulas where they hold",
    )
    parser.add_argument(
        "--scheduler",
        metavar="ADDRESS",
        help="run it on a Dask cluster, e.g. tcp://127.0.0.1:8786 (docs/cluster.md); local: one that is"
        " started here for it",
    )
    add_plot_arguments(
        parser,
        "draw how long clients were out or, where some values bring false failovers, how many a day"
        " against the time until a real one: FILE.svg or FILE.png (needs matplotlib)",
    )
    parser.add_argument(
        "--mtbf",
        metavar="PART=TIME,…",
        help="nines: mean time between failures of parts of every server, e.g. nic=5y,power=2y,squid=30d;"
        " each fails by itself in a sweep of its own (units s m h d w y)",
    )
    parser.add_argument("--mttr", metavar="PART=TIME,…", help="the mean time until each is repaired")
    parser.add_argument("--force", action="store_true", help="begin FILE anew, whatever is there")
    parser.add_argument("--yes", action="store_true", help="also what will take very long")


def run(args: argparse.Namespace) -> int:
    from vrrplab import __version__, arguments
    from vrrplab.sweeping.executors import MOST_JOBS
    from vrrplab.sweeping.plan import plan_of
    from vrrplab.sweeping.ranges import allow
    from vrrplab.sweeping.reckoned import EACH_S, chosen
    from vrrplab.sweeping.summary import Summary
    from vrrplab.sweeping.summary_text import text_of
    from vrrplab.sweeping.table_file import TableFile, is_parquet, require_parquet

    if args.jobs is not None:
        arguments.whole(args.jobs, "--jobs", 1, MOST_JOBS)
    theme = theme_of(args)
    if args.mtbf or args.mttr:
        return _nines(args)
    if args.out and is_parquet(args.out):
        require_parquet()
    plan = plan_of(_scenario(args), args.vary, args.runs, args.seed)
    formulas = chosen(plan, args.engine, args.scheduler)
    if formulas is None:
        allow([plan], args.jobs or processors(), args.yes)
    else:
        allow([plan], 1, args.yes, EACH_S)
    summary = Summary(plan)
    table = TableFile(args.out, plan, __version__, anew=args.force) if args.out else None
    try:
        _run(plan, table, summary, args, formulas)
    except OutputError:
        raise  # which says by itself what is kept
    except (KeyboardInterrupt, VrrplabError):
        if table is not None:
            _say(table.kept())
        raise
    finally:
        if table is not None:
            table.close()
    if args.plot:
        from vrrplab.notebook.sweeps import outage_rows, shows_trade_off, trade_off_rows
        from vrrplab.views import distribution, save, trade_off

        save(
            trade_off.draw(trade_off_rows(summary), theme=theme)
            if shows_trade_off(summary)
            else distribution.draw(outage_rows(summary), theme=theme),
            args.plot,
        )
    sys.stdout.write(text_of(summary))
    return 0


def _nines(args: argparse.Namespace) -> int:
    """Failure rates of the parts: each fails by itself, and what that comes to in a year is told."""
    from vrrplab.sweeping.availability import lines_of, parts_of, rates_of
    from vrrplab.sweeping.ranges import allow
    from vrrplab.sweeping.summary import Summary

    if args.engine == "vectorised":
        raise VrrplabError("--engine vectorised is of one sweep, and --mtbf makes one of each part")
    for option in ("out", "plot"):
        if getattr(args, option):
            raise VrrplabError(
                f"--{option} is of one sweep, and --mtbf makes one of each part: leave one out"
            )
    if not (args.mtbf and args.mttr):
        raise VrrplabError("--mtbf and --mttr go together: how often a part fails, and how long repair takes")
    runs = 100 if args.runs is None else args.runs
    parts = parts_of(_scenario(args), rates_of(args.mtbf, args.mttr), args.vary, runs, args.seed)
    summaries = [Summary(part.plan) for part in parts]
    if not summaries[0].targets:
        raise VrrplabError("no client of this scenario asks for anything: nobody would miss it")
    allow([part.plan for part in parts], args.jobs or processors(), args.yes)
    for part, summary in zip(parts, summaries, strict=True):
        _say(f"{part.name}:")
        _run(part.plan, None, summary, args)
    print("\n".join(lines_of(parts, summaries)).lstrip())
    return 0


def _run(
    plan: Plan,
    table: TableFile | None,
    summary: Summary,
    args: argparse.Namespace,
    formulas: Formulas | None = None,
) -> None:
    from vrrplab.sweeping.ranges import told
    from vrrplab.sweeping.reckoned import EACH_S
    from vrrplab.sweeping.run import chunks

    with nullcontext(formulas) if formulas else _executor(plan, args) as executor:
        for line in plan.remarks():
            _say(f"warning: {line}")
        _say(told(plan, executor.workers, executor.told, EACH_S if formulas else None))
        total = plan.total
        with Progress("sweep") as progress, closing(chunks(plan, executor, table)) as found:
            for rows in found:
                summary.add(rows)
                progress.at(summary.runs / total, f"{summary.runs:,} of {total:,} runs")


@contextmanager
def _executor(plan: Plan, args: argparse.Namespace) -> Iterator[Executor]:
    """Who runs it. VrrplabError before anything is begun: it is too much, or nobody is there."""
    from vrrplab.sweeping.executors import local

    if not args.scheduler:
        yield local(args.jobs, plan)
        return
    from vrrplab import __version__
    from vrrplab.sweeping.dask import Dask

    dask = Dask(args.scheduler, __version__, args.jobs)
    try:
        if dask.dashboard:
            _say(f"Dask's dashboard: {dask.dashboard}")
        yield dask
    finally:
        if not interrupts.came():  # what is to end at once waits for no good-byes
            dask.close()


def _say(text: str) -> None:
    print(printable(text), file=sys.stderr, flush=True)


def _scenario(args: argparse.Namespace) -> Scenario:
    from vrrplab.sim.play import until

    scenario = scenario_of(args, args.scenario)
    if args.fail:
        from vrrplab.scenario.fail_line import with_failures

        scenario = with_failures(scenario.changed(actions=()), args.fail)
    if args.only is not None:
        from vrrplab.sweeping.reckoned import asking_only

        scenario = asking_only(scenario, args.only)
    return scenario if args.until is None else until(scenario, args.until)
