"""The keywords of ``vrrp_script``."""

from __future__ import annotations

from vrrplab.config.blocks import Keyword, Words, word_at
from vrrplab.config.drafts import FileDraft, ScriptDraft
from vrrplab.config.numbers import INT_MAX, read_int, read_micros
from vrrplab.config.options import (
    LONGEST_DELAY_S,
    command_words,
    default_user,
    plain,
    reverse_word,
    tell_no_shell,
    unsigned,
    user_exists,
)
from vrrplab.units import SECOND_US


def begin_script(draft: FileDraft, words: Words) -> None:
    draft.scripts.append(ScriptDraft(word_at(words, 1), draft.diagnostics.source))
    draft.begin(draft.script)


def end_script(draft: FileDraft) -> None:
    script, diagnostics = draft.script, draft.diagnostics
    if not script.command:
        diagnostics.report(
            "script",
            f"No script set for vrrp_script {script.name} - removing",
            f"vrrp_script {script.name} has no script line and is dropped",
            'write script "/path/to/check"',
        )
        script.remove = True
    elif not script.remove and not script.user_set and not default_user(draft):
        diagnostics.report(
            "script-user",
            f"Unable to set default user for vrrp script {script.name} - removing",
            f"vrrp_script {script.name} is dropped: no user to run it as",
            "add script_user to global_defs",
        )
        script.remove = True
    if script.remove:
        draft.scripts.drop_last()
        draft.dropped_scripts.append(script.name)


def _script(draft: FileDraft, words: Words) -> None:
    command, given = command_words(draft, draft.blocks.raw_line)
    if command is None:
        draft.diagnostics.fatal(
            f"the quotes of the script line of {draft.script.name} do not match",
            "keepalived crashes on this; close every quote",
        )
    text, *rest = given or [""]
    draft.script.command = command
    what = f"vrrp_script {draft.script.name}"
    draft.script.is_program, draft.script.always_exits = tell_no_shell(draft, what, text, command)
    if rest:
        draft.diagnostics.note(
            "script",
            f"vrrp_script {draft.script.name}: only '{words[1]}' is run, what follows it is dropped",
            'put the whole command into quotes: script "command arguments"',
        )


def _duration(option: str, log: str, instead: str) -> Keyword:
    """``log`` is the daemon's line about a bad value, with {word}, {smallest}; ``instead``: what is used."""

    def handler(draft: FileDraft, words: Words) -> None:
        name, diagnostics = draft.script.name, draft.diagnostics
        value_us = _seconds(draft, words)
        if value_us is None:
            smallest = "1" if diagnostics.old else "0.001"
            diagnostics.report(
                "range",
                f"({name}): vrrp script {option} {log.format(word=words[1], smallest=smallest)} - ignoring",
                f"{option} '{words[1]}' is not valid; {instead} is used",
                "write seconds",
            )
            return
        if value_us == 0:
            diagnostics.report(
                "range",
                f"({name}): vrrp script {option} must be greater than 0, setting to 1",
                f"{option} 0 is not valid; 1 second is used",
            )
        setattr(draft.script, f"{option}_us", value_us or SECOND_US)

    return Keyword(handler)


def _seconds(draft: FileDraft, words: Words) -> int | None:
    """Whole seconds in 2.2.7 (``.2`` is no number there), three decimals in 2.4.3."""
    if draft.diagnostics.old:
        value_s = unsigned(draft, words, 0, LONGEST_DELAY_S)
        return None if value_s is None else value_s * SECOND_US
    return plain(draft, read_micros(word_at(words, 1), 0, LONGEST_DELAY_S * SECOND_US, decimals=3))


def _script_weight(draft: FileDraft, words: Words) -> None:
    script, diagnostics = draft.script, draft.diagnostics
    reading = read_int(word_at(words, 1), -253, 253, lenient=True)
    if plain(draft, reading) is None:
        diagnostics.report(
            "range",
            f"vrrp_script {script.name} weight {words[1]} must be in [-253, 253]",
            f"weight '{words[1]}' is not valid, and is used all the same",
            "write a number from -253 to 253",
        )
    script.weight = (reading.value + 2**31) % 2**32 - 2**31
    reverse_word(draft, words, f"vrrp_script {script.name}", script)


def _count(option: str) -> Keyword:
    def handler(draft: FileDraft, words: Words) -> None:
        count = unsigned(draft, words, 1, INT_MAX)
        if count is None:
            draft.diagnostics.report(
                "range",
                f"({draft.script.name}): vrrp script {option} value '{words[1]}' invalid, defaulting to 1",
                f"{option} '{words[1]}' is not valid; 1 is used",
                "write a number from 1 up",
            )
        setattr(draft.script, option, count or 1)

    return Keyword(handler)


def _script_user(draft: FileDraft, words: Words) -> None:
    script = draft.script
    if user_exists(draft, word_at(words, 1)):
        script.remove, script.user_set, script.user = False, True, " ".join(words[1:3])
    else:
        draft.diagnostics.report(
            "script-user",
            "Unable to set uid/gid for script " + " ".join(f"'{word}'" for word in script.command),
        )
        script.remove = True


def _init_fail(draft: FileDraft, words: Words) -> None:
    draft.script.init_fail = True


SCRIPT_KEYWORDS: dict[str, Keyword] = {
    "script": Keyword(_script),
    "interval": _duration(
        "interval", f"'{{word}}' must be between {{smallest}} and {LONGEST_DELAY_S}", "1 second"
    ),
    "timeout": _duration("timeout", "'{word}' invalid", "the interval"),
    "weight": Keyword(_script_weight),
    "rise": _count("rise"),
    "fall": _count("fall"),
    "user": Keyword(_script_user),
    "init_fail": Keyword(_init_fail, bare=True),
}
