"""A gateway that answers nonsense: no exception but `EngineError`, and the rooms come back."""

import asyncio
import json
import logging
import random
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from audio.janus import connection
from audio.janus.connection import Gateway, Handle
from audio.janus.engine import Gateways, JanusEngine
from audio.janus.recording import Spool
from audio.protocol import EngineError
from tests.audio import offers
from tests.audio.test_janus_parts import JANUS_OFFER

Json = dict[str, Any]

ROOM, ANNA, BRUNO = "room", "anna", "bruno"
NONSENSE: list[Any] = [None, True, -1, 2**70, "", "x", [], [[]], {}, {"data": 0}, 0.5]
PATIENCE = 20

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)
EVENTS = st.dictionaries(
    st.sampled_from(["janus", "transaction", "sender", "plugindata", "jsep", "error", "data"]),
    VALUES | st.sampled_from(["webrtcup", "hangup", "event", "error", "ack", "t", 7]),
)


class Liar:
    """A Janus that tells the truth or, by a die, something like it; use its `serve`."""

    def __init__(self, seed: int, honesty: float) -> None:
        self.honesty = honesty
        self._dice = random.Random(seed)
        self._number = 0

    async def serve(self, socket: ServerConnection) -> None:
        with suppress(ConnectionClosed):
            async for text in socket:
                request = json.loads(text)
                reply = json.dumps(self._truth(request) | {"transaction": request["transaction"]})
                lies = self._dice.random() >= self.honesty
                await socket.send(self._lie(reply) if lies else reply)

    def _truth(self, request: Json) -> Json:
        self._number += 1
        if request["janus"] != "message":
            return {"janus": "success", "data": {"id": self._number}}
        said: Json = {"id": self._number, "stream_id": 1, "list": []}
        said["stream"] = {"ports": [{"port": 9}]}
        reply: Json = {"janus": "event", "plugindata": {"data": said}}
        if request["body"]["request"] in ("join", "watch"):
            reply["jsep"] = {"sdp": JANUS_OFFER}
        return reply

    def _lie(self, reply: str) -> str:
        if self._dice.random() < 0.2:
            return self._dice.choice(["", "[]", "null", "{", "[" * 5000, reply[:-3], "7"])
        message = json.loads(reply)
        place: Any = message
        while True:
            key = self._dice.choice(list(place) if isinstance(place, dict) else [0])
            inner = place[key]
            if isinstance(inner, dict | list) and inner and self._dice.random() < 0.7:
                place = inner
                continue
            place[key] = self._dice.choice(NONSENSE)
            return json.dumps(message)


async def run_a_room(engine: JanusEngine) -> None:
    """All that a room goes through; `EngineError` is the only way it may fail."""
    steps: list[Callable[[], Any]] = [
        lambda: engine.open_room(ROOM),
        lambda: engine.set_voices(ROOM, frozenset({ANNA})),
        lambda: engine.answer(ROOM, ANNA, offers.CHROMIUM),
        lambda: engine.answer(ROOM, BRUNO, offers.CHROMIUM),
        lambda: engine.set_voices(ROOM, frozenset({BRUNO})),
        lambda: engine.drop(ROOM, ANNA),
        lambda: engine.close_room(ROOM),
    ]
    for step in steps:
        try:
            await step()
        except EngineError:
            continue


async def come_back(engine: JanusEngine) -> None:
    """Until a talker and a listener are in the room again."""
    async with asyncio.timeout(PATIENCE):
        while True:
            try:
                await engine.open_room(ROOM)
                await engine.set_voices(ROOM, frozenset({ANNA}))
                for name in (ANNA, BRUNO):
                    assert (await engine.answer(ROOM, name, offers.CHROMIUM)).startswith("v=0")
            except EngineError:
                await asyncio.sleep(0.05)
            else:
                return


@pytest.mark.parametrize("seed", range(6))
async def test_rooms_survive_a_gateway_that_lies_and_come_back_when_it_does_not(
    seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(connection, "REQUEST_TIMEOUT", 0.05)
    liar = Liar(seed, honesty=0.8)
    async with serve(liar.serve, "127.0.0.1", 0) as server:
        url = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        gateways = Gateways(url, (url,), "secret", "key", "secret")
        spool = Spool(tmp_path, tmp_path)
        async with JanusEngine(gateways, spool, host="127.0.0.1", port=0) as engine:
            for _ in range(5):
                await run_a_room(engine)
            liar.honesty = 1.0
            await come_back(engine)
            assert engine.edges[0].load == 1
    surprises = [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert [record for record in surprises if record.exc_info] == []


@settings(max_examples=300)
@given(EVENTS)
def test_whatever_a_gateway_says_unasked_is_taken_in(message: Json) -> None:
    async def came() -> None:
        """Nothing to do."""

    gateway = Gateway("ws://127.0.0.1:9", "", came, lambda: None)
    loop = asyncio.new_event_loop()
    gateway._handles[7] = Handle(gateway, 7)
    pending = gateway._pending["t"] = loop.create_future()
    try:
        gateway._receive(message)
    except EngineError:
        assert message.get("janus") == "timeout"
    if pending.done():
        pending.exception()
    loop.close()
