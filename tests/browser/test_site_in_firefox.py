"""The site in Firefox: served, and as one file from a disk. A cable is pulled in either."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.browser.player_pages import PLAYER
from tests.browser.site_server import SiteServer
from tests.browser.test_firefox import Firefox

pytestmark = [pytest.mark.long, pytest.mark.site, pytest.mark.needs("firefox-esr", "node")]

# Ask as a click would, and wait for the run with it: [its outages, how the simulator was started].
BREAK = f"""async () => {{
  const down = [{{ action: "link_down", server: "proxy-serv01", interface: "eth0" }}];
  const until = async (said) => {{
    for (const end = Date.now() + 50000; !(await said()) && Date.now() < end; ) {{
      await new Promise((later) => setTimeout(later, 50));
    }}
  }};
  await until(() => {PLAYER}?.model);
  {PLAYER}.pause();
  {PLAYER}.seek(4);
  {PLAYER}.act({{ label: "", hint: "", actions: down }});
  await until(() => {PLAYER}.info.fork);
  // Python's memory is stored meanwhile; a page that was opened from a disk may store nothing.
  if (location.protocol !== "file:") {{
    const kept = async (name) =>
      name.includes("memory") && (await (await caches.open(name)).keys()).length > 0;
    await until(async () => (await Promise.all((await caches.keys()).map(kept))).includes(true));
  }}
  return [{PLAYER}.model.outages.length > 0, document.documentElement.dataset.simulator];
}}"""


@pytest.fixture
def firefox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Firefox]:
    browser = Firefox(tmp_path_factory.mktemp("firefox"))
    yield browser
    browser.close()
    assert browser.errors == []


def test_it_breaks_at_an_address_and_from_a_disk(
    firefox: Firefox, served_site: SiteServer, site: Path
) -> None:
    def at(address: str) -> Any:
        firefox("browsingContext.navigate", context=firefox.context, url=address, wait="complete")
        return firefox.run(BREAK)

    assert at(served_site.address) == [True, "cold"]
    assert at(f"{served_site.address}index.html") == [True, "warm"]
    assert at((site / "vrrplab.html").as_uri()) == [True, "cold"]
