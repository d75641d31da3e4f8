"""Writes docs/rules: a page for each rule of ``config check``, and their index, from vrrplab/rules.

python tools/rules_page.py            writes them
python tools/rules_page.py --check    exit code 1 if one is stale
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tools.pages import cell, keep, table  # noqa: E402
from vrrplab.commands.rule_story import story_of  # noqa: E402
from vrrplab.rules.model import Rule  # noqa: E402
from vrrplab.rules.table import RULES  # noqa: E402

FOLDER = ROOT / "docs" / "rules"
MADE = "Made by tools/rules_page.py from vrrplab/rules. Do not edit."

INTRODUCTION = f"""# The rules of `vrrplab config check`

<!-- {MADE} -->

`vrrplab config check FILE…` looks at the keepalived.conf files of all nodes of one cluster together and tells
what it finds by these rules. **error**: an address is lost, or two nodes have it. **warning**: it is not what
its author seems to mean. **info**: worth knowing. A finding may be graver, or less grave, than most of its
rule's. `vrrplab config explain V020` shows a page in the terminal, `config check … --show V020` the run.

"""

AFTER = """
## Silence

What somebody has looked at is silenced where it stands: on the line that a finding names, or alone above it,

    priority 150    # vrrplab: ignore V028 the lower address shall win, see the runbook

with the reason, which is a must. For a whole project there is `.vrrplab.toml`, or `[tool.vrrplab]` in
pyproject.toml:

```toml
disable = ["V035"]
fail-on = "warning"         # exit code 1 from this severity on; "never"
severity = {V064 = "warning"}
```

`--write-baseline known.json` keeps what is known today; `--baseline known.json` tells only what came since.

## On every change

As a hook of [pre-commit](https://pre-commit.com), with the files of all nodes in `args`, and as a step of a
GitHub workflow, which shows the findings at their lines:

```yaml
# .pre-commit-config.yaml
- repo: https://github.com/vrrplab/vrrplab
  rev: v0.1.0
  hooks:
  - id: vrrplab-config-check
    files: ^ha/.*\\.conf$
    args: [ha/a.conf, ha/b.conf]
```

```yaml
# .github/workflows/check.yml
- uses: vrrplab/vrrplab@v0.1.0
  with:
    files: ha/a.conf ha/b.conf
```

## While you type

`vrrplab-lsp` is a language server, which the extra `lsp` brings ([how to
install](../../README.md#install)). It marks the findings in the files of all nodes at their lines; what you
change counts before it is saved. Over a word it tells what that means, what it takes, its default, and what
keepalived will run; it completes the keywords of a block, and the names of scripts, instances, interfaces
and addresses that stand elsewhere. At a finding it offers the least change that cures it, in all files, where
one is known, and a comment that silences it. A file that keepalived refuses has one mark, at the line that
is the reason.

The nodes of one cluster are the hosts' folders in one folder, or the `*.conf` files of a folder, as `config
check` has it. `.vrrplab.toml` is that of the folder which is open in the editor.
`vrrplab-lsp --profile keepalived-2.4.3` is another version's behaviour.

Neovim from 0.11 on, in `init.lua`:

```lua
vim.lsp.config('vrrplab', {
  cmd = { 'vrrplab-lsp' },
  filetypes = { 'conf', 'keepalived' },
  root_markers = { '.vrrplab.toml', '.git' },
})
vim.lsp.enable('vrrplab')
```

VS Code starts a server from an extension; this one is enough, with `vscode-languageclient` beside it:

```js
const { LanguageClient } = require('vscode-languageclient/node')
const files = { documentSelector: [{ scheme: 'file', pattern: '**/*.conf' }] }
exports.activate = () => new LanguageClient('vrrplab', { command: 'vrrplab-lsp' }, files).start()
```

Emacs: `(add-to-list 'eglot-server-programs '(conf-mode "vrrplab-lsp"))`, then `M-x eglot`.
"""


def pages() -> dict[Path, str]:
    """Every page, by its place."""
    found = {FOLDER / f"{rule.id}.md": "".join(_page(rule)) for rule in RULES.values()}
    found[FOLDER / "README.md"] = "".join(_index())
    return found


def _index() -> Iterator[str]:
    yield INTRODUCTION + table("rule", "most are", "name", "what is wrong")
    for rule in RULES.values():
        yield f"| [{rule.id}]({rule.id}.md) | {rule.severity} | {cell(rule.name)} | {cell(rule.what)} |\n"
    yield AFTER


def _page(rule: Rule) -> Iterator[str]:
    yield f"# {rule.id}: {rule.name}\n\n<!-- {MADE} -->\n\n"
    yield f"Most are of severity **{rule.severity}**. Source: {rule.source}. [All rules](README.md)\n\n"
    yield f"{rule.what}\n\n## Why\n\n{rule.why}\n\n## What to do\n\n{rule.cure}\n"
    yield from _example("Found in", rule.bad)
    yield from _example("Not found in", rule.good)
    if rule.hosts:
        cards = ", ".join(
            f"{name} has {' and '.join(addresses)} on {card}"
            for name, host in rule.hosts.items()
            for card, addresses in host.items()
        )
        yield f"\nThe hosts' own addresses were given: {cards}.\n"
    for name, dump in rule.dumps.items():
        yield f"\nWhat {name}'s keepalived wrote about itself (`--running`):\n"
        yield f"\n```\n{dump.rstrip(chr(10))}\n```\n"
    story = story_of(rule)
    what = f"`{rule.show}` fails" if rule.show else "nothing fails, the daemons start"
    yield f"\n## The run\n\nOn the first example; {what}.\n\n```\n{story.table.strip(chr(10))}\n```\n"


def _example(title: str, texts: dict[str, str]) -> Iterator[str]:
    yield f"\n## {title}\n"
    for name, text in texts.items():
        yield f"\n`{name}.conf`\n\n```\n{text.rstrip(chr(10))}\n```\n"


def main(arguments: list[str]) -> int:
    FOLDER.mkdir(exist_ok=True)
    fresh = pages()
    gone = {path for path in FOLDER.glob("V*.md") if path not in fresh}
    for path in gone if "--check" not in arguments else ():
        path.unlink()
    stale = keep("rules_page.py", fresh, arguments)
    return 1 if gone and "--check" in arguments else stale


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
