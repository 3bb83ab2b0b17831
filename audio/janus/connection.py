"""One Janus gateway, spoken to over its WebSocket API: sessions, handles, requests, events.

The API is that of Janus 1.x ("The Janus API" in its documentation): every request names a
transaction, a plugin's slow requests are first acknowledged and answered later, and what happens
to a handle comes as an event that names it.
"""

import asyncio
import contextlib
import json
import logging
import secrets
from collections.abc import Awaitable, Callable
from typing import Any, Self

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, WebSocketException
from websockets.typing import Subprotocol

from audio.protocol import EngineError, EngineUnavailable

Json = dict[str, Any]

REQUEST_TIMEOUT = 4.0
"""Seconds until a gateway that does not reply counts as away."""

_PING_INTERVAL, _PING_TIMEOUT = 1.0, 2.5  # a dead machine is noticed within 4 s
_KEEP_ALIVE = 25.0  # Janus ends a session that is silent for 60 s
_FIRST_DELAY, _LONGEST_DELAY = 0.1, 2.0
_OPEN_TIMEOUT = 3.0

logger = logging.getLogger(__name__)


class JanusError(EngineError):
    """The gateway or a plugin refused; `number` is its own error code."""

    code = "janus_error"

    def __init__(self, number: int, reason: str) -> None:
        super().__init__(f"Janus says {number}: {reason}")
        self.number = number


class Handle:
    """One attachment to a plugin: a control channel, or one participant's transport."""

    def __init__(self, gateway: "Gateway", number: int) -> None:
        self.on_event: Callable[[Json], None] = _ignore
        """What to do with its events; nothing until somebody says so."""
        self._gateway = gateway
        self._number = number

    @property
    def attached(self) -> bool:
        """Whether it is still there: neither detached nor gone with its connection."""
        return self._gateway.knows(self._number, self)

    async def request(self, body: Json, jsep: Json | None = None) -> tuple[Json, str]:
        """What the plugin replies, and the SDP that came with it, if any.

        Raises `JanusError` when it refuses, `EngineUnavailable` when there is no reply.
        """
        message: Json = {"janus": "message", "handle_id": self._number, "body": body}
        if jsep is not None:
            message["jsep"] = jsep
        data: Json = {}
        sdp = ""
        match reply := await self._gateway.call(message):
            case {"plugindata": {"data": {"error_code": code, **rest}}}:
                raise JanusError(code if isinstance(code, int) else 0, str(rest.get("error", "")))
            case {"plugindata": {"data": dict(said)}}:
                data = said
        match reply:
            case {"jsep": {"sdp": str(described)}}:
                sdp = described
        return data, sdp

    async def send(self, **fields: object) -> None:
        """A message of the gateway's own about this handle, such as `janus="detach"`."""
        await self._gateway.call({"handle_id": self._number, **fields})

    async def detach(self) -> None:
        """Let go; whatever transport the handle had is closed. Never raises `EngineError`."""
        self.on_event = _ignore
        self._gateway.forget(self._number)
        with contextlib.suppress(EngineError):
            await self.send(janus="detach")


class Gateway:
    """A connection to one Janus that is kept, and made again when it breaks.

    `came` runs after each connection is made, before any other request is let through, and may
    raise `EngineError` to have it made again; `went` is called when one breaks, and by then all
    handles are gone. Use it as `async with`. Belongs to one event loop.
    """

    def __init__(
        self,
        url: str,
        api_secret: str,
        came: Callable[[], Awaitable[None]],
        went: Callable[[], None],
        *,
        keep_alive: float = _KEEP_ALIVE,
    ) -> None:
        self.url = url
        self._keep_alive = keep_alive
        self._api_secret = api_secret
        self._came = came
        self._went = went
        self._connection: ClientConnection | None = None
        self._session = 0
        self._ready = asyncio.Event()
        self._pending: dict[str, asyncio.Future[Json]] = {}
        self._handles: dict[int, Handle] = {}
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._keep_connected())
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    @property
    def up(self) -> bool:
        """Whether there is a connection, and `came` is done with it."""
        return self._ready.is_set()

    @property
    def local_address(self) -> str:
        """The address this process has towards the gateway; raises `EngineUnavailable`."""
        return str(self._connected().local_address[0])

    async def wait_until_up(self, seconds: float) -> None:
        """Raises `EngineUnavailable` when there is no connection within so many seconds."""
        try:
            async with asyncio.timeout(seconds):
                await self._ready.wait()
        except TimeoutError as error:
            raise EngineUnavailable(f"no connection to Janus at {self.url}") from error

    async def attach(self, plugin: str) -> Handle:
        """A new handle of a plugin. Raises as `Handle.request`."""
        reply = await self.call({"janus": "attach", "plugin": f"janus.plugin.{plugin}"})
        number = whole_number(reply, "data", "id")
        handle = self._handles[number] = Handle(self, number)
        return handle

    def knows(self, number: int, handle: Handle) -> bool:
        """Whether this is the handle of that number, on the present connection."""
        return self._handles.get(number) is handle

    def forget(self, number: int) -> None:
        """No more events of this handle."""
        self._handles.pop(number, None)

    async def call(self, message: Json) -> Json:
        """The final reply to a request. Raises `JanusError`, `EngineUnavailable`."""
        connection = self._connected()
        transaction = secrets.token_hex(8)
        message |= {"transaction": transaction}
        if self._session:
            message["session_id"] = self._session
        if self._api_secret:
            message["apisecret"] = self._api_secret
        reply = self._pending[transaction] = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(REQUEST_TIMEOUT):
                await connection.send(json.dumps(message))
                answer: Json = await reply
                return answer
        except (TimeoutError, ConnectionClosed) as error:
            raise EngineUnavailable(f"no reply from Janus at {self.url}") from error
        finally:
            del self._pending[transaction]

    def _connected(self) -> ClientConnection:
        if self._connection is None:
            raise EngineUnavailable(f"no connection to Janus at {self.url}")
        return self._connection

    async def _keep_connected(self) -> None:
        delay = _FIRST_DELAY
        while True:
            try:
                async with connect(
                    self.url,
                    subprotocols=[Subprotocol("janus-protocol")],
                    compression=None,
                    proxy=None,
                    open_timeout=_OPEN_TIMEOUT,
                    close_timeout=1.0,
                    ping_interval=_PING_INTERVAL,
                    ping_timeout=_PING_TIMEOUT,
                ) as connection:
                    delay = _FIRST_DELAY
                    await self._converse(connection)
            except (OSError, WebSocketException, TimeoutError, EngineError) as error:
                logger.warning("No connection to Janus at %s: %s", self.url, error)
            except Exception:
                # Whatever it was, without a next try the rooms would never come back.
                logger.exception("The connection to Janus at %s failed", self.url)
            await asyncio.sleep(delay)
            delay = min(2 * delay, _LONGEST_DELAY)

    async def _converse(self, connection: ClientConnection) -> None:
        self._connection = connection
        begin = asyncio.create_task(self._begin())
        try:
            reading = asyncio.create_task(self._read(connection))
            done, _ = await asyncio.wait({begin, reading}, return_when="FIRST_EXCEPTION")
            for task in done:
                task.result()
        finally:
            for task in (begin, reading):
                task.cancel()
            await asyncio.gather(begin, reading, return_exceptions=True)
            self._disconnected()

    async def _begin(self) -> None:
        """A session, then what the owner wants first, then a sign of life now and then."""
        reply = await self.call({"janus": "create"})
        self._session = whole_number(reply, "data", "id")
        await self._came()
        self._ready.set()
        while True:
            await asyncio.sleep(self._keep_alive)
            await self._keep_session()

    async def _keep_session(self) -> None:
        """The one request whose acknowledgement is all the reply there is: nobody waits for it."""
        message = {"janus": "keepalive", "session_id": self._session, "transaction": "keepalive"}
        if self._api_secret:
            message["apisecret"] = self._api_secret
        await self._connected().send(json.dumps(message))

    async def _read(self, connection: ClientConnection) -> None:
        async for text in connection:
            message = _message(text)
            if message is None:
                logger.warning("Janus at %s sent what is no message", self.url)
            else:
                self._receive(message)
        raise EngineUnavailable("the connection was closed")

    def _receive(self, message: Json) -> None:
        match message:
            case {"janus": "timeout"}:
                raise EngineUnavailable("Janus has ended the session")
            case {"transaction": str(transaction)} if transaction in self._pending:
                _settle(self._pending[transaction], message)
            case {"sender": int(number)} if number in self._handles:
                self._handles[number].on_event(message)

    def _disconnected(self) -> None:
        was_up = self._ready.is_set()
        self._connection, self._session = None, 0
        self._ready.clear()
        self._handles.clear()
        for reply in self._pending.values():
            if not reply.done():
                reply.set_exception(EngineUnavailable("the connection to Janus broke"))
        if was_up:
            self._went()


def whole_number(reply: Json, *path: str | int) -> int:
    """The number at a place in a reply; raises `JanusError` where there is none."""
    value: Any = reply
    try:
        for step in path:
            value = value[step]
    except (LookupError, TypeError):
        value = None
    if not isinstance(value, int):
        raise JanusError(0, f"a reply without {path[-1]}")
    return value


def _message(text: str | bytes) -> Json | None:
    try:
        message = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return message if isinstance(message, dict) else None


def _settle(reply: "asyncio.Future[Json]", message: Json) -> None:
    match message:
        case _ if reply.done():
            return
        case {"janus": "ack"}:
            return
        case {"janus": "error", "error": {"code": int(code), "reason": str(reason)}}:
            reply.set_exception(JanusError(code, reason))
        case {"janus": "error"}:
            reply.set_exception(JanusError(0, "no reason"))
        case _:
            reply.set_result(message)


def _ignore(_: Json) -> None:
    """For handles whose events mean nothing here."""
