"""Builds the site into dist/site: the page with the living cluster and the simulator behind it.

``make site`` calls it. It needs what ``make site-fetch`` brought, and Node, but no network; the same sources
give the same bytes. All files of a version lie in a folder that is named after their hash, so that they can
be kept for ever by whoever serves them; the page itself names the folder.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import html
import json
import re
import shutil
import sys
import zipfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import reading
import site_icons
import site_runtime
from site_runtime import RUNTIME, Missing, size_line
from site_simulator import compiled, lock, opened, repacked

from vrrplab.data_files import data_path
from vrrplab.page.answer import answer
from vrrplab.scenario.reader import load_scenario
from vrrplab.sim.play import run
from vrrplab.views.assets import player_style
from vrrplab.views.player import first_moment_s
from vrrplab.views.style import DARK, LIGHT, as_variables
from vrrplab.views.svg import still_svg

ROOT = Path(__file__).resolve().parent.parent
SOURCES = ROOT / "browser"
SITE = ROOT / "dist" / "site"
FIRST = "article-steady"  # the cluster of the front page: nothing is broken yet

# What the bar counts while it is fetched.
FETCHED = ("pyodide/pyodide.asm.wasm", "pyodide/python_stdlib.zip", "app.zip")
PageOf = Callable[[dict[str, Any], str], str]  # what the script reads, and the policy, to index.html
# What is read (tools/reading.py): where it lies in the site, and in the repository, for the one file.
DOCS = "https://github.com/vrrplab/vrrplab/blob/HEAD/docs"
PAGES = (
    (
        ("lessons/index.html", f"{DOCS}/lessons.md"),
        "Lessons",
        "fourteen notebooks, from the first failover to every order of failures",
    ),
    (
        ("drills/index.html", "https://github.com/vrrplab/vrrplab#readme"),
        "Three drills",
        "three failures of two proxies, as films and with the daemons' log lines",
    ),
    (
        ("docs/rules/index.html", f"{DOCS}/rules/README.md"),
        "Rules",
        "what can be wrong in a keepalived.conf, why, and the cure",
    ),
    (
        ("docs/index.html", f"{DOCS}/README.md"),
        "Handbook",
        "commands, scenario files, every rule of RFC 9568, and what is not modelled",
    ),
)
# Nothing comes from elsewhere or goes there. The player sets styles of elements; WebAssembly is compiled.
POLICY = (
    "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self' 'unsafe-inline';"
    " img-src 'self' data: blob:; connect-src 'self'; worker-src 'self'; object-src 'none'; base-uri 'none';"
    " form-action 'none'"
)


def script(first: Path) -> str:
    """A module and all that it imports, one after the other as one module."""
    done: dict[Path, str] = {}

    def take(path: Path) -> None:
        if path in done:
            return
        done[path] = ""  # in a circle, whoever is asked first comes last
        text = path.read_text(encoding="utf-8")
        for name in _IMPORT.findall(text):
            take((path.parent / name).resolve())
        del done[path]
        done[path] = _EXPORT.sub("", _IMPORT.sub("", text))

    take(first)
    return "\n".join(done.values())


_IMPORT = re.compile(r'^import .* from "([\w./]+\.js)";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (?!default)", re.MULTILINE)


def source(name: str) -> str:
    """The text of a file of ``browser/``."""
    return (SOURCES / name).read_text(encoding="utf-8")


def app_script() -> str:
    """The page's script, the player in it."""
    return script(SOURCES / "app.js").replace("export default { render };", "const widget = { render };")


def page_style() -> str:
    """The page's style sheet and the player's, with the colours of the figures."""
    light, dark = as_variables(LIGHT), as_variables(DARK)
    colours = f":root {{ {light} }}\n@media (prefers-color-scheme: dark) {{ :root {{ {dark} }} }}\n"
    return f"{colours}{source('page.css')}\n{player_style()}\n{source('own_files.css')}"


def scenarios() -> list[str]:
    """The names of the scenarios that come with vrrplab."""
    return sorted(path.stem for path in data_path("scenarios").glob("*.yaml"))


def one_file(page_of: PageOf, parts: dict[str, bytes], told: dict[str, Any]) -> str:
    """The page with all that a server would give in it, to be opened from a disk."""
    loader = source("one_file.js")
    digest = base64.b64encode(hashlib.sha256(f"\n{loader}".encode()).digest()).decode()
    policy = (
        f"default-src 'none'; script-src 'sha256-{digest}' blob: 'wasm-unsafe-eval'; worker-src blob:;"
        " style-src 'unsafe-inline'; img-src data: blob:; connect-src blob:; base-uri 'none';"
        " form-action 'none'"
    )
    icon = base64.b64encode(site_icons.svg().encode()).decode()
    carried = "".join(
        f'<script type="text/plain" id="part-{name}">'
        f"{base64.b64encode(gzip.compress(data, 9, mtime=0)).decode()}</script>\n"
        for name, data in parts.items()
    )
    text = page_of({**told, "folder": "", "file": "", "rules": ""}, policy)
    for served, here in (
        (
            '<link rel="icon" href="icon.svg" type="image/svg+xml">',
            f'<link rel="icon" href="data:image/svg+xml;base64,{icon}">',
        ),
        (
            '<link rel="apple-touch-icon" href="icon-192.png">\n'
            '<link rel="manifest" href="manifest.webmanifest">\n',
            "",
        ),
        ('<link rel="stylesheet" href="v/page.css">', f"<style>\n{page_style()}</style>"),
        ('<script type="module" src="v/app.js"></script>\n', ""),
        ("</body>", f'{carried}<script type="module">\n{loader}</script>\n</body>'),
    ):
        assert served in text
        text = text.replace(served, here)
    return text


def made_runs() -> dict[str, dict[str, Any]]:
    """Of each scenario what the simulator answers when it is opened, and the moment that is shown first."""
    made = {}
    for name in scenarios():
        told = json.loads(answer(opened(name)))
        made[name] = {key: told[key] for key in ("info", "trace_lines", "at_s") if key in told}
        made[name]["info"]["took_s"] = 0  # here it would be another figure each time
    return made


def choices(entries: Iterable[tuple[str, str, str]]) -> str:
    """Links as items of a list: address, title, and a few words."""
    return "\n".join(
        f'<li><a href="{html.escape(address)}"><b>{html.escape(title)}</b>'
        f"<span>{html.escape(words)}</span></a></li>"
        for address, title, words in entries
    )


def page(made: dict[str, Any], told: dict[str, Any], policy: str = POLICY) -> str:
    """index.html; ``told`` is what the script reads."""
    text = source("index.html")
    entries = ((f"#s={name}", name, load_scenario(name).description) for name in made)
    trace = run(load_scenario(FIRST))
    place = 0 if told["folder"] else 1
    pages = ((where[place], title, words) for where, title, words in PAGES)
    fields = {
        "POLICY": policy,
        "LIGHT": LIGHT.page,
        "DARK": DARK.page,
        "STILL": still_svg(trace, first_moment_s(trace)),
        "SCENARIOS": choices(entries),
        "PAGES": choices(pages),
        # In JSON "<" stands only inside strings.
        "BUILD": json.dumps(told).replace("<", "\\u003c"),
    }
    return re.sub("|".join(fields), lambda found: fields[found[0]], text)


def build(site: Path = SITE) -> None:
    """Makes the site anew. Missing: something that it needs is not there, or does not do what it should."""
    site_runtime.check()
    made = made_runs()
    app = compiled(made, site.parent / "site-parts")
    version: dict[str, bytes] = {
        "app.js": app_script().encode(),
        "page.css": page_style().encode(),
        "worker.js": source("worker.js").encode(),
        "app.zip": repacked(app, zipfile.ZIP_DEFLATED),
    }
    for name in site_runtime.pinned()[1]:
        if name != "pyodide-lock.json":
            version[f"pyodide/{name}"] = (RUNTIME / name).read_bytes()
    for name, one in made.items():
        version[f"traces/{name}.json"] = json.dumps(one).encode()
    key = hashlib.sha256(b"".join(name.encode() + version[name] for name in sorted(version))).hexdigest()[:12]
    folder = f"v-{key}/"
    told = {
        "folder": folder,
        "key": key,
        "first": FIRST,
        "names": list(made),
        "lock": lock(),
        "bytes": sum(len(version[name]) for name in FETCHED),
        "made": made[FIRST],
        "file": "vrrplab.html",
        "rules": "docs/rules/",
    }
    later = ("pyodide/", "traces/", "app.zip")
    kept = {False: ["./", "index.html", "manifest.webmanifest", "icon.svg"], True: []}
    for name in version:
        kept[name.startswith(later)].append(folder + name)
    worker = json.dumps({"key": key, "folder": folder, "page": kept[False], "simulator": kept[True]})
    front = page(made, told).replace('"v/', f'"{folder}')
    files: dict[str, bytes] = {
        "index.html": front.encode(),
        "service-worker.js": f"const BUILD = {worker};\n{source('service-worker.js')}".encode(),
        "manifest.webmanifest": source("manifest.webmanifest").replace("LIGHT", LIGHT.page).encode(),
        "icon.svg": site_icons.svg().encode(),
        "icon-192.png": site_icons.png(192),
        "icon-512.png": site_icons.png(512),
        **{folder + name: data for name, data in version.items()},
    }
    held = {
        name: (RUNTIME / name).read_bytes()
        for name in site_runtime.pinned()[1]
        if name.endswith(("mjs", "wasm"))
    }
    standard = repacked((RUNTIME / "python_stdlib.zip").read_bytes(), zipfile.ZIP_STORED)
    held |= {"python_stdlib.zip": standard, "app.zip": app}
    in_all = sum(len(held[name.rpartition("/")[2]]) for name in FETCHED)
    scripts = {name: version[name] for name in ("app.js", "worker.js")}
    whole = one_file(
        lambda one, policy: page(made, one, policy), {**scripts, **held}, {**told, "bytes": in_all}
    )
    files["vrrplab.html"] = whole.encode()
    shutil.rmtree(site, ignore_errors=True)
    for name, data in files.items():
        (site / name).parent.mkdir(parents=True, exist_ok=True)
        (site / name).write_bytes(data)


def main() -> int:
    try:
        build()
        reading.build(SITE)
    except Missing as error:
        print(error, file=sys.stderr)
        return 2
    print(size_line(SITE))
    return 0


if __name__ == "__main__":
    sys.exit(main())
