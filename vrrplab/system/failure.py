"""What becomes of an asyncio loop when one of its callbacks fails: it ends, instead of going on half dead."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any


def end_on_failure(
    loop: asyncio.AbstractEventLoop, ended: asyncio.Future[None], farewell: Callable[[str], None]
) -> None:
    """Let an error in a callback be raised where ``ended`` is awaited, after ``farewell`` was told of it.

    asyncio itself prints a traceback and goes on without what the callback would have done next: a timer that
    is never set again, say. What was an expected error elsewhere (OSError, VrrplabError) is a bug here.
    """

    def failed(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error = context.get("exception")
        if error is None:
            loop.default_exception_handler(context)
        elif not ended.done():
            text = f"{type(error).__name__}: {error}"
            farewell(f"a bug in vrrplab: {text}")
            bug = RuntimeError(text)
            bug.__cause__ = error
            if not ended.done():
                ended.set_exception(bug)

    loop.set_exception_handler(failed)
