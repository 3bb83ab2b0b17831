"""The control connection: tokens, errors, lost connections, blocking callers."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from audio import wire
from audio.control import serve
from audio.fake import FakeEngine
from audio.ids import BadId
from audio.protocol import (
    Connected,
    EngineError,
    EngineEvent,
    EngineUnavailable,
    Lost,
    Network,
    Networks,
    RecordingFailed,
    RecordingResumed,
)
from audio.remote import RemoteEngine, close_room_now
from tests.audio import offers

TOKEN = "the right token"
ROOM = "room"


@asynccontextmanager
async def serving(engine: FakeEngine, port: int = 0) -> AsyncIterator[int]:
    async with serve(engine, "127.0.0.1", port, TOKEN) as server:
        yield server.sockets[0].getsockname()[1]


def remote(port: int, token: str = TOKEN) -> RemoteEngine:
    return RemoteEngine(f"ws://127.0.0.1:{port}", token, patience=2.0, timeout=2.0)


def impatient(port: int, token: str = TOKEN) -> RemoteEngine:
    return RemoteEngine(f"ws://127.0.0.1:{port}", token, patience=0.2, timeout=0.2)


@pytest.fixture
def fake() -> FakeEngine:
    return FakeEngine()


async def test_a_wrong_token_is_refused(fake: FakeEngine) -> None:
    async with serving(fake) as port:
        with pytest.raises(InvalidStatus, match="401"):
            await connect(f"ws://127.0.0.1:{port}", proxy=None)
        async with impatient(port, "a wrong token") as engine:
            with pytest.raises(EngineUnavailable):
                await engine.open_room(ROOM)
    assert fake.rooms == {}


async def test_an_engine_that_is_not_there_is_unavailable(fake: FakeEngine) -> None:
    async with serving(fake) as port:
        pass
    async with impatient(port) as engine:
        with pytest.raises(EngineUnavailable):
            await engine.statistics()


async def test_an_engine_that_does_not_reply_is_unavailable(
    fake: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def never(_: str) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(fake, "open_room", never)
    async with serving(fake) as port, impatient(port) as engine:
        with pytest.raises(EngineUnavailable):
            await engine.open_room(ROOM)
        await engine.statistics()


async def test_the_connection_comes_back_with_the_engine(fake: FakeEngine) -> None:
    async with serving(fake) as port:
        engine = remote(port)
        events = engine.events()
        await engine.open_room(ROOM)
    async with asyncio.timeout(10):
        assert [event async for event in events] == []
    async with serving(fake, port), engine:
        events = engine.events()
        await engine.set_voices(ROOM, frozenset({"anna"}), frozenset({"bruno"}))
        fake.connect(ROOM, "anna")
        assert await anext(events) == Connected(ROOM, "anna")
    assert fake.rooms[ROOM].voices == {"anna"}
    assert fake.rooms[ROOM].ready == {"bruno"}


async def test_a_call_under_way_fails_when_the_connection_breaks(
    fake: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    called = asyncio.Event()

    async def hang(_: str) -> None:
        called.set()
        await asyncio.Event().wait()

    monkeypatch.setattr(fake, "close_room", hang)
    server = await serve(fake, "127.0.0.1", 0, TOKEN)
    async with remote(server.sockets[0].getsockname()[1]) as engine:
        closing = asyncio.create_task(engine.close_room(ROOM))
        await called.wait()
        for connection in server.connections:
            connection.transport.abort()
        with pytest.raises(EngineUnavailable):
            await closing
    server.close()


async def test_what_the_engine_refuses_arrives_as_the_same_exception(fake: FakeEngine) -> None:
    async with serving(fake) as port, remote(port) as engine:
        with pytest.raises(BadId, match="a name is"):
            await engine.open_room("a/b")
        fake.available = False
        with pytest.raises(EngineUnavailable, match="switched off"):
            await engine.open_room(ROOM)


async def test_every_event_and_every_field_gets_across(fake: FakeEngine) -> None:
    sent: list[EngineEvent] = [
        Connected("r", "p"),
        Lost("r", "p"),
        RecordingFailed("r", "No space left"),
        RecordingResumed("r"),
        Networks("r", {"p": Network(0.02, 80), "q": Network(0.0, None)}),
    ]
    async with serving(fake) as port, remote(port) as one, remote(port) as other:
        readers = [one.events(), other.events()]
        await one.statistics()
        await other.statistics()
        for event in sent:
            fake.emit(event)
        for reader in readers:
            assert [await anext(reader) for _ in sent] == sent


@pytest.mark.parametrize(
    "message",
    [
        "not json",
        "[]",
        "[" * 5000,
        '{"id": 1}',
        '{"id": 1, "call": "explode"}',
        '{"id": 1, "call": "open_room"}',
        '{"id": 1, "call": "open_room", "room": 7}',
        '{"id": 1, "call": "set_voices", "room": "room", "participants": []}',
        '{"id": 1, "call": "set_voices", "room": "room", "participants": [[]], "ready": []}',
        '{"id": 1, "call": "set_voices", "room": "room", "participants": [], "ready": "anna"}',
        b"\xff\xfe",
    ],
)
async def test_a_request_that_is_none_gets_an_error_and_the_connection_lives(
    fake: FakeEngine, message: str | bytes
) -> None:
    headers = {"Authorization": f"Bearer {TOKEN}"}
    async with (
        serving(fake) as port,
        connect(f"ws://127.0.0.1:{port}", additional_headers=headers, proxy=None) as client,
    ):
        await client.send(message)
        assert json.loads(await client.recv())["error"]["code"] == "bad_request"
        await client.send('{"id": 2, "call": "statistics"}')
        assert json.loads(await client.recv())["id"] == 2


async def test_a_failure_inside_of_the_engine_is_an_error_and_not_a_silence(
    fake: FakeEngine, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def fail() -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(fake, "statistics", fail)
    async with serving(fake) as port, remote(port) as engine:
        with pytest.raises(EngineError, match="see its log"):
            await engine.statistics()
    assert "ZeroDivisionError" in caplog.text


async def test_a_large_offer_gets_across_and_is_refused_as_such(fake: FakeEngine) -> None:
    async with serving(fake) as port, remote(port) as engine:
        await engine.open_room(ROOM)
        with pytest.raises(EngineError, match="64 KiB"):
            await engine.answer(ROOM, "anna", offers.CHROMIUM + "\n" * 70_000)


async def test_a_room_is_closed_without_an_event_loop(fake: FakeEngine) -> None:
    await fake.open_room(ROOM)
    async with serving(fake) as port:
        await asyncio.to_thread(close_room_now, f"ws://127.0.0.1:{port}", TOKEN, ROOM, 5)
    assert fake.closed == [ROOM]


async def test_closing_without_an_event_loop_tells_what_went_wrong(fake: FakeEngine) -> None:
    async with serving(fake) as port:
        url = f"ws://127.0.0.1:{port}"
        with pytest.raises(EngineUnavailable):
            await asyncio.to_thread(close_room_now, url, "a wrong token", ROOM, 5)
        with pytest.raises(BadId):
            await asyncio.to_thread(close_room_now, url, TOKEN, "a/b", 5)
    with pytest.raises(EngineUnavailable):
        await asyncio.to_thread(close_room_now, url, TOKEN, ROOM, 5)


_WORDS = st.sampled_from(["id", "call", "room", "participant", "participants", "offer", "drop"])
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | _WORDS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_WORDS, inner, max_size=6),
    max_leaves=12,
)
_CALLS = ["open_room", "answer", "set_voices", "drop", "close_room", "statistics"]
_REQUESTS = st.fixed_dictionaries(
    {"call": st.sampled_from(_CALLS)},
    optional=dict.fromkeys(("room", "participant", "participants", "offer", "id"), _VALUES),
)


@given(st.binary(max_size=200) | (_VALUES | _REQUESTS).map(lambda it: json.dumps(it).encode()))
def test_no_control_message_raises_anything_but_an_engine_error(message: bytes) -> None:
    async def perform() -> None:
        with contextlib.suppress(EngineError):
            await wire.perform(FakeEngine(), wire.decode(message))

    asyncio.run(perform())


async def test_after_any_garbage_a_connection_still_serves(fake: FakeEngine) -> None:
    garbage: list[str | bytes] = ["", "[]", "{}", "[" * 100_000, "\0", b"\xff\xfe", '{"id": []}']
    async with serving(fake) as port:
        headers = {"Authorization": f"Bearer {TOKEN}"}
        url = f"ws://127.0.0.1:{port}"
        async with connect(url, additional_headers=headers, proxy=None) as connection:
            for message in garbage:
                await connection.send(message)
                assert "error" in json.loads(await connection.recv())
            await connection.send(
                json.dumps({"id": 5, "call": "drop", "participant": "anna", "room": ROOM})
            )
            assert json.loads(await connection.recv()) == {"id": 5, "result": None}
