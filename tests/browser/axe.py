"""axe-core, which npm brings for tests: what it objects to on a page."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

AXE = Path(__file__).resolve().parents[2] / "node_modules" / "axe-core" / "axe.min.js"


def violations(page: Any) -> set[str]:
    """ "rule: the element it is about", for each thing that axe is sure of."""
    if not AXE.exists():
        pytest.skip("needs axe-core: make scripts")
    if not page.evaluate("Boolean(window.axe)"):
        page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate(
        "async () => (await axe.run(document)).violations.flatMap(v => v.nodes.map(n => [v.id, n.html]))"
    )
    return {f"{rule}: {html[:200]}" for rule, html in found}
