"""Small readers that several keyword handlers share: numbers, switches, tracked things, commands."""

from __future__ import annotations

from vrrplab.config.blocks import Keyword, Words, word_at
from vrrplab.config.drafts import FileDraft, NotifyDraft, ScriptDraft, TrackableDraft
from vrrplab.config.numbers import UINT_MAX, Reading, read_int, read_micros, read_switch, read_unsigned
from vrrplab.config.tokens import QuoteError, split_command
from vrrplab.units import SECOND_US

LONGEST_DELAY_S = UINT_MAX // SECOND_US
"""The longest delay that fits the daemon's 32 bits of microseconds: 4294 s."""


def unsigned(
    draft: FileDraft, words: Words, low: int, high: int, *, index: int = 1, lenient: bool = True
) -> int | None:
    """The number at a place of the line, complaints told; None if the daemon does not accept it."""
    return _tell(draft, words[0], read_unsigned(word_at(words, index), low, high, lenient=lenient))


def signed(
    draft: FileDraft, words: Words, low: int, high: int, *, index: int = 1, lenient: bool = True
) -> int | None:
    return _tell(draft, words[0], read_int(word_at(words, index), low, high, lenient=lenient))


def micros(draft: FileDraft, words: Words, low_us: int, high_us: int) -> int | None:
    """Seconds with decimals, as microseconds."""
    return _tell(draft, words[0], read_micros(word_at(words, 1), low_us, high_us))


def switch(words: Words) -> bool | None:
    """The option alone means yes; with a word: its meaning, or None if it has none."""
    return read_switch(words[1]) if len(words) >= 2 else True


def plain(draft: FileDraft, reading: Reading) -> int | None:
    """The number where the daemon accepts it; its complaints are told without words of our own."""
    for complaint in reading.complaints:
        draft.diagnostics.report("number", complaint)
    return reading.value if reading.accepted else None


def _tell(draft: FileDraft, option: str, reading: Reading) -> int | None:
    for complaint in reading.complaints:
        draft.diagnostics.report(
            "number", complaint, f"{option}: {complaint.removeprefix('WARNING - ')}", "write a plain number"
        )
    return reading.value if reading.accepted else None


def flag(attribute: str, value: bool = True) -> Keyword:
    """An option that is said or not said; words behind it do not matter."""

    def handler(draft: FileDraft, words: Words) -> None:
        setattr(draft.instance, attribute, value)

    return Keyword(handler, bare=True)


def option_switch(attribute: str, complaint: str = "") -> Keyword:
    """An option with on/off behind it; alone it means on."""

    def handler(draft: FileDraft, words: Words) -> None:
        value = switch(words)
        if value is None:
            draft.diagnostics.report(
                "switch",
                f"({draft.instance.name}) invalid {complaint or attribute} {words[1]} specified",
                f"{words[0]}: '{words[1]}' is neither on nor off",
                "write on, true, yes, off, false or no",
            )
        else:
            setattr(draft.instance, attribute, value)

    return Keyword(handler)


def number(
    attribute: str,
    low: int,
    high: int,
    log: str,
    message: str = "",
    hint: str = "",
    *,
    unit: int = 1,
    topic: str = "range",
    lenient: bool = True,
) -> Keyword:
    """A whole number of an instance, kept times ``unit``; the earlier value stays when it is not valid.

    ``log`` and ``message`` hold {option} and {word}.
    """

    def handler(draft: FileDraft, words: Words) -> None:
        value = unsigned(draft, words, low, high, lenient=lenient)
        if value is None:
            said = {"option": words[0], "word": words[1]}
            complaint = f"({draft.instance.name}){log.format(**said)}"
            draft.diagnostics.report(topic, complaint, message.format(**said), hint)
        else:
            setattr(draft.instance, attribute, value * unit)

    return Keyword(handler)


def reverse_word(draft: FileDraft, words: Words, owner: str, target: ScriptDraft | TrackableDraft) -> None:
    """The ``reverse`` behind the weight of something that can be tracked."""
    if len(words) >= 3:
        if words[2] == "reverse":
            target.reverse = True
        else:
            draft.diagnostics.report("track-option", f"{owner} unknown weight option {words[2]}")


def command_words(draft: FileDraft, raw_line: str) -> tuple[tuple[str, ...] | None, list[str]]:
    """The command a ``script`` or ``notify`` line runs, and the words of the line behind its keyword: the
    command as it is written, user, group.

    The whole command must stand in quotes: only its first word is taken otherwise. None: the quotes of
    the line do not match. Where only those inside the command do not, it is no command.
    """
    words: list[str] | None = None
    try:
        # 2.4.3 resolves escapes once, 2.2.7 in both passes.
        words = split_command(raw_line, keep_escapes=not draft.diagnostics.old)
        return tuple(split_command(words[1]) if len(words) >= 2 else ()), words[1:]
    except QuoteError as error:
        draft.diagnostics.report("quote", error.log, str(error), "balance the quotes")
        return (None if words is None else ()), (words or [""])[1:]


def tell_no_shell(
    draft: FileDraft, what: str, text: str, command: tuple[str, ...]
) -> tuple[bool, int | None]:
    """Whether a command names a program, and what that exits with every time for lack of a shell (None: it
    depends, as ever). ``text``: the command as it is written. Told, where a shell would make a difference.
    """
    if not command or (command[0][:1] == "/" and not any(char in text for char in "<>|&;`$*?[=")):
        return True, None
    from vrrplab.config.without_shell import BASH_ONLY, exit_for_ever, needs_shell, shell_sign

    if command[0].startswith("</"):  # keepalived: a file to be opened, the one thing it asks /bin/sh to do
        if command[0].startswith(BASH_ONLY):
            draft.diagnostics.note(
                "no-shell",
                f"{what}: /bin/sh opens '{command[0]}', which only bash knows: with dash (Debian, Ubuntu) the"
                " check exits with 2 every time",
                f"write \"/bin/bash -c '{command[0]}'\"",
            )
        return True, None
    name = command[0].rpartition("/")[2]
    cure = "write \"/bin/sh -c '…'\", or put the line into a file that begins with #!/bin/sh"
    if needs_shell(command[0]):
        message = f"{what}: keepalived has no shell and finds no program '{command[0]}'"
        draft.diagnostics.note("no-shell", f"{message}: it goes without", cure)
        return False, None
    if "/" in command[0] and command[0][0] != "/":
        return _relative(draft, what, command[0]), None
    sign = shell_sign(text, command)
    if not sign:
        return True, None
    status, is_sure = exit_for_ever(command, sign)
    if status is None:
        outcome = "one more name to look for" if is_sure else "which most likely does not look at it"
    else:
        likely = "" if is_sure else "most likely "
        outcome = (
            f"which {likely}exits with {status} every time: it {'fails' if status else 'passes'} for ever"
        )
    message = f"{what}: keepalived has no shell, so '{sign}' is an argument of {name}, {outcome}"
    draft.diagnostics.note("no-shell", message, cure)
    return True, status


def _relative(draft: FileDraft, what: str, path: str) -> bool:
    """May a path that does not begin with / name a program? Told in any case."""
    from vrrplab.config.look_alikes import look_alikes

    cure = "write the whole path, which begins with /"
    missing = f"finds no file '{path}': it goes without"
    if path[0] == "~":
        draft.diagnostics.note(
            "script", f"{what}: keepalived has no shell, which would know ~, and {missing}", cure
        )
        return False
    if look_alikes(path):
        cure = "write the command in straight quotes"
        draft.diagnostics.note("script", f"{what}: keepalived {missing}", cure)
        return False
    draft.diagnostics.note(
        "script-relative",
        f"{what}: '{path}' does not begin with /: keepalived looks for it from its own working directory,"
        " mostly /, and goes without where it is not there",
        cure,
    )
    return True


def notify(draft: FileDraft, owner: str, notify: NotifyDraft, words: Words) -> None:
    """Any ``notify…`` option of an instance or a sync group."""
    option = words[0]
    diagnostics = draft.diagnostics
    if option in notify.seen:
        already = "notify_deleted" if option == "notify_deleted" else f"{option} script"
        ignored = word_at(words, 1) if option != "notify_deleted" else " ".join(words[1:2])
        diagnostics.report("duplicate", f"{owner} {already} already specified - ignoring {ignored}")
        return
    if option == "notify_deleted" and len(words) == 1:
        notify.seen.add(option)
        return
    word_at(words, 1)
    command, given = command_words(draft, draft.blocks.raw_line)
    text, *user = given or [""]  # nothing behind the keyword: its quotes do not match
    if not command:
        line = "Unable to parse notify script"
        if command is not None:
            line = f"Unable to parse script '{text}' - ignoring"
        diagnostics.log("script", line, f"{option} names no script", f'write {option} "/path/to/script"')
        return
    if user:
        if not user_exists(draft, user[0]):
            diagnostics.log("script", f"Invalid user/group for notify script {command[0]} - ignoring")
            return
    elif not default_user(draft):
        diagnostics.log(
            "script-user",
            f"Failed to set default user for notify script {command[0]} - ignoring",
            f"{option} is dropped: no user to run it as",
            "add script_user to global_defs",
        )
        return
    tell_no_shell(draft, f"{option} of {owner.strip('()')}", text, command)
    notify.seen.add(option)
    notify.commands[option] = command
    if user:
        notify.users[option] = " ".join(user[:2])
    notify.source = diagnostics.source


def user_exists(draft: FileDraft, user: str) -> bool:
    """Users are the host's business; only names no host can have are refused."""
    if user and user.isascii() and all(char.isalnum() or char in "_.-$" for char in user):
        return True
    draft.diagnostics.log("script-user", f"Script user '{user}' does not exist")
    return False


def default_user(draft: FileDraft) -> bool:
    """Whether scripts without a user of their own can run: false drops them.

    Without ``script_user`` keepalived looks for a user keepalived_script. Debian's package creates
    none (2.2.7, measured): scripts then run as root, or not at all with enable_script_security.
    """
    settings = draft.globals
    diagnostics = draft.diagnostics
    if settings.script_user_failed:
        return False
    if not settings.script_user and not settings.default_user_asked:
        settings.default_user_asked = True
        diagnostics.log(
            "script-default-user",
            "Script user 'keepalived_script' does not exist",
            "scripts run as root: there is no user keepalived_script",
            "name another one: script_user USER in global_defs",
        )
        if settings.script_security:
            diagnostics.report(
                "script-user",
                "Unable to set default user keepalived_script for script",
                "enable_script_security without script_user: no script will run",
                "add script_user to global_defs, before the scripts",
            )
            settings.script_user_failed = True
            return False
    return True
