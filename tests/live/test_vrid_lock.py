"""Who serves a virtual router on a host: told to the second one; strangers cannot keep root's router away."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from live_bench import config

from vrrplab.config.reader import parse_text
from vrrplab.errors import LiveError
from vrrplab.live.vrid_lock import Claims

ONE = parse_text(config(priority=100, interface="claimed0")).instances
BOTH = ONE + parse_text(config(priority=100, interface="claimed0", vrid=52)).instances


def test_a_claim_holds_until_it_is_given_back() -> None:
    """Input: two routers, two VRIDs. Output: all or nothing is claimed, and what was given back is free."""
    first, second = Claims(), Claims()
    first.take(ONE)
    first.take(ONE)
    with pytest.raises(LiveError, match=rf"VRID 51 \(IPv4\) on claimed0 .* by process {os.getpid()} "):
        second.take(BOTH)
    first.take(BOTH)
    first.keep(ONE)
    with pytest.raises(LiveError, match="VRID 51"):
        second.take(BOTH)
    first.keep(())
    second.take(BOTH)
    second.keep(())


@pytest.mark.needs("root")  # to be somebody else
def test_a_stranger_cannot_keep_a_router_from_starting() -> None:
    """Input: a name that an ordinary user has taken. Output: root's router does not mind."""
    code = "import os, socket; os.setuid(65534); one = socket.socket(socket.AF_UNIX)"
    code += "; one.bind('\\0vrrplab/claimed0/51/IPv4')"
    code += "; one.listen(); print('taken', flush=True); input()"
    words = [sys.executable, "-c", code]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as stranger:
        assert stranger.stdout is not None
        assert stranger.stdout.readline() == b"taken\n"
        mine = Claims()
        mine.take(ONE)
        mine.keep(())
