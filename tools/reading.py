"""The pages of the site that are read: the lessons as they run, the three drills, the handbook, the rules.

    python tools/reading.py OUT [LESSON …]

writes ``OUT/lessons``, ``OUT/drills``, ``OUT/docs`` and what they share into ``OUT/reading``. The front page
and the playground are ``tools/site.py``'s, which calls ``build``. Without network, the same bytes each time.
Needs what JupyterLab brings: nbclient runs the lessons, mistune and Pygments do the rest.
"""

from __future__ import annotations

import base64
import os
import re
import sys
from functools import partial
from hashlib import sha256
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tools import lesson_pages, story_pages  # noqa: E402
from tools.page_frame import (  # noqa: E402
    HANDBOOK,
    NOTEBOOKS,
    PAGES,
    RULES,
    Page,
    framed,
    markdown,
    search_index,
    title_of,
)
from vrrplab.views.assets import player_script, player_style  # noqa: E402
from vrrplab.views.style import DARK, LIGHT, as_variables  # noqa: E402


def build(out: Path, only: list[str] | None = None) -> list[str]:
    """Write everything into ``out``, and say which files. ``only``: numbers of lessons; by default all."""
    wanted = [path for path in NOTEBOOKS if only is None or path.stem[:2] in only]
    pages = handbook_pages()
    lessons, films = lesson_pages.pages(wanted)
    stories, more = story_pages.pages()
    films |= more
    pages += [*lessons, *stories]
    files: dict[str, str] = {page.path: framed(page) for page in pages}
    files |= {f"reading/films/{name}.json": text for name, text in films.items()}
    files["reading/search.json"] = search_index(pages)
    here = ROOT / "browser" / "reading"
    files |= {f"reading/{path.name}": path.read_text(encoding="utf-8") for path in sorted(here.iterdir())}
    dark = f"@media (prefers-color-scheme: dark) {{ :root {{ {as_variables(DARK)} }} }}"
    colours = f":root {{ {as_variables(LIGHT)} }}\n{dark}\n"
    files["reading/reading.css"] = colours + files["reading/reading.css"]
    files["reading/player.js"] = player_script()
    files["reading/player.css"] = player_style()
    for name in sorted(
        set(re.findall(r'<img src="(?:\.\./)*(docs/pictures/[^"]+)"', " ".join(files.values())))
    ):
        files[name] = (ROOT / name).read_text(encoding="utf-8")
    pictures: dict[str, bytes] = {}
    for name, text in files.items():
        if name.endswith(".html"):
            files[name] = _PICTURE.sub(partial(_kept_apart, pictures, "../" * name.count("/")), text)
    written = {name: text.encode() for name, text in files.items()} | pictures
    for name, content in written.items():
        path = out / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return sorted(written)


_PICTURE = re.compile(r'<img ([^>]*)src="data:image/(png|svg\+xml);base64,([^"]+)"')


def _kept_apart(pictures: dict[str, bytes], root: str, found: re.Match[str]) -> str:
    """A notebook's picture as a file of its own: fetched when it comes into view, of two themes one."""
    content = base64.b64decode(found[3])
    name = f"reading/pictures/{sha256(content).hexdigest()[:16]}.{found[2].partition('+')[0]}"
    pictures[name] = content
    return f'<img loading="lazy" {found[1]}src="{root}{name}"'


def lesson_files() -> list[str]:
    """The pages of the lessons."""
    return [PAGES[f"notebooks/{path.name}"] for path in NOTEBOOKS]


def handbook_pages() -> list[Page]:
    """docs/ and the rules."""
    order = [name for group in HANDBOOK.values() for name in group]
    rules = ["docs/rules/README.md", *(f"docs/rules/{path.name}" for path in RULES)]
    bodies = {
        source: markdown((ROOT / source).read_text(encoding="utf-8"), source, PAGES[source])
        for source in ["docs/README.md", "docs/lessons.md", *order, *rules]
    }
    titles = {source: title_of(body) for source, body in bodies.items()}
    pages = []
    for source, body in bodies.items():
        row = rules if source in rules else order
        place = row.index(source) if source in row else -1
        before = row[place - 1] if place > 0 else None
        after = row[place + 1] if 0 <= place < len(row) - 1 else None
        part = "Rules" if source in rules else "Lessons" if source == "docs/lessons.md" else "Handbook"
        near = [(PAGES[one], titles[one]) if one else None for one in (before, after)]
        pages.append(Page(PAGES[source], titles[source], body, part, *near))
    return pages


if __name__ == "__main__":
    written = build(Path(sys.argv[1]), sys.argv[2:] or None)
    size = sum(os.path.getsize(Path(sys.argv[1]) / name) for name in written)
    print(f"{len(written)} files, {size / 1e6:.1f} MB")
