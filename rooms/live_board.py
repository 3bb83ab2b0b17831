"""Keeps the people of a live room in step with what is written in it.

As with `rooms.live`, the database is the truth and a message says only that it is worth a look.
"""

import asyncio
from collections import deque
from collections.abc import Iterator, Mapping

from channels.db import database_sync_to_async

from rooms import board
from rooms.board import BoardState
from rooms.coalesce import Coalesced
from rooms.messages import Event, event
from rooms.operations.captions import CAPTIONS_KEPT
from rooms.telling import Member

PAUSE_SECONDS = 0.5
"""What is written is read, and told, at most twice a second, however much is written."""

CAPTIONS_SECONDS = 1.0
"""How often captions are looked for without being asked to.

They come from a process of their own, which without Redis reaches this one by the database alone.
"""


class LiveBoard:
    """What is written in one room, for its members in this process."""

    def __init__(self, room_id: int, members: Mapping[str, Member]) -> None:
        self._room_id = room_id
        self._members = members
        self._captions: deque[tuple[int, str]] = deque(maxlen=CAPTIONS_KEPT)
        """The last lines: id, and the encoded event."""
        self._later: asyncio.TimerHandle | None = None
        self._refresh = Coalesced(self._follow, pause=PAUSE_SECONDS)

    def look(self) -> None:
        """Read the database soon, and tell what is new."""
        self._refresh.ask()

    async def close(self) -> None:
        """Stop looking."""
        self._cancel_later()
        await self._refresh.close()

    async def _follow(self) -> None:
        last = self._captions[-1][0] if self._captions else 0
        state = await database_sync_to_async(board.read)(self._room_id, captions_after=last)
        self._captions.extend((line["id"], event(Event.CAPTION, line)) for line in state.captions)
        for member in list(self._members.values()):
            for frame in self._news_for(member):
                await member.tell(frame)
        if state.is_transcribed and self._members:
            self._cancel_later()
            self._later = asyncio.get_running_loop().call_later(CAPTIONS_SECONDS, self.look)

    def _news_for(self, member: Member) -> Iterator[str]:
        known = int(member.told["captions"])
        for line_id, frame in self._captions:
            if line_id > known:
                member.told["captions"] = str(line_id)
                yield frame

    def _cancel_later(self) -> None:
        if self._later is not None:
            self._later.cancel()


def told_by(state: BoardState) -> dict[str, str]:
    """What a connection knows once it was told all that is written."""
    return {"captions": str(state.captions[-1]["id"] if state.captions else 0)}
