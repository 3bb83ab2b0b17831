"""What every engine promises, whichever it is: the rules of `AudioEngine`."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack

import pytest

from audio.control import serve
from audio.embedded import EmbeddedEngine
from audio.fake import FakeEngine
from audio.ids import BadId
from audio.janus.engine import JanusEngine
from audio.protocol import (
    AudioEngine,
    BadOffer,
    EngineEvent,
    NoTap,
    Speaking,
    UnknownRoom,
    Voices,
)
from audio.remote import RemoteEngine
from tests.audio import offers
from tests.audio.callers import until

ROOM, ANNA, BRUNO = "room", "anna", "bruno"
NEWS = Speaking(ROOM, frozenset({ANNA, BRUNO}))

Emit = Callable[[EngineEvent], None]
Local = EmbeddedEngine | FakeEngine | JanusEngine
Subject = tuple[AudioEngine, Emit]


@pytest.fixture
def fake() -> FakeEngine:
    """The engine that moves no sound."""
    return FakeEngine()


@pytest.fixture(params=["embedded", "fake", "over_janus"])
def local(request: pytest.FixtureRequest) -> Local:
    """Each engine there is, in this process."""
    engine: Local = request.getfixturevalue(request.param)
    return engine


@pytest.fixture(params=["", "behind control"])
async def subject(request: pytest.FixtureRequest, local: Local) -> AsyncIterator[Subject]:
    """An engine, and a way to let something happen inside of it."""
    emit: Emit = local.emit if isinstance(local, FakeEngine) else local._emit
    async with AsyncExitStack() as stack:
        if not request.param:
            yield local, emit
            return
        server = await stack.enter_async_context(serve(local, "127.0.0.1", 0, "token"))
        port = server.sockets[0].getsockname()[1]
        yield await stack.enter_async_context(RemoteEngine(f"ws://127.0.0.1:{port}", "token")), emit


@pytest.fixture
def engine(subject: Subject) -> AudioEngine:
    """The engine alone."""
    return subject[0]


async def test_an_offer_is_answered_with_sdp(engine: AudioEngine) -> None:
    await engine.open_room(ROOM)
    answer = await engine.answer(ROOM, ANNA, offers.CHROMIUM)
    assert answer.startswith("v=0\r\n")
    assert "a=setup:passive" in answer


@pytest.mark.parametrize("offer", ["", "hello", offers.VIDEO_ONLY, "v=0\r\n" + "x" * 70_000])
async def test_an_offer_without_audio_is_refused(engine: AudioEngine, offer: str) -> None:
    await engine.open_room(ROOM)
    with pytest.raises(BadOffer):
        await engine.answer(ROOM, ANNA, offer)
    assert (await engine.statistics()).participants == 0


async def test_a_room_that_was_never_opened_is_unknown(engine: AudioEngine) -> None:
    with pytest.raises(UnknownRoom):
        await engine.answer(ROOM, ANNA, offers.CHROMIUM)
    with pytest.raises(UnknownRoom):
        await engine.set_voices(ROOM, frozenset({ANNA}))


async def test_a_closed_room_is_unknown_until_it_is_opened_again(engine: AudioEngine) -> None:
    await engine.open_room(ROOM)
    await engine.close_room(ROOM)
    with pytest.raises(UnknownRoom):
        await engine.answer(ROOM, ANNA, offers.CHROMIUM)
    await engine.open_room(ROOM)
    await engine.answer(ROOM, ANNA, offers.CHROMIUM)


async def test_opening_twice_keeps_the_room_as_it_is(engine: AudioEngine) -> None:
    await engine.open_room(ROOM)
    await engine.answer(ROOM, ANNA, offers.CHROMIUM)
    await engine.open_room(ROOM)
    statistics = await engine.statistics()
    assert (statistics.rooms, statistics.participants) == (1, 1)


async def test_opening_tells_one_life_of_a_room_from_the_next(engine: AudioEngine) -> None:
    life = await engine.open_room(ROOM)
    assert life
    assert await engine.open_room(ROOM) == life
    await engine.close_room(ROOM)
    assert await engine.open_room(ROOM) not in ("", life)


async def test_a_newer_offer_replaces_the_older_one(engine: AudioEngine) -> None:
    await engine.open_room(ROOM)
    await engine.answer(ROOM, ANNA, offers.CHROMIUM)
    await engine.answer(ROOM, ANNA, offers.FIREFOX)
    assert (await engine.statistics()).participants == 1


async def test_dropping_is_idempotent_and_needs_neither_person_nor_room(
    engine: AudioEngine,
) -> None:
    await engine.drop(ROOM, ANNA)
    await engine.open_room(ROOM)
    await engine.drop(ROOM, ANNA)
    await engine.answer(ROOM, ANNA, offers.CHROMIUM)
    await engine.drop(ROOM, ANNA)
    await engine.drop(ROOM, ANNA)
    assert (await engine.statistics()).participants == 0


async def test_whoever_was_dropped_may_be_answered_again(engine: AudioEngine) -> None:
    await engine.open_room(ROOM)
    await engine.answer(ROOM, ANNA, offers.CHROMIUM)
    await engine.drop(ROOM, ANNA)
    await engine.answer(ROOM, ANNA, offers.CHROMIUM)
    assert (await engine.statistics()).participants == 1


async def test_closing_is_idempotent_and_drops_everybody(engine: AudioEngine) -> None:
    await engine.close_room(ROOM)
    await engine.open_room(ROOM)
    await engine.answer(ROOM, ANNA, offers.CHROMIUM)
    await engine.close_room(ROOM)
    await engine.close_room(ROOM)
    statistics = await engine.statistics()
    assert (statistics.rooms, statistics.participants) == (0, 0)


async def test_voices_and_those_who_are_ready_need_not_be_connected(engine: AudioEngine) -> None:
    await engine.open_room(ROOM)
    for voices in (frozenset({ANNA, BRUNO}), frozenset({ANNA}), frozenset[str]()):
        await engine.set_voices(ROOM, voices)
        await engine.set_voices(ROOM, voices, frozenset({BRUNO}))


async def test_who_is_ready_is_checked_as_who_is_heard_is(engine: AudioEngine) -> None:
    await engine.open_room(ROOM)
    with pytest.raises(BadId):
        await engine.set_voices(ROOM, frozenset({ANNA}), frozenset({"../up"}))


@pytest.mark.parametrize("name", ["", "../up", "a b", "x" * 65])
async def test_a_name_outside_of_the_alphabet_is_refused(engine: AudioEngine, name: str) -> None:
    with pytest.raises(BadId):
        await engine.open_room(name)
    with pytest.raises(BadId):
        await engine.close_room(name)
    with pytest.raises(BadId):
        await engine.drop(ROOM, name)


async def test_a_tap_ends_with_its_room_or_says_that_there_is_none(
    engine: AudioEngine, local: Local
) -> None:
    await engine.open_room(ROOM)
    if isinstance(local, JanusEngine):
        with pytest.raises(NoTap):
            await anext(engine.tap(ROOM))
        return
    heard: list[Voices] = []
    reading = asyncio.create_task(read_voices(engine, heard))
    said = Voices(1795349187.5, 10, {ANNA: [(3, b"\x00\xff"), (3, b"")]})
    if isinstance(local, FakeEngine):
        await until(lambda: bool(local.rooms[ROOM].taps), "somebody reads")
        local.say(ROOM, said)
    await until(lambda: bool(heard), "the tap gives something")
    await engine.close_room(ROOM)
    await asyncio.wait_for(reading, 5)
    assert isinstance(local, EmbeddedEngine) or heard == [said]


async def read_voices(engine: AudioEngine, heard: list[Voices]) -> None:
    async for voices in engine.tap(ROOM):
        heard.append(voices)  # noqa: PERF401  whoever waits sees it grow


async def test_the_voices_of_a_room_that_was_never_opened_are_unknown(
    engine: AudioEngine,
) -> None:
    with pytest.raises((UnknownRoom, NoTap)):
        await anext(engine.tap(ROOM))


async def test_everybody_who_reads_events_gets_all_from_now_on(subject: Subject) -> None:
    engine, emit = subject
    one, other = engine.events(), engine.events()
    await engine.statistics()  # behind control: now the connection is there
    emit(NEWS)
    assert await anext(one) == NEWS
    assert await anext(other) == NEWS


async def test_events_of_before_are_not_told(subject: Subject) -> None:
    engine, emit = subject
    witness = engine.events()
    await engine.statistics()
    emit(Speaking(ROOM, frozenset()))
    await anext(witness)
    late = engine.events()
    emit(NEWS)
    assert await anext(late) == NEWS
