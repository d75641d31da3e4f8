"""``--plot`` and ``--theme``, the same for every command that draws a figure."""

from __future__ import annotations

import argparse

from vrrplab.errors import VrrplabError
from vrrplab.output.files import PictureName

# ``views.style.THEMES``: what it knows of drawing is too much to load for a name
_THEMES = ("light", "dark")


def add_plot_arguments(parser: argparse.ArgumentParser, text: str) -> None:
    """``text``: what ``--plot`` draws, for --help."""
    parser.add_argument("--plot", metavar="FILE", type=PictureName, help=text)
    parser.add_argument(
        "--theme", choices=_THEMES, help="colours for a light or a dark page (default: light)"
    )


def theme_of(args: argparse.Namespace) -> str:
    """The name of the picture's theme. VrrplabError: one was chosen, and no picture is drawn."""
    if args.theme and not args.plot:
        raise VrrplabError(f"--theme {args.theme} is for a picture: name it, --plot FILE.svg")
    return args.theme or _THEMES[0]
