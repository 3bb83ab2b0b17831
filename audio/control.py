"""The control connection: an engine in one process, used from others.

`serve` stands beside the engine; `RemoteEngine` is the engine as seen from the web process;
`close_room_now` is for code without an event loop, such as a worker's task. The messages are
written down in `audio.wire`.
"""

import asyncio
import contextlib
import hmac
import json
import logging
from collections.abc import AsyncGenerator, AsyncIterator
from http import HTTPStatus
from typing import Any, Self

from websockets.asyncio.client import ClientConnection, connect
from websockets.asyncio.server import Server, ServerConnection
from websockets.asyncio.server import serve as serve_websocket
from websockets.exceptions import ConnectionClosed, WebSocketException
from websockets.http11 import Request, Response
from websockets.sync.client import connect as connect_blocking

from audio import wire
from audio.eventbus import EventBus
from audio.protocol import (
    AudioEngine,
    EngineError,
    EngineEvent,
    EngineUnavailable,
    Statistics,
    Voices,
)

_MAX_MESSAGE = 1024 * 1024
_TAP = "/voices/"
_CLOSE_TIMEOUT = 1.0  # a client that does not say goodbye must not delay the end
_FIRST_DELAY, _LONGEST_DELAY = 0.1, 0.5  # nobody hears anything until the engine is reached

logger = logging.getLogger(__name__)


def serve(engine: AudioEngine, host: str, port: int, token: str) -> Server:
    """Offer the engine to whoever shows the token; use it as `async with serve(...)`.

    Every client gets every event. Raises `OSError` on entering when the port is taken.
    """

    def check_token(connection: ServerConnection, request: Request) -> Response | None:
        shown = "".join(request.headers.get_all("Authorization"))
        if hmac.compare_digest(shown.encode("utf-8", "replace"), _authorization(token).encode()):
            return None
        return connection.respond(HTTPStatus.UNAUTHORIZED, "The token is wrong.\n")

    async def handle(connection: ServerConnection) -> None:
        path = connection.request.path if connection.request else "/"
        if path.startswith(_TAP):
            await _serve_tap(engine, connection, path.removeprefix(_TAP))
        else:
            await _handle(engine, connection)

    return serve_websocket(
        handle,
        host,
        port,
        process_request=check_token,
        max_size=_MAX_MESSAGE,
        compression=None,
        close_timeout=_CLOSE_TIMEOUT,
    )


async def _handle(engine: AudioEngine, connection: ServerConnection) -> None:
    """One client: its requests run side by side, the events flow between the replies."""
    tasks = {asyncio.create_task(_pump_events(engine.events(), connection))}
    try:
        with contextlib.suppress(ConnectionClosed):
            async for text in connection:
                task = asyncio.create_task(_reply(engine, connection, text))
                tasks.add(task)
                task.add_done_callback(tasks.discard)
    finally:
        # Nobody waits for these any more. What the engine has begun it finishes all the same.
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _serve_tap(engine: AudioEngine, connection: ServerConnection, room: str) -> None:
    """One reader of a room's voices; the tap ends with the connection."""
    pump = asyncio.create_task(_pump_voices(engine, connection, room))
    gone = asyncio.create_task(connection.wait_closed())
    await asyncio.wait({pump, gone}, return_when=asyncio.FIRST_COMPLETED)
    for task in (pump, gone):
        task.cancel()
    await asyncio.gather(pump, gone, return_exceptions=True)


async def _pump_voices(engine: AudioEngine, connection: ServerConnection, room: str) -> None:
    with contextlib.suppress(ConnectionClosed):
        try:
            async with contextlib.aclosing(engine.tap(room)) as tap:
                async for voices in tap:
                    await connection.send(json.dumps(wire.encode_voices(voices)))
        except EngineError as error:
            await connection.send(json.dumps({"error": wire.encode_error(error)}))


async def _pump_events(events: AsyncIterator[EngineEvent], connection: ServerConnection) -> None:
    with contextlib.suppress(ConnectionClosed):
        async for event in events:
            await connection.send(json.dumps(wire.encode_event(event)))


async def _reply(engine: AudioEngine, connection: ServerConnection, text: str | bytes) -> None:
    reply: wire.Json = {"id": None}
    try:
        request = wire.decode(text)
        reply["id"] = request.get("id")
        reply["result"] = await wire.perform(engine, request)
    except EngineError as error:
        reply["error"] = wire.encode_error(error)
    except Exception:
        logger.exception("A control request failed")
        reply["error"] = wire.encode_error(EngineError("the engine failed; see its log"))
    with contextlib.suppress(ConnectionClosed):
        await connection.send(json.dumps(reply))


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
            url = f"{self._url.rstrip('/')}{_TAP}{room}"
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


def _authorization(token: str) -> str:
    return f"Bearer {token}"


def _client_options(token: str) -> dict[str, Any]:
    """No proxy: the control connection never leaves the operator's own network."""
    return {
        "additional_headers": {"Authorization": _authorization(token)},
        "max_size": _MAX_MESSAGE,
        "compression": None,
        "proxy": None,
    }
