"""``vrrplab-lsp``: the language server for keepalived.conf, started by an editor."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from vrrplab import __version__
from vrrplab.errors import VrrplabError
from vrrplab.output.printable import printable
from vrrplab.output.terminal import standard_streams


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve the editor at stdin and stdout; exit code 2: pygls is missing, or an argument is wrong."""
    parser = argparse.ArgumentParser(
        "vrrplab-lsp",
        description="A language server for the keepalived.conf files of a workspace: findings between all"
        " nodes, what a word means and what keepalived makes of it, completion. Editors start it; it speaks"
        " over stdin and stdout.",
    )
    parser.add_argument("--stdio", action="store_true", help="what it does anyhow; some editors ask for it")
    parser.add_argument(
        "--profile",
        default="keepalived-2.2.7",
        help="whose behaviour the daemons have (default: keepalived-2.2.7)",
    )
    parser.add_argument("--version", action="version", version=f"vrrplab {__version__}")
    args = parser.parse_args(arguments)
    try:
        from vrrplab.machine.profiles import profile_named

        if profile_named(args.profile).is_frr:
            raise VrrplabError(f"profile {args.profile} is FRR's: it does not run a keepalived.conf")
        from vrrplab.lsp.server import serve
    except VrrplabError as error:
        return _fail(str(error))
    except ModuleNotFoundError as error:
        from vrrplab.installing import EXTRA_OF, how_to_install

        if (error.name or "").partition(".")[0] not in (*EXTRA_OF, "lsprotocol"):
            raise
        return _fail(f"this needs pygls, which is not installed: {how_to_install('pygls')}")
    serve(args.profile, __version__)
    return 0


def _fail(line: str) -> int:
    with standard_streams():
        print(f"vrrplab-lsp: {printable(line)}", file=sys.stderr)
    return 2


if __name__ == "__main__":
    raise SystemExit(main())
