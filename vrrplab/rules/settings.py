"""What a project wants of ``config check``: ``.vrrplab.toml``, or ``[tool.vrrplab]`` in its pyproject.toml.

disable = ["V035"]        # rules that are not told
fail-on = "warning"       # from which severity on the exit code is 1; "never": it is 0
[severity]
V064 = "warning"          # another severity than the rule's own
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from vrrplab.arguments import short_repr
from vrrplab.errors import PlacedError, did_you_mean
from vrrplab.input_files import read_text
from vrrplab.limits import SETTINGS_BYTES
from vrrplab.rules.model import Finding, Severity

FILE, PROJECT = ".vrrplab.toml", "pyproject.toml"
NEVER = "never"
FAIL_ON = (*(str(severity) for severity in Severity), NEVER)
_KEYS = ("disable", "fail-on", "severity")


@dataclass(frozen=True, slots=True)
class Settings:
    """``fail_on``: a severity or "never"; ``file``: where they stand, "" for nowhere."""

    disable: frozenset[str] = frozenset()
    fail_on: str = str(Severity.ERROR)
    severity: Mapping[str, Severity] = field(default_factory=dict)
    file: str = ""

    def applied(self, findings: Iterable[Finding]) -> list[Finding]:
        """What is left of the findings, with the severities that are wanted."""
        return [
            replace(finding, severity=self.severity.get(finding.rule, finding.severity))
            for finding in findings
            if finding.rule not in self.disable
        ]

    def fails(self, findings: Iterable[Finding]) -> bool:
        """Is one of them bad enough for exit code 1?"""
        order = list(Severity)
        worst = -1 if self.fail_on == NEVER else order.index(Severity(self.fail_on))
        return any(order.index(finding.severity) <= worst for finding in findings)


def find_settings(known: Iterable[str], file: str | None = None, folder: str = "") -> Settings:
    """Those of ``file``, or of ``folder``; the defaults where there are none.

    ``known``: the numbers of all rules; ``folder``: "" is the one in which this runs. PlacedError: what is
    wrong in the file, and what would be right.
    """
    if file is not None:
        return read_settings(file, known)
    for name in (os.path.join(folder, name) for name in (FILE, PROJECT)):
        if os.path.isfile(name):
            settings = read_settings(name, known)
            if settings.file:
                return settings
    return Settings()


def read_settings(file: str, known: Iterable[str]) -> Settings:
    """The settings of a file; without any, where a pyproject.toml has no table for vrrplab."""
    import tomllib

    text = read_text(file, SETTINGS_BYTES, PlacedError, "a .vrrplab.toml is TOML")
    try:
        table: Any = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise PlacedError(file, 0, f"is no TOML: {short_repr(str(error)).strip(chr(39))}") from None
    where = ""
    if os.path.basename(file) == PROJECT:
        tools = table.get("tool", {})
        table = tools.get("vrrplab") if isinstance(tools, dict) else None
        where = "[tool.vrrplab]: "
        if table is None:
            return Settings()
    return _settings(file, where, table, tuple(known))


def _settings(file: str, where: str, table: Any, known: tuple[str, ...]) -> Settings:
    def wrong(message: str, hint: str = "") -> PlacedError:
        return PlacedError(file, 0, f"{where}{message}", hint)

    def rule(name: object) -> str:
        if name not in known:
            near = did_you_mean(str(name), known)
            raise wrong(f"{short_repr(name)} is no rule", near or "vrrplab config explain lists all")
        return str(name)

    if not isinstance(table, dict):
        raise wrong("is no table", "write [tool.vrrplab] and keys below it")
    for key in table:
        if key not in _KEYS:
            raise wrong(
                f"nobody knows {short_repr(key)}", did_you_mean(key, _KEYS) or f"there are {', '.join(_KEYS)}"
            )
    disable, fail_on = table.get("disable", []), table.get("fail-on", str(Severity.ERROR))
    severity = table.get("severity", {})
    if not isinstance(disable, list):
        raise wrong("disable is no list", 'write disable = ["V035"]')
    if fail_on not in FAIL_ON:
        raise wrong(f"fail-on is {short_repr(fail_on)}", f"write one of {', '.join(FAIL_ON)}")
    if not isinstance(severity, dict):
        raise wrong("severity is no table", 'write severity = {V064 = "warning"}')
    wanted = {}
    for name, value in severity.items():
        if value not in FAIL_ON[:-1]:
            raise wrong(
                f"severity of {rule(name)} is {short_repr(value)}", f"write one of {', '.join(FAIL_ON[:-1])}"
            )
        wanted[rule(name)] = Severity(value)
    return Settings(frozenset(rule(name) for name in disable), fail_on, wanted, file)
