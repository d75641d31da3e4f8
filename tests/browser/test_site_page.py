"""The site's page in Chromium, with the real simulator in its worker: nothing is stood in for."""

from __future__ import annotations

import json
import shutil
import time
import zlib
from base64 import urlsafe_b64encode
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.browser.axe import violations
from tests.browser.own_files_page import CAPTURE, drop
from tests.browser.player_pages import PLAYER, ask, choose, thing
from tests.browser.site_server import SiteServer
from tests.papers import ROOT

pytestmark = [pytest.mark.long, pytest.mark.site, pytest.mark.needs("node")]

NIC = "nic proxy-serv01 eth0"
OTHER_NIC = "nic proxy-serv02 eth0"
LOADED = "['cold', 'warm'].includes(document.documentElement.dataset.simulator)"
# The last of the simulator's files, in the browser's storage.
KEPT = (
    "caches.match(new URL(JSON.parse(document.getElementById('build').textContent).folder"
    " + 'pyodide/python_stdlib.zip', location).href).then(Boolean)"
)
LOADED_IS_KEPT = (
    "Promise.all([location.href, ...performance.getEntriesByType('resource').map(one => one.name)]"
    ".map(name => caches.match(name))).then(all => all.every(Boolean))"
)
PATIENCE_MS = 90_000  # a machine that does other things, too, takes its time to start Python
PLAYABLE_S = 5.0  # a second, on a machine that does nothing else
STRANGER_S = 30  # who never saw the page has broken a cable and sees what comes of it
CONFIG = """vrrp_instance VI_1 {{
    state {state}
    interface eth0
    virtual_router_id 51
    priority {priority}
    virtual_ipaddress {{
        192.168.2.101/24
    }}
}}
"""
DOWN = [{"at_s": 5, "action": "link_down", "server": "proxy-serv01", "interface": "eth0"}]
# Half a kilobyte of YAML that has nine to the power of twelve values when it is written out.
ALIASES = "a0: &a0 [x]\n" + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 13))
FILES = [("a", "MASTER", 150), ("b", "BACKUP", 100)]


def until(page: Any, said: str, timeout_ms: float = PATIENCE_MS) -> None:
    """Waits for an expression; the page's policy forbids Playwright's own way."""
    end = time.monotonic() + timeout_ms / 1000
    while not page.evaluate(said):
        assert time.monotonic() < end, f"never became true: {said}"
        page.wait_for_timeout(50)


def opened(page: Any, address: str) -> Any:
    page.goto(address)
    thing(page, NIC).wait_for()
    return page


def set_down(page: Any, card: str) -> None:
    choose(page, card, "Set eth0 down")


def broken(page: Any, card: str = NIC) -> None:
    """Break it, and wait until the run with it is shown."""
    page.evaluate(f"{PLAYER}.pause()")
    before = page.evaluate(f"{PLAYER}.info.fork")
    set_down(page, card)
    until(page, f"{PLAYER}.info.fork !== {json.dumps(before)}")


def notice(page: Any) -> str:
    return str(page.locator("#notice").inner_text())


def asked_for(page: Any) -> list[str]:
    """Addresses that the page and its workers ask for, from now on."""
    heard: list[str] = []
    page.context.on("request", lambda request: heard.append(request.url))
    return heard


def text_link(text: str) -> str:
    packer = zlib.compressobj(9, wbits=-15)
    packed = packer.compress(text.encode()) + packer.flush()
    return f"#y={urlsafe_b64encode(packed).decode().rstrip('=')}"


def test_the_player_needs_no_simulator(new_page: Callable[..., Any], served_site: SiteServer) -> None:
    """With all of the simulator blocked the cluster is there and plays; a click gets a sentence."""
    page = new_page(ours=lambda error: "ERR_FAILED" not in error)
    for what in ("**/pyodide/**", "**/app.zip"):
        page.context.route(what, lambda route: route.abort())
    begun = time.monotonic()
    opened(page, served_site.address)
    assert time.monotonic() - begun < PLAYABLE_S
    until(page, f"{PLAYER}.playing && {PLAYER}.t > 1.5")
    set_down(page, NIC)
    page.get_by_text("The simulator did not start").first.wait_for()
    assert page.evaluate(f"{PLAYER}.model.cast.servers.size") == 2


def test_a_stranger_breaks_it_twice_and_the_second_visit_starts_from_memory(
    new_page: Callable[..., Any], served_site: SiteServer
) -> None:
    begun = time.monotonic()
    page = opened(new_page(), served_site.address)
    page.evaluate(f"{PLAYER}.pause(); {PLAYER}.seek(4)")
    owner = "document.querySelector('[data-vip=\"192.168.2.101\"]').dataset.holder"
    assert page.evaluate(owner) == "proxy-serv01"
    lines = page.evaluate(f"{PLAYER}.outside.get('trace_lines')")
    broken(page)
    page.evaluate(f"{PLAYER}.seek(9)")
    assert page.evaluate(owner) == "proxy-serv02"
    assert page.evaluate(f"{PLAYER}.model.outages.length") >= 1
    assert time.monotonic() - begun < STRANGER_S
    # The past is the same, line for line; the future is another.
    after = page.evaluate(f"{PLAYER}.outside.get('trace_lines')")

    def past(text: str) -> list[str]:
        return [line for line in text.splitlines()[1:] if json.loads(line)["t"] < 4]

    assert past(after) == past(lines)
    assert after != lines
    assert page.evaluate("document.documentElement.dataset.simulator") == "cold"
    page.get_by_role("button", name="Undo").click()
    until(page, f"!{PLAYER}.info.fork")

    kept = "caches.keys().then(names => names.filter(name => name.includes('memory')).length)"
    until(page, kept)
    until(page, "navigator.serviceWorker.ready.then(one => Boolean(one.active))")
    again = opened(page.context.new_page(), served_site.address)
    again.evaluate(f"{PLAYER}.pause(); {PLAYER}.seek(4)")
    broken(again)
    assert again.evaluate("document.documentElement.dataset.simulator") == "warm"
    again.evaluate(f"{PLAYER}.seek(9)")
    assert again.evaluate(owner) == "proxy-serv02"

    # All that was loaded is kept: the server may be gone.
    until(again, KEPT)
    # The browser would install it, if it were not for the window that forgets all.
    wrong = page.context.new_cdp_session(again).send("Page.getInstallabilityErrors")["installabilityErrors"]
    assert {error["errorId"] for error in wrong} <= {"in-incognito"}
    served_site.stop()
    alone = opened(page.context.new_page(), served_site.address)
    broken(alone)
    # What was kept is damaged: Python starts from its beginning.
    alone.evaluate(
        "(async () => { for (const name of await caches.keys()) if (name.includes('memory')) {"
        " const place = await caches.open(name); for (const one of await place.keys())"
        " await place.put(one, new Response(new Uint8Array(1000))); } })()"
    )
    damaged = opened(page.context.new_page(), served_site.address)
    broken(damaged)
    assert damaged.evaluate("document.documentElement.dataset.simulator") == "cold"


def test_own_files_and_a_link_to_them(
    new_page: Callable[..., Any], served_site: SiteServer, tmp_path: Path
) -> None:
    """Two files of one name, one of them with an include; then the link, opened by somebody else."""
    page = opened(new_page(), served_site.address)
    paths = []
    for folder, state, priority in FILES:
        (tmp_path / folder).mkdir()
        path = tmp_path / folder / "keepalived.conf"
        text = CONFIG.format(state=state, priority=priority)
        if folder == "a":
            (tmp_path / "instance.conf").write_text(text, encoding="utf-8")
            text = "include instance.conf\n"
        path.write_text(text, encoding="utf-8")
        paths.append(path)
    begun = time.monotonic()
    page.locator("#own input[type=file]").first.set_input_files([*paths, tmp_path / "instance.conf"])
    until(page, f"{PLAYER}.model.cast.vips.length === 1")
    page.locator("#own").get_by_text("192.168.2.101").first.wait_for(timeout=PATIENCE_MS)
    assert time.monotonic() - begun < 60  # to the worst failure, in a browser that never saw the page
    assert page.locator("#notice").get_by_text("The worst failure").bounding_box()["y"] < 860
    # A finding leads to its rule's page, which the site has of the handbook's.
    rules = page.locator("#own a.rule").evaluate_all("all => all.map(one => one.getAttribute('href'))")
    assert rules
    assert [name for name in rules if not (ROOT / name).with_suffix(".md").exists()] == []
    page.get_by_role("button", name="Copy link").click()
    until(page, "document.querySelector('.vl-dialog textarea')?.value.includes('#y=')")
    link = page.locator(".vl-dialog textarea").input_value()
    assert len(link) < 8000
    shown = page.evaluate(f"{PLAYER}.model.cast.servers.size")
    other = new_page()
    other.goto(link)
    until(other, f"{PLAYER}?.model?.cast.vips.length === 1")
    assert other.evaluate(f"{PLAYER}.model.cast.servers.size") == shown == 2

    # What is refused is told with its place, and the cluster before it stays.
    bad = tmp_path / "bad.conf"
    bad.write_text("vrrp_instance VI_1 {\n    priority many\n", encoding="utf-8")
    name = tmp_path / "<img src=x onerror=alert(1)>.yaml"
    name.write_text("servers: [", encoding="utf-8")
    for refused in (bad, name):
        page.locator("#own input[type=file]").first.set_input_files(refused)
        page.locator("#own").get_by_text(refused.name).first.wait_for(timeout=PATIENCE_MS)
    assert page.evaluate(f"{PLAYER}.model.cast.vips.length") == 1
    assert page.locator("#own img").count() == 0


def test_links_say_what_was_broken_and_hostile_ones_do_nothing(
    new_page: Callable[..., Any], served_site: SiteServer
) -> None:
    page = new_page()
    page.goto(f"{served_site.address}#s=kill-9&t=3")
    until(page, f"{PLAYER}?.model?.cast.name === 'kill-9'")
    assert page.evaluate(f"{PLAYER}.t") >= 3
    page.goto(f"{served_site.address}#s=article-steady&t=9&a={json.dumps(DOWN)}")
    until(page, f"{PLAYER}.info.fork")
    page.evaluate(f"{PLAYER}.pause(); {PLAYER}.seek(9)")
    page.get_by_role("button", name="Copy link").click()
    until(page, "document.querySelector('.vl-dialog textarea')?.value.includes('link_down')")
    link = page.locator(".vl-dialog textarea").input_value()
    assert link.endswith(
        "#s=article-steady&t=9&a=[{%22at_s%22:5,%22action%22:%22link_down%22,%22server%22:"
        "%22proxy-serv01%22,%22interface%22:%22eth0%22}]"
    )
    page.locator(".vl-dialog").get_by_role("button", name="Close").click()

    said = {}
    bomb = text_link("a" * 5_000_000)
    for name, fragment in {
        "markup": "#s=<img src=x onerror=alert(1)>",
        "bomb": bomb,
        "cut": text_link("servers: {}")[:-4] + "!",
        "actions": "#s=kill-9&a=[1]",
        "deep": text_link("[" * 50_000),
        "aliases": text_link(ALIASES),
        "markup in a text": text_link("name: <script>alert(1)</script>\nservers: 3\n"),
        "long": "#y=" + "A" * 9000,
        "prototype": "#s=__proto__",
        "no moment": "#s=nothing&t=1e308",
        "types": "#s=kill-9&a=" + json.dumps([{"at_s": 1, "action": "link_down", "server": {"a": []}}]),
    }.items():
        page.evaluate("document.getElementById('notice').hidden = true")
        page.goto(f"{served_site.address}{fragment}")
        until(page, "!document.getElementById('notice').hidden")
        said[name] = notice(page)
        assert page.evaluate(f"{PLAYER}.model.cast.servers.size") >= 1, name
    assert len(bomb) < 8000
    assert "ready-made cluster “<img src=x onerror=alert(1)>”" in said["markup"]
    for name in ("bomb", "cut", "actions", "long"):
        assert "cannot be read" in said[name], name
    for moment in ("1e308", "-5", "NaN"):
        page.goto(f"{served_site.address}#s=kill-9&t={moment}")
        until(page, f"{PLAYER}.model.cast.name === 'kill-9' && document.getElementById('notice').hidden")
        assert 0 <= page.evaluate(f"{PLAYER}.t") <= page.evaluate(f"{PLAYER}.model.end")
    assert "its aliases multiply each other" in said["aliases"]
    assert page.locator("img, script:not([src]):not([type='application/json'])").count() == 0


def test_a_frame_fetches_nothing_unasked_and_tells_its_height(
    new_page: Callable[..., Any], served_site: SiteServer, tmp_path: Path
) -> None:
    """In a page of another origin."""
    (tmp_path / "index.html").write_text(
        '<!doctype html><title>A blog</title><link rel="icon" href="data:,">'
        '<script>addEventListener("message", (e) => {'
        ' for (const one of document.querySelectorAll("iframe"))'
        ' if (one.contentWindow === e.source) one.style.height = e.data.vrrplab.height + "px" })'
        f'</script><iframe src="{served_site.address}index.html?embed#s=kill-9&amp;t=3"'
        ' style="width: 100%; height: 50px; border: 0"></iframe>'
        f"<iframe src='{served_site.address}index.html?embed#s=kill-9&amp;t=6&amp;a={json.dumps(DOWN)}'>"
        "</iframe>",
        encoding="utf-8",
    )
    blog = SiteServer(tmp_path)
    page = new_page()
    heard = asked_for(page)
    page.goto(blog.address)
    frame, broken_frame = page.frames[1:]
    frame.wait_for_selector('[data-thing="nic proxy-serv01 eth0"]')
    until(page, "document.querySelector('iframe').clientHeight > 400")
    page.wait_for_timeout(3000)
    assert not [url for url in heard if url.endswith(".wasm")]
    # What only the simulator can show waits for a click, in this frame and in no other.
    asks = broken_frame.get_by_role("button", name="Show the cluster")
    assert asks.is_visible()
    assert not broken_frame.locator("#player").is_visible()
    asks.click()
    broken_frame.locator(".vl-tag-fork").wait_for(timeout=PATIENCE_MS)
    assert broken_frame.evaluate(f"[{PLAYER}.t >= 6, {PLAYER}.info.fork_at_s]") == [True, 5]
    assert not asks.is_visible()
    assert frame.locator("#own, .head, .foot").filter(visible=True).count() == 0
    # Its height does not grow by itself.
    high = page.evaluate("document.querySelector('iframe').clientHeight")
    assert frame.evaluate("document.documentElement.scrollHeight") <= high + 1
    set_down(frame, NIC)
    frame.locator(".vl-tag-fork").wait_for(timeout=PATIENCE_MS)
    blog.stop()


def test_a_film_that_is_read_about_is_opened_to_be_broken(
    new_page: Callable[..., Any], site: Path, tmp_path: Path
) -> None:
    """The playground comes into the film's place, and asks for no second click."""
    import reading

    whole = tmp_path / "site"
    shutil.copytree(site, whole)
    reading.build(whole, [])
    server = SiteServer(whole)
    try:
        page = new_page()
        page.goto(f"{server.address}drills/index.html")
        page.locator("button.alive").first.click()
        page.locator("iframe").wait_for()
        frame = page.frames[1]
        frame.locator('[data-thing="nic proxy-serv01 eth0"]').wait_for(timeout=PATIENCE_MS)
        assert not frame.locator("#unasked").is_visible()
        set_down(frame, OTHER_NIC)
        frame.locator(".vl-tag-fork").wait_for(timeout=PATIENCE_MS)
        # What was read is there without a network, too.
        until(page, "navigator.serviceWorker.ready.then(one => Boolean(one.active))")
        page.goto(f"{server.address}drills/index.html")
        thing(page, NIC).first.wait_for()
        until(page, LOADED_IS_KEPT)
        server.stop()
        page.goto(f"{server.address}drills/index.html")
        thing(page, NIC).first.wait_for()
    finally:
        server.stop()


def with_worker(page: Any, site: Path, place: str, script: str) -> None:
    """The page's worker does this first, at a place of its script."""
    [worker] = site.glob("v-*/worker.js")
    text = worker.read_text("utf-8")
    assert place in text
    changed = text.replace(place, f"{script}\n{place}", 1)
    page.context.route(
        "**/worker.js", lambda route: route.fulfill(body=changed, content_type="text/javascript")
    )


def test_a_worker_that_hangs_or_breaks_is_ended_and_what_was_done_stays(
    new_page: Callable[..., Any], served_site: SiteServer, site: Path
) -> None:
    page = new_page()
    with_worker(
        page,
        site,
        "    try {\n      self.postMessage({ id",
        'if (question.includes("proxy-serv02")) return;'
        ' if (question.includes("masters")) answer = () => { throw new RangeError("too deep"); };',
    )
    page.clock.install()
    opened(page, served_site.address)
    broken(page)
    page.evaluate(f"{PLAYER}.pause()")
    set_down(page, OTHER_NIC)
    page.clock.run_for(61_000)
    page.get_by_text("was started again without your last change").first.wait_for()
    until(page, LOADED)
    # Python itself is at its end: no minute is waited for that.
    drop(page, ("masters.conf", "# too deep"))
    page.get_by_text("broke off at this, and was started again").first.wait_for(timeout=PATIENCE_MS)
    until(page, LOADED)
    page.get_by_role("button", name="Undo").click()
    until(page, f"!{PLAYER}.info.fork")
    # A capture takes the place of all that; nothing can fail in it, and it is there after the next end.
    drop(page, ("wire.pcap", CAPTURE.read_bytes()))
    page.get_by_text("wire.pcap is shown above").wait_for(timeout=PATIENCE_MS)
    drop(page, ("masters.conf", "# too deep, again"))
    page.get_by_text("broke off at this, and was started again").first.wait_for(timeout=PATIENCE_MS)
    page.get_by_role("button", name="Save scenario").click()
    until(page, "document.getElementById('notice').textContent.includes('capture')")
    assert page.evaluate(f"{PLAYER}.model.cast.servers.size") == 2


def test_a_worker_that_never_comes_and_a_browser_that_keeps_nothing(
    new_page: Callable[..., Any], served_site: SiteServer, site: Path
) -> None:
    page = new_page()
    with_worker(page, site, "  count(from.bytes);", "self.close(); return;")
    page.clock.install()
    opened(page, served_site.address)
    set_down(page, NIC)
    page.clock.run_for(130_000)
    page.get_by_text("nothing of it arrived for two minutes").first.wait_for()
    page.evaluate(f"{PLAYER}.seek(3)")

    # In a frame of somebody else's page a browser may forbid all that keeps something.
    no = "get() { throw new DOMException('forbidden', 'SecurityError'); }"
    forbidden = "".join(
        f"Object.defineProperty(self, '{name}', {{ {no} }});"
        for name in ("caches", "sessionStorage", "localStorage", "indexedDB")
    )
    strict = new_page(
        script=f"{forbidden} ServiceWorkerContainer.prototype.register = "
        "() => Promise.reject(new DOMException('forbidden', 'SecurityError'));"
    )
    with_worker(strict, site, "const HERE =", f"Object.defineProperty(self, 'caches', {{ {no} }});")
    opened(strict, served_site.address)
    tour = strict.get_by_role("button", name="Skip")  # it does not know who has seen it
    if tour.count():
        tour.click()
    broken(strict)
    drop(strict, *((f"{name}.conf", CONFIG.format(state=state, priority=n)) for name, state, n in FILES))
    strict.locator("#own").get_by_text("2 nodes: ").wait_for(timeout=PATIENCE_MS)


def test_a_new_version_leaves_an_old_tab_alone(
    new_page: Callable[..., Any], site: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "served"
    shutil.copytree(site, folder, ignore=shutil.ignore_patterns("vrrplab.html"))
    server = SiteServer(folder)
    page = opened(new_page(), server.address)
    broken(page)
    until(page, "navigator.serviceWorker.ready.then(one => Boolean(one.active))")
    until(page, KEPT)
    [version] = folder.glob("v-*")
    old = version.name.removeprefix("v-")
    new = "0" * len(old)
    for name in ("index.html", "service-worker.js"):
        text = (folder / name).read_text("utf-8").replace(old, new)
        (folder / name).write_text(text.replace("A keepalived cluster to break", "A newer cluster"), "utf-8")
    version.rename(folder / f"v-{new}")
    fresh = opened(page.context.new_page(), server.address)
    assert fresh.get_by_text("A newer cluster").count() == 1
    broken(fresh)
    page.get_by_role("button", name="Undo").click()
    until(page, f"!{PLAYER}.info.fork")
    names = "caches.keys().then(names => names.join())"
    until(fresh, "navigator.serviceWorker.getRegistration().then(one => Boolean(one.waiting))")
    assert old in page.evaluate(names)
    page.close()
    fresh.close()
    last = opened(page.context.new_page(), server.address)
    until(last, f"{names}.then(all => !all.includes('{old}') && all.includes('{new}'))")
    broken(last)
    server.stop()


def test_where_the_simulator_dies_or_bytes_are_dear_the_page_is_of_use(
    new_page: Callable[..., Any], served_site: SiteServer
) -> None:
    page = new_page(script="sessionStorage.setItem('vrrplab.starts', '2')")
    heard = asked_for(page)
    opened(page, served_site.address)
    until(page, "!document.getElementById('notice').hidden")
    assert "cannot run in this browser" in notice(page)
    until(page, f"{PLAYER}.playing")
    saving = new_page(script="Object.defineProperty(navigator, 'connection', { value: { saveData: true } })")
    more = asked_for(saving)
    opened(saving, served_site.address)
    ask(saving, NIC)
    saving.wait_for_timeout(3000)
    assert not [url for url in heard + more if url.endswith(".wasm")]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_on_a_phone_all_fits_and_nothing_keeps_anybody_out(
    new_page: Callable[..., Any], served_site: SiteServer, scheme: str
) -> None:
    size = {"width": 390, "height": 780}
    page = new_page(viewport=size, has_touch=True, is_mobile=True, color_scheme=scheme, bypass_csp=True)
    opened(page, served_site.address)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    # The cluster is on the first screen.
    assert thing(page, NIC).bounding_box()["y"] < 3 * 780
    assert page.locator("#hint").bounding_box()["y"] < 200
    page.evaluate(f"{PLAYER}.pause()")
    thing(page, "cable proxy-serv01 eth0").tap(force=True)
    page.get_by_role("menuitem").first.wait_for()
    page.keyboard.press("Escape")
    assert violations(page) == set()


def test_one_file_from_a_disk_opens_what_was_shown(
    new_page: Callable[..., Any], served_site: SiteServer, tmp_path: Path
) -> None:
    page = opened(new_page(), served_site.address)
    broken(page)
    with page.expect_download() as saved:
        page.get_by_role("button", name="Save as one file").click()
    file = tmp_path / "vrrplab.html"
    saved.value.save_as(file)
    alone = new_page()
    alone.goto(file.as_uri())
    until(alone, f"{PLAYER}?.info?.fork")
    broken(alone, OTHER_NIC)
    # A visitor's own files and a hostile link do there what they do at an address.
    drop(alone, ("binary.conf", bytes(range(256))))
    alone.locator("#own .stop").get_by_text("binary.conf:1: is a binary file").wait_for(timeout=PATIENCE_MS)
    drop(alone, ("wire.pcap", CAPTURE.read_bytes()))
    alone.get_by_text("wire.pcap is shown above").wait_for(timeout=PATIENCE_MS)
    alone.evaluate("location.hash = 's=<img src=x onerror=alert(1)>'")
    until(alone, "document.getElementById('notice').textContent.includes('no ready-made cluster')")
    assert alone.locator("#own img, #notice img").count() == 0
