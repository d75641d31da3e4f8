"""Brings a release's number, date and addresses into the files that name them: the step before its commit.

    make release VERSION=0.2.0        or    python tools/prepare_release.py 0.2.0

- ``vrrplab/__init__.py`` and CITATION.cff get the version, CITATION.cff the day too;
- CHANGELOG.md gets the section, by ``tools/changelog.py``;
- the Binder links of the papers lead to the tag, whose image Binder builds only once;
- what installs from the repository's address is written in its short form, which takes the release from an
  index: in the papers, and in what vrrplab itself advises.

Nothing is committed, tagged or sent. It may be run again, and for 0.3.0 after 0.2.0; a version that has a tag
is refused. An address that it does not understand is told with its place, before anything is written.
"""

from __future__ import annotations

import datetime
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TAG = r"v\d+\.\d+\.\d+"
BINDER = re.compile(rf"(mybinder\.org/v2/gh/[\w.-]+/[\w.-]+/)(?:HEAD|{TAG})(?![\w.-])")
# What is followed by it is the repository's address for pip, with or without a commit or tag.
GIT = r"git\+https://github\.com/[\w.-]+/vrrplab(?:\.git)?(?:@[\w-]+(?:\.[\w-]+)*)?(?![\w/-])"
SHORTER = [
    (re.compile(rf"--from {GIT} (?=vrrplab\b)"), ""),  # uvx: the command has the package's name
    (re.compile(rf" @ {GIT}"), ""),  # "vrrplab[lab] @ git+..."
    (re.compile(rf"{GIT}"), "vrrplab"),  # pip
]
WITH_ADDRESSES = ("README.md", "CONTRIBUTING.md", "docs/*.md", "notebooks/*.ipynb", "vrrplab/**/*.py")


def in_columns(block: str) -> str:
    """A block of commands, the comments behind them below each other."""
    split = [re.fullmatch(r"(.*\S) {2,}(# .*)", line) for line in block.splitlines()]
    width = max((len(found[1]) for found in split if found), default=0)
    lines = [
        f"{found[1]:{width}}  {found[2]}" if found else line
        for found, line in zip(split, block.splitlines(), strict=True)
    ]
    return "\n".join(lines)


def released(text: str, version: str) -> str:
    """A paper, a notebook or a module with the addresses that hold from this release on."""
    text = BINDER.sub(rf"\g<1>v{version}", text)
    parts = []
    for part in re.split(r"(^```\w*\n.*?^```$)", text, flags=re.MULTILINE | re.DOTALL):
        shorter = part
        for pattern, short in SHORTER:
            shorter = pattern.sub(short, shorter)
        parts.append(in_columns(shorter) if shorter != part and part.startswith("```") else shorter)
    return "".join(parts)


def set_once(text: str, pattern: str, value: str, name: str) -> str:
    """The text with the only thing that the pattern finds set to the value."""
    changed, times = re.subn(pattern, rf"\g<1>{value}\g<2>", text, flags=re.MULTILINE)
    if times != 1:
        sys.exit(f"{name}: {pattern} is there {times} times, not once")
    return changed


def prepare(version: str) -> list[str]:
    """Write all of it and name what was changed, or nothing: SystemExit says what stands in the way."""
    if not re.fullmatch(TAG, f"v{version}"):
        sys.exit(f"{version!r} is no version: write three numbers, as in 0.2.0")
    tags = subprocess.run(["git", "tag", "--list", f"v{version}"], cwd=ROOT, capture_output=True, check=False)
    if tags.stdout.strip():
        sys.exit(f"{version} is out: there is a tag v{version}. Choose the next version.")
    new: dict[Path, str] = {}
    for path in sorted(path for pattern in WITH_ADDRESSES for path in ROOT.glob(pattern)):
        new[path] = released(path.read_text(encoding="utf-8"), version)
        for number, line in enumerate(new[path].splitlines(), 1):
            if "git+" in line:
                place = f"{path.relative_to(ROOT)}:{number}"
                sys.exit(f"{place}: this address has no short form that is known here: {line.strip()}")
    start, citation = ROOT / "vrrplab" / "__init__.py", ROOT / "CITATION.cff"
    new[start] = set_once(new[start], r'^(__version__ = ")[^"]*(")$', version, "vrrplab/__init__.py")
    cited = set_once(citation.read_text(encoding="utf-8"), r'^(version: ")[^"]*(")$', version, "CITATION.cff")
    day = f'date-released: "{datetime.date.today().isoformat()}"'
    # Below the version; before the first release there is no day.
    new[citation] = re.sub(r"^(version: .*)(\ndate-released: .*)?$", rf"\1\n{day}", cited, flags=re.MULTILINE)
    # The fragments may be wrong, so they come first; from here on all is written.
    folded = subprocess.run(
        [sys.executable, "tools/changelog.py", version], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if folded.returncode:
        sys.exit(folded.stderr.strip())
    print(folded.stdout, end="")
    changed = [path for path, text in new.items() if path.read_text(encoding="utf-8") != text]
    for path in changed:
        path.write_text(new[path], encoding="utf-8")
    return ["CHANGELOG.md", *(str(path.relative_to(ROOT)) for path in changed)]


def main() -> None:
    """Prepare, and say what comes next."""
    if len(sys.argv) != 2:
        sys.exit("usage: python tools/prepare_release.py VERSION")
    version = sys.argv[1]
    print("Changed:", *prepare(version), sep="\n  ")
    print(
        "Read the difference (git diff), commit it, and when CI is green:\n"
        f"  make release\n  git tag --sign v{version}\n  git push origin HEAD v{version}\n"
        "The tag starts .github/workflows/release.yml, which builds the same files."
    )


if __name__ == "__main__":
    main()
