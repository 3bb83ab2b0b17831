"""Keeps the people of a live room in step with what is written in it.

As with `rooms.live`, the database is the truth and a message says only that it is worth a look.
"""

import asyncio
import json
from collections import deque
from collections.abc import Iterator, Mapping
from typing import TypedDict

from channels.db import database_sync_to_async

from rooms import board
from rooms.board import BoardState, QuestionData, Questions
from rooms.coalesce import Coalesced
from rooms.messages import Event, event
from rooms.operations.captions import CAPTIONS_KEPT
from rooms.telling import Member

PAUSE_SECONDS = 0.5
"""What is written is read, and told, at most twice a second, however much is written."""

CAPTIONS_SECONDS = 0.5
"""How often captions are looked for without being asked to.

They come from a process of their own, which without Redis reaches this one by the database alone.
"""


class QuestionChanges(TypedDict):
    """What `questions.changed` says."""

    count: int
    changed: list[QuestionData]
    votes: dict[str, int]
    gone: list[str]


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
        frames = _Frames(state)
        self._captions.extend((line["id"], event(Event.CAPTION, line)) for line in state.captions)
        for member in list(self._members.values()):
            for frame in self._news_for(member, frames):
                await member.tell(frame)
        if state.is_transcribed and self._members:
            self._cancel_later()
            self._later = asyncio.get_running_loop().call_later(CAPTIONS_SECONDS, self.look)

    def _news_for(self, member: Member, frames: "_Frames") -> Iterator[str]:
        if member.told["pins"] != frames.pins_told:
            member.told["pins"] = frames.pins_told
            yield frames.pins
        if member.told["questions"] != frames.questions_told:
            yield frames.questions_since(member.told["questions"])
            member.told["questions"] = frames.questions_told
        if member.told["captioning"] != frames.captioning:
            member.told["captioning"] = frames.captioning
            yield frames.captioning
        known = int(member.told["captions"])
        for line_id, frame in self._captions:
            if line_id > known:
                member.told["captions"] = str(line_id)
                yield frame

    def _cancel_later(self) -> None:
        if self._later is not None:
            self._later.cancel()


class _Frames:
    """What there is to tell of one reading, each thing encoded once for however many people."""

    def __init__(self, state: BoardState) -> None:
        self.pins_told = json.dumps(state.pins)
        self.pins = event(Event.PINS_CHANGED, {"pins": state.pins})
        self.questions_told = json.dumps(state.questions)
        self.captioning = _captioning(state)
        self._questions = state.questions
        self._since: dict[str, str] = {}

    def questions_since(self, told: str) -> str:
        """The event for those who were told this last: only what differs."""
        if told not in self._since:
            changes = question_changes(json.loads(told), self._questions)
            self._since[told] = event(Event.QUESTIONS_CHANGED, changes)
        return self._since[told]


def question_changes(before: Questions, after: Questions) -> QuestionChanges:
    """What makes one list of questions the other; texts are sent where they are new alone."""
    known = {question["id"]: question for question in before["top"]}
    changes = QuestionChanges(count=after["count"], changed=[], votes={}, gone=[])
    for question in after["top"]:
        old = known.pop(question["id"], None)
        if old is None or old | {"votes": question["votes"]} != question:
            changes["changed"].append(question)
        elif old != question:
            changes["votes"][question["id"]] = question["votes"]
    changes["gone"].extend(known)
    return changes


def told_by(state: BoardState) -> dict[str, str]:
    """What a connection knows once it was told all that is written."""
    return {
        "pins": json.dumps(state.pins),
        "questions": json.dumps(state.questions),
        "captioning": _captioning(state),
        "captions": str(state.captions[-1]["id"] if state.captions else 0),
    }


def _captioning(state: BoardState) -> str:
    return event(Event.CAPTIONING_CHANGED, {"captioning": state.captioning or None})
