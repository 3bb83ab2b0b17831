"""One WebSocket of one person: states, limits and dispatch. The rules are in the operations."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from enum import Enum, auto
from secrets import token_hex
from time import time
from typing import Any, cast

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer
from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.utils import translation

from accounts.errors import DomainError
from accounts.models import User
from rooms import board, live_board, operations, reactions, snapshots
from rooms.board import BoardState, OwnQuestions
from rooms.commands import look_up
from rooms.errors import CLOSE_CODES, Code, refused
from rooms.flood import TokenBucket
from rooms.languages import language_of_scope
from rooms.live import LiveRoom, LiveRooms
from rooms.messages import MAX_MESSAGE, BadMessage, Command, CommandId, error, parse, reply
from rooms.models import Room
from rooms.relays import ice_servers
from rooms.snapshots import Snapshot, You
from rooms.telling import hands_for, told_by
from rooms.visitors import visitor_of_scope

SUBPROTOCOL = "spaces.v1"
HEARTBEAT_SECONDS = 10
"""Clients say something at least this often; after three times as much silence we hang up."""
GOODBYE = 1000
"""The close code after `leave`."""
BURST = 30
"""Messages at once."""
PER_SECOND = 10.0
"""Messages on average."""
IGNORED = 30
"""So many messages in a row that came too fast are a flood."""
BROKEN = 10
"""So many broken messages in a row are no client of ours."""

logger = logging.getLogger(__name__)
live_rooms = LiveRooms()


class State(Enum):
    """Where a connection is; it only ever moves down this list."""

    CONNECTING = auto()
    WAITING = auto()
    """Accepted; the only commands are `join` and `ping`."""
    JOINED = auto()
    CLOSED = auto()


class RoomConsumer(AsyncWebsocketConsumer):
    """Speaks docs/websocket.md with one client."""

    # No channel of its own: `rooms.live` hears the channel layer once per room and process.
    channel_layer_alias = ""

    # Known once the room is found, and once it is joined.
    room: Room
    participant_id: int
    public_id: str
    you: You
    live: LiveRoom

    def __init__(self) -> None:
        super().__init__()
        self.state = State.CONNECTING
        self.has_joined = False
        self.connection = token_hex(16)
        self.told: dict[str, str] = {}
        self.session = ""
        self.language = ""
        self.visitor = ""
        self._bucket = TokenBucket(BURST, PER_SECOND)
        self._reactions = TokenBucket(reactions.BURST, reactions.PER_SECOND)
        self._ignored = 0
        self._broken = 0
        self._silence: asyncio.TimerHandle | None = None
        self._own: dict[str, Callable[..., Awaitable[None]]] = {
            "join": self._join,
            "ping": self._ping,
            "leave": self._leave,
            "media.offer": self._offer,
            "reaction.send": self._react,
        }

    # --- the connection --------------------------------------------------------------------

    async def dispatch(self, message: dict[str, Any]) -> None:
        """Handle what the server passes on.

        Channels would look for old database connections first, in the one thread that all
        database work waits for; `database_sync_to_async` looks by itself. A heartbeat that waits
        there for others is late, and costs as much as a query.
        """
        await getattr(self, message["type"].replace(".", "_"))(message)

    async def connect(self) -> None:
        """Accept in any case, so that browsers get to see the close code."""
        offered = SUBPROTOCOL in self.scope["subprotocols"]
        await self.accept(SUBPROTOCOL if offered else None)
        self.state = State.WAITING
        self.language = language_of_scope(self.scope)
        refusal = Code.BAD_PROTOCOL if not offered else await self._find_room()
        if refusal is not None:
            await self.hang_up(refusal)
        else:
            self._expect_a_message()

    async def disconnect(self, code: int) -> None:
        """The client went, with or without a word."""
        self._stop()
        if self.has_joined:
            await database_sync_to_async(operations.disconnect)(
                participant_id=self.participant_id, connection=self.connection
            )

    async def tell(self, frame: str) -> None:
        """Send a frame, unless the connection is closed."""
        if self.state is not State.CLOSED:
            await self.send(text_data=frame)

    async def hang_up(self, code: Code, command_id: CommandId = None) -> None:
        """Say why, and close with the code that belongs to the reason."""
        if self.state is not State.CLOSED:
            await self._refuse(command_id, code)
            self._stop()
            await self.close(CLOSE_CODES[code], reason=code.value)

    # --- messages --------------------------------------------------------------------------

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """One frame: at most one answer, whatever it holds."""
        if self.state is State.CLOSED:
            return
        self._expect_a_message()
        if text_data is None or len(text_data.encode()) > MAX_MESSAGE:
            await self.hang_up(Code.TOO_LARGE)
            return
        try:
            command = parse(text_data)
            if not await self._is_too_fast(command.id):
                await self._carry_out(command)
                self._broken = 0
        except BadMessage as broken:
            await self._answer_broken(broken)

    async def _carry_out(self, command: Command) -> None:
        spec, arguments = look_up(command)
        try:
            if self.state is State.WAITING and command.name not in ("join", "ping"):
                await self._refuse(command.id, Code.JOIN_FIRST)
            elif spec.operation is None:
                await self._own[command.name](command.id, **arguments)
            else:
                data = await database_sync_to_async(spec.operation)(
                    participant_id=self.participant_id, **arguments
                )
                # Others hear of it over the channel layer; here it must not depend on that.
                (self.live.board if spec.is_written else self.live).look()
                await self.tell(reply(command.id, data or {}))
        except DomainError as refusal:
            await self._answer_refusal(command.id, Code(refusal.code))
        except Exception:
            logger.exception("%s failed", command.name)
            await self._refuse(command.id, Code.INTERNAL)

    async def _is_too_fast(self, command_id: CommandId) -> bool:
        if self._bucket.take(asyncio.get_running_loop().time()):
            self._ignored = 0
            return False
        self._ignored += 1
        if self._ignored >= IGNORED:
            await self.hang_up(Code.FLOOD)
        else:
            await self._refuse(command_id, Code.SLOW_DOWN)
        return True

    async def _answer_broken(self, broken: BadMessage) -> None:
        self._broken += 1
        await self._refuse(broken.id, broken.code)
        if self._broken >= BROKEN:
            await self.hang_up(Code.TOO_MANY_ERRORS)

    async def _answer_refusal(self, command_id: CommandId, code: Code) -> None:
        if code in CLOSE_CODES:
            await self.hang_up(code, command_id)
        else:
            await self._refuse(command_id, code)

    async def _refuse(self, command_id: CommandId, code: Code) -> None:
        with translation.override(self.language):
            await self.tell(error(command_id, code, str(code.label)))

    # --- commands that are about the connection ------------------------------------------------

    async def _join(self, command_id: CommandId, take_over: str = "") -> None:
        """Come in, or say the whole state once more."""
        if self.state is State.WAITING:
            user = cast("User | AnonymousUser", self.scope["user"])
            person = await database_sync_to_async(operations.join)(
                room_id=self.room.pk,
                user=user if isinstance(user, User) else None,
                visitor=self.visitor,
                connection=self.connection,
                take_over=take_over,
            )
            self.participant_id, self.public_id = person.pk, person.public_id
            if isinstance(user, User):
                self.session = self.scope["session"].session_key or ""
        snapshot, written, own = await database_sync_to_async(self._read)()
        if snapshot.end_reason:
            raise refused(Code.ROOM_ENDED)
        self.you = snapshot.people[self.public_id].you
        self.live = await live_rooms.enter(self.room.pk, self.room.public_id)
        self.told = told_by(snapshot, self.live.speaking, self.you) | live_board.told_by(written)
        self.state, self.has_joined = State.JOINED, True
        self.live.add(self)
        await self.tell(reply(command_id, self._whole_state(snapshot, written, own)))

    def _read(self) -> tuple[Snapshot, BoardState, OwnQuestions]:
        """In one go: each way to the database and back costs about as much as a query."""
        snapshot = snapshots.read(self.room.pk, [self.public_id], audience=True)
        return snapshot, board.read(self.room.pk), board.read_own(self.participant_id)

    def _whole_state(
        self, snapshot: Snapshot, written: BoardState, own: OwnQuestions
    ) -> dict[str, object]:
        return {
            "room": snapshot.room,
            "now": snapshots.time_now(),
            "you": self.you,
            "stage": snapshot.stage,
            "audience": snapshot.audience,
            "hands": hands_for(self.you, snapshot),
            "speaking": self.live.speaking,
            "pins": written.pins,
            "questions": written.questions,
            "your_questions": own,
            "captions": written.captions,
            "captioning": written.captioning or None,
            "connection": self.connection,
            "heartbeat_seconds": HEARTBEAT_SECONDS,
            "ice_servers": ice_servers(self.public_id, time()),
            "ice_servers_seconds": settings.TURN_TTL,
        }

    async def _ping(self, command_id: CommandId) -> None:
        await self.tell(reply(command_id, {}))

    async def _offer(self, command_id: CommandId, offer: str) -> None:
        answer = await self.live.answer(self, offer)
        await self.tell(reply(command_id, {"sdp": answer}))

    async def _react(self, command_id: CommandId, emoji: str) -> None:
        """No operation: a thousand reactions at once are one message and one row."""
        if emoji not in reactions.KINDS:
            raise refused(Code.BAD_ARGUMENT)
        if not self._reactions.take(asyncio.get_running_loop().time()):
            raise refused(Code.SLOW_DOWN)
        self.live.reactions.add(emoji)
        await self.tell(reply(command_id, {}))

    async def _leave(self, command_id: CommandId) -> None:
        await database_sync_to_async(operations.leave)(participant_id=self.participant_id)
        self.live.look()
        await self.tell(reply(command_id, {}))
        self._stop()
        await self.close(GOODBYE)

    # --- helpers ---------------------------------------------------------------------------

    async def _find_room(self) -> Code | None:
        visitor = visitor_of_scope(self.scope)
        if visitor is None:
            return Code.NO_VISITOR
        self.visitor = visitor
        public_id = self.scope["url_route"]["kwargs"]["public_id"]
        room = await database_sync_to_async(operations.find_room)(public_id)
        if room is None:
            return Code.UNKNOWN_ROOM
        self.room = room
        return None if room.is_live else Code.ROOM_ENDED

    def _expect_a_message(self) -> None:
        if self._silence is not None:
            self._silence.cancel()
        loop = asyncio.get_running_loop()
        self._silence = loop.call_later(3 * HEARTBEAT_SECONDS, self._lose_patience)

    def _lose_patience(self) -> None:
        self._farewell = asyncio.ensure_future(self.hang_up(Code.ABSENT))

    def _stop(self) -> None:
        """Neither hear nor say anything from now on."""
        self.state = State.CLOSED
        if self._silence is not None:
            self._silence.cancel()
        if self.has_joined:
            self.live.discard(self)
