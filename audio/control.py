"""The control connection: an engine in one process, used from others.

`serve` stands beside the engine; `audio.remote` is the other end. The messages are written down
in `audio.wire`.
"""

import asyncio
import contextlib
import hmac
import json
import logging
from collections.abc import AsyncIterator
from http import HTTPStatus

from websockets.asyncio.server import Server, ServerConnection
from websockets.asyncio.server import serve as serve_websocket
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from audio import wire
from audio.protocol import AudioEngine, EngineError, EngineEvent

_CLOSE_TIMEOUT = 1.0  # a client that does not say goodbye must not delay the end

logger = logging.getLogger(__name__)


def serve(engine: AudioEngine, host: str, port: int, token: str) -> Server:
    """Offer the engine to whoever shows the token; use it as `async with serve(...)`.

    Every client gets every event. Raises `OSError` on entering when the port is taken.
    """

    def check_token(connection: ServerConnection, request: Request) -> Response | None:
        shown = "".join(request.headers.get_all("Authorization")).encode("utf-8", "replace")
        if hmac.compare_digest(shown, wire.authorization(token).encode()):
            return None
        return connection.respond(HTTPStatus.UNAUTHORIZED, "The token is wrong.\n")

    async def handle(connection: ServerConnection) -> None:
        path = connection.request.path if connection.request else "/"
        if path.startswith(wire.TAP):
            await _serve_tap(engine, connection, path.removeprefix(wire.TAP))
        else:
            await _handle(engine, connection)

    return serve_websocket(
        handle,
        host,
        port,
        process_request=check_token,
        max_size=wire.MAX_MESSAGE,
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
