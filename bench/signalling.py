"""How a load client gets into a room: our control connection, or the WebSocket API of Janus."""

import asyncio
import contextlib
import itertools
import json
import secrets
from typing import Any, Protocol, Self

from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

from audio.dtls import Identity
from audio.remote import RemoteEngine
from bench import sdp
from bench.client import Client
from bench.servers import TOKEN

_KEEP_ALIVE = 20.0
Json = dict[str, Any]


class Signalling(Protocol):
    """One server. Talkers may be heard, listeners may not."""

    async def open_room(self, room: int) -> None:
        """Make a room."""

    async def close_room(self, room: int) -> None:
        """Unmake it, with all who are in it."""

    async def talker(self, room: int) -> Client:
        """Let somebody in who may be heard; returns when the connection is up."""

    async def listener(self, room: int) -> Client:
        """Let somebody in who only listens."""


class Embedded:
    """Ours."""

    def __init__(self, url: str, host: str, identity: Identity) -> None:
        self.engine = RemoteEngine(url, TOKEN)
        self._host = host
        self._identity = identity
        self._voices: dict[int, set[str]] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.engine.close()

    async def open_room(self, room: int) -> None:
        """See `Signalling.open_room`."""
        self._voices[room] = set()
        await self.engine.open_room(str(room))

    async def close_room(self, room: int) -> None:
        """See `Signalling.close_room`."""
        await self.engine.close_room(str(room))

    async def talker(self, room: int) -> Client:
        """See `Signalling.talker`."""
        name = secrets.token_hex(8)
        self._voices[room].add(name)
        await self.engine.set_voices(str(room), frozenset(self._voices[room]))
        return await self._join(room, name)

    async def listener(self, room: int) -> Client:
        """See `Signalling.listener`."""
        return await self._join(room, secrets.token_hex(8))

    async def _join(self, room: int, name: str) -> Client:
        client = Client(self._identity, self._host)
        offer = client.local.describe(direction="sendrecv")
        answer = await self.engine.answer(str(room), name, offer)
        await client.connect(sdp.read(answer), controlling=True)
        return client


class Janus:
    """AudioBridge for those who talk, its mix forwarded to a Streaming mountpoint for the rest."""

    def __init__(
        self, url: str, host: str, identity: Identity, first_port: int, prebuffering: int = 2
    ) -> None:
        self._url = url
        self._host = host
        self._identity = identity
        self._first_port = first_port
        self._prebuffering = prebuffering
        self._waiting: dict[str, asyncio.Future[Json]] = {}
        self._numbers = itertools.count(1)
        self._session = 0

    async def __aenter__(self) -> Self:
        self._connection: ClientConnection = await connect(
            self._url,
            subprotocols=[Subprotocol("janus-protocol")],
            proxy=None,
            compression=None,
        )
        self._tasks = [asyncio.create_task(self._read()), asyncio.create_task(self._keep_alive())]
        self._session = (await self._ask({"janus": "create"}))["data"]["id"]
        self._bridge = await self._attach("janus.plugin.audiobridge")
        self._streaming = await self._attach("janus.plugin.streaming")
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._connection.close()

    async def open_room(self, room: int) -> None:
        """See `Signalling.open_room`; with our bitrate. Two packets of prebuffering instead of the
        usual six are good for latency and bad for networks."""
        port = self._first_port + 2 * room
        settings = {
            "sampling_rate": 48000,
            "default_prebuffering": self._prebuffering,
            "default_bitrate": 32000,
        }
        await self._request(self._bridge, {"request": "create", "room": room, **settings})
        media = {"type": "audio", "mid": "a", "pt": 111, "codec": "opus", "port": port}
        await self._request(
            self._streaming, {"request": "create", "type": "rtp", "id": room, "media": [media]}
        )
        forward = {"host": "127.0.0.1", "port": port, "codec": "opus", "ptype": 111}
        await self._request(self._bridge, {"request": "rtp_forward", "room": room, **forward})

    async def close_room(self, room: int) -> None:
        """See `Signalling.close_room`."""
        await self._request(self._bridge, {"request": "destroy", "room": room})
        await self._request(self._streaming, {"request": "destroy", "id": room})

    async def talker(self, room: int) -> Client:
        """See `Signalling.talker`."""
        client = Client(self._identity, self._host)
        handle = await self._attach("janus.plugin.audiobridge")
        await self._request(handle, {"request": "join", "room": room})
        offer = {"type": "offer", "sdp": client.local.describe(direction="sendrecv")}
        reply = await self._request(handle, {"request": "configure", "muted": False}, offer)
        await client.connect(sdp.read(reply["jsep"]["sdp"]), controlling=True)
        return client

    async def listener(self, room: int) -> Client:
        """See `Signalling.listener`."""
        client = Client(self._identity, self._host)
        handle = await self._attach("janus.plugin.streaming")
        offer = (await self._request(handle, {"request": "watch", "id": room}))["jsep"]["sdp"]
        remote = sdp.read(offer)
        answer = client.local.describe(
            direction="recvonly", mid=sdp.mid_of(offer), payload_type=remote.payload_type
        )
        await self._request(handle, {"request": "start"}, {"type": "answer", "sdp": answer})
        await client.connect(remote, controlling=False)
        return client

    async def _attach(self, plugin: str) -> int:
        return int((await self._ask({"janus": "attach", "plugin": plugin}))["data"]["id"])

    async def _request(self, handle: int, body: Json, jsep: Json | None = None) -> Json:
        message = {"janus": "message", "handle_id": handle, "body": body}
        reply = await self._ask(message | ({"jsep": jsep} if jsep else {}))
        data = reply.get("plugindata", {}).get("data", {})
        if "error" in data:
            raise RuntimeError(f"Janus refused {body}: {data['error']}")
        return reply

    async def _ask(self, message: Json) -> Json:
        transaction = str(next(self._numbers))
        message |= {"transaction": transaction}
        if self._session:
            message["session_id"] = self._session
        reply = self._waiting[transaction] = asyncio.get_running_loop().create_future()
        await self._connection.send(json.dumps(message))
        async with asyncio.timeout(20):
            answer: Json = await reply
        if answer["janus"] == "error":
            raise RuntimeError(f"Janus refused: {answer['error']}")
        return answer

    async def _read(self) -> None:
        """Replies by their transaction. An `ack` says only that the real one comes later."""
        async for text in self._connection:
            message = json.loads(text)
            if message["janus"] == "ack" or "transaction" not in message:
                continue
            reply = self._waiting.pop(message["transaction"], None)
            if reply is not None and not reply.done():
                reply.set_result(message)

    async def _keep_alive(self) -> None:
        while True:
            await asyncio.sleep(_KEEP_ALIVE)
            with contextlib.suppress(TimeoutError):
                await self._connection.send(
                    json.dumps(
                        {"janus": "keepalive", "session_id": self._session, "transaction": "0"}
                    )
                )
