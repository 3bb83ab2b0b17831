"""What connections are told, each thing once: events compared with what was told last."""

import json
from collections.abc import Iterable
from typing import NamedTuple, Protocol

from rooms import snapshots
from rooms.errors import Code
from rooms.messages import Event, event
from rooms.models import Participant
from rooms.snapshots import Hand, Snapshot, You

COUNT_PRECISION = 50
"""The count of the audience is told again once it is off by more than one in so many."""


class Member(Protocol):
    """One joined connection, as its room sees it."""

    participant_id: int
    public_id: str
    connection: str
    session: str
    """The login that it was opened with, as the key of a session; empty for guests."""
    you: You
    told: dict[str, str]
    """What the connection was told last, by subject."""

    async def tell(self, frame: str) -> None:
        """Send a frame; nothing happens when the client is gone."""

    async def hang_up(self, code: Code) -> None:
        """Say why, and close."""


class News(NamedTuple):
    """An encoded event, and what tells it from the one before."""

    mark: str
    frame: str


class Bulletin:
    """What everybody in a room was told last.

    Whoever joined since then was told a whole state, which may be older or newer: newcomers are
    compared one by one. The others are looked at only when there is news.
    """

    def __init__(self) -> None:
        self._marks: dict[str, str] = {}
        self._count = 0

    async def share(
        self,
        snapshot: Snapshot,
        speaking: list[str],
        everybody: Iterable[Member],
        newcomers: Iterable[Member],
    ) -> None:
        """Tell everybody what changed, and newcomers what they missed."""
        everybody, newcomers = list(everybody), list(newcomers)
        for subject, news in shared_news(snapshot, speaking).items():
            is_new = self._marks.get(subject) != news.mark
            self._marks[subject] = news.mark
            for member in everybody if is_new else newcomers:
                if await tell_once(member, subject, news) and subject == Event.AUDIENCE_CHANGED:
                    member.told["count"] = str(_count(snapshot))
        if snapshot.audience is not None:
            await self._tell_count(_count(snapshot), everybody, newcomers)

    async def _tell_count(
        self, count: int, everybody: Iterable[Member], newcomers: Iterable[Member]
    ) -> None:
        """Told at every step, a join would cost as many messages as there are people."""
        frame = event(Event.AUDIENCE_CHANGED, {"audience": {"count": count}})
        is_off = _is_off(self._count, count)
        if is_off:
            self._count = count
        for member in everybody if is_off else newcomers:
            if _is_off(int(member.told["count"]), count):
                member.told["count"] = str(count)
                await member.tell(frame)


def _is_off(told: int, count: int) -> bool:
    return abs(count - told) * COUNT_PRECISION > told


def _count(snapshot: Snapshot) -> int:
    return snapshot.audience["count"] if snapshot.audience is not None else 0


def shared_news(snapshot: Snapshot, speaking: list[str]) -> dict[Event, News]:
    """What everybody is told, by the name of the event."""
    stage = event(Event.STAGE_CHANGED, {"stage": snapshot.stage})
    spoken = event(Event.SPEAKING_CHANGED, {"speaking": speaking})
    news = {Event.STAGE_CHANGED: News(stage, stage), Event.SPEAKING_CHANGED: News(spoken, spoken)}
    # Clocks of clients may be wrong: the time comes along, but is no news of its own.
    room = event(Event.ROOM_CHANGED, {"room": snapshot.room, "now": snapshots.time_now()})
    news[Event.ROOM_CHANGED] = News(json.dumps(snapshot.room), room)
    if snapshot.audience is not None:
        frame = event(Event.AUDIENCE_CHANGED, {"audience": snapshot.audience})
        # The count alone is no reason to name fifty people once more.
        news[Event.AUDIENCE_CHANGED] = News(json.dumps(snapshot.audience["sample"]), frame)
    return news


def told_by(snapshot: Snapshot, speaking: list[str], you: You) -> dict[str, str]:
    """What the connection of this person knows once it was told the whole state."""
    news = shared_news(snapshot, speaking)
    marks: dict[str, str] = {subject: each.mark for subject, each in news.items()}
    return marks | {"hands": json.dumps(hands_for(you, snapshot)), "count": str(_count(snapshot))}


def leads(you: You) -> bool:
    """Whether the person runs the room, alone or with others."""
    return you["role"] in Participant.LEADING


def hands_for(you: You, snapshot: Snapshot) -> list[Hand]:
    """The raised hands as far as this person may know of them."""
    return snapshot.hands if leads(you) else []


async def tell_hands(member: Member, snapshot: Snapshot) -> None:
    """Tell somebody who runs the room of the hands, if they changed."""
    hands = json.dumps(snapshot.hands)
    before = member.told.get("hands", "[]")
    if before != hands:
        member.told["hands"] = hands
        await member.tell(hands_frame(before, snapshot))


async def tell_once(member: Member, subject: str, news: News) -> bool:
    """Tell it, unless that was the last that the connection was told of the subject."""
    is_known = member.told.get(subject) == news.mark
    member.told[subject] = news.mark  # one string for all who know it
    if not is_known:
        await member.tell(news.frame)
    return not is_known


def hands_frame(before: str, snapshot: Snapshot) -> str:
    known = {hand["id"] for hand in json.loads(before)}
    raised = any(hand["id"] not in known for hand in snapshot.hands)
    return event(Event.HAND_RAISED if raised else Event.HAND_LOWERED, {"hands": snapshot.hands})
