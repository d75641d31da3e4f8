"""The article's three drills told, each with its film: what `vrrplab simulate --format story` prints."""

from __future__ import annotations

import re
from html import escape

from tools import lesson_pages, page_frame
from tools.page_frame import Page

DRILLS = {
    "article-drill-1-lan-nic": "The LAN card goes down",
    "article-drill-2-wan-nic": "The card to the internet goes down",
    "article-drill-3-squid": "Squid stops",
}
_INTRODUCTION = """# Three drills

Two proxies, each MASTER of one address; three failures, each of them simulated as the daemon would act, with
the log lines that it would write. The films play; below each stands the same drill in words, what was done
and what both servers said. The [lesson about them](../notebooks/04_three_drills.ipynb) asks why they take
such different times.

In a terminal it is `vrrplab simulate --format story`.
"""


def pages() -> tuple[list[Page], dict[str, str]]:
    """The page of the drills, and its films."""
    from vrrplab.notebook.simulate import simulate
    from vrrplab.scenario.reader import load_scenario
    from vrrplab.tell import story
    from vrrplab.views.bets import Bets
    from vrrplab.views.explain import explanations
    from vrrplab.views.player import first_moment_s, trace_text
    from vrrplab.views.svg import still_html

    films: dict[str, str] = {}
    target = "drills/index.html"
    body = page_frame.markdown(_INTRODUCTION, "docs/drills.md", target)
    for name, title in DRILLS.items():
        scenario = load_scenario(name)
        trace = simulate(scenario, frames=True)
        at_s = first_moment_s(trace)
        info = {
            "can_fork": False,
            "can_share": False,
            "tour": False,
            "explain": explanations(scenario),
            "why_not": "This film is a finished run. Below it is a button that opens it to be broken.",
            **Bets().page(trace),
        }
        told = lesson_pages.film(
            name, films, still_html(trace, at_s), at_s, info, trace_text(trace), f"s={name}&t={at_s:g}"
        )
        words = escape(re.sub(r"\x1b\[[0-9;]*m", "", story.render(trace, 118)))
        body += f'<h2 id="{name}">{escape(title)}</h2>{told}'
        body += "<details><summary>In words, with the logs of both servers</summary>"
        body += f'<pre class="out" tabindex="0">{words}</pre></details>'
    return [Page(target, "Three drills", body, "Three drills")], films
