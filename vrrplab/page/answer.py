"""``answer``: a question of a page as JSON in, the answer as JSON out. It never raises.

A page is served as files, and Python runs in its worker; what is here knows no browser. The player's own
questions (break, undo, redo, reset, scenario, html, bet) are those of a notebook, and ``views.conversation``
answers both. Every question may have a ``number``, which comes back as ``answers``. Where something could not
be done, the answer has ``error``, a sentence, with ``file`` and ``line`` if known; what was open stays.

To open something, in place of what is open:

    open        name                            a scenario that comes with vrrplab
                yaml, file (its name)           a scenario as text
                configs: [[name, text], …]      keepalived.conf files, or a scenario and those that it names
                includes: [[name, text], …]     files that they include; those by name may be in configs, too
                for all: profile, fail: [line, …] (as ``simulate --fail``), actions: [{at_s, action, …}, …]
    capture     name, data (base64)             a pcap or pcapng: who was MASTER when
      -> kind (scenario, configs, capture), title, at_s, info, trace_lines
         names: [name, …]                       of configs and includes, in their order, as they are called
                                                here: numbered where a name came before
         files: [{name, node, text}]            the nodes' own configurations
         included: [name, …], wanted: [{include, file, line}]      files that they include: here, and not here
         warnings: [sentence, …]                what keepalived would say and go on; assumed: [sentence, …]
         masters, findings, limits              of a capture
      -> where files are refused: error, file, line; refused: [{error, file, line}], each file's; names,
         wanted

To change the run that is shown:

    break, undo, redo, reset, bet, html, scenario       see ``views.conversation``
    fail        lines: [line, …]                what was opened with these failures and nothing else
      -> info, trace_lines where they are others now; at_s after fail; html, name; scenario

To ask, of what is open, or of other files (configs, profile), which are not opened by that:

    check       -> findings: [{rule, name, severity, certain, about, message, cure, places: [{node, file,
                   line}], edits: [{file, start, end, text}]}], the worst first; nodes, not_judged, refused,
                   wanted; ``edits`` cure a finding: characters of a file that become another text
    predict     simulate (true: the simulator too, false: in closed form alone), pairs
                -> routers: [{title, addresses, rows: [{when, first, alike, goes_to, out, simulated, see, why,
                   calm, bad, worst_s, lines: [line, …]}]}], the worst first: what fails, the first of it and
                   how many are like it, ``lines`` for fail; notes, simulated, refused, wanted
    files       -> files: [{name, node, text}], of what is open
    why         cures (true: look for them, too) -> why: as ``vrrplab why --json``

Times are seconds. What comes from a visitor's files is plain text: a page sets it as text, never as markup.
Nothing is kept in this module before something is opened, so a worker's memory can be stored after ``warm``.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from typing import Any

from vrrplab.errors import PlacedError, VrrplabError
from vrrplab.input_files import Handed, handed_over
from vrrplab.json_text import JsonError, json_of
from vrrplab.limits import PAGE_CAPTURE_BYTES
from vrrplab.page import opened as opening
from vrrplab.page.files import Given, given_files, handed
from vrrplab.page.opened import Opened
from vrrplab.rules.cluster import Cluster
from vrrplab.scenario.model import Scenario
from vrrplab.views.conversation import Reply, answered
from vrrplab.views.player import first_moment_s

# How far a long answer is, from 0 to 1.
Progress = Callable[[float], None]

_opened: Opened | None = None


def answer(text: str, how_far: Progress | None = None) -> str:
    """The answer to one question. ``how_far`` is told now and then which share of a long one is done."""
    message: Any = None
    try:
        message = json_of(text)
    except (JsonError, TypeError) as error:
        return json.dumps({"error": f"the page asked for something that is no question: {error}"})
    reply = answered(message, lambda asked: _reply(asked, how_far))
    told = reply.content
    if _opened is not None:
        if reply.info:
            told["info"] = _opened.talk.told()
        if reply.lines:
            told["trace_lines"] = _opened.talk.lines()
    if reply.page:
        told["html"] = reply.page
    return json.dumps(told)


def warm() -> None:
    """Run one scenario and forget it: what it needs is imported then. Nothing stays open."""
    global _opened
    answer('{"do": "open", "name": "article-drill-1-lan-nic"}')
    answer('{"do": "scenario"}')
    _opened = None


def _reply(message: Any, how_far: Progress | None) -> Reply:
    do = message.get("do") if isinstance(message, dict) else None
    match do:
        case "open":
            return _open(message)
        case "capture":
            return _shown(_capture(message, how_far), "capture")
        case "check" | "predict":
            return Reply(_asked_of(message, do, how_far))
    if _opened is None:
        raise VrrplabError("nothing is open yet: open a scenario or files first")
    with handed_over(_opened.files):
        match do:
            case "fail":
                opening.fail(_opened, _lines(message, "lines"))
                at_s = first_moment_s(_opened.talk.forks.trace)
                return Reply({"note": "", "at_s": at_s}, info=True, lines=True)
            case "files":
                return Reply({"files": _configurations(_opened)})
            case "why":
                return Reply(_why(message))
            case _:
                return _opened.talk.answer(message)


# -- opened -------------------------------------------------------------------------------------------------


def _open(message: dict[str, Any]) -> Reply:
    profile, failing = _profile(message), _lines(message, "fail")
    name = message.get("name")
    if isinstance(name, str):
        found = opening.built_in(name, profile, failing)
        return _shown(_with_actions(found, message), "scenario")
    files = _files(message)
    given = handed(files)
    with handed_over(given):
        try:
            found = opening.own_files(files, profile, failing)
        except VrrplabError as error:
            refused = [_error(one) for one in opening.refused(given, profile)]
            told = {"refused": refused, "wanted": _wanted(given), "names": [file.name for file in files]}
            return Reply({**_error(error), **told})
        found.files.missing = given.missing
        found.notes["names"] = [file.name for file in files]
        return _shown(_with_actions(found, message), "configs" if found.nodes else "scenario")


def _files(message: dict[str, Any]) -> list[Given]:
    text = message.get("yaml")
    if isinstance(text, str):
        file = message.get("file")
        name = file if isinstance(file, str) and file.endswith((".yaml", ".yml")) else "scenario.yaml"
        return given_files({**message, "configs": [[name, text], *(message.get("configs") or [])]})
    return given_files(message)


def _with_actions(found: Opened, message: dict[str, Any]) -> Opened:
    """With what a link says was clicked, as one change."""
    actions = message.get("actions")
    if actions:
        found.talk.answer({"do": "break", "actions": actions, "at_s": _first_s(actions)})
    return found


def _first_s(actions: Any) -> float:
    times = [one.get("at_s") for one in actions if isinstance(one, dict)] if isinstance(actions, list) else []
    return min((at_s for at_s in times if isinstance(at_s, int | float)), default=0.0)


def _shown(found: Opened, kind: str) -> Reply:
    """What is open from now on, and what the page is told of it."""
    global _opened
    trace = found.talk.forks.trace
    told = {
        "kind": kind,
        "title": str(trace.scenario.get("description") or trace.name or ""),
        "at_s": first_moment_s(trace),
        "files": _configurations(found),
        "included": [name for name in found.files.files if name not in found.files.own],
        "wanted": _wanted(found.files),
        "warnings": _warnings(found.base),
        "assumed": list(found.assumed),
        **found.notes,
    }
    _opened = found
    return Reply(told, info=True, lines=True)


def _configurations(found: Opened) -> list[dict[str, str]]:
    """The nodes' own files, with what they include in its place."""
    servers = found.base.servers if found.base else {}
    return [
        {"name": _file_name(found, server.node.file, name), "node": name, "text": server.node.text or ""}
        for name, server in servers.items()
        if not server.is_frr
    ]


def _file_name(found: Opened, config: str, server: str) -> str:
    return config if config in found.files.files else f"{server}.conf"


def _warnings(scenario: Scenario | None) -> list[str]:
    """What keepalived would say of the files, each once."""
    warned = (w for server in (scenario.servers.values() if scenario else ()) for w in server.node.warnings)
    told = (f"{w.source}: {w.message}" + (f" - {w.hint}" if w.hint else "") for w in warned if w.message)
    return list(dict.fromkeys(told))


def _wanted(files: Handed) -> list[dict[str, Any]]:
    return [
        {"include": pattern, "file": file, "line": line} for (file, line), pattern in files.missing.items()
    ]


def _capture(message: dict[str, Any], how_far: Progress | None) -> Opened:
    name, data = message.get("name"), message.get("data")
    if not isinstance(data, str):
        raise VrrplabError("a capture is needed: data has it in base64")
    if len(data) > PAGE_CAPTURE_BYTES.most * 4 // 3 + 4:
        raise VrrplabError(f"the capture is larger than {PAGE_CAPTURE_BYTES}, the most for a page")
    try:
        content = base64.b64decode(data, validate=True)
    except (binascii.Error, ValueError):
        raise VrrplabError("the capture did not come whole: its base64 is damaged") from None
    [file] = given_files({"configs": [[name if isinstance(name, str) else "capture", ""]]})
    return opening.capture(file.name, content, how_far or (lambda share: None))


# -- asked --------------------------------------------------------------------------------------------------


def _asked_of(message: dict[str, Any], do: str, how_far: Progress | None) -> dict[str, Any]:
    """``check`` and ``predict``: of files that come with the question, or of what is open."""
    if "configs" not in message and "yaml" not in message:
        if _opened is None:
            raise VrrplabError("nothing is open yet: open a scenario or files first")
        with handed_over(_opened.files):
            told = _told_of(_opened.cluster, _opened.base, message, do, how_far)
        return {**told, "refused": [], "wanted": _wanted(_opened.files)}
    profile, files = _profile(message), _files(message)
    given = handed(files)
    with handed_over(given):
        errors = opening.refused(given, profile)
        if errors:
            told = _error(errors[0])
        else:
            told = _told_of(*opening.cluster_in(files, profile), message, do, how_far)
    return {**told, "refused": [_error(error) for error in errors], "wanted": _wanted(given)}


def _told_of(
    cluster: Cluster,
    scenario: Scenario | None,
    message: dict[str, Any],
    do: str,
    how_far: Progress | None,
) -> dict[str, Any]:
    if do == "check":
        return _checked(cluster)
    from vrrplab.forecast.predict import forecast, forecast_of
    from vrrplab.page.forecast import plain_table

    simulate, pairs = message.get("simulate") is not False, message.get("pairs") is True
    if scenario is None or all(node.addresses is None for node in cluster):
        found = forecast(cluster.nodes, cluster.profile, simulate=simulate, pairs=pairs, how_far=how_far)
    else:
        found = forecast_of(scenario.changed(actions=()), simulate=simulate, pairs=pairs, how_far=how_far)
    return plain_table(found)


def _checked(cluster: Cluster) -> dict[str, Any]:
    """The findings, each with the least change of the files that cures it, where that is known."""
    from vrrplab.rules.fix import edits_of
    from vrrplab.rules.formats import plain
    from vrrplab.rules.table import check, ranked

    findings = ranked(check(cluster))
    told = plain(cluster, findings)
    for finding, row in zip(findings, told["findings"], strict=True):
        row["edits"] = [
            {"file": file, "start": edit.start, "end": edit.end, "text": edit.text}
            for file, edits in (edits_of(cluster, finding) or {}).items()
            for edit in sorted(edits, key=lambda edit: edit.start)
        ]
    return told


def _why(message: dict[str, Any]) -> dict[str, Any]:
    from vrrplab.forecast.why import why
    from vrrplab.forecast.why_text import plain

    assert _opened is not None
    scenario = _opened.talk.forks.scenario
    if scenario is None:
        raise VrrplabError("a capture does not tell why: open the configuration files of its servers")
    return {"why": plain(why(scenario, cures=message.get("cures") is not False))}


def _error(error: VrrplabError) -> dict[str, Any]:
    told: dict[str, Any] = {"error": str(error)}
    if isinstance(error, PlacedError) and error.file:
        told |= {"file": error.file, "line": error.line}
    return told


def _profile(message: dict[str, Any]) -> str | None:
    profile = message.get("profile")
    return profile if isinstance(profile, str) and profile else None


def _lines(message: dict[str, Any], key: str) -> Sequence[str]:
    lines = message.get(key) or []
    if not isinstance(lines, list) or not all(isinstance(line, str) for line in lines):
        raise VrrplabError(f"{key} is a list of failures, each a line: a eth0 at 10 for 20")
    return lines
