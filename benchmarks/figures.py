"""Figures as all benchmarks print them: a median, the range of the rounds, and what was asked for."""

from __future__ import annotations

import argparse
import os
import platform
import sys
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import NamedTuple


class Wanted(NamedTuple):
    """What a figure should be: at least, or at most, that."""

    sense: str  # ">=" or "<="
    limit: float

    def reached(self, figure: float) -> bool:
        return figure >= self.limit if self.sense == ">=" else figure <= self.limit


def at_least(limit: float) -> Wanted:
    return Wanted(">=", limit)


def at_most(limit: float) -> Wanted:
    return Wanted("<=", limit)


def number(value: float) -> str:
    """Three figures that count, without an exponent."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def spread(values: Sequence[float]) -> str:
    """Median and range: ``2.31 [2.12-2.50]``; one value alone has no range."""
    middle = number(median(values))
    return middle if len(values) == 1 else f"{middle} [{number(min(values))}-{number(max(values))}]"


def line(what: str, values: Sequence[float], unit: str, wanted: Wanted | None = None) -> str:
    """One figure; with ``wanted`` whether its median is that."""
    told = f"  {what:<46} {spread(values) + unit:<26}"
    if wanted is None:
        return told.rstrip()
    word = "reached" if wanted.reached(median(values)) else "MISSED"
    return f"{told} {wanted.sense} {wanted.limit:g}{unit}: {word}"


def machine() -> str:
    """Processor, how many, Python, and how busy it is: figures without them say nothing."""
    info = Path("/proc/cpuinfo")
    model = platform.processor() or platform.machine()
    if info.exists():
        named = (
            x.split(":", 1)[1].strip() for x in info.read_text().splitlines() if x.startswith("model name")
        )
        model = next(named, model)
    load = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    return f"{model}, {os.cpu_count()} processors, Python {platform.python_version()}{load}"


def arguments(parser: argparse.ArgumentParser, **smaller: object) -> argparse.Namespace:
    """What the command line says. With ``--quick`` these values are the defaults."""
    parser.add_argument("--quick", action="store_true", help="less of it: a look, not a measurement")
    if "--quick" in sys.argv[1:]:
        parser.set_defaults(**smaller)
    return parser.parse_args()
