"""What a learner is shown besides the cluster, in a real JupyterLab: panels of sliders."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.browser.test_cluster_in_jupyterlab import notebook  # noqa: F401  a fixture

# Of the panel's own elements, those with a scroll bar: what they hold is larger than they are.
BARS = """(root) => [root, ...root.querySelectorAll("*")].filter((e) => {
  const style = getComputedStyle(e);
  const across = /auto|scroll/.test(style.overflowX) && e.scrollWidth > e.clientWidth;
  const down = /auto|scroll/.test(style.overflowY) && e.scrollHeight > e.clientHeight;
  return across || down;
}).map((e) => `${e.className}: ${e.scrollWidth}x${e.scrollHeight} in ${e.clientWidth}x${e.clientHeight}`)"""


@pytest.mark.parametrize("width", [1366, 1024, 700])
def test_no_slider_has_a_scroll_bar(notebook: Callable[..., Any], width: int) -> None:  # noqa: F811
    cells = ["import vrrplab", 'vrrplab.sliders("timers")']
    page = notebook("sliders.ipynb", cells, clusters=0, viewport={"width": width, "height": 768})
    panel = page.locator(".jp-OutputArea-output:has(.widget-slider)").first
    panel.locator(".widget-slider").nth(3).wait_for()
    panel.locator("img").wait_for()
    assert panel.evaluate(BARS) == []
