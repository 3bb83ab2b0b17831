"""Who speaks in a room, told when it changes and not too often."""

import asyncio
from collections.abc import Callable

_EVERY = 0.2
"""Seconds between two announcements."""


class Speakers:
    """Asks `look` who speaks, and hands the answer to `announce` when it is a new one."""

    def __init__(
        self, look: Callable[[], frozenset[str]], announce: Callable[[frozenset[str]], None]
    ) -> None:
        self._look = look
        self._announce = announce
        self._known: frozenset[str] | None = frozenset()
        self._pause: asyncio.TimerHandle | None = None

    def changed(self) -> None:
        """Look now, or once the last announcement is old enough."""
        if self._pause is not None:
            return
        speaking = self._look()
        if speaking != self._known:
            self._known = speaking
            self._announce(speaking)
            self._pause = asyncio.get_running_loop().call_later(_EVERY, self._go_on)

    def repeat(self) -> None:
        """Announce who speaks once more, soon."""
        self._known = None
        self.changed()

    def stop(self) -> None:
        """Announce nothing any more."""
        if self._pause is not None:
            self._pause.cancel()

    def _go_on(self) -> None:
        self._pause = None
        self.changed()
