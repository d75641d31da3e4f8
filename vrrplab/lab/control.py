"""The lab as the command line sees it: start its keeper, talk to it, take it down."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator
from filecmp import cmpfiles
from typing import Any

from vrrplab.errors import LiveError, OutputError
from vrrplab.lab import state_file
from vrrplab.lab.state_file import LabState
from vrrplab.lab.supervisor import CONTROL, STAY
from vrrplab.lab.topology import KEEPALIVED, config_names, server_plans
from vrrplab.output.files import folder_beside, put_in_place
from vrrplab.system.doctor import apt_line, program
from vrrplab.system.namespaces import can_be_root, enter_command, first_inside, unshare_command
from vrrplab.system.tools import python_module, python_path

CONFIGS = "configs"  # a lab's own copy of the user's files
_NEEDED = ("unshare", "nsenter", "ip")


def check(routers: dict[str, str], configs: str) -> None:
    """LiveError if a lab with these routers cannot be put up here, saying what to install."""
    missing = [name for name in _NEEDED if not program(name)]
    if missing:
        raise LiveError(f"the lab needs {', '.join(missing)}: {apt_line(*missing)}")
    if KEEPALIVED in routers.values() and not program("keepalived"):
        raise LiveError(f"keepalived is not installed: {apt_line('keepalived')}; or use --router vrrplab")
    server_plans(routers, configs)


def put_up(routers: dict[str, str], configs: str = "", rootless: bool | None = None) -> LabState:
    """Put a lab up that stays until it is taken down; LiveError if one is up, or with why it cannot be."""
    check(routers, configs)
    with state_file.alone():
        state_file.sweep()
        known = state_file.living()
        if known is not None:
            raise LiveError(
                f"a lab is already up, with {known.router_text}, for {known.age_text(time.time())} -"
                " 'vrrplab lab status' shows it, 'vrrplab lab down' removes it"
            )
        state, keeper = _start(state_file.new_folder(), routers, configs, rootless, stays=True)
        try:
            state_file.write_state(state)
            assert keeper.stdin is not None
            keeper.stdin.write(STAY + "\n")
            keeper.stdin.close()
        except BaseException:
            _discard(keeper, state.folder)
            raise
    return state


def _start(
    place: tuple[str, int], routers: dict[str, str], configs: str, rootless: bool | None, stays: bool
) -> tuple[LabState, subprocess.Popen[str]]:
    """Start a keeper and wait until it is ready. It ends with this process, until it is told to stay."""
    folder, lock = place
    keeper = None
    try:
        inside = not can_be_root() if rootless is None else rootless
        if configs:  # the lab sees another /run than the user, so it gets its files handed
            _copy_files(configs, os.path.join(folder, CONFIGS), config_names())
        plan = {
            "routers": routers,
            "configs": CONFIGS if configs else "",
            "rootless": inside,
            "start": stays,
        }
        with open(os.path.join(folder, "plan.json"), "w", encoding="utf-8") as file:
            json.dump(plan, file)
        with open(os.path.join(folder, "keeper.log"), "w", encoding="utf-8") as log:
            keeper = subprocess.Popen(
                [*unshare_command(inside), *python_module("vrrplab.lab.supervisor", folder)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                start_new_session=True,
                env={**os.environ, "PYTHONPATH": python_path()},
                pass_fds=[lock],  # the folder is locked as long as the keeper lives
            )
        assert keeper.stdout is not None
        said = keeper.stdout.readline()
        answer = json.loads(said) if said.startswith("{") else {"error": _last_words(folder, keeper)}
        if "error" in answer:
            raise LiveError(f"the lab was not put up: {answer['error']}")
        pid = first_inside(keeper.pid)
        return LabState(pid, state_file.start_of(pid), inside, routers, time.time(), folder), keeper
    except BaseException:  # Ctrl-C too: half a lab is never left behind
        os.close(lock)
        lock = -1
        _discard(keeper, folder)
        raise
    finally:
        if lock >= 0:
            os.close(lock)


def _discard(keeper: subprocess.Popen[str] | None, folder: str) -> None:
    if keeper is not None:
        keeper.kill()
        keeper.wait()
    state_file.remove_folder(folder)


def _last_words(folder: str, keeper: subprocess.Popen[str]) -> str:
    with contextlib.suppress(subprocess.TimeoutExpired):
        keeper.wait(2)
    with open(os.path.join(folder, "keeper.log"), encoding="utf-8", errors="replace") as file:
        lines = [line.strip() for line in file if line.strip()]
    return (lines[-1] if lines else "its first process ended") + " - 'vrrplab doctor' tells what works here"


@contextlib.contextmanager
def temporary_lab(
    routers: dict[str, str], configs: str = "", rootless: bool | None = None
) -> Iterator[LabState]:
    """A lab for as long as the block lasts; gone afterwards, whatever happens."""
    check(routers, configs)
    with state_file.alone():
        state_file.sweep()
        place = state_file.new_folder()
    state, keeper = _start(place, routers, configs, rootless, stays=False)
    try:
        yield state
    finally:
        if keeper.stdin is not None:
            keeper.stdin.close()  # the keeper reads the end, stops its routers politely and ends
        try:
            keeper.wait(8)
        except subprocess.TimeoutExpired:
            keeper.kill()
            keeper.wait()
        if keeper.stdout is not None:
            keeper.stdout.close()
        state_file.remove_folder(state.folder)


def ask(state: LabState, request: dict[str, Any], say: Callable[[str], None] | None = None) -> dict[str, Any]:
    """Ask the keeper; its last answer. LiveError with what it complains about."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as one:
        _connect(one, state)
        one.sendall((json.dumps(request) + "\n").encode())
        with one.makefile("r", encoding="utf-8") as stream:
            for line in stream:
                answer: dict[str, Any] = json.loads(line)
                if "say" in answer and say is not None:
                    say(str(answer["say"]))
                if answer.get("error"):
                    raise LiveError(str(answer["error"]))
                if answer.get("done"):
                    return answer
    raise LiveError("the lab ended in the middle of it - see 'vrrplab lab status'")


def _connect(one: socket.socket, state: LabState) -> None:
    """To the keeper, by way of its folder: the address of a socket has room for 107 characters only."""
    try:
        folder = os.open(state.folder, os.O_PATH | os.O_DIRECTORY)
        try:
            one.connect(f"/proc/self/fd/{folder}/{CONTROL}")
        finally:
            os.close(folder)
    except OSError as error:
        text = f"the lab does not answer ({error.strerror}) - 'vrrplab lab down' removes it"
        raise LiveError(text) from None


def drill(state: LabState, name: str, folder: str, say: Callable[[str], None] | None = None) -> None:
    """Have a drill carried out; its recording is in ``folder``, which must be inside ``state.folder``."""
    ask(state, {"do": "drill", "name": name, "folder": folder}, say)


def keep_recording(folder: str, place: str) -> None:
    """Copy a drill's recording to where the user wants it, whole or not at all. OutputError names it."""
    with folder_beside(place) as beside:
        part = os.path.join(beside, os.path.basename(place))
        try:
            _copy_files(folder, part, os.listdir(folder))
        except OSError as error:
            why = f"the recording could not be written: {error.strerror}"
            raise OutputError(place, why, "it is not kept") from None
        put_in_place(part, place)


def _copy_files(folder: str, to: str, names: Iterable[str]) -> None:
    os.makedirs(to)
    for name in names:
        shutil.copyfile(os.path.join(folder, name), os.path.join(to, name))


def has_files(state: LabState, configs: str) -> bool:
    """Does this lab run with the files of this folder?"""
    try:
        _, differ, missing = cmpfiles(
            os.path.join(state.folder, CONFIGS), configs, config_names(), shallow=False
        )
    except OSError:
        return False
    return not differ and not missing


def shell_command(state: LabState, server: str, words: list[str]) -> list[str]:
    """The command line of a shell (or of ``words``) on a host of the lab."""
    status = ask(state, {"do": "status"})["status"]
    inside = words or [os.environ.get("SHELL", "/bin/sh")]
    if server in status["servers"]:
        if not status["servers"][server]["powered"]:
            raise LiveError(f"{server} has no power")
        there = [program("nsenter"), "-t", str(status["servers"][server]["pid"]), "-n", "-m", "-p", "-u"]
    elif server in status["hosts"]:
        there = [program("ip"), "netns", "exec", server]
    else:
        names = ", ".join([*status["servers"], *status["hosts"]])
        raise LiveError(f"no {server} in the lab; there are: {names}")
    return [*enter_command(state.pid, state.rootless), *there, *inside]
