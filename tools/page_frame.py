"""What the pages of the site that are read have in common: Markdown, links that lead on, frame and search."""

from __future__ import annotations

import json
import posixpath
import re
from html import escape, unescape
from pathlib import Path
from typing import Any, NamedTuple

import mistune

ROOT = Path(__file__).resolve().parent.parent
REPOSITORY = "https://github.com/vrrplab/vrrplab"
NOTEBOOKS = sorted((ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb"))
RULES = sorted((ROOT / "docs" / "rules").glob("V*.md"))
# Titles in the navigation; what is not here has that of its first heading.
HANDBOOK = {
    "Use": {
        "docs/browser.md": "In a browser",
        "docs/scenario.md": "Scenario files",
        "docs/instructor.md": "For teachers",
    },
    "Look up": {
        "docs/commands.md": "Commands",
        "docs/api.md": "Python",
        "docs/trace.md": "Traces",
        "docs/glossary.md": "Words",
        "docs/limits.md": "Limits",
    },
    "Understand": {
        "docs/truth.md": "How often it is right",
        "docs/not-modelled.md": "What it leaves out",
        "docs/rfc.md": "The RFCs, rule by rule",
        "docs/interop.md": "Who understands whom",
        "docs/security.md": "What is trusted",
        "docs/architecture.md": "The house",
        "docs/decisions.md": "Decisions",
    },
}
# A file of the repository, and the page of the site that shows it.
PAGES = {
    "docs/README.md": "docs/index.html",
    "docs/lessons.md": "lessons/index.html",
    "docs/rules/README.md": "docs/rules/index.html",
    "docs/rules": "docs/rules/index.html",
    **{f"notebooks/{path.name}": f"lessons/{path.stem}.html" for path in NOTEBOOKS},
    **{f"docs/rules/{path.name}": f"docs/rules/{path.stem}.html" for path in RULES},
    **{name: name.replace(".md", ".html") for group in HANDBOOK.values() for name in group},
}
# What a page may load: files of this site, and pictures that are in the page itself.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'none'"
)


class Page(NamedTuple):
    """A page before it has its frame. ``body`` is HTML; ``part`` its entry of the navigation."""

    path: str
    title: str
    body: str
    part: str
    before: tuple[str, str] | None = None  # path and title
    after: tuple[str, str] | None = None


# -- Markdown --------------------------------------------------------------------------------------------


def slug(heading: str) -> str:
    """The anchor of a heading, as the forge makes it."""
    text = unescape(re.sub(r"<[^>]+>", "", heading)).strip().lower()
    return re.sub(r"[^\w\- ]", "", text).replace(" ", "-")


def as_code(code: str, language: str) -> str:
    """A block of code; a keyboard can scroll it."""
    from pygments import highlight
    from pygments.formatters import HtmlFormatter
    from pygments.lexers import get_lexer_by_name

    text = escape(code)
    if language in ("python", "ipython", "yaml", "json", "sh", "bash"):
        text = highlight(code, get_lexer_by_name(language, stripnl=False), HtmlFormatter(nowrap=True))
    return f'<pre class="code" tabindex="0"><code>{text.rstrip()}</code></pre>'


class _Renderer(mistune.HTMLRenderer):
    """Markdown of a file of the repository, as part of a page of the site."""

    def __init__(self, source: str, page: str) -> None:
        super().__init__(escape=False)
        self._source, self._page = source, page
        self._slugs: dict[str, int] = {}

    def heading(self, text: str, level: int, **attrs: Any) -> str:
        name = slug(text)
        count = self._slugs.get(name, 0)
        self._slugs[name] = count + 1
        name = f"{name}-{count}" if count else name
        return f'<h{level} id="{escape(name, quote=True)}">{text}</h{level}>\n'

    def link(self, text: str, url: str, title: str | None = None) -> str:
        return f'<a href="{escape(self.target(url), quote=True)}">{text}</a>'

    def image(self, text: str, url: str, title: str | None = None) -> str:
        alt = escape(unescape(re.sub(r"<[^>]+>", "", text)), quote=True)
        if re.match(r"https?:", url):
            return alt  # a page of the site asks nobody
        return f'<img src="{escape(self.target(url), quote=True)}" alt="{alt}">'

    def block_code(self, code: str, info: str | None = None) -> str:
        return as_code(code, (info or "").split()[0] if info else "") + "\n"

    def target(self, url: str) -> str:
        """Where a link of the source leads from the page: to a page of the site, else to the repository."""
        if re.match(r"[a-z][a-z+.-]*:", url) or url.startswith("#"):
            return url
        path, mark, place = url.partition("#")
        path = posixpath.normpath(posixpath.join(posixpath.dirname(self._source), path))
        if path in PAGES:
            return relative(PAGES[path], self._page) + mark + place
        if path.endswith((".svg", ".png")) and (ROOT / path).exists():
            return relative(path, self._page)
        kind = "tree" if (ROOT / path).is_dir() else "blob"
        return f"{REPOSITORY}/{kind}/main/{path}{mark}{place}"


def relative(target: str, page: str) -> str:
    """The link from one page of the site to another."""
    return posixpath.relpath(target, posixpath.dirname(page) or ".")


def markdown(text: str, source: str, page: str) -> str:
    """HTML of a Markdown text. ``source``: the file it stands in; ``page``: the page it goes into."""
    renderer = _Renderer(source, page)
    html = str(mistune.create_markdown(renderer=renderer, plugins=["table", "strikethrough"])(text))
    # A wide table is moved sideways, also by the keyboard.
    html = html.replace("<table>", '<div class="wide" tabindex="0"><table>').replace(
        "</table>", "</table></div>"
    )
    return re.sub(r"<th([^>]*)></th>", r"<td\1></td>", html)


def title_of(html: str) -> str:
    """The words of the first heading."""
    found = re.search(r"<h1[^>]*>(.*?)</h1>", html, re.DOTALL)
    return unescape(re.sub(r"<[^>]+>", "", found[1])) if found else "vrrplab"


# -- the frame of a page ---------------------------------------------------------------------------------

PARTS = {
    "The cluster": "index.html",
    "Lessons": "lessons/index.html",
    "Three drills": "drills/index.html",
    "Rules": "docs/rules/index.html",
    "Handbook": "docs/index.html",
}

_FRAME = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title} · vrrplab</title>
<link rel="icon" href="{root}reading/icon.svg">
<link rel="stylesheet" href="{root}reading/reading.css">
<script type="module" src="{root}reading/reading.js"></script>
</head>
<body data-root="{root}">
<a class="skip" href="#main">To the text</a>
<header>
<a class="brand" href="{root}index.html">vrrplab</a>
<nav aria-label="Parts of the site"><ul>{parts}</ul></nav>
<form role="search"><label for="find">Search</label><input id="find" type="search" autocomplete="off"></form>
</header>
<div id="found" role="region" aria-live="polite" aria-label="What was found" hidden></div>
<div class="page">
{side}
<main id="main" tabindex="-1">
{body}
{turn}
</main>
</div>
<footer>{foot}</footer>
</body>
</html>
"""


def framed(page: Page) -> str:
    """The whole page."""
    root = "../" * page.path.count("/")
    parts = "".join(
        f'<li><a href="{root}{target}"{_here(name == page.part)}>{name}</a></li>'
        for name, target in PARTS.items()
    )
    turn = "".join(
        f'<a rel="{rel}" href="{relative(one[0], page.path)}">{words} {escape(one[1])}</a>'
        for rel, words, one in (("prev", "←", page.before), ("next", "→", page.after))
        if one
    )
    return _FRAME.format(
        policy=POLICY,
        title=escape(page.title),
        root=root,
        parts=parts,
        side=_side(page, root),
        body=page.body,
        turn=f'<nav class="turn" aria-label="Before and after">{turn}</nav>' if turn else "",
        foot=f'MIT licence · <a href="{REPOSITORY}">source</a> · nothing on this page asks another host',
    )


def _here(yes: bool) -> str:
    return ' aria-current="true"' if yes else ""


def _side(page: Page, root: str) -> str:
    """What else is in this part, and what is on this page."""
    groups: dict[str, dict[str, str]] = {}
    if page.part == "Lessons":
        groups = {"Lessons": {PAGES[f"notebooks/{path.name}"]: _lesson_name(path) for path in NOTEBOOKS}}
        groups["Lessons"] = {"lessons/index.html": "All fourteen", **groups["Lessons"]}
    elif page.part == "Handbook":
        groups = {
            group: {PAGES[name]: title for name, title in pages.items()} for group, pages in HANDBOOK.items()
        }
    elif page.part == "Rules":
        groups = {"Rules": {"docs/rules/index.html": "All rules"}}
    told = "".join(
        f"<p>{escape(group)}</p><ul>"
        + "".join(
            f'<li><a href="{root}{path}"{_here(path == page.path)}>{escape(title)}</a></li>'
            for path, title in pages.items()
        )
        + "</ul>"
        for group, pages in groups.items()
    )
    on_page = [
        (name, re.sub(r"<[^>]+>", "", text))
        for name, text in re.findall(r'<h2 id="([^"]+)">(.*?)</h2>', page.body, re.DOTALL)
    ]
    if len(on_page) > 1:
        told += "<p>On this page</p><ul>"
        told += "".join(f'<li><a href="#{name}">{text}</a></li>' for name, text in on_page) + "</ul>"
    label = f"{page.part}: contents"
    return (
        f'<nav class="side" aria-label="{label}"><details><summary>Contents</summary>{told}</details></nav>'
        if told
        else ""
    )


def _lesson_name(path: Path) -> str:
    number, *words = path.stem.split("_")
    return f"{number} {' '.join(words)}"


# -- search ----------------------------------------------------------------------------------------------


def search_index(pages: list[Page]) -> str:
    """Every section of every page: page title, heading, link, and its words."""
    found = []
    for page in pages:
        parts = re.split(r'<h[123] id="([^"]+)">(.*?)</h[123]>', page.body, flags=re.DOTALL)
        for name, heading, html in zip(parts[1::3], parts[2::3], parts[3::3], strict=True):
            html = re.sub(r"<(style|details|svg|figure)\b.*?</\1>", " ", html, flags=re.DOTALL)
            words = unescape(re.sub(r"<[^>]+>", " ", html))
            head = unescape(re.sub(r"<[^>]+>", "", heading))
            found.append([page.title, head, f"{page.path}#{name}", " ".join(words.split())])
    return json.dumps(found, ensure_ascii=False, separators=(",", ":"))
