"""`AudioEngine` over Janus: talkers at the origin, listeners at the edges.

Whoever is among the voices when they offer joins AudioBridge; everybody else listens to Streaming
on the least loaded edge. A listener who becomes a voice is told to offer again by a `lost` event;
whoever was a voice stays in AudioBridge, muted, until their next offer.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Coroutine
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Self

from audio import sdp
from audio.eventbus import EventBus
from audio.ids import check_id, check_ids
from audio.janus.connection import JanusError
from audio.janus.edge import Edge
from audio.janus.names import Names
from audio.janus.origin import Origin
from audio.janus.recording import Recorders, Spool
from audio.janus.room import Network, Room
from audio.janus.tap import Tap
from audio.protocol import EngineEvent, NoTap, Statistics, UnknownRoom, Voices
from audio.sockets import open_udp

_PATIENCE = 2.0
"""Seconds that a start waits for gateways, and a call for an origin that is away."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Gateways:
    """Which Janus gateways there are, and what opens them."""

    origin: str
    """WebSocket URL of the Janus that mixes."""
    edges: tuple[str, ...]
    """Of those that listeners are sent to; none: the origin does that too."""
    api_secret: str
    admin_key: str
    """The `admin_key` of both plugins."""
    room_secret: str
    """What ids and passwords of rooms are derived from."""


class JanusEngine:
    """Use it as `async with JanusEngine(...)`. Belongs to the event loop it is made in.

    `host` and `port` are where the mixes are received for the recording (port 0: any free one).
    Raises `OSError` when the port is taken. Gateways that are away at the start may come later.
    """

    def __init__(self, gateways: Gateways, spool: Spool, *, host: str, port: int) -> None:
        self._udp = open_udp(host, port)
        self.port: int = self._udp.getsockname()[1]
        self.edges = _edges(gateways, self._edge_went)
        """Every edge, in the order they were named."""
        self._origin = Origin(
            (gateways.origin, gateways.api_secret),
            gateways.admin_key,
            Names(gateways.room_secret),
            self._origin_came,
            self._origin_went,
        )
        self._tap = Tap()
        self._recorders = Recorders(spool, self._tap, self.port)
        self._network = Network(self._origin, self.edges, self._recorders, self._emit, self._spawn)
        self._bus = EventBus()
        self._rooms: dict[str, Room] = {}
        self._background: set[asyncio.Task[None]] = set()
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(lambda: self._tap, sock=self._udp)
        self._stack.callback(transport.close)
        self._stack.callback(self._recorders.disk.stop)
        await self._stack.enter_async_context(self._origin.gateway)
        for edge in self.edges:
            await self._stack.enter_async_context(edge.gateway)
        gateways = [self._origin.gateway, *(edge.gateway for edge in self.edges)]
        waits = (gateway.wait_until_up(_PATIENCE) for gateway in gateways)
        await asyncio.gather(*waits, return_exceptions=True)
        return self

    async def __aexit__(self, *_: object) -> None:
        await asyncio.gather(*(self.close_room(room) for room in list(self._rooms)))
        await asyncio.gather(*self._background, return_exceptions=True)
        await self._stack.aclose()
        self._bus.end()

    async def open_room(self, room: str) -> str:
        """See `AudioEngine.open_room`; raises `BadId`, `EngineUnavailable`."""
        check_id(room)
        known = self._rooms.get(room)
        if known is not None and known.built:
            known.repeat_speaking()
            return known.life
        await self._origin.gateway.wait_until_up(_PATIENCE)
        opened = self._rooms.setdefault(room, Room(room, self._network))
        await opened.build()
        return opened.life

    async def answer(self, room: str, participant: str, offer: str) -> str:
        """See `AudioEngine.answer`; raises `BadId`, `EngineUnavailable`."""
        check_id(room)
        check_id(participant)
        parsed = sdp.parse_offer(offer)
        return await self._room(room).answer(participant, parsed, offer)

    async def set_voices(
        self, room: str, participants: frozenset[str], ready: frozenset[str] = frozenset()
    ) -> None:
        """See `AudioEngine.set_voices`; raises `BadId`, `EngineUnavailable`.

        Whoever is `ready` gets 20 ms packets here as everybody does.
        """
        check_id(room)
        voices, _ = check_ids(participants), check_ids(ready)
        await self._room(room).set_voices(voices)

    async def drop(self, room: str, participant: str) -> None:
        """See `AudioEngine.drop`; raises `BadId`."""
        check_id(room)
        check_id(participant)
        if room in self._rooms:
            await self._rooms[room].drop(participant)

    async def close_room(self, room: str) -> None:
        """See `AudioEngine.close_room`; raises `BadId`."""
        check_id(room)
        known = self._rooms.pop(room, None)
        if known is not None:
            await known.close()

    def tap(self, room: str) -> AsyncGenerator[Voices]:
        """See `AudioEngine.tap`; always raises `NoTap`.

        AudioBridge forwards mixes, and writes single voices to disk alone.
        """
        raise NoTap(f"the voices of {room} are at the gateway until it closes")

    async def statistics(self) -> Statistics:
        """See `AudioEngine.statistics`; ticks and datagrams are the gateways' own affair."""
        participants = sum(len(room.legs) for room in self._rooms.values())
        return Statistics(len(self._rooms), participants, late_ticks=0, dropped={})

    def events(self) -> AsyncIterator[EngineEvent]:
        """See `AudioEngine.events`."""
        return self._bus.subscribe()

    def _emit(self, event: EngineEvent) -> None:
        self._bus.publish(event)

    def _room(self, room: str) -> Room:
        known = self._rooms.get(room)
        if known is None:
            raise UnknownRoom(f"room {room} is not open")
        return known

    async def _origin_came(self) -> None:
        for name, room in list(self._rooms.items()):
            try:
                await room.build()
            except JanusError as error:
                logger.error("Room %s was not made again: %s", name, error)

    def _origin_went(self) -> None:
        for room in self._rooms.values():
            room.origin_went()

    def _edge_went(self, edge: Edge) -> None:
        for room in self._rooms.values():
            room.edge_went(edge)

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)


def _edges(gateways: Gateways, went: Callable[[Edge], None]) -> list[Edge]:
    names = Names(gateways.room_secret)
    return [
        Edge((url, gateways.api_secret), gateways.admin_key, names, went)
        for url in gateways.edges or (gateways.origin,)
    ]
