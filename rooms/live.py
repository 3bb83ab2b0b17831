"""What this process knows of the rooms in which it has people.

Nothing here is the truth: the database is. On every change, and every few seconds in case a
message got lost, a room is read afresh; each connection gets what differs from what it was told
last, and the audio engine is told whom the mix may contain.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping
from typing import cast

from channels import DEFAULT_CHANNEL_LAYER
from channels.db import database_sync_to_async
from channels.layers import channel_layers
from django.conf import settings

from rooms import operations, snapshots
from rooms.coalesce import Coalesced
from rooms.errors import Code
from rooms.events import InvitationDeclined, Message, Why, room_group
from rooms.live_board import LiveBoard
from rooms.media import Happening, MediaLink
from rooms.messages import Event, event
from rooms.models import Participant
from rooms.reactions import Reactions
from rooms.sessions import ended_sessions
from rooms.snapshots import Snapshot, Standing
from rooms.telling import Bulletin, Member, News, leads, tell_hands, tell_once

TICK_SECONDS = 5.0
"""How often a room is read without being asked to, and its people are noted as present."""

READ_PAUSE = 0.1
"""Seconds between two readings of a room: in a rush somebody comes every instant."""

AUDIENCE_SECONDS = 0.5
"""The audience is counted and shown at most this often."""

CHECKED_AT_ONCE = 250
"""Where more people are in, each tick notes and checks a part of them only, a quarter at least."""

logger = logging.getLogger(__name__)


class LiveRoom:
    """One room with people in this process."""

    def __init__(
        self, room_id: int, name: str, link: MediaLink, on_closed: Callable[["LiveRoom"], None]
    ) -> None:
        self.room_id = room_id
        self.name = name
        self.members: dict[str, Member] = {}
        self.speaking: list[str] = []
        self.listening = asyncio.Event()
        """Set once messages of other processes arrive here."""
        self.board = LiveBoard(room_id, self.members)
        self.reactions = Reactions(room_id, self.members)
        self._link = link
        self._on_closed = on_closed
        self._why: dict[str, str] = {}
        self._recheck: set[str] = set()
        self._ticks = 0
        self._bulletin = Bulletin()
        self._newcomers: dict[str, Member] = {}
        self._audience_at = 0.0
        self._later: asyncio.TimerHandle | None = None
        self._empty_since = asyncio.get_running_loop().time()
        self._refresh = Coalesced(self._follow_database, pause=READ_PAUSE)
        self._tasks = [asyncio.create_task(self._listen()), asyncio.create_task(self._tick())]
        link.follow(name, self._happened)

    def add(self, member: Member) -> None:
        """Keep this connection in step from now on; it was just told the whole state."""
        self.members[member.connection] = self._newcomers[member.connection] = member
        is_listener = member.you["role"] == Participant.Role.LISTENER
        self.look({member.public_id: ""}, at_once=not is_listener)
        self.board.look()

    def discard(self, member: Member) -> None:
        """Forget a connection."""
        self.members.pop(member.connection, None)
        self._newcomers.pop(member.connection, None)
        self._empty_since = asyncio.get_running_loop().time()

    def look(
        self,
        why: Mapping[str, str] | None = None,
        *,
        everybody: bool = False,
        at_once: bool = True,
    ) -> None:
        """Read the database, with the standing of those whom `why` names, or of all.

        At once, or when the audience may be told of next: in a rush many listeners come by then.
        """
        if everybody:
            self._recheck |= {member.public_id for member in self.members.values()}
        for public_id, reason in (why or {}).items():
            self._why[public_id] = reason or self._why.get(public_id, "")
        if at_once:
            self._refresh.ask()
        else:
            self._look_later()

    async def answer(self, member: Member, offer: str) -> str:
        """Answer a member's SDP offer; raises `bad_offer` or `engine_unavailable`."""
        answer = await self._link.answer(self.name, member.public_id, offer)
        if member.connection not in self.members:
            # Put out while the engine was busy with the answer.
            self._link.drop(self.name, member.public_id)
        return answer

    async def close(self) -> None:
        """Stop following the room."""
        self._on_closed(self)
        self._link.forget(self.name)
        if self._later is not None:
            self._later.cancel()
        await self._refresh.close()
        await self.board.close()
        await self.reactions.close()
        others = [task for task in self._tasks if task is not asyncio.current_task()]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    async def _follow_database(self) -> None:
        why, self._why = self._why, {}
        recheck, self._recheck = self._recheck, set()
        here = {member.public_id for member in self.members.values()}
        people = here & (recheck | why.keys())
        snapshot = await database_sync_to_async(snapshots.read)(
            self.room_id, people, audience=self._audience_is_due()
        )
        if snapshot.end_reason:
            await self._end(snapshot.end_reason)
            return
        self._link.want(self.name, snapshot.voices, snapshot.ready, snapshot.gone)
        await self._show_out(snapshot.people)
        await self._tell_each(snapshot.people, why)
        await self._share(snapshot)

    async def _show_out(self, people: Mapping[str, Standing]) -> None:
        for member, standing in self._members_among(people):
            if standing.closing is Code.SUSPENDED and standing.user_id is not None:
                await database_sync_to_async(operations.eject_user)(user_id=standing.user_id)
            if standing.closing is not None:
                await self._hang_up(member, standing.closing)
            elif standing.connection != member.connection:
                await self._hang_up(member, Code.TAKEN_OVER)

    async def _share(self, snapshot: Snapshot) -> None:
        """Tell everybody what everybody may know, and those who run the room of the hands."""
        newcomers = list(self._newcomers.values())
        if snapshot.audience is not None:
            self._newcomers.clear()
        await self._bulletin.share(snapshot, self.speaking, self.members.values(), newcomers)
        for member in list(self.members.values()):
            if leads(member.you):
                await tell_hands(member, snapshot)

    async def _tell_each(self, people: Mapping[str, Standing], why: Mapping[str, str]) -> None:
        for member, standing in self._members_among(people):
            # A tick may have told the change before its reason came: then it is told again.
            reason = why.get(member.public_id, "")
            if reason or member.you != standing.you:
                member.you = standing.you
                if not leads(member.you):
                    member.told.pop("hands", None)
                data = {"you": standing.you, "why": reason or Why.CHANGED}
                await member.tell(event(Event.YOU_CHANGED, data))

    def _members_among(self, people: Mapping[str, Standing]) -> Iterable[tuple[Member, Standing]]:
        for member in list(self.members.values()):
            if member.public_id in people:
                yield member, people[member.public_id]

    async def _end(self, reason: str) -> None:
        self._link.end(self.name)
        frame = event(Event.ROOM_ENDED, {"reason": reason})
        for member in list(self.members.values()):
            await member.tell(frame)
            await self._hang_up(member, Code.ROOM_ENDED)
        await self.close()

    async def _hang_up(self, member: Member, code: Code) -> None:
        self.discard(member)
        await member.hang_up(code)

    async def _happened(self, happening: Happening) -> None:
        """The engine has news of this room."""
        if happening.speaking is not None:
            self.speaking = sorted(happening.speaking)
            frame = event(Event.SPEAKING_CHANGED, {"speaking": self.speaking})
            for member in list(self.members.values()):
                await tell_once(member, Event.SPEAKING_CHANGED, News(frame, frame))
        for member in list(self.members.values()):
            if happening.restarted or happening.lost == member.public_id:
                await member.tell(event(Event.MEDIA_LOST, {}))
            network = happening.networks.get(member.public_id)
            if network is not None:
                data = {"loss": network.loss, "round_trip_ms": network.round_trip_ms}
                await member.tell(event(Event.YOU_NETWORK, data))
            if happening.recording_failed and leads(member.you):
                await member.tell(event(Event.RECORDING_FAILED, {}))
            if happening.recording_resumed and leads(member.you):
                await member.tell(event(Event.RECORDING_RESUMED, {}))

    def _audience_is_due(self) -> bool:
        loop = asyncio.get_running_loop()
        if loop.time() >= self._audience_at:
            self._audience_at = loop.time() + AUDIENCE_SECONDS
            return True
        self._look_later()
        return False

    def _look_later(self) -> None:
        if self._later is None:
            loop = asyncio.get_running_loop()
            self._later = loop.call_at(self._audience_at, self._look_now)

    def _look_now(self) -> None:
        self._later = None
        self.look()

    async def _listen(self) -> None:
        """Hear of changes that any process made."""
        layer = channel_layers[DEFAULT_CHANNEL_LAYER]
        group = room_group(self.room_id)
        while True:
            try:
                channel = await layer.new_channel()
                await layer.group_add(group, channel)
                try:
                    self.listening.set()
                    while True:
                        message = await layer.receive(channel)
                        await self._hear(cast(Message, message))
                finally:
                    await layer.group_discard(group, channel)
            except Exception as error:  # each layer raises its own
                logger.warning("Room %s hears no messages for now: %r", self.name, error)
                self.listening.set()  # people get in all the same: the tick finds every change
                await asyncio.sleep(TICK_SECONDS)

    async def _hear(self, message: Message) -> None:
        if message["type"] == "room.reacted":
            self.reactions.hear(message)
        elif message["type"] == "room.invitation_declined":
            await self._tell_inviter(message)
        elif message["type"] == "room.board":
            self.board.look()
        else:
            self.look(message["why"], everybody=message["everybody"], at_once=message["at_once"])

    async def _tell_inviter(self, declined: InvitationDeclined) -> None:
        data = {key: declined[key] for key in ("participant", "name", "invited")}
        for member in list(self.members.values()):
            if member.public_id == declined["to"]:
                await member.tell(event(Event.INVITATION_DECLINED, data))

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(TICK_SECONDS)
            due = self._members_of_this_tick()
            present = [member.participant_id for member in due]
            try:
                await self._show_out_logged_out(due)
                await database_sync_to_async(_note_presence)(self.room_id, present)
                await self.reactions.save()
            except Exception:
                logger.exception("Room %s: the tick failed; the next one tries again", self.name)
            self._recheck |= {member.public_id for member in due}
            self.look()
            self.board.look()
            if self._was_left():
                await self.close()
                return

    async def _show_out_logged_out(self, members: Iterable[Member]) -> None:
        """Whose login is over leaves, with the voice; they may join as who they are now."""
        keys = {member.session for member in members if member.session}
        ended = await database_sync_to_async(ended_sessions)(keys)
        for member in [member for member in members if member.session in ended]:
            await database_sync_to_async(operations.leave)(participant_id=member.participant_id)
            await self._hang_up(member, Code.LOGGED_OUT)

    def _members_of_this_tick(self) -> list[Member]:
        """Everybody, or in a large room a part of them; all have their turn within the grace."""
        self._ticks += 1
        most = int(settings.RESUME_GRACE_SECONDS / TICK_SECONDS / 3)
        parts = max(1, min(4, most, len(self.members) // CHECKED_AT_ONCE))
        turn = self._ticks % parts
        return [each for each in self.members.values() if each.participant_id % parts == turn]

    def _was_left(self) -> bool:
        empty_for = asyncio.get_running_loop().time() - self._empty_since
        # Until then absent speakers are to be dropped from the stage and from the mix.
        return not self.members and empty_for > settings.RESUME_GRACE_SECONDS + 2 * TICK_SECONDS


class LiveRooms:
    """The rooms of this process, and the one link to the audio engine that they share."""

    def __init__(self) -> None:
        self._rooms: dict[int, LiveRoom] = {}
        self._link = MediaLink()

    async def enter(self, room_id: int, name: str) -> LiveRoom:
        """The live room, followed from now on; `name` is its public id."""
        room = self._rooms.get(room_id)
        if room is None:
            room = LiveRoom(room_id, name, self._link, self._forget)
            self._rooms[room_id] = room
        await room.listening.wait()
        return room

    def names(self) -> set[str]:
        """Public ids of the rooms that are followed."""
        return {room.name for room in self._rooms.values()}

    async def close(self) -> None:
        """Stop following all rooms and disconnect from the engine."""
        for room in list(self._rooms.values()):
            await room.close()
        await self._link.close()

    def _forget(self, room: LiveRoom) -> None:
        self._rooms.pop(room.room_id, None)


def _note_presence(room_id: int, participant_ids: list[int]) -> None:
    operations.touch(participant_ids=participant_ids)
    operations.drop_absent(room_ids=[room_id])
    operations.replace_absent_hosts(room_ids=[room_id])
    operations.end_orphaned(room_ids=[room_id])
