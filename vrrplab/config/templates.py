"""Is a file a template, from which Ansible, Helm, confd, Puppet or envsubst makes the keepalived.conf?

keepalived takes the gaps for words: some make it stop, others give another value than anybody meant.
"""

from __future__ import annotations

import re

from vrrplab.arguments import short_repr
from vrrplab.config.tokens import decomment

_GAPS = re.compile(r"\{\{[^{}]+\}\}|\{%.+?%\}|<%.+?%>")  # Jinja and Go; Jinja; ERB
_IN_QUOTES = re.compile(r'"[^"]*"')
# A word that is nothing but a name: $NAME and ${NAME:-100} of a shell, <NAME>, @NAME@.
_PLACEHOLDER = re.compile(
    r"(?<!\S)(?:\$(?P<name>\w+)|\$\{(?P<braced>\w+)[^}\s]*\}|<[A-Za-z][\w .-]*>|@[A-Z]\w*@)(?=[\s/{}]|$)"
)
_DEFINED = re.compile(r"^\s*(?:@\S+\s+)?\$(\w+)=|~SEQ\((\w+)|~LST\(\{?([\w, ]+)", re.MULTILINE)
_FREE_TEXT = ("script", "notify", "auth_pass", "startup_script", "shutdown_script")
"""Keywords behind which a $ may be meant as it stands."""


def template_of(text: str) -> tuple[int, str, str, str] | None:
    """The first gap that should be filled in: line, kind of the warning, what is wrong, the cure; None: none.

    Kind "template" is certain; "placeholder" is a word that looks like one.
    """
    line, mark = _gap(text)
    if mark:
        what = f"is a template: nothing is filled in for {short_repr(mark)}"
        return line, "template", what, "give the file that is made from it"
    line, mark = _unfilled(text)
    if mark.startswith("$"):
        name = re.findall(r"\w+", mark)[0]
        cure = f"give the file that is made from it, or define it above: ${name}=VALUE"
        return line, "placeholder", f"is a template: nothing defines {mark}", cure
    what = f"is a template: nothing is filled in for {short_repr(mark)}"
    return (line, "placeholder", what, "write the value") if mark else None


def _gap(text: str) -> tuple[int, str]:
    """Line and gap. In a quoted command one may be meant: docker inspect -f {{.State}} web."""
    if not any(sign in text for sign in ("{{", "{%", "<%")):
        return 0, ""
    for number, line in enumerate(text.split("\n"), 1):
        if _GAPS.search(line) and not line.lstrip().startswith(("#", "!")):
            bare, _ = decomment(line)
            found = _GAPS.search(_IN_QUOTES.sub('""', bare) if bare.startswith(_FREE_TEXT) else bare)
            if found:
                return number, found.group()
    return 0, ""


def _unfilled(text: str) -> tuple[int, str]:
    """Line and word of a name that nothing in the file defines; (0, ""): none, or another file may."""
    if not any(sign in text for sign in "$<@") or "include" in text:
        return 0, ""
    defined = {
        name.strip()
        for found in _DEFINED.finditer(text)
        for names in found.groups()
        for name in (names or "").split(",")
    }
    for number, raw in enumerate(text.split("\n"), 1):
        if not any(sign in raw for sign in "$<@"):
            continue
        line, _ = decomment(raw)
        if line.startswith(("~", *_FREE_TEXT)) or _DEFINED.match(line):
            continue
        for found in _PLACEHOLDER.finditer(_IN_QUOTES.sub('""', line)):
            name = found["name"] or found["braced"]
            if name is None or not (name in defined or name.startswith("_")):
                return number, found.group()
    return 0, ""
