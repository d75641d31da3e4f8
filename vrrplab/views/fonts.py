"""Which fonts draw a text, and how wide it becomes: DejaVu Sans, and for letters that it lacks what is there.

DejaVu comes with matplotlib, so a figure of ordinary names is the same everywhere. Other letters are taken
from a font of this machine that has them; what none has is drawn as a box. Callers have made sure that
matplotlib is there.
"""

from __future__ import annotations

import unicodedata
import warnings
from functools import cache, lru_cache

SANS, MONO = "DejaVu Sans", "DejaVu Sans Mono"

# Fonts for text and for emoji in one colour, where several have the letters. Any other font comes after them.
_PREFERRED = (
    "Noto Sans CJK SC", "Noto Sans CJK JP", "Noto Sans CJK TC", "Noto Sans CJK KR", "Source Han Sans SC",
    "WenQuanYi Micro Hei", "WenQuanYi Zen Hei", "Droid Sans Fallback", "PingFang SC", "Hiragino Sans GB",
    "Hiragino Sans", "Apple SD Gothic Neo", "Microsoft YaHei", "SimHei", "Yu Gothic", "MS Gothic",
    "Malgun Gothic", "Noto Sans Devanagari", "Nirmala UI", "Kohinoor Devanagari", "Lohit Devanagari",
    "Noto Emoji", "Segoe UI Emoji", "Symbola", "Noto Sans Symbols2", "FreeSans",
    "Arial Unicode MS",
)  # fmt: skip
# Pictures instead of outlines, which matplotlib cannot draw; boxes, which it draws itself; and formulas.
_UNFIT = ("Color Emoji", "Last Resort", "LastResort", "STIX")
_UNITS = 100  # the size at which is measured


@lru_cache(maxsize=4096)
def families(text: str) -> tuple[str, ...]:
    """Names of the fonts for a text: matplotlib looks for each letter in one after another."""
    if text.isascii():
        return (SANS,)
    missing = (_font_of(character) for character in text)
    return (SANS, *dict.fromkeys(name for name in missing if name))


@lru_cache(maxsize=4096)
def width_of(text: str, bold: bool) -> float:
    """Width of a line, in units of the text size."""
    if all(_is_simple(character) for character in text):
        return sum(_advance(character, bold) for character in text)
    from matplotlib.font_manager import FontProperties, findfont, get_font

    weight = "bold" if bold else "normal"
    paths = [findfont(FontProperties(family=[name], weight=weight)) for name in families(text)]
    font = get_font(paths)
    font.set_size(_UNITS, 72)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of a letter that is drawn as a box
        font.set_text(text, 0.0)
        return max(font.get_width_height()[0] / 64 / _UNITS, 0.0)


@cache
def lays_out() -> bool:
    """Does this matplotlib join letters and order them as their script wants it? Those before 3.11 do not."""
    import matplotlib

    return matplotlib.__version_info__[:2] >= (3, 11)


@lru_cache(maxsize=4096)
def _is_simple(character: str) -> bool:
    """Is it as wide beside others as alone?"""
    return character.isascii() or (
        ord(character) in _letters_of(SANS)
        and unicodedata.category(character)[0] not in "MC"
        and unicodedata.bidirectional(character) not in ("R", "AL")
    )


@lru_cache(maxsize=2048)
def _advance(character: str, bold: bool) -> float:
    from matplotlib.font_manager import FontProperties, findfont, get_font

    font = get_font(findfont(FontProperties(family=SANS, weight="bold" if bold else "normal")))
    font.set_size(_UNITS, 72)
    return float(font.load_glyph(font.get_char_index(ord(character))).linearHoriAdvance) / 65536 / _UNITS


@lru_cache(maxsize=4096)
def _font_of(character: str) -> str:
    """The font beside DejaVu that has a letter; "": DejaVu has it, or nobody, or it is no letter."""
    code = ord(character)
    if code in _letters_of(SANS) or unicodedata.category(character) in ("Cc", "Cf", "Cn", "Co", "Cs", "Zs"):
        return ""
    return next((name for name in _others() if code in _letters_of(name)), "")


@cache
def _others() -> tuple[str, ...]:
    """The fonts of this machine, in the order in which they are asked."""
    from matplotlib.font_manager import fontManager

    installed = {entry.name for entry in fontManager.ttflist}
    fit = sorted(
        (name for name in installed - {SANS} if not any(word in name for word in _UNFIT)),
        key=lambda name: ("Sans" not in name, "Mono" in name, name),
    )
    return *(name for name in _PREFERRED if name in installed), *fit


@cache
def _letters_of(name: str) -> frozenset[int]:
    """The characters that a font has, as numbers; none if it cannot be used."""
    from matplotlib.font_manager import FontProperties, findfont, get_font

    try:
        font = get_font(findfont(FontProperties(family=[name])))
        font.set_size(_UNITS, 72)
        return frozenset(font.get_charmap())
    except (OSError, RuntimeError, ValueError):
        return frozenset()
