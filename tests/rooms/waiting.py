"""Waiting for a condition, with a bound."""

import asyncio
from collections.abc import Callable

PATIENCE = 30.0
"""Seconds after which something is taken for never happening."""


async def until(condition: Callable[[], bool]) -> None:
    """Let other tasks run until the condition holds; raises `TimeoutError`."""
    async with asyncio.timeout(PATIENCE):
        while not condition():  # noqa: ASYNC110  any condition will do, not only our events
            await asyncio.sleep(0.01)
