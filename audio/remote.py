"""The engine as seen from another process, over the control connection.

`RemoteEngine` is for the web process; `close_room_now` is for code without an event loop, such
as a worker's task. The other end is `audio.control`.
"""

import asyncio
import contextlib
import json
import logging
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Any, Self

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, WebSocketException
from websockets.sync.client import connect as connect_blocking

from audio import wire
from audio.eventbus import EventBus
from audio.protocol import EngineError, EngineEvent, EngineUnavailable, Statistics, Voices

_FIRST_DELAY, _LONGEST_DELAY = 0.1, 0.5  # nobody hears anything until the engine is reached

logger = logging.getLogger(__name__)


class RemoteEngine:
    """An `AudioEngine` in another process.

    Connects at the first use and again, with growing pauses, whenever the connection breaks.
    A call waits at most `patience` seconds for a connection and `timeout` for its reply, and
    raises `EngineUnavailable` after that. The iterators of `events` end when the connection
    breaks: rooms may be gone then, so open them again. Belongs to one event loop.
    """

    def __init__(
        self, url: str, token: str, *, patience: float = 2.0, timeout: float = 10.0
    ) -> None:
        self._url = url
        self._token = token
        self._patience = patience
        self._timeout = timeout
        self._bus = EventBus()
        self._link: asyncio.Task[None] | None = None
        self._connection: ClientConnection | None = None
        self._up = asyncio.Event()
        self._pending: dict[int, asyncio.Future[Any]] = {}
        self._last_id = 0

    async def __aenter__(self) -> Self:
        self._start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Disconnect; another call would connect again."""
        link, self._link = self._link, None
        if link is not None:
            link.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await link

    async def open_room(self, room: str) -> str:
        """See `AudioEngine.open_room`."""
        return str(await self._call("open_room", room=room))

    async def answer(self, room: str, participant: str, offer: str) -> str:
        """See `AudioEngine.answer`."""
        return str(await self._call("answer", room=room, participant=participant, offer=offer))

    async def set_voices(
        self, room: str, participants: frozenset[str], ready: frozenset[str] = frozenset()
    ) -> None:
        """See `AudioEngine.set_voices`."""
        named = {"participants": sorted(participants), "ready": sorted(ready)}
        await self._call("set_voices", room=room, **named)

    async def drop(self, room: str, participant: str) -> None:
        """See `AudioEngine.drop`."""
        await self._call("drop", room=room, participant=participant)

    async def close_room(self, room: str) -> None:
        """See `AudioEngine.close_room`."""
        await self._call("close_room", room=room)

    async def statistics(self) -> Statistics:
        """See `AudioEngine.statistics`."""
        return Statistics(**await self._call("statistics"))

    def events(self) -> AsyncIterator[EngineEvent]:
        """See `AudioEngine.events`."""
        self._start()
        return self._bus.subscribe()

    def _start(self) -> None:
        if self._link is None:
            self._link = asyncio.get_running_loop().create_task(self._keep_connected())

    async def _keep_connected(self) -> None:
        delay = _FIRST_DELAY
        while True:
            try:
                async with connect(self._url, **_client_options(self._token)) as connection:
                    delay = _FIRST_DELAY
                    await self._converse(connection)
            except (OSError, WebSocketException, TimeoutError, EngineError) as error:
                if delay == _FIRST_DELAY:  # once, however long it stays away
                    logger.warning("No connection to the audio engine: %s", error)
            await asyncio.sleep(delay)
            delay = min(2 * delay, _LONGEST_DELAY)

    async def _converse(self, connection: ClientConnection) -> None:
        self._connection = connection
        self._up.set()
        try:
            async for text in connection:
                self._receive(wire.decode(text))
        finally:
            self._connection = None
            self._up.clear()
            for reply in self._pending.values():
                if not reply.done():
                    reply.set_exception(EngineUnavailable("the connection broke"))
            self._bus.end()

    def _receive(self, message: wire.Json) -> None:
        event = wire.decode_event(message)
        if event is not None:
            self._bus.publish(event)
            return
        reply = self._pending.get(message.get("id", 0))
        if reply is None or reply.done():
            return
        if "error" in message:
            reply.set_exception(wire.decode_error(message["error"]))
        else:
            reply.set_result(message.get("result"))

    async def tap(self, room: str) -> AsyncGenerator[Voices]:
        """See `AudioEngine.tap`; over a connection of its own. Raises `EngineUnavailable`."""
        try:
            url = f"{self._url.rstrip('/')}{wire.TAP}{room}"
            async with connect(url, **_client_options(self._token)) as connection:
                async for text in connection:
                    message = wire.decode(text)
                    if "error" in message:
                        raise wire.decode_error(message["error"])
                    yield wire.decode_voices(message)
        except ConnectionClosed:
            return
        except (OSError, WebSocketException, TimeoutError) as error:
            raise EngineUnavailable(f"no connection to the audio engine: {error}") from error

    async def _call(self, call: str, **fields: object) -> Any:
        self._start()
        try:
            async with asyncio.timeout(self._patience):
                await self._up.wait()
        except TimeoutError as error:
            raise EngineUnavailable("no connection to the audio engine") from error
        self._last_id += 1
        request_id = self._last_id
        reply = self._pending[request_id] = asyncio.get_running_loop().create_future()
        try:
            return await self._request({"id": request_id, "call": call, **fields}, reply)
        finally:
            del self._pending[request_id]

    async def _request(self, request: wire.Json, reply: "asyncio.Future[Any]") -> Any:
        if self._connection is None:
            raise EngineUnavailable("the connection broke")
        try:
            async with asyncio.timeout(self._timeout):
                await self._connection.send(json.dumps(request))
                return await reply
        except (TimeoutError, ConnectionClosed) as error:
            raise EngineUnavailable("no reply from the audio engine") from error


def close_room_now(url: str, token: str, room: str, timeout: float) -> None:
    """`AudioEngine.close_room` for code without an event loop.

    Takes at most about `timeout` seconds. Raises `EngineUnavailable`, or what the engine says.
    """
    request = {"id": 1, "call": "close_room", "room": room}
    try:
        options = _client_options(token) | {"open_timeout": timeout}
        with connect_blocking(url, **options) as connection:
            connection.send(json.dumps(request))
            while (message := wire.decode(connection.recv(timeout))).get("id") != 1:
                pass  # events of all rooms come along
    except (OSError, WebSocketException, TimeoutError) as error:
        raise EngineUnavailable(f"no connection to the audio engine: {error}") from error
    if "error" in message:
        raise wire.decode_error(message["error"])


def _client_options(token: str) -> dict[str, Any]:
    """No proxy: the control connection never leaves the operator's own network."""
    return {
        "additional_headers": {"Authorization": wire.authorization(token)},
        "max_size": wire.MAX_MESSAGE,
        "compression": None,
        "proxy": None,
    }
