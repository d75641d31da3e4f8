"""``completion``: what makes a shell complete vrrplab, made from the same declarations as ``--help``."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import NamedTuple

from vrrplab.commands.guide import Example, Guide

GUIDES = {
    "": Guide(
        (
            Example(
                "vrrplab completion bash > vrrplab.bash",
                "as ~/.local/share/bash-completion/completions/vrrplab; or . ./vrrplab.bash",
            ),
            Example(
                "vrrplab completion zsh > _vrrplab",
                "for a folder of zsh's $fpath, such as /usr/local/share/zsh/site-functions",
            ),
            Example(
                "vrrplab completion fish > vrrplab.fish",
                "into ~/.config/fish/completions, where fish finds it by itself",
            ),
        ),
    )
}


class Level(NamedTuple):
    """A command or subcommand: its words ("config show"), what may follow, and each option with its values.

    ``options``: every way to write one, to what it is for and the values that there are; no value: None.
    """

    words: str
    commands: dict[str, str]
    options: dict[tuple[str, ...], tuple[str, tuple[str, ...] | None]]
    values: tuple[str, ...]  # of its arguments without a name, where they are known


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("shell", choices=("bash", "zsh", "fish"), help="the shell that is to complete")


def run(args: argparse.Namespace) -> int:
    print({"bash": _bash, "zsh": _zsh, "fish": _fish}[args.shell](list(levels())))
    return 0


def levels() -> Iterator[Level]:
    """vrrplab itself, its commands, and theirs."""
    from vrrplab.commands import cli

    yield Level(
        "", dict(cli.COMMANDS), {("--help", "-h"): ("help", None), ("--version", "-V"): ("", None)}, ()
    )
    for name in cli.COMMANDS:
        for parser in cli.parsers(name):
            yield _level(parser)


def _level(parser: argparse.ArgumentParser) -> Level:
    commands: dict[str, str] = {}
    options: dict[tuple[str, ...], tuple[str, tuple[str, ...] | None]] = {}
    values: tuple[str, ...] = ()
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            told = {choice.dest: choice.help or "" for choice in action._choices_actions}
            commands = {name: told.get(name, "") for name in action.choices}
        elif action.option_strings:
            takes = _values(action) if action.nargs != 0 else None
            options[tuple(action.option_strings)] = (_plain(action.help or ""), takes)
        else:
            values += _values(action)
    return Level(" ".join(parser.prog.split()[1:]), commands, options, values)


def _values(action: argparse.Action) -> tuple[str, ...]:
    """What an argument may be, where that can be listed."""
    if action.dest == "profile":
        from vrrplab.machine.profiles import PROFILES

        return tuple(PROFILES)
    if action.dest == "scenario":
        from vrrplab.scenario.reader import builtin_scenarios

        return tuple(builtin_scenarios())
    return tuple(map(str, action.choices or ()))


def _plain(text: str) -> str:
    """A help text as one line, without what argparse fills in and a shell would take for its own."""
    text = text.partition("(default:")[0]
    return " ".join(text.replace("'", "’").replace("%%", "%").split()).rstrip(" ;,")


def _flat(level: Level) -> str:
    return " ".join(word for names in level.options for word in names)


def _known(level: Level) -> str:
    return " ".join([*level.commands, *level.values])


def _cases(found: list[Level]) -> tuple[list[str], list[str], list[str]]:
    """For bash and zsh: patterns of commands, of options with values, and of what each level offers."""
    paths = [level.words for level in found if level.words]
    of_options = [
        f"'{level.words} {name}') offer='{' '.join(values)}'; files={'' if values else 1} ;;"
        for level in found
        for names, (_, values) in level.options.items()
        if values is not None
        for name in names
    ]
    of_levels = [f"'{level.words}') options='{_flat(level)}'; offer='{_known(level)}' ;;" for level in found]
    return paths, of_options, of_levels


def _script(found: list[Level], words: str, current: str, previous: str, answer: str) -> list[str]:
    """The lines that bash and zsh have in common, with each one's own ways to say what was typed."""
    paths, of_options, of_levels = _cases(found)
    return [
        "    local level='' word options='' offer='' files=1",
        f"    for word in {words}; do",
        '        case "${level:+$level }$word" in',
        f'            {"|".join(repr(path) for path in paths)}) level="${{level:+$level }}$word" ;;',
        "        esac",
        "    done",
        f'    case "$level {previous}" in',
        *(f"        {line}" for line in of_options),
        '        *) case "$level" in',
        *(f"            {line}" for line in of_levels),
        "        esac",
        f'        case "{current}" in -*) offer="$options"; files= ;; esac ;;',
        "    esac",
        *answer.splitlines(),
    ]


def _bash(found: list[Level]) -> str:
    lines = _script(
        found,
        '"${COMP_WORDS[@]:1:COMP_CWORD-1}"',
        "${COMP_WORDS[COMP_CWORD]}",
        "${COMP_WORDS[COMP_CWORD-1]}",
        '    COMPREPLY=($(compgen -W "$offer" -- "${COMP_WORDS[COMP_CWORD]}"))\n'
        '    [ -n "$files" ] && COMPREPLY+=($(compgen -f -- "${COMP_WORDS[COMP_CWORD]}"))\n'
        "    return 0",
    )
    head = "# bash completion of vrrplab; made by: vrrplab completion bash"
    return "\n".join([head, "_vrrplab() {", *lines, "}", "complete -o filenames -F _vrrplab vrrplab"])


def _zsh(found: list[Level]) -> str:
    lines = _script(
        found,
        '"${(@)words[2,CURRENT-1]}"',
        "${words[CURRENT]}",
        "${words[CURRENT-1]}",
        "    compadd -- ${=offer}\n    [[ -n $files ]] && _files\n    return 0",
    )
    head = ["#compdef vrrplab", "# zsh completion of vrrplab; made by: vrrplab completion zsh"]
    ending = '[[ "$funcstack[1]" = _vrrplab ]] && _vrrplab "$@" || compdef _vrrplab vrrplab'
    return "\n".join([*head, "_vrrplab() {", *lines, "}", ending])


def _fish(found: list[Level]) -> str:
    lines = ["# fish completion of vrrplab; made by: vrrplab completion fish"]
    for level in found:
        words = level.words.split()
        seen = [f"__fish_seen_subcommand_from {word}" for word in words]
        within = "; and ".join(seen) or "__fish_use_subcommand"
        if level.commands and words:
            within += f"; and not __fish_seen_subcommand_from {' '.join(level.commands)}"
        begin = f"complete -c vrrplab -n '{within}'"
        lines += [f"{begin} -f -a {name} -d '{_plain(what)}'" for name, what in level.commands.items()]
        if level.values:
            lines.append(f"{begin} -f -a '{' '.join(level.values)}'")
        for names, (what, values) in level.options.items():
            long = [f"-l {name[2:]}" for name in names if name.startswith("--")]
            short = [f"-s {name[1:]}" for name in names if not name.startswith("--")]
            takes = [] if values is None else ["-x", f"-a '{' '.join(values)}'"] if values else ["-r"]
            lines.append(" ".join([begin, *long, *short, *takes, f"-d '{what}'"]))
    return "\n".join(lines)
