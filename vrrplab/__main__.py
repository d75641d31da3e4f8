"""``python -m vrrplab`` and ``vrrplab``: the command line, see ``vrrplab.commands.cli``."""

from __future__ import annotations

from vrrplab import interrupts

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

interrupts.install()  # before anything else is imported: that may be interrupted too


def main() -> NoReturn:
    """Run the command line of this process, and end it."""
    try:
        from vrrplab.commands.cli import main as run

        code = run()
    except KeyboardInterrupt:  # in the middle of telling of another failure
        interrupts.finish()
        raise
    interrupts.leave(code)


if __name__ == "__main__":
    main()
