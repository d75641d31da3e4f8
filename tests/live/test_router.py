"""A live router in namespaces, and what befalls it: addresses taken away, interfaces lost, a pause, a reload.

Intervals are short (VRRP version 3, 0.2 s), so that an election takes 0.7 s.
"""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from live_bench import PATIENCE_S, VIP, Bench, config, fast, has, master, until

from vrrplab.trace import read_trace

pytestmark = pytest.mark.needs("namespaces", "ip", "nsenter", "tcpdump")


@pytest.fixture
def bench() -> Iterator[Bench]:
    with Bench(["r1", "r2"]) as made:
        yield made


def test_an_address_comes_with_its_label_and_goes_with_a_farewell(bench: Bench) -> None:
    """Input: a MASTER, then SIGTERM. Output: address and label on the interface, priority 0, nothing left."""
    text = fast(150, addresses=(f"{VIP}/24 dev eth0 label eth0:1", "192.168.2.101/32"))
    router = master(bench.vrrplab("r1", text))
    shown = bench.ip("r1", "address", "show", "eth0")
    assert f"inet {VIP}/24 scope global secondary eth0:1" in shown
    assert "inet 192.168.2.101/32" in shown
    router.stop()
    assert not has(bench, "r1")
    assert bench.adverts()[-1].priority == 0
    trace = router.trace()
    assert [e.fields["address"] for e in trace.of("address_removed")] == [f"{VIP}/24", "192.168.2.101/32"]
    arps = [f for _, f in bench.frames() if f.arp is not None and f.arp.gratuitous and f.arp.sender_ip == VIP]
    assert len(arps) == 5


def test_a_stale_address_of_a_killed_router_is_tidied_up(bench: Bench) -> None:
    first = master(bench.vrrplab("r1", fast(150)))
    first.process.signal(signal.SIGKILL)
    first.process.wait(PATIENCE_S)
    assert has(bench, "r1"), "nobody removed it"
    again = bench.vrrplab("r1", fast(150))
    until(lambda: again.state() == "BACKUP", "BACKUP")
    assert not has(bench, "r1")
    master(again)


def test_an_address_taken_away_behind_its_back(bench: Bench) -> None:
    """Input: ``ip address delete`` of the virtual address. Output: it gives up, and takes the address
    back.
    """
    router = master(bench.vrrplab("r1", fast(150)))
    bench.ip("r1", "address", "delete", f"{VIP}/24", "dev", "eth0")
    until(lambda: has(bench, "r1"), "the address is back")
    states = [e.fields["to"] for e in router.trace().of("state")]
    assert states[-2:] == ["BACKUP", "MASTER"]
    assert f"Netlink reflector reports IP {VIP} removed from eth0" in router.text()


def test_losing_the_own_address_and_the_link(bench: Bench) -> None:
    router = master(bench.vrrplab("r1", fast(150)))
    bench.ip("r1", "address", "delete", "192.168.2.1/24", "dev", "eth0")
    until(lambda: router.state() == "FAULT", "FAULT")
    bench.ip("r1", "address", "add", "192.168.2.1/24", "dev", "eth0")
    master(router)
    bench.ip("r1", "link", "set", "eth0", "down")
    until(lambda: router.state() == "FAULT", "FAULT again")
    assert not has(bench, "r1")
    bench.ip("r1", "link", "set", "eth0", "up")
    master(router)


def test_an_interface_that_is_deleted_and_made_again(bench: Bench) -> None:
    """Output: FAULT, and a router that hears and speaks again through the new interface."""
    low = bench.vrrplab("r2", fast(100))
    router = master(bench.vrrplab("r1", fast(150)))
    bench.ip("r1", "link", "delete", "eth0")
    until(lambda: router.state() == "FAULT", "FAULT")
    master(low)
    bench.inside.batch(
        [
            "link add r1.eth0 type veth peer name eth0 address 02:00:00:00:00:01 netns r1",
            "link set r1.eth0 master lan up",
        ]
    )
    bench.ip("r1", "link", "set", "eth0", "up")
    bench.ip("r1", "address", "add", "192.168.2.1/24", "dev", "eth0")
    master(router)
    until(lambda: low.state() == "BACKUP", "the other one hears it")
    assert has(bench, "r1")
    assert not has(bench, "r2")
    trace = router.trace()
    back_us = [e.t_us for e in trace.of("interface") if e.fields["up"]][-1]
    assert [e for e in trace.of("advert_received") if e.t_us > back_us], "it hears through the new interface"


def test_a_pause_is_noticed_and_survived(bench: Bench) -> None:
    """Input: SIGSTOP for 3 s. Output: the other takes over; afterwards the first is master again at once."""
    low = bench.vrrplab("r2", fast(100))
    router = master(bench.vrrplab("r1", fast(150)))
    router.process.signal(signal.SIGSTOP)
    master(low)
    time.sleep(3)
    router.process.signal(signal.SIGCONT)
    until(lambda: low.state() == "BACKUP", "the higher one is back")
    until(lambda: "A thread timer expired" in router.text(), "it says that it was late")
    assert [e.fields["to"] for e in router.trace().of("state")] == ["BACKUP", "MASTER"]


@pytest.mark.alone
def test_a_paused_backup_reads_before_it_judges(bench: Bench) -> None:
    """Input: SIGSTOP of a BACKUP for 0.7 s, twice its patience, beside a healthy MASTER; again, and for 2 s.
    Output: it finds the MASTER's adverts waiting, stays BACKUP, and tells of the long pause once.
    """
    quick = {"version": 3, "interval": "0.1"}
    master(bench.vrrplab("r1", config(priority=150, **quick)))  # type: ignore[arg-type]
    low = bench.vrrplab("r2", config(priority=100, **quick))  # type: ignore[arg-type]
    until(lambda: low.state() == "BACKUP" and low.trace().of("advert_received"), "BACKUP")
    for pause_s in (0.7, 0.7, 2):
        low.process.signal(signal.SIGSTOP)
        time.sleep(pause_s)
        low.process.signal(signal.SIGCONT)
        time.sleep(0.3)
    assert [e.fields["to"] for e in low.trace().of("state")] == ["BACKUP"]
    assert "r2" not in {advert.host for advert in bench.adverts()}
    assert low.text().count("A thread timer expired") == 1


@pytest.mark.alone
def test_wall_clocks_that_jump_change_nothing(bench: Bench) -> None:
    """Input: MASTER, BACKUP and a watcher on raw sockets; a wall clock goes back a day, another one forward.
    Output: adverts every 0.2 s all the same, nobody changes his state, and the watcher misses none.
    """
    mark, out = bench.folder / "now", bench.folder / "w.jsonl"

    def jumping(by_s: int) -> tuple[str, ...]:
        return (str(Path(__file__).with_name("jumping_clock.py")), str(mark), str(by_s))

    words = [sys.executable, *jumping(-86_400), "live", "watch", "--interface", "eth0", "--out", str(out)]
    watcher = bench.inside.start_process("r2", *words, log=str(bench.folder / "watch.log"))
    until(lambda: out.exists() and out.stat().st_size > 0, "the watcher listens")
    high = master(bench.vrrplab("r1", fast(150), program=jumping(-86_400)))
    low = bench.vrrplab("r2", fast(100), program=jumping(86_400))
    until(lambda: low.state() == "BACKUP" and low.trace().of("advert_received"), "BACKUP")
    time.sleep(0.5)
    began_s = time.time()
    mark.touch()
    time.sleep(2)
    ended_s = time.time()
    watcher.stop()
    sent = [a.t_s for a in bench.adverts()]
    heard = [e.t for e in read_trace(out).of("advert_sent")]
    due = (ended_s - began_s) / 0.2
    assert 0.5 * due < sum(began_s < t_s < ended_s for t_s in sent) <= due + 1
    assert len(heard) >= sum(t_s < ended_s - 0.2 for t_s in sent)
    patience_s = 3 * 0.2 + (256 - 100) / 256 * 0.2  # the BACKUP's, which a loaded machine does not use up
    assert all(0 < b - a < patience_s for times in (sent, heard) for a, b in pairwise(times))
    assert [e.fields["to"] for e in high.trace().of("state")] == ["BACKUP", "MASTER"]
    assert [e.fields["to"] for e in low.trace().of("state")] == ["BACKUP"]
    assert not read_trace(out).of("warning")


def test_a_reload_keeps_the_master(bench: Bench) -> None:
    """Input: SIGHUP with another address, then with a broken file. Output: one more address; then no
    change.
    """
    router = master(bench.vrrplab("r1", fast(150)))
    path = bench.folder / f"{router.log.stem}.conf"
    path.write_text(fast(150, addresses=(f"{VIP}/24", "192.168.2.101/24")), encoding="utf-8")
    router.process.signal(signal.SIGHUP)
    until(lambda: has(bench, "r1", "192.168.2.101"), "the new address")
    until(lambda: "Reload complete" in router.text(), "a word about it")  # written a moment later
    path.write_text("vrrp_instance V1 {\n virtual_router_id 999\n interface eth0\n}\n", encoding="utf-8")
    router.process.signal(signal.SIGHUP)
    until(
        lambda: "not reloaded, the old configuration stays" in router.text(), "a word about the broken file"
    )
    assert router.state() == "MASTER"
    assert has(bench, "r1", "192.168.2.101")


def test_one_virtual_router_is_served_once_on_a_host(bench: Bench) -> None:
    """Input: a second ``live run`` of the same VRID and interface; a reload into that VRID; the same again
    after the first has been killed. Output: refused, with the process that has it; refused; served.
    """
    first = master(bench.vrrplab("r1", fast(150)))
    bench.vrrplab("r2", fast(100))
    second = bench.vrrplab("r1", fast(120))
    second.process.wait(PATIENCE_S)
    assert second.text().count("\n") == 1
    assert "VRID 51 (IPv4) on eth0 is already in use here, by process " in second.text()
    assert f"{first.log.stem}.conf" in second.text()
    other = {"vrid": 52, "addresses": ("192.168.2.152/24",)}
    third = master(bench.vrrplab("r1", fast(120, **other)))
    (bench.folder / f"{third.log.stem}.conf").write_text(fast(120), encoding="utf-8")
    third.process.signal(signal.SIGHUP)
    until(lambda: "not reloaded, the old configuration stays: VRID 51" in third.text(), "a word about it")
    first.process.signal(signal.SIGKILL)
    first.process.wait(PATIENCE_S)
    third.process.signal(signal.SIGHUP)
    until(lambda: "Reload complete" in third.text(), "VRID 51 is free again")
    master(bench.vrrplab("r1", fast(120, **other)))


@pytest.mark.needs("root")  # without it checks run as ourselves, whatever their user
def test_a_reload_that_cannot_be_served_leaves_a_speaking_master(bench: Bench) -> None:
    """Input: SIGHUP with a check of a user who does not exist. Output: one warning, and adverts go on."""
    router = master(bench.vrrplab("r1", fast(150)))
    chk = 'vrrp_script chk {\n script "/bin/true"\n user nosuchuser\n}\n'
    path = bench.folder / f"{router.log.stem}.conf"
    path.write_text(fast(150, top=chk, more="track_script {\n chk\n }"), encoding="utf-8")
    router.process.signal(signal.SIGHUP)
    until(lambda: "no user 'nosuchuser' on this machine" in router.text(), "a word about the user")
    before = len(bench.adverts())
    until(lambda: len(bench.adverts()) > before + 3, "adverts go on")
    assert router.state() == "MASTER"
    assert "Traceback" not in router.text()


def test_checks_decide_and_one_that_never_ends_is_ended(bench: Bench) -> None:
    """Input: a check that passes, then hangs (and leaves a child). Output: timeout, FAULT, no process left
    over.
    """
    flag, script = bench.folder / "hang", bench.folder / "check.sh"
    script.write_text(f"#!/bin/sh\n[ -e {flag} ] && sleep 4321 & wait\nexit 0\n", encoding="utf-8")
    script.chmod(0o755)
    top = f'vrrp_script chk {{\n script "{script}"\n interval 1\n timeout 1\n}}\n'
    router = master(bench.vrrplab("r1", fast(150, top=top, more="track_script {\n chk\n }")))
    flag.write_text("", encoding="utf-8")
    until(lambda: router.state() == "FAULT", "FAULT")
    assert "VRRP_Script(chk) timed_out" in router.text()
    flag.unlink()
    master(router)
    router.stop()
    assert "sleep 4321" not in bench.inside.run("", "ps", "ax")


@pytest.mark.needs("root")  # without it nothing is refused
def test_what_is_said_of_scripts_is_true_of_live_ones(bench: Bench) -> None:
    """Input: a check that everybody may write, no script_user, no script security. Output: one line, which
    says that and why it is refused; nothing of scripts as root, and nothing of a missing file.
    """
    script = bench.folder / "check.sh"
    script.write_text("#!/bin/sh\nexit 1\n", encoding="utf-8")
    script.chmod(0o777)
    top = f'vrrp_script chk {{\n script "{script}"\n}}\n'
    router = master(bench.vrrplab("r1", fast(150, top=top, more="track_script {\n chk\n }")))
    about = [line for line in router.text().splitlines() if "script" in line.lower() or "chk" in line]
    assert len(about) == 1, about
    told = (
        f"check chk is refused for security, its instances run without it: {script} can be written by others"
    )
    assert told in about[0]


def test_notify_scripts_get_their_words(bench: Bench) -> None:
    told, script = bench.folder / "told", bench.folder / "notify.sh"
    script.write_text(f'#!/bin/sh\necho "$@" >> {told}\n', encoding="utf-8")
    script.chmod(0o755)
    told.touch()
    told.chmod(0o666)
    master(bench.vrrplab("r1", fast(150, more=f'notify "{script} a;b $(id)"'))).stop()
    until(lambda: len(told.read_text(encoding="utf-8").splitlines()) == 3, "three words")
    lines = told.read_text(encoding="utf-8").splitlines()
    assert sorted(lines) == [f"a;b $(id) INSTANCE V1 {state} 150" for state in ("BACKUP", "MASTER", "STOP")]


@pytest.mark.needs("root")  # without it scripts run as ourselves, whatever their user
def test_a_notify_script_runs_as_its_own_user(bench: Bench) -> None:
    """Input: script_user root, and a notify script with "nobody daemon" behind it. Output: those it is."""
    told = bench.folder / "told"
    told.touch()
    told.chmod(0o666)
    # no script of our own: /tmp is a folder in which a careful root trusts no file of others
    more = f"notify_master \"/bin/sh -c 'id -un >> {told}; id -gn >> {told}'\" nobody daemon"
    master(bench.vrrplab("r1", fast(150, more=more, top="global_defs {\n script_user root\n}\n")))
    until(lambda: len(told.read_text(encoding="utf-8").split()) == 2, "two words")
    assert told.read_text(encoding="utf-8").split() == ["nobody", "daemon"]


def test_a_dry_run_touches_no_address(bench: Bench) -> None:
    router = master(bench.vrrplab("r1", fast(150), "--dry-run"))
    assert not has(bench, "r1")
    assert "dry run" in router.text()
    assert not [f for _, f in bench.frames() if f.arp is not None and f.arp.sender_ip == VIP]


def test_no_accept_shuts_the_address(bench: Bench) -> None:
    """Input: no_accept. Output: the address answers no ping while it is held, and the filter goes with the
    router.
    """
    router = master(bench.vrrplab("r1", fast(150, more="no_accept")))
    assert "0 received" in bench.inside.run("r2", "ping", "-c1", "-W1", VIP, check=False)
    assert "1 received" in bench.inside.run("r2", "ping", "-c1", "-W1", "192.168.2.1", check=False)
    router.stop()
    assert "vrrplab" not in bench.inside.run("r1", "nft", "list", "ruleset")


def test_the_filter_of_a_killed_router_is_taken_away(bench: Bench) -> None:
    """Input: no_accept, SIGKILL; then a router without no_accept, while another one lives on in the same
    place. Output: the address answers again, and the other one's filter stays.
    """
    other = fast(150, vrid=52, addresses=("192.168.2.152/24",), more="no_accept")
    master(bench.vrrplab("r1", other))
    first = master(bench.vrrplab("r1", fast(150, more="no_accept")))
    until(lambda: bench.inside.run("r1", "nft", "list", "ruleset").count("drop") == 2, "both filters")
    first.process.signal(signal.SIGKILL)
    first.process.wait(PATIENCE_S)
    assert bench.inside.run("r1", "nft", "list", "tables").count("vrrplab_") == 2
    master(bench.vrrplab("r1", fast(150)))
    assert "1 received" in bench.inside.run("r2", "ping", "-c1", "-W1", VIP, check=False)
    rules = bench.inside.run("r1", "nft", "list", "ruleset")
    assert VIP not in rules
    assert "192.168.2.152" in rules


def test_a_trace_on_a_full_disk(bench: Bench) -> None:
    """Input: a trace on a file system of 4 kB. Output: a router that goes on, and says why its trace has a
    gap.
    """
    place = bench.folder / "small"
    place.mkdir()
    bench.inside.run("", "mount", "-t", "tmpfs", "-o", "size=4k", "tmpfs", str(place))
    router = master(bench.vrrplab("r1", fast(150), "--out", str(place / "trace.jsonl")))
    until(lambda: "No space left on device" in router.text(), "a word about it")
    assert router.state() == "MASTER"
    before = len(bench.adverts())
    until(lambda: len(bench.adverts()) > before, "adverts go on")


def test_a_higher_stranger_is_obeyed_with_a_warning(bench: Bench) -> None:
    router = master(bench.vrrplab("r1", fast(150)))
    bench.vrrplab("r2", fast(200))
    until(lambda: router.state() == "BACKUP", "BACKUP")
    assert "VRRP has no security to speak of" in router.text()
    assert not has(bench, "r1")


def test_sync_group_moves_together_with_keepalived() -> None:
    """Input: two instances on two networks in a sync group on both hosts; one cable of the higher is pulled.
    Output: both instances move to the other host, and both come back."""
    group = "vrrp_sync_group G {\n group {\n L\n W\n }\n}\n"

    def both(priority: int) -> str:
        lan = fast(priority, name="L", top=group)
        return lan + fast(priority, name="W", interface="eth1", vrid=52, addresses=("203.0.113.100/24",))

    with Bench(["r1", "r2"], ("eth0", "eth1")) as bench:
        ours = bench.vrrplab("r1", both(150))
        theirs = bench.keepalived("r2", both(100))
        until(
            lambda: has(bench, "r1") and has(bench, "r1", "203.0.113.100"),
            "both addresses on the higher host",
        )
        bench.ip("r1", "link", "set", "eth1", "down")
        until(lambda: has(bench, "r2") and has(bench, "r2", "203.0.113.100"), "both addresses moved")
        assert not has(bench, "r1")
        bench.ip("r1", "link", "set", "eth1", "up")
        until(lambda: has(bench, "r1") and has(bench, "r1", "203.0.113.100"), "both addresses back")
        until(lambda: not has(bench, "r2") and not has(bench, "r2", "203.0.113.100"), "and off the other")
        assert "VRRP_Group(G)" in ours.text()
        assert "VRRP_Group(G)" in theirs.text()
