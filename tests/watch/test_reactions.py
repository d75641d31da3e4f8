"""What the watcher does about a finding: the command of ``--run``, the end of ``--exit-on``."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from vrrplab.errors import LiveError
from vrrplab.limits import COMMANDS_WAIT, WATCHED_DROPS
from vrrplab.system.privilege import is_real_root
from vrrplab.trace.events import StateEvent
from vrrplab.watch.reactions import DONE, FAILED, HUNG, LEFT_OUT, Command, Reactions, command_of, kinds_of
from vrrplab.witness.findings import Finding
from vrrplab.witness.observer import Told

KEY = "eth0", 4, 51


def told(kind: str, text: str = "what it is", vrid: int = 51) -> Told:
    return Told(0, "eth0", 4, vrid, Finding(0, kind, f"VRID {vrid}", text, (1,)), text)


class Play:
    """Reactions in a loop of their own, and what they said."""

    def __init__(self, command: str = "", exit_on: str = "", timeout_s: float = 30.0) -> None:
        self.said: list[str] = []
        self.ends = 0
        self.command = command_of(command, "") if command else None
        self.exit_on = kinds_of(exit_on) if exit_on else frozenset()
        self.timeout_s = timeout_s

    def run(self, act: Callable[[Reactions], None], patience_s: float = 20.0) -> Reactions:
        """``act`` at once; until the last command has ended."""

        def end() -> None:
            self.ends += 1

        async def play() -> Reactions:
            reactions = Reactions(self.exit_on, self.command, self.said.append, end, self.timeout_s)
            act(reactions)
            await asyncio.wait_for(reactions.finish(asyncio.get_running_loop().create_future()), patience_s)
            reactions.close()
            return reactions

        return asyncio.run(play())


@pytest.fixture
def script(tmp_path: Path) -> Callable[[str], str]:
    def write(body: str) -> str:
        path = tmp_path / "on-finding"
        path.write_text(f"#!/bin/sh\n{body}\n", encoding="utf-8")
        path.chmod(0o755)
        return str(path)

    return write


def lines(tmp_path: Path) -> list[str]:
    return (tmp_path / "out").read_text(encoding="utf-8").splitlines()


def play_of(path: str, **more: object) -> Play:
    play = Play(**more)  # type: ignore[arg-type]
    # as ourselves, and by its interpreter, which is judged then: others may write where pytest's folders lie
    play.command = Command(("/bin/sh", path), "root" if is_real_root() else "")
    return play


def test_it_hears_what_was_found_in_the_order_of_it(tmp_path: Path, script: Callable[[str], str]) -> None:
    """Input: findings and a change of state, one after the other. Output: the command has each, as arguments
    and variables, in that order; nothing of a text is taken for a command; it is not started for what the log
    does not show.
    """
    nasty = "$(touch hurt) `id`; rm -rf \"x\" 'y' \x1b[31m\n"
    names = (
        "#",
        "1",
        "2",
        "3",
        *(f"VRRPLAB_{name}" for name in ("KIND", "SEVERITY", "VRID", "FAMILY", "TO")),
    )
    words = " ".join(f'"${{{name}}}"' for name in names)
    path = script(f'printf "%s|" {words} >>{tmp_path}/out; echo >>{tmp_path}/out')

    def act(reactions: Reactions) -> None:
        reactions.found(told("two-masters", nasty))
        reactions.found(told("takeover"))  # a change of state says it
        event = StateEvent(0, "r1", instance="VRID 51", from_="BACKUP", to="MASTER", reason="why")
        reactions.changed(KEY, event)

    reactions = play_of(path).run(act)
    first, second = lines(tmp_path)
    assert first.startswith("3|two-masters|VRID 51|$(touch hurt) `id`; rm -rf \"x\" 'y' ")
    assert first.endswith("|two-masters|error|51|IPv4||")
    assert "\x1b" not in first
    assert second == "3|state|VRID 51|r1 BACKUP -> MASTER, because why|state|state|51|IPv4|MASTER|"
    assert reactions.commands == {DONE: 2}
    assert reactions.findings["eth0", 4, 51, "takeover"] == 1
    assert not (tmp_path / "hurt").exists()


def children() -> set[str]:
    """The processes that this one has started and not waited for; other tests may have left some."""
    told = Path(f"/proc/self/task/{os.getpid()}/children")
    return set(told.read_text(encoding="ascii").split()) if told.exists() else set()


def test_one_that_hangs_is_killed_with_its_children(tmp_path: Path, script: Callable[[str], str]) -> None:
    path = script(f"sleep 70 & echo $! >>{tmp_path}/out; wait")
    play = play_of(path, timeout_s=0.7)
    before = children()
    reactions = play.run(lambda reactions: reactions.found(told("nobody")))
    assert reactions.commands == {HUNG: 1}
    assert play.said == ["--run: the command was killed, it still ran after 0.7 s"]
    child = Path(f"/proc/{lines(tmp_path)[0]}")
    until_s = time.monotonic() + 5
    while child.exists() and "\tZ" not in (child / "status").read_text() and time.monotonic() < until_s:
        time.sleep(0.02)
    assert not child.exists() or "\tZ" in (child / "status").read_text()
    assert children() <= before, "no process of ours is left"


def test_of_a_flood_a_few_wait_and_the_rest_is_counted(tmp_path: Path, script: Callable[[str], str]) -> None:
    """Input: thousands of findings of thousands of VRIDs at once, then the one that ends. Output: that one is
    started, most are counted, and what is counted is bounded.
    """
    path = script(f'echo "$1" >>{tmp_path}/out')

    def act(reactions: Reactions) -> None:
        for number in range(3000):
            reactions.found(told("mismatch", vrid=number))
        reactions.news()
        reactions.found(told("nobody"))
        reactions.found(told("nobody"))

    play = play_of(path, exit_on="nobody,two-masters")
    reactions = play.run(act)
    assert play.ends == 1
    assert reactions.ended_by is not None
    assert reactions.ended_by.finding.kind == "nobody"
    assert lines(tmp_path)[:2] == ["mismatch", "nobody"]
    assert reactions.commands[LEFT_OUT] >= 3000 - COMMANDS_WAIT.most
    assert play.said == [
        f"--run: {3000 - 1 - COMMANDS_WAIT.most} left out so far, more happens than the command is done with"
    ]
    assert len(reactions.findings) <= WATCHED_DROPS.most + 2
    assert sum(reactions.findings.values()) == 3002


def test_one_that_fails_is_counted(script: Callable[[str], str]) -> None:
    reactions = play_of(script("exit 3")).run(lambda reactions: reactions.found(told("nobody")))
    assert reactions.commands == {FAILED: 1}


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("", "--run names no command"),
        ("'never closed", "--run 'never closed: no closing quotation"),
        ("/no/such/command x", "/no/such/command: would not be started: /no/such/command is not there"),
        ("no-such-command", "no-such-command is not there"),
    ],
)
def test_a_command_that_cannot_be_started_is_one_line(command: str, words: str) -> None:
    with pytest.raises(LiveError) as caught:
        command_of(command, "")
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.skipif(not is_real_root(), reason="for root's sake only")
def test_as_root_a_file_that_others_can_change_is_refused(
    tmp_path: Path, script: Callable[[str], str]
) -> None:
    path = script("true")
    Path(path).chmod(0o777)
    with pytest.raises(LiveError, match="would not be started, for security"):
        command_of(path, "")


def test_names_of_findings() -> None:
    assert kinds_of("two-masters, gap") == {"two-masters", "gap"}
    with pytest.raises(LiveError, match="--exit-on two-master: no such finding - did you mean 'two-masters'"):
        kinds_of("gap,two-master")
    with pytest.raises(LiveError, match="--exit-on first: no such finding"):
        kinds_of("first")  # what only a capture has
    with pytest.raises(LiveError, match="no such finding"):
        kinds_of("")
