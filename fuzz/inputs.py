"""Where the fuzzers begin, and how a text is changed so that it stays one: bytes changed at random are
refused by the first line of a reader of YAML or JSON, and reach nothing behind it.
"""

from __future__ import annotations

import json
import random
import re
import runpy
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT / "data"

# Bytes of an input: enough for everything that its reader knows, and short enough to try thousands a second.
LONGEST = {
    "frame": 400,
    "capture": 900,
    "columns": 900,
    "paste": 700,
    "config": 700,
    "check": 1500,
    "scenario": 1500,
    "trace": 1200,
    "recording": 1500,
    "progress": 600,
    "lab": 400,
}
TARGET_NAMES = tuple(LONGEST)

# a section, an interface, a packet of 4 bytes
SMALL_PCAPNG = struct.pack(
    "<IIIHHqI IIHHII IIIIIIIII",
    *(0x0A0D0D0A, 28, 0x1A2B3C4D, 1, 0, -1, 28),
    *(1, 20, 1, 0, 0, 20),
    *(6, 36, 0, 0, 1, 4, 4, 0, 36),
)

# Values that readers stumble over.
ODD = [
    *("-1", "0", "1", "255", "256", "65536", "0.5", "1e308", "1e999", ".nan", ".inf", "NaN", "0x10", "1_000"),
    *("null", "~", "true", "no", '""', "''", "[]", "{}", "[[]]", "{a: b}", "*a", "&a", "<<:", "!!binary"),
    *("!!float", "!!python/object:os.system", "|", ">", "---", "...", "%", "@", "`", "?", "-", ":", "#", '"'),
    *('"\\ud800"', '"\\x1b[2J"', "\u202e", "🦆", "名前", "١", "\x7f", "\x9b", "include", "$A", "~SEQ(x,1,3)"),
    *("::", "fe80::1", "::ffff:1.2.3.4", "0.0.0.0/0", "10.0.0.1/33", "2001:db8::1/64", "/dev/null", "../.."),
    *("@host", "!", "{", "}", "2026-11-29", "12:30:45", "=1"),
]
ODD += ["9" * 40, "9" * 4400, "a" * 300, "[" * 200, "{a: " * 100, "- " * 100, "1e" + "9" * 20]
ODD += ["\t", "\r", "\0", "\ufeff", "\u2028", "\x85"]
ODD_VALUES: list[Any] = [
    *(
        None,
        True,
        -1,
        0,
        1,
        256,
        1.5,
        2**64,
        1e308,
        float("nan"),
        float("inf"),
        10**400,
        [],
        {},
        [[]],
        "",
        "x",
    ),
    *("\x1b[2J", "\ud800", "名前", "a" * 300, "10.0.0.1/24", "fe80::1", "9" * 11, "MASTER", "0100", "\n"),
]


def seeds(target: str) -> list[bytes]:
    """Inputs to start from: what was kept, and what comes with vrrplab, cut short."""
    kept = [path.read_bytes() for path in sorted((ROOT / "fuzz" / "corpus" / target).glob("*"))]
    return kept + _SEEDS[target]()


def _frames() -> list[bytes]:
    vectors = json.loads((DATA / "frames" / "frames.json").read_text(encoding="utf-8"))["vectors"]
    return [bytes.fromhex(vector["hex"]) for vector in vectors] + _wrapped()


def _wrapped() -> list[bytes]:
    """Tunnels in every form that the tests build, and what cannot be opened."""
    made = runpy.run_path(str(ROOT / "tests" / "wire" / "wrapped_frames.py"))
    forms = [form.wrap(form.frame) for form in made["FORMS"].values() if form.link_type == 1]
    others = runpy.run_path(str(ROOT / "tests" / "wire" / "fhrp_frames.py"))
    hellos = [others[name] for name in ("HSRP_1", "HSRP_2", "HSRP_6", "GLBP", "VRRP_E")]
    return [*forms, *(raw for raw, _ in made["SEALED"].values()), *hellos, made["deep"](9)]


def _captures() -> list[bytes]:
    recordings = sorted((DATA / "recordings").glob("*/capture.pcap"))
    return [path.read_bytes()[:700] for path in recordings[::9]] + [SMALL_PCAPNG]


def _pasted() -> list[bytes]:
    dumps = []
    for number, frame in enumerate(_frames()):
        lines = [frame[at : at + 16].hex(" ", 2) for at in range(0, len(frame), 16)]
        if number % 3 == 0:
            dumps.append("\n".join(f"\t0x{at * 16:04x}:  {line}" for at, line in enumerate(lines)))
        elif number % 3 == 1:
            dumps.append("\n".join(f"{at * 16:08x}: {line}  ..." for at, line in enumerate(lines)))
        else:
            dumps.append(frame.hex(":"))
    texts = [*dumps, *_LINES, *_LOGS]
    return [text.encode() for text in texts] + [capture[:300] for capture in _captures()[:3]]


_LINES = [
    "08:53:20.000000 IP 10.0.0.1 > 224.0.0.18: VRRPv2, Advertisement, vrid 7, prio 95, authtype none,"
    " intvl 1s, length 20\n08:53:21.500000 ARP, Reply 10.0.0.9 is-at 00:00:5e:00:01:07, length 28\n",
    "2025-10-09 08:53:20.000000 IP (tos 0xc0, ttl 255, id 1, offset 0, flags [none], proto VRRP (112),"
    " length 32)\n    10.0.0.1 > 224.0.0.18: VRRPv3, Advertisement, vrid 7, prio 105, intvl 100cs, length 12,"
    " (bad vrrp cksum 36dd), addrs: 10.0.0.9\n",
    "1760000000.000001 00:00:5e:00:02:07 > 33:33:00:00:00:12, ethertype IPv6 (0x86dd), length 94: (class"
    " 0xc0, flowlabel 0xc5ddd, hlim 255, next-header VRRP (112) payload length: 24) fe80::1 > ff02::12:"
    " VRRPv3, Advertisement, vrid 7, prio 150, intvl 100cs, length 24, addrs: fe80::9\n",
    "static const unsigned char pkt[] = {\n0x01, 0x00, 0x5e, 0x00, 0x00, 0x12\n};\n",
    "b'\\x01\\x00^\\x00\\x00\\x12'\n",
    '[{"_source": {"layers": {"frame_raw": ["01005e000012", 0, 6, 0, 1], "frame": {"frame.encap_type": "1",'
    ' "frame.time_epoch": "1760000000.000000001"}}}}]',
]
_LOGS = [
    "Oct  9 08:53:20 n1 Keepalived_vrrp[7]: (VI_1) Entering MASTER STATE\n"
    "Oct  9 08:53:22 n1 Keepalived_vrrp[7]: (VI_1) sent 0 priority\n",
    "2025-10-09T08:53:20.5+02:00 n2 Keepalived_vrrp[7]: (VI_1) Backup received priority 0 advertisement\n"
    "2025-10-09T08:53:21+02:00 n2 Keepalived_vrrp[7]: Sending gratuitous ARP on eth0 for 10.0.0.9\n",
    '{"__REALTIME_TIMESTAMP": "1760000000000000", "SYSLOG_IDENTIFIER": "Keepalived", "_HOSTNAME": "n3",'
    ' "MESSAGE": "(VI_1) Entering FAULT STATE"}\n',
    "Thu Oct  9 08:53:20 2025: (VI_1) Entering BACKUP STATE (init)\n",
]


def _configs() -> list[bytes]:
    texts = [path.read_text(encoding="utf-8") for path in sorted((DATA / "configs").rglob("*.conf"))]
    blocks = dict.fromkeys(block for text in texts for block in re.split(r"\n(?=\w)", text))
    return [block.encode() for block in blocks if len(block) <= LONGEST["config"]]


def _clusters() -> list[bytes]:
    """The examples of the rules: each file begins with what another one has too."""
    from vrrplab.rules.table import RULES

    examples = [texts for rule in RULES.values() for texts in (rule.bad, rule.good)]
    joined = dict.fromkeys("\f".join(texts.values()) for texts in examples)
    return [text.encode() for text in joined if len(text) <= LONGEST["check"]]


def _observed() -> list[bytes]:
    """Of each list a few entries: the whole is long, and says the same again and again."""
    files = sorted((DATA / "recordings").glob("*/observed.json"))
    return [
        json.dumps(_short(json.loads(path.read_bytes()))).encode()
        for path in files[::12] + sorted((DATA / "recordings").glob("v3_*/observed.json"))
    ]


def _short(value: Any) -> Any:
    if isinstance(value, list):
        return [_short(entry) for entry in value[:1]]
    return {key: _short(entry) for key, entry in value.items()} if isinstance(value, dict) else value


_SEEDS: dict[str, Callable[[], list[bytes]]] = {
    "frame": lambda: [b"\0" + frame for frame in _frames()],
    "capture": _captures,
    "columns": lambda: [b"\0" + bytes([len(frame)]) + frame for frame in _frames()] + _captures(),
    "paste": _pasted,
    "config": _configs,
    "check": _clusters,
    "scenario": list,
    "trace": list,
    "recording": _observed,
    "progress": list,
    "lab": list,
}

# -- changing texts -----------------------------------------------------------------------------------------

Mutator = Callable[[bytes, int, int], bytes]
Changer = Callable[[bytes, random.Random], bytes]
_TOKENS = re.compile(r"\w[\w./:-]*|\s+|.", re.DOTALL)


def mutator(target: str, starts: list[bytes]) -> Mutator | None:
    """How inputs of a target are changed; None: as libFuzzer does it. Three times of four it is changed as a
    text of its kind, else as bytes are.
    """
    import atheris

    other = changer(target, starts)
    if other is None:
        return None

    def change(data: bytes, most: int, seed: int) -> bytes:
        chance = random.Random(seed)
        for _ in range(chance.choice((1, 1, 2, 3))):
            data = other(data, chance) if chance.random() < 0.75 else atheris.Mutate(data, most)
        return data[:most]

    return change


def changer(target: str, starts: list[bytes]) -> Changer | None:
    """Changes a text of the target's kind in one place; None: its inputs are no text."""
    if target in ("recording", "progress", "lab"):
        return _other_json
    if target == "trace":
        return _other_json_line
    if target not in ("config", "check", "scenario", "paste"):
        return None
    texts = [start.decode("utf-8", "replace") for start in starts] + _more_words(target)
    words = sorted({word for text in texts for word in _TOKENS.findall(text) if not word.isspace()})
    lines = sorted({line for text in texts for line in text.splitlines() if line.strip()})
    return lambda data, chance: _other_text(data, chance, words, lines)


def _more_words(target: str) -> list[str]:
    if target == "scenario":
        files = sorted((DATA / "recordings").glob("*/scenario.yaml")) + sorted((DATA / "scenarios").glob("*"))
        return [path.read_text(encoding="utf-8") for path in files]
    if target in ("config", "check"):
        from vrrplab.config import keywords

        return [Path(keywords.__file__).read_text(encoding="utf-8")]
    return []


def _other_text(data: bytes, chance: random.Random, words: list[str], lines: list[str]) -> bytes:
    text = data.decode("utf-8", "replace")
    if chance.random() < 0.6:
        tokens = _TOKENS.findall(text) or [""]
        at = chance.randrange(len(tokens))
        if tokens[at].isspace():
            at = (at + 1) % len(tokens)
        tokens[at] = chance.choice((chance.choice(ODD), chance.choice(words), chance.choice(tokens), ""))
        return "".join(tokens).encode("utf-8", "replace")
    rows = text.split("\n")
    at, other = chance.randrange(len(rows)), chance.randrange(len(rows))
    match chance.randrange(6):
        case 0:
            del rows[at]
        case 1:
            rows[at:at] = rows[min(at, other) : max(at, other) + 1]
        case 2:
            rows[at], rows[other] = rows[other], rows[at]
        case 3:
            rows[at] = chance.choice(("  ", " ", "- ", "")) + rows[at].lstrip()
        case _:
            indent = rows[at][: len(rows[at]) - len(rows[at].lstrip())]
            rows.insert(at, indent + chance.choice(lines).lstrip())
    return "\n".join(rows).encode("utf-8", "replace")


def _other_json(data: bytes, chance: random.Random) -> bytes:
    try:
        whole = [json.loads(data)]
    except (ValueError, RecursionError):
        whole = [{}]
    places = list(_places(whole))
    holder, key = chance.choice(places)
    other_holder, other_key = chance.choice(places)
    match chance.randrange(5):
        case 0 if holder is not whole:
            del holder[key]
        case 1:
            holder[key] = json.loads(json.dumps(other_holder[other_key]))
        case 2 if isinstance(holder[key], list):
            holder[key] = holder[key] * chance.choice((2, 3))
        case 3 if isinstance(holder, dict):
            holder[chance.choice((str(other_key), chance.choice(ODD)))] = holder.pop(key)
        case _:
            holder[key] = chance.choice(ODD_VALUES)
    return json.dumps(whole[0] if whole else None, separators=(",", ":")).encode()


def _other_json_line(data: bytes, chance: random.Random) -> bytes:
    lines = data.split(b"\n")
    at = chance.randrange(len(lines))
    if chance.random() < 0.8:
        lines[at] = _other_json(lines[at], chance)
    else:
        lines.insert(at, chance.choice(lines))
    return b"\n".join(lines)


def _places(value: Any) -> Any:
    """Every place in the document: what holds a value, and under which key."""
    keys = list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    for key in keys:
        yield value, key
        yield from _places(value[key])
