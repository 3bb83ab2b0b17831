"""Many requests for the same work, done once."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

logger = logging.getLogger(__name__)


class Coalesced:
    """Asynchronous work that runs at most once at a time, and again if asked for meanwhile.

    `pause` seconds lie between the end of one run and the beginning of the next.
    """

    def __init__(self, work: Callable[[], Awaitable[None]], *, pause: float = 0.0) -> None:
        self._work = work
        self._pause = pause
        self._asked = False
        self._task: asyncio.Task[None] | None = None

    def ask(self) -> None:
        """Have the work done on the running event loop, starting with what is true from now on."""
        self._asked = True
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run())

    async def close(self) -> None:
        """Give up what is running."""
        if self._task is not None and self._task is not asyncio.current_task():
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        while self._asked:
            self._asked = False
            try:
                await self._work()
            except Exception:
                logger.exception("%s failed; it will be tried again", self._work)
            if self._pause:
                await asyncio.sleep(self._pause)
