"""A visitor's own files in the page: dropped, pasted, picked, typed at; refused, and never obeyed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from axe import violations
from own_files_page import CAPTURE, drop, own_files_page

sync_api = pytest.importorskip("playwright.sync_api", reason="needs playwright: make venv")
expect = sync_api.expect

DATA = Path(__file__).resolve().parents[2] / "data"
ONE, OTHER = (
    (DATA / "configs" / "article" / f"proxy-serv0{n}.conf").read_text(encoding="utf-8") for n in (1, 2)
)


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with own_files_page() as found:
        yield found


@pytest.fixture
def own(address: str, new_page: Callable[..., Any]) -> Callable[..., Any]:
    def open_page(**options: Any) -> Any:
        page = new_page(**options)
        page.on("dialog", lambda dialog: pytest.fail(f"a script ran: {dialog.message}"))
        page.goto(address)
        page.wait_for_selector("#own .drop-zone")
        return page

    return open_page


def told(page: Any) -> Any:
    return page.locator("#own .told")


def acts(page: Any) -> list[str]:
    """What is done in the run that is shown."""
    found: list[str] = page.evaluate(
        "document.getElementById('player').player.model.events"
        ".filter((e) => e.event === 'action').map((e) => e.action)"
    )
    return found


def servers(page: Any) -> list[str]:
    found: list[str] = page.evaluate(
        "[...document.getElementById('player').player.model.cast.servers.keys()]"
    )
    return found


def test_two_files_of_one_name_are_a_cluster_with_findings_and_failures(own: Any) -> None:
    page = own()
    expect(page.locator("#own")).to_contain_text("Nothing leaves this page.")
    drop(page, ("keepalived.conf", ONE), ("keepalived.conf", OTHER))
    expect(told(page)).to_contain_text("The worst failure: keepalived keepalived killed")
    assert servers(page) == ["keepalived", "keepalived-2"]
    expect(
        page.get_by_role("group", name="Files").get_by_role("button", name="keepalived-2.conf", exact=True)
    ).to_be_visible()
    first = page.get_by_role("row").filter(has_text="eth0 cable or power").first.get_by_role("button")
    first.focus()
    page.keyboard.press("Enter")
    expect(told(page)).to_contain_text("Shown above: keepalived eth0 cable")
    assert acts(page) == ["carrier_down"]
    expect(page.locator("[aria-pressed=true]", has_text="eth0 cable or power")).to_be_focused()
    page.get_by_role("button", name=re.compile(r"^keepalived-2\.conf:\d+$")).first.click()
    expect(page.get_by_role("textbox", name="keepalived-2.conf")).to_be_focused()
    page.get_by_role("button", name="Ask the simulator, too").click()
    expect(page.locator("#own")).to_contain_text("both say the same")


def test_what_is_typed_is_read_and_the_cluster_stays_where_it_is_refused(own: Any) -> None:
    page = own()
    drop(page, ("a.conf", ONE), ("b.conf", OTHER))
    expect(told(page)).to_contain_text("The worst failure")
    page.get_by_role("button", name="a eth0 cable or power").click()
    expect(told(page)).to_contain_text("Shown above")
    editor = page.get_by_role("textbox", name="a.conf")
    editor.fill(ONE.replace("router_id 1", "router_id 300"))
    expect(page.locator("#own .stop")).to_contain_text("a.conf:9: ")
    expect(page.locator(".vl-numbers [data-kind=stops]")).to_have_text("9")
    assert (servers(page), acts(page)) == (["a", "b"], ["carrier_down"])
    editor.fill(ONE.replace("priority 255", "priority 90", 1))
    expect(page.locator("#own .stop")).to_be_hidden()
    # The same failure, in the cluster as it is now: a is no MASTER of this address any more.
    expect(page.locator("#own table").first).to_contain_text("b 100*")
    assert acts(page) == ["carrier_down"]
    editor.fill(ONE.replace("eth0", "bond7"))
    expect(page.locator("#own table").first).to_contain_text("bond7")
    assert acts(page) == []  # there is no such cable now


def test_what_is_refused_is_seen_wherever_it_was_dropped(own: Any) -> None:
    page = own(viewport={"width": 390, "height": 844})
    drop(page, ("a.conf", ONE.replace("router_id 1", "router_id 300")))
    expect(page.locator("#own .stop")).to_contain_text("a.conf:9: ")
    expect(page.locator("#own .stop")).to_be_in_viewport()


def test_a_cure_is_made_by_a_button_and_taken_back(own: Any) -> None:
    page = own()
    wrong = ONE.replace("track_interface", "track_interfase", 1)
    drop(page, ("a.conf", f"# ä€😀\n{wrong}"), ("b.conf", OTHER))
    found = page.locator("#own .found li", has_text="track_interfase")
    found.get_by_role("button", name="Make this change").click()
    editor = page.get_by_role("textbox", name="a.conf")
    expect(editor).to_have_value(f"# ä€😀\n{ONE}")
    expect(found).to_have_count(0)
    back = page.get_by_role("button", name="Take the change back")
    expect(back).to_be_focused()
    back.click()
    expect(editor).to_have_value(f"# ä€😀\n{wrong}")
    expect(found).to_have_count(1)


def test_an_included_file_is_asked_for_by_name(own: Any) -> None:
    page = own()
    drop(page, ("a.conf", ONE + "include /etc/keepalived/conf.d/*.inc\n"), ("b.conf", OTHER))
    missing = page.locator("#own .missing")
    expect(missing).to_contain_text("a.conf:37 names /etc/keepalived/conf.d/*.inc, which is not here")
    drop(page, ("more.inc", "vrrp_instance more {\n interface eth0\n virtual_router_id 0\n}\n"))
    expect(page.locator("#own .stop")).to_contain_text("more.inc:3: ")
    expect(missing).to_be_empty()
    assert servers(page) == ["a", "b"]
    page.get_by_role("button", name="Take more.inc away").click()
    expect(page.locator("#own .stop")).to_be_hidden()


def test_who_has_no_file_writes_two(own: Any) -> None:
    page = own()
    page.get_by_role("button", name="Write one").click()
    expect(told(page)).to_contain_text("1 node: ")
    expect(page.locator("#own")).to_contain_text(
        "Not looked at: the other nodes' files, of which none was given"
    )
    page.get_by_role("button", name="Write one").click()
    expect(told(page)).to_contain_text("2 nodes: ")
    expect(page.locator("#own table caption")).to_contain_text("keepalived 150* keepalived-2 140")
    expect(page.get_by_role("textbox", name="keepalived-2.conf")).to_be_focused()
    expect(page.locator("#own")).not_to_contain_text("--addresses")
    drop(page, ("keepalived.conf", page.get_by_role("textbox").input_value()), kind="paste")
    expect(told(page)).to_contain_text("3 nodes: ")
    page.reload()
    page.get_by_role(
        "button", name="Go on with keepalived.conf, keepalived-2.conf, keepalived-3.conf"
    ).click()
    expect(told(page)).to_contain_text("3 nodes: ")
    page.reload()
    page.get_by_role("button", name="Edit the cluster above").click()
    expect(told(page)).to_contain_text("2 nodes: ")
    expect(page.get_by_role("textbox", name="proxy-serv01.conf")).to_have_value(ONE)


def test_texts_are_pasted_and_a_scenario_brings_its_files(own: Any) -> None:
    page = own()
    page.evaluate(
        """(text) => {
          const clipboardData = new DataTransfer();
          clipboardData.setData("text/plain", text);
          document.body.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true }));
        }""",
        f"# ---- one.conf\n{ONE}# ---- two.conf\n{OTHER}",
    )
    expect(told(page)).to_contain_text("2 nodes: ")
    assert servers(page) == ["one", "two"]
    drill = (DATA / "scenarios" / "article-drill-1-lan-nic.yaml").read_text(encoding="utf-8")
    drop(page, ("mine.yaml", drill))
    expect(page.locator("#own .missing")).to_contain_text("names article-steady.yaml, which is not here")
    steady = (DATA / "scenarios" / "article-steady.yaml").read_text(encoding="utf-8")
    drop(page, ("article-steady.yaml", steady))
    expect(told(page)).to_contain_text("2 nodes: ")
    assert (servers(page), acts(page)) == (["proxy-serv01", "proxy-serv02"], ["link_down", "link_up"])


def test_a_capture_is_shown_and_its_moments_are_gone_to(own: Any) -> None:
    page = own()
    drop(page, ("from the wire.pcap", CAPTURE.read_bytes()))
    expect(told(page)).to_contain_text("from the wire.pcap is shown above")
    row = page.locator("#own .captured tbody tr").last
    at_s = float(row.get_by_role("button").first.inner_text().removesuffix(" s"))
    row.get_by_role("button").first.click()
    assert page.evaluate("document.getElementById('player').player.t") == pytest.approx(at_s, abs=0.01)
    drop(page, ("broken.pcap", b"hello"))
    expect(told(page)).to_contain_text("broken.pcap: is not a capture")


HOSTILE = '"><img src=x onerror=alert(1)><script>alert(2)</script>.conf'


def test_a_hostile_name_and_a_hostile_text_are_only_text(own: Any) -> None:
    page = own()
    evil = ONE.replace("proxy_ip1", "<img/src=x/onerror=alert(3)>").replace(
        "interval 3", "interval javascript:alert(4)"
    )
    drop(page, (HOSTILE, evil + "include http://127.0.0.1:1/<svg/onload=alert(5)>\n"), ("b.conf", OTHER))
    expect(told(page)).to_contain_text("2 nodes: ")
    page.locator("#own table button").first.click()
    expect(told(page)).to_contain_text("Shown above")
    drop(page, (HOSTILE, "\0"), ("‮fdp.conf", "vrrp_instance x {\n}\n"))
    expect(page.locator("#own .stop")).to_be_visible()
    assert page.locator("#own img, #own script, #own svg, #player img, #player script").count() == 0


def test_what_is_no_configuration_ends_in_a_sentence(own: Any) -> None:
    page = own()
    drop(page, ("a.conf", ONE), ("b.conf", OTHER))
    expect(told(page)).to_contain_text("2 nodes: ")
    for name, content, words in (
        ("binary.conf", bytes(range(256)) * 1000, "binary.conf:1: is a binary file"),
        ("circle.conf", "include circle.conf\n" * 3, "circle.conf:"),
        ("bomb.yaml", "[" * 50_000, "bomb.yaml:1: is nested deeper"),
    ):
        drop(page, (name, content))
        expect(page.locator("#own .stop")).to_contain_text(words)
        page.get_by_role("button", name=f"Take {name} away").click()
    for files, words in (
        ([("large.conf", b"a" * 10_000_000)], "large.conf is larger than 4 MiB"),
        ([(f"{n}.conf", "") for n in range(201)], "more than 200 files"),
        ([("wide.conf", ONE.encode("utf-16"))], "wide.conf is UTF-16"),
        ([("none.pcap", b"")], "none.pcap: "),
        ([("cut.pcapng", b"\x0a\x0d\x0d\x0a" + b"\xff" * 400)], "cut.pcapng"),
    ):
        drop(page, *files)
        expect(told(page)).to_contain_text(words)
    drop(page, ("empty.conf", ""))
    expect(told(page)).to_contain_text("1 node: ")
    page.evaluate("sessionStorage.setItem('vrrplab.files', 'null')")
    page.reload()
    expect(page.get_by_role("button", name="Choose files …")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_is_for_everybody_on_a_phone_too(own: Any, scheme: str) -> None:
    page = own(color_scheme=scheme, viewport={"width": 390, "height": 780})
    drop(page, ("keepalived.conf", ONE), ("keepalived.conf", OTHER))
    expect(told(page)).to_contain_text("The worst failure")
    assert violations(page) == set()
    page.get_by_role("textbox").fill("vrrp_instance x {\n}\n")
    expect(page.locator("#own .stop")).to_be_visible()
    assert violations(page) == set()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    drop(page, ("wire.pcap", CAPTURE.read_bytes()))
    expect(told(page)).to_contain_text("wire.pcap is shown above")
    assert violations(page) == set()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
