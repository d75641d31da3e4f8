"""Judges of ``01_one_advert``."""

from __future__ import annotations

from typing import Any

from vrrplab.decoding.explain import fields
from vrrplab.exercises.answers import mac_address, number, whole
from vrrplab.exercises.frames import read_frame
from vrrplab.exercises.observe import IP1, run
from vrrplab.exercises.registry import Miss, NotUnderstood, exercise
from vrrplab.notebook.variants import variant
from vrrplab.trace.events import AdvertSentEvent
from vrrplab.wire.frames import decode

SMALL = "lesson-two-routers"  # its only VRID may become any other


def first_advert() -> bytes:
    from vrrplab.notebook.simulate import simulate

    trace = simulate("article-steady", until_s=1, frames=True)
    return bytes.fromhex(trace.of(AdvertSentEvent, instance="proxy_ip1")[0].frame)


@exercise("01-where", "which byte of the frame is the priority")
def where(answer: Any) -> str:
    frame = first_advert()
    place = whole(answer, 0, len(frame) - 1, "12")
    field = next(f for f in reversed(fields(decode(frame))) if f.offset <= place < f.offset + f.size)
    if (field.layer[:4], field.name) != ("VRRP", "priority"):
        raise Miss(
            f"Byte {place} is {frame[place]:#04x}. The packet diagram draws it in {field.layer}:"
            f" {field.name}."
        )
    return f"Byte {place}: {frame[place]:#04x} is {frame[place]}, the priority."


@exercise("01-farewell", "a frame that says: I am leaving")
def farewell(answer: Any) -> str:
    frame, verdict = read_frame(answer)
    if frame.vrrp is None:
        raise Miss(f"A receiver takes this for {frame.kind!r}, not for VRRP.")
    if not verdict.accepted:
        raise Miss(f"The receiver throws it away. {verdict.reasons[0].text}.")
    if frame.vrrp.vrid != 1 or IP1 not in frame.vrrp.addresses:
        raise Miss(
            f"It speaks of VRID {frame.vrrp.vrid} and {', '.join(frame.vrrp.addresses)}, not of proxy_ip1."
        )
    if frame.vrrp.priority != 0:
        raise Miss(f"The receiver reads priority {frame.vrrp.priority}: it believes that the sender goes on.")
    return "Accepted, with priority 0: the BACKUP waits only its skew time now, 0.609 s, and takes over."


@exercise("01-group-mac", "the MAC address of the group 224.0.0.18")
def group_mac(answer: Any) -> str:
    given = mac_address(answer, "02:00:00:00:00:fb")
    sent = decode(first_advert()).eth
    right = str(sent.destination) if sent else ""
    same = sum(a == b for a, b in zip(given.split(":"), right.split(":"), strict=True))
    if given != right:
        raise Miss(f"An advert on the wire goes to another one; {same} of its six bytes are as you wrote.")
    return f"{given}: 01:00:5e, then the last 23 bits of 224.0.0.18."


@exercise("01-vrids", "how many VRIDs one network has")
def vrids(answer: Any) -> str:
    count = number(answer, "100")
    if count != int(count) or not 1 <= count <= 100_000:
        raise NotUnderstood("The answer here is a whole number, like 100.")
    if not _starts_with(int(count)):
        raise Miss(f"So many there are not: {int(count)}, as a VRID, is refused by keepalived.")
    if _starts_with(int(count) + 1):
        raise Miss(f"There are more: keepalived starts with numbers beyond {int(count)}, too.")
    return "1 to 255. The article says 0 to 255 in one place; keepalived does not start with 0."


def _starts_with(vrid: int) -> bool:
    from vrrplab.errors import ConfigError

    try:
        run(variant(SMALL, edit={"virtual_router_id 7": f"virtual_router_id {vrid}"}, duration_s=1))
    except ConfigError:
        return False
    return True
