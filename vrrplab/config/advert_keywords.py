"""The keywords of ``vrrp_instance`` about adverts and gratuitous ARP: how often, how long, when not."""

from __future__ import annotations

from vrrplab.config.blocks import Keyword, Words
from vrrplab.config.drafts import FileDraft
from vrrplab.config.numbers import INT_MAX, UINT_MAX
from vrrplab.config.options import LONGEST_DELAY_S, micros, number, option_switch, switch, unsigned
from vrrplab.units import SECOND_US


def _advert_int(draft: FileDraft, words: Words) -> None:
    value = micros(draft, words, SECOND_US // 100, 255 * SECOND_US)
    if not value:
        draft.diagnostics.report(
            "range",
            f"({draft.instance.name}) Advert interval ({words[1]}) not valid! Must be > 0 - ignoring",
            f"advert_int '{words[1]}' is not valid; 1 second is used",
            "write seconds from 0.01 to 255",
        )
    else:
        draft.instance.advert_int_us = value


def _skip_check_adv_addr(draft: FileDraft, words: Words) -> None:
    value = switch(words)
    if value is None:
        draft.diagnostics.report(
            "switch", f"({draft.instance.name}) invalid skip_check_adv_addr {words[1]} specified"
        )
    elif draft.diagnostics.old:
        draft.instance.skip_check_adv_addr = True  # keepalived 2.2.7: "no" switches it on, too
    else:
        draft.instance.skip_check_adv_addr = value


def _garp_delay(attribute: str) -> Keyword:
    return number(
        attribute,
        0,
        LONGEST_DELAY_S,
        ": {option} '{word}' invalid - ignoring",
        "{option} '{word}' is not valid",
        "write whole seconds",
        unit=SECOND_US,
    )


def _garp_repeat(attribute: str) -> Keyword:
    def handler(draft: FileDraft, words: Words) -> None:
        repeat = unsigned(draft, words, 0, UINT_MAX)
        if repeat is None:
            draft.diagnostics.report(
                "range",
                f"({draft.instance.name}): {words[0]} '{words[1]}' invalid - ignoring",
                f"{words[0]} '{words[1]}' is not valid",
                "write a number from 1 up",
            )
            return
        if repeat == 0:
            draft.diagnostics.report(
                "range",
                f"({draft.instance.name}): {words[0]} must be greater than 0, setting to 1",
                f"{words[0]} 0 is not valid; 1 is used",
            )
        setattr(draft.instance, attribute, repeat or 1)

    return Keyword(handler)


def _garp_refresh(draft: FileDraft, words: Words) -> None:
    refresh_s = unsigned(draft, words, 0, UINT_MAX)
    if refresh_s is None:
        draft.diagnostics.report(
            "range",
            f"({draft.instance.name}): Invalid garp_master_refresh '{words[1]}' - ignoring",
            f"garp_master_refresh '{words[1]}' is not valid; there is no refresh",
            "write whole seconds",
        )
    draft.instance.garp_refresh_us = (refresh_s or 0) * SECOND_US


ADVERT_KEYWORDS: dict[str, Keyword] = {
    "advert_int": Keyword(_advert_int),
    "garp_master_delay": _garp_delay("garp_delay_us"),
    "garp_master_repeat": _garp_repeat("garp_repeat"),
    "garp_master_refresh": Keyword(_garp_refresh),
    "garp_master_refresh_repeat": _garp_repeat("garp_refresh_repeat"),
    "garp_lower_prio_delay": _garp_delay("garp_lower_prio_delay_us"),
    "garp_lower_prio_repeat": number(
        "garp_lower_prio_repeat", 0, INT_MAX, ": Invalid garp_lower_prio_repeat '{word}'"
    ),
    "down_timer_adverts": number(
        "down_timer_adverts",
        1,
        100,
        ": Invalid down_timer_adverts [1:100] '{word}'",
        "down_timer_adverts '{word}' is not valid",
        "write a number from 1 to 100",
    ),
    "lower_prio_no_advert": option_switch("lower_prio_no_advert"),
    "higher_prio_send_advert": option_switch("higher_prio_send_advert"),
    "skip_check_adv_addr": Keyword(_skip_check_adv_addr),
}

ADVERT_KEYWORDS_2_4: dict[str, Keyword] = {
    "owner_ignore_adverts": option_switch("owner_ignore_adverts"),
    "v3_checksum_as_v2": option_switch("v3_checksum_as_v2"),
}
