"""Rules about the scripts of one file: do they run, does their answer mean anything, does anybody hear it?"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from vrrplab.config.known_words import unknown_tracked
from vrrplab.config.model import (
    InstanceConfig,
    NodeConfig,
    ScriptConfig,
    Source,
    SyncGroupConfig,
    TrackedObject,
)
from vrrplab.rules.cluster import Cluster
from vrrplab.rules.examples import CHECK, conf, two
from vrrplab.rules.model import Change, Finding, Place, Rule, Severity
from vrrplab.rules.texts import statement_in, statements_at
from vrrplab.rules.told import WARNING, Warned, finding_of, found_by, merged, warned
from vrrplab.scenario.nodes import Node
from vrrplab.units import plain_seconds

Judged = tuple[str, str] | None
"""What is wrong with a script, and the cure."""


def _of_scripts(
    rule: str, judge: Callable[[ScriptConfig], Judged], *, fails: bool = False
) -> Callable[[Cluster], list[Finding]]:
    """The function of a rule that looks at each script that some instance or group tracks.

    ``fails``: what it finds fails for ever, so that whoever tracks it without a weight stays in FAULT.
    """

    def found(cluster: Cluster) -> list[Finding]:
        findings = []
        for node in cluster:
            tracked = tracked_scripts(node.config)
            for script in node.config.scripts:
                judged = judge(script) if script.name in tracked else None
                if judged:
                    message, cure = judged
                    severity, outcome = _outcome(node.config, script) if fails else (WARNING, "")
                    place = Place(node.name, script.source)
                    said = f"{script.name}: {message}{outcome}"
                    findings.append(Finding(rule, severity, said, (place,), cure, about=script.name))
        return merged((finding, None) for finding in findings)

    return found


def tracked_scripts(config: NodeConfig) -> set[str]:
    """The names of the scripts that count for some instance or sync group."""
    return {tracked.name for tracked in _trackings(config)}


def _trackings(config: NodeConfig) -> Iterator[TrackedObject]:
    """Each script that an instance or a sync group tracks, with its weight there."""
    for instance in config.instances:
        yield from instance.track_scripts
    for group in config.sync_groups:
        yield from group.track_scripts


def _outcome(config: NodeConfig, script: ScriptConfig) -> tuple[Severity, str]:
    """What comes of a script that fails for ever, by the weight with which it is tracked."""
    weights = [tracked.weight for tracked in _trackings(config) if tracked.name == script.name]
    if not all(weights):
        return Severity.ERROR, "; without a weight whoever tracks it stays in FAULT"
    if all(weight > 0 for weight in weights):
        return WARNING, f"; its weight {weights[0]:+d} never counts"
    return WARNING, f"; its weight {weights[0]:+d} always counts"


# -- who runs it


def _script_user(cluster: Cluster) -> Iterator[Finding]:
    """Two findings at most: scripts that are dropped, and scripts that run as root without being asked."""
    told = [one for one in warned(cluster) if one.row.rule == "V035"]
    dropped = [one for one in told if one.warning.kind == "script-user"]
    as_root = [one for one in told if one.warning.kind == "script-security"]
    for name, ones in _by_dropped_script(dropped).items():
        places = tuple(dict.fromkeys(Place(one.node.name, one.warning.source) for one in ones))
        what = f"{name} is dropped" if name else ones[0].warning.message
        yield Finding(
            "V035",
            Severity.WARNING,
            f"{what}: keepalived finds no user to run it as" if name else what,
            places,
            "add script_user USER to global_defs, above the scripts",
            certain=not name or all(one.node.config.global_defs.script_user for one in ones),
            about=name,
        )
    if as_root:
        places = tuple(dict.fromkeys(Place(one.node.name, one.warning.source) for one in as_root))
        yield Finding(
            "V035",
            Severity.WARNING,
            "scripts run as root without enable_script_security: whoever may write one of them, or a folder "
            "above it, is root",
            places,
            "add enable_script_security and script_user USER to global_defs, above the scripts",
            about="script_security",
        )


def _by_dropped_script(ones: list[Warned]) -> dict[str, list[Warned]]:
    found: dict[str, list[Warned]] = {}
    for one in ones:
        words = re.match(r"(vrrp_script .+|notify\w*) is dropped", one.warning.message)
        found.setdefault(words.group(1) if words else "", []).append(one)
    if len(found) > 1:  # what is dropped says more than that something is
        found.pop("", None)
    return found


_WRITABLE = re.compile(r"/(?:tmp|var/tmp|dev/shm|home)/")


def _unsafe_place(cluster: Cluster) -> Iterator[Finding]:
    findings = []
    for node in cluster:
        if not node.config.global_defs.enable_script_security:
            continue
        for script in node.config.scripts:
            path = script.command[0] if script.command else ""
            root = script.user.split(" ")[0] in ("root", "")
            if root and script.name in tracked_scripts(node.config) and _WRITABLE.match(path):
                findings.append(
                    Finding(
                        "V036",
                        Severity.WARNING,
                        f"{script.name}: {path} lies where others than root may write; then "
                        "enable_script_security switches the check off",
                        (Place(node.name, script.source),),
                        "put it into /etc/keepalived or /usr/local/bin, owned by root",
                        certain=False,
                        about=script.name,
                    )
                )
    yield from merged((finding, None) for finding in findings)


def _not_run(one: Warned) -> str:
    """In words of ours also where the reader has the daemon's only."""
    lost = re.match(r"Invalid user/group for notify script (.*) - ignoring", one.warning.message)
    if not lost:
        return one.warning.message
    return f"{lost.group(1)} is not run: what follows the script on its line is no user"


_STATES = ("master", "backup", "fault", "stop")


def _notify_not_run(cluster: Cluster) -> Iterator[Finding]:
    """What the reader says of notify lines, and arguments that stand where the user stands."""
    yield from found_by("V041", _not_run)(cluster)
    findings = []
    for node in cluster:
        holders: list[InstanceConfig | SyncGroupConfig] = [*node.config.instances, *node.config.sync_groups]
        for holder in holders:
            for option, user in holder.notify.users:
                word = user.partition(" ")[0]
                if word.lower() in _STATES:
                    message = (
                        f"'{word}' behind the script of {option} is the user to run it as, and no argument: "
                        "without such a user it is not run"
                    )
                    cure = f'write both into quotes: {option} "/path/to/script {word}"'
                    place = holder.lines.get(option, holder.notify.source)
                    at = (Place(node.name, place),)
                    findings.append(Finding("V041", WARNING, message, at, cure, about=holder.name))
    yield from merged((finding, None) for finding in findings)


# -- what it answers

_SYSTEMCTL_OPTIONS = """
    quiet no-pager full all system user host machine type state property plain no-legend lines output
    value failed force root runtime preset-mode recursive wait no-block job-mode fail show-types
    no-ask-password now signal kill-who kill-whom what message timestamp legend no-wall no-reload help
    version check-inhibitors boot-loader-menu boot-loader-entry firmware-setup read-only mkdir marked
    dry-run reverse after before show-transaction with-dependencies image image-policy drop-in when
    stdin kill-value kill-subgroup
"""
_NEEDS_A_NAME = frozenset({"killall", "pgrep", "pidof", "ping"})


def _fails_for_ever(script: ScriptConfig) -> Judged:
    """A command whose every run fails, whatever the host; those that only lack a shell are V050's."""
    program = script.command[0].rpartition("/")[2] if script.command else ""
    words = script.command[1:]
    why = ""
    if program == "false":
        why = "it fails every time"
    elif program == "systemctl":
        unknown = [
            word for word in words if word.startswith("--") and not _is_option(word[2:].partition("=")[0])
        ]
        named = [word for word in words if not word.startswith("-")]
        if unknown:
            why = f"systemctl has no option {unknown[0]}: it fails every time"
        elif named[:1] == ["is-active"] and len(named) == 1:
            why = "systemctl is-active asks for no unit: it fails every time"
    elif program in _NEEDS_A_NAME and not any(not word.startswith("-") for word in words):
        if not any(word.startswith("-") and len(word) > 2 for word in words):
            why = f"{program} asks for nothing: it fails every time"
    elif program == "[" and words[-1:] != ("]",):
        why = "the ] is missing: it fails every time"
    return (
        why and (why, "write a command that exits with 0 while all is well, and try it by hand: …; echo $?")
    ) or None


def _is_option(name: str) -> bool:
    """Long options may be cut short, as long as only one begins so."""
    return any(known.startswith(name) for known in _SYSTEMCTL_OPTIONS.split())


_LAST = re.compile(r"\|\||&&|[;|\n]")
_SAYS = {"echo": 0, "printf": 0, "true": 0, ":": 0}
_LISTS = frozenset({"wc", "cat", "head", "tail", "tee", "awk", "sort", "uniq", "cut", "tr", "sed"})


_LOOKING = {"killall": ("-0",), "pgrep": (), "pidof": (), "systemctl": ("is-active", "status")}


def _looks_for_itself(program: str, words: Sequence[str]) -> bool:
    """Is keepalived the one thing that a command looks for?"""
    names = [word.removesuffix(".service") for word in words if word[:1] != "-"]
    needed = _LOOKING.get(program)
    if needed is None or names[-1:] != ["keepalived"]:
        return False
    return len(names) == 1 + (program == "systemctl") and (not needed or any(w in words for w in needed))


def _only_prints(script: ScriptConfig) -> Judged:
    """Exits with 0 whatever is found: it prints its answer, and keepalived does not read it."""
    program = script.command[0].rpartition("/")[2] if script.command else ""
    cure = "exit with 1 where it prints the bad answer; keepalived looks at the exit code alone"
    if program in _SAYS:
        return f"{program} always exits with 0: the check never fails", cure
    if _looks_for_itself(program, script.command[1:]):
        return (
            "it looks for keepalived, which runs whenever the check does: it never fails",
            "look at the service that the addresses are for",
        )
    if program not in ("sh", "bash", "dash") or "-c" not in script.command[:-1]:
        return None
    line = script.command[script.command.index("-c") + 1]
    if any(sign in line for sign in "'\"`$({") or re.search(r"\b(exit|if|then|while|pipefail|set)\b", line):
        return None  # more than a list of commands: nothing is sure
    parts = _LAST.split(line.strip().rstrip(";"))
    joints = _LAST.findall(line.strip().rstrip(";"))
    last = parts[-1].split()
    name = last[0].rpartition("/")[2] if last else ""
    if not joints or not name:
        return None
    if name in _SAYS and joints[-1] in ("||", ";", "\n"):
        return f"whatever happens before, {name} at its end exits with 0: the check never fails", cure
    if name in _LISTS and joints[-1] == "|" and "exit" not in parts[-1]:
        return f"it exits with what {name} exits with, and that is 0 also for nothing: it never fails", cure
    return None


_RESTARTS = re.compile(
    r"\b(?:systemctl|service|rc-service|docker|podman|supervisorctl)\b[^;|&]*\b(?:re)?start\b"
    r"|/etc/init\.d/\S+\s+(?:re)?start\b"
)


def _timing(script: ScriptConfig) -> Judged:
    """A time limit longer than the interval: runs are skipped, and a hanging check is found late."""
    if script.timeout_us <= script.interval_us:
        return None
    fall = f", {script.fall} times over" if script.fall > 1 else ""
    return (
        f"timeout {plain_seconds(script.timeout_us)} s is longer than interval "
        f"{plain_seconds(script.interval_us)} s: while it hangs runs are skipped, and it fails only after "
        f"the "
        f"timeout{fall}",
        "make the timeout shorter than the interval",
    )


def _restarts(script: ScriptConfig) -> Judged:
    if not _RESTARTS.search(" ".join(script.command)):
        return None
    return (
        "the check starts what it should watch: it hides the failure, or makes it flap",
        "let the check only look, and leave starting to the service manager",
    )


def _script_times(cluster: Cluster) -> Iterator[Finding]:
    for finding in _of_scripts("V039", _timing)(cluster):
        yield replace(finding, changes=_shorter_timeouts(cluster, finding))
    yield from _of_scripts("V039", _restarts)(cluster)


def _shorter_timeouts(cluster: Cluster, finding: Finding) -> tuple[Change, ...]:
    """In each file the timeout as long as the interval."""
    found = []
    for place in finding.places:
        statement = statement_in(cluster, place, "timeout")
        config = next(node.config for node in cluster if node.name == place.node)
        if statement is None or len(statement.values) != 2:
            return ()
        line = Source(place.source.file, statement.line)
        interval_s = plain_seconds(config.script(finding.about).interval_us)
        found.append(Change(Place(place.node, line), statement.values[1], f"{interval_s:g}"))
    return tuple(found)


def _in_a_shell(cluster: Cluster, one: Warned) -> tuple[Change, ...]:
    """The same line run by a shell, where its own quotes allow that."""
    for statement in statements_at(cluster, one.warning.source):
        for word in statement.words[1:2]:
            if statement.keyword == "script" and re.fullmatch(r'"[^"\'\\]+"', word.text):
                shell = "bash" if word.value.startswith("</") else "sh"
                new = f"\"/bin/{shell} -c '{word.value}'\""
                return (Change(Place(one.node.name, one.warning.source), word.text, new),)
    return ()


def _no_shell(cluster: Cluster) -> Iterator[Finding]:
    """The reader's own words, and what becomes of it where the check fails for ever."""
    scripts = {node.name: {script.name: script for script in node.config.scripts} for node in cluster}
    tracked = {node.name: tracked_scripts(node.config) for node in cluster}
    findings = []
    for one in warned(cluster):
        if one.row.rule != "V050":
            continue
        finding = finding_of(one)
        said_of = re.match(r"vrrp_script (.*?): (?:keepalived has no shell|/bin/sh opens)", finding.message)
        script = scripts[one.node.name].get(said_of.group(1)) if said_of else None
        if script is not None:
            finding = replace(
                finding, about=script.name, message=finding.message.removeprefix("vrrp_script ")
            )
            finding = replace(finding, changes=_in_a_shell(cluster, one))
            if "only bash" in finding.message:
                finding = replace(finding, certain=False)
            elif script.is_program and script.always_exits is None:  # the sign does no harm
                finding = replace(finding, severity=Severity.INFO)
            sure = bool(script.always_exits) and "most likely" not in finding.message
            if sure and script.name in tracked[one.node.name]:
                severity, outcome = _outcome(one.node.config, script)
                finding = replace(finding, severity=severity, message=finding.message + outcome)
        findings.append((finding, one.instance))
    yield from merged(findings)


# -- who hears it


def _late(cluster: Cluster) -> Iterator[Finding]:
    """V051 of the scripts and other things that are tracked and defined below, V078 of those that are not."""
    findings = []
    for one in warned(cluster):
        if one.row.rule == "V051" and _defined_below(one):
            kind, name = unknown_tracked(one.warning)
            block = {"script": "vrrp_script", "process": "vrrp_track_process"}.get(kind, f"track_{kind}")
            owner = one.instance.name if one.instance else "the sync group"
            findings.append(
                Finding(
                    "V051",
                    Severity.WARNING,
                    f"{owner} tracks the {kind} {name}, which is defined further down: keepalived ignores it",
                    (Place(one.node.name, one.warning.source), *_definition(one.node, kind, name)),
                    f"move {block} {name} above it",
                    about=name,
                )
            )
    yield from merged((finding, None) for finding in findings)


def _undefined(cluster: Cluster) -> Iterator[Finding]:
    findings = []
    for one in warned(cluster):
        if one.row.rule == "V051" and not _defined_below(one):
            kind, name = unknown_tracked(one.warning)
            owner = one.instance.name if one.instance else "the sync group"
            known = _defined(one.node.config, kind)
            findings.append(
                Finding(
                    "V078",
                    Severity.WARNING,
                    f"{owner} tracks the {kind} {name}, which is nowhere defined: keepalived ignores it",
                    (Place(one.node.name, one.warning.source),),
                    f"define it, or track {' or '.join(known[:3])}" if known else "define it above",
                    about=name,
                )
            )
    yield from merged((finding, None) for finding in findings)


def _defined(config: NodeConfig, kind: str) -> list[str]:
    names = {
        "script": [one.name for one in config.scripts],
        "file": [one.name for one in config.files],
        "process": [one.name for one in config.processes],
        "bfd": [one.name for one in config.bfds],
    }
    return names.get(kind, [])


def _defined_below(one: Warned) -> bool:
    kind, name = unknown_tracked(one.warning)
    return name in _defined(one.node.config, kind)


def _definition(node: Node, kind: str, name: str) -> tuple[Place, ...]:
    if kind != "script":
        return ()
    return (Place(node.name, node.config.script(name).source),)


_SHELL = CHECK.replace("/usr/bin/pidof squid", "/usr/bin/pgrep squid > /dev/null")
_NO_SHELL = CHECK.replace("/usr/bin/pidof squid", "/usr/bin/pgrep squid")

RULES = (
    Rule(
        "V023",
        "script not tracked",
        Severity.WARNING,
        "A vrrp_script that no instance tracks.",
        "Defining a check does not use it: only a name in track_script of an instance, or of its sync group, "
        "has the script run.",
        "Name it in track_script, or remove it.",
        "pitfall P23",
        two(track=""),
        two(),
        found_by("V023"),
        show="a chk_squid",
    ),
    Rule(
        "V035",
        "script security",
        Severity.WARNING,
        "Scripts run as root without enable_script_security, or do not run for lack of a user.",
        "Without enable_script_security whoever may write a script is root; with it, and without a "
        "script_user that exists, keepalived drops the script, and the instance runs without its check.",
        "Write enable_script_security and script_user USER in global_defs, above the scripts.",
        "pitfall P35",
        two(top=""),
        two(),
        _script_user,
    ),
    Rule(
        "V036",
        "script others may write",
        Severity.WARNING,
        "A script that runs as root lies in a folder where others may write.",
        "With enable_script_security keepalived looks at each part of the path: where others than root may "
        "write it switches the check off, and the instance runs without it.",
        "Put scripts into a folder of root's, such as /etc/keepalived.",
        "pitfall P36",
        two(check=CHECK.replace("/usr/bin/pidof squid", "/var/tmp/check_squid.sh")),
        two(check=CHECK.replace("/usr/bin/pidof squid", "/etc/keepalived/check_squid.sh")),
        _unsafe_place,
    ),
    Rule(
        "V037",
        "check that always fails",
        Severity.WARNING,
        "A check whose command fails every time, whatever the host.",
        "Without a weight the instance never leaves FAULT, on any node: nobody has the address. With one it "
        "runs for ever with the lower priority.",
        "Try the command by hand, and look at its exit code.",
        "pitfall P37; systemd 252 and procps 4, measured",
        two(check=CHECK.replace("pidof squid", "systemctl is-active --quite squid")),
        two(check=CHECK.replace("pidof squid", "systemctl is-active --quiet squid")),
        _of_scripts("V037", _fails_for_ever, fails=True),
    ),
    Rule(
        "V038",
        "check that never fails",
        Severity.WARNING,
        "A check that exits with 0 whatever it finds, or that looks for keepalived itself.",
        "keepalived reads nothing that a script prints: exit code 0 means well, anything else means failed.",
        "Exit with 1 where something is wrong.",
        "pitfall P38",
        two(check=CHECK.replace("/usr/bin/pidof squid", "/bin/sh -c 'pidof squid || echo down'")),
        two(check=CHECK.replace("/usr/bin/pidof squid", "/bin/sh -c 'pidof squid && echo up'")),
        _of_scripts("V038", _only_prints),
    ),
    Rule(
        "V039",
        "timing of a check",
        Severity.WARNING,
        "A check may take longer than the time between two runs, or starts what it should watch.",
        "While a run goes on the next ones are skipped (`already running, expect idle - skipping run`), so a "
        "hanging service is found after the timeout, and not after the interval. A check that restarts the "
        "service hides that it fails.",
        "Make timeout shorter than interval, and let the check only look.",
        "pitfall P39; keepalived 2.2.7, measured",
        two(check=CHECK.replace("interval 2", "interval 2\n    timeout 5")),
        two(check=CHECK.replace("interval 2", "interval 2\n    timeout 1")),
        _script_times,
    ),
    Rule(
        "V041",
        "notify script dropped",
        Severity.WARNING,
        "A notify line whose script keepalived does not run, or runs without its arguments.",
        "The command and its arguments are one word: they must stand in straight double quotes together. "
        "What "
        "follows is the user and group to run it as, and where there is no such user nothing runs.",
        'Write notify_master "/path/to/script argument".',
        "pitfall P41",
        two("notify_master /etc/keepalived/notify.sh “MASTER”"),
        two('notify_master "/etc/keepalived/notify.sh MASTER"'),
        _notify_not_run,
    ),
    Rule(
        "V050",
        "shell syntax without a shell",
        Severity.WARNING,
        "A script line with >, |, $ or the like, or a word that only a shell knows.",
        "keepalived starts the program itself, without a shell: such signs are arguments like any other. "
        "Most "
        "programs complain of words too many and exit with 1 or 2: the check fails for ever, or never.",
        "Write \"/bin/sh -c '…'\", or put the line into a script of its own.",
        "keepalived 2.2.7, measured",
        two(check=_SHELL),
        two(check=_NO_SHELL),
        _no_shell,
    ),
    Rule(
        "V051",
        "script defined below its use",
        Severity.WARNING,
        "An instance tracks a script that is defined further down in the file.",
        "keepalived reads once, from top to bottom: where the name is tracked it must be known. Otherwise it "
        "logs `not found, ignoring` and runs without the check.",
        "Move the vrrp_script above the vrrp_instance.",
        "keepalived 2.2.7, measured",
        {
            "a": conf(150, check="") + CHECK,
            "b": conf(100, check="") + CHECK,
        },
        two(),
        _late,
        show="a chk_squid",
    ),
    Rule(
        "V077",
        "tracked file or process",
        Severity.WARNING,
        "A track_file or vrrp_track_process that cannot work as it is written.",
        "Without a file or a process name nothing is watched. A process is compared with the kernel's name "
        "for it, which has no path and 15 characters at most, unless full_command is given.",
        "Name the file or the process; add full_command where a path is given.",
        "keepalived 2.2.7, measured",
        two(
            "track_process {\n    squid\n}",
            check='vrrp_track_process squid {\n    process "/usr/sbin/squid"\n}\n',
            track="",
        ),
        two(
            "track_process {\n    squid\n}",
            check="vrrp_track_process squid {\n    process squid\n}\n",
            track="",
        ),
        found_by("V077"),
    ),
    Rule(
        "V078",
        "tracks what is not there",
        Severity.WARNING,
        "An instance or a sync group tracks something that the file does not define.",
        "keepalived logs `not found, ignoring` and runs without the check.",
        "Correct the name, or define it above.",
        "keepalived 2.2.7, measured",
        two(track="chk_squit"),
        two(track="chk_squid"),
        _undefined,
    ),
    Rule(
        "V081",
        "script line not usable",
        Severity.WARNING,
        "A vrrp_script without a command, or with one that keepalived does not find, or of which only the "
        "first word is run.",
        "The whole command is one word of the line and must stand in straight quotes, its path begin with /; "
        "without a script line, or where no such file is, the instance runs without the check.",
        'Write script "/path/to/check argument".',
        "keepalived 2.2.7, measured",
        two(check=CHECK.replace('"/usr/bin/pidof squid"', "/usr/bin/pidof squid")),
        two(),
        found_by("V081"),
    ),
)
