"""Reactions: which there are, and how many at once become few messages and few rows."""

import logging
from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from secrets import token_hex

from channels.db import database_sync_to_async
from django.utils import timezone

from rooms import events, operations
from rooms.coalesce import Coalesced
from rooms.messages import Event, event
from rooms.telling import Member
from rooms.written import ReactionCount

PAUSE_SECONDS = 0.5
"""People are told of reactions at most twice a second, however many there are."""

BURST = 5
"""Reactions of one person at once."""

PER_SECOND = 2.0
"""Reactions of one person on average."""

_PLAIN = {"❤️": "heart", "😂": "laugh", "😮": "wow", "💯": "hundred"}
_HANDS = {"👏": "clap", "🙌": "hooray", "👍": "thumbs_up", "✊": "fist"}
_TONES = ("", "🏻", "🏼", "🏽", "🏾", "🏿")
"""None, and the five of Unicode Technical Standard 51, section 2.4."""

KINDS: Mapping[str, ReactionCount.Kind] = {
    **{emoji: ReactionCount.Kind(kind) for emoji, kind in _PLAIN.items()},
    **{emoji + tone: ReactionCount.Kind(kind) for emoji, kind in _HANDS.items() for tone in _TONES},
}
"""Every emoji one may react with; hands of any skin tone count as the same."""

logger = logging.getLogger(__name__)


class Reactions:
    """The reactions in one room, of and for its members in this process."""

    def __init__(self, room_id: int, members: Mapping[str, Member]) -> None:
        self._room_id = room_id
        self._members = members
        self._process = token_hex(8)
        self._to_show: Counter[str] = Counter()
        self._to_pass_on: Counter[str] = Counter()
        self._to_count: Counter[tuple[datetime, str]] = Counter()
        self._spread = Coalesced(self._tell, pause=PAUSE_SECONDS)

    def add(self, emoji: str) -> None:
        """Somebody here reacted; raises `KeyError` for what is no reaction."""
        minute = timezone.now().replace(second=0, microsecond=0)
        self._to_count[minute, KINDS[emoji]] += 1
        self._to_pass_on[emoji] += 1
        self._to_show[emoji] += 1
        self._spread.ask()

    def hear(self, message: events.Reacted) -> None:
        """People in some process reacted; of this one it is known already."""
        if message["process"] != self._process:
            self._to_show.update(message["counts"])
            self._spread.ask()

    async def save(self) -> None:
        """Add what was counted to the database; what fails is tried again with the next."""
        counted, self._to_count = self._to_count, Counter()
        if counted:
            try:
                await database_sync_to_async(operations.count_reactions)(
                    room_id=self._room_id, counts=counted
                )
            except Exception:
                self._to_count.update(counted)
                raise

    async def close(self) -> None:
        """Save what was counted, and stop."""
        await self._spread.close()
        await self.save()

    async def _tell(self) -> None:
        shown, self._to_show = self._to_show, Counter()
        passed_on, self._to_pass_on = self._to_pass_on, Counter()
        if passed_on:
            await events.reacted(self._room_id, self._process, passed_on)
        frame = event(Event.REACTIONS, {"counts": shown})
        for member in list(self._members.values()):
            await member.tell(frame)
