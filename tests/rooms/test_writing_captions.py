"""What is said in live rooms is written down by the captions process, each line under its name."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest
from channels.db import database_sync_to_async

from accounts.models import User
from audio.fake import FakeEngine
from audio.protocol import NoTap, Voices
from audio.tap import TICKS
from rooms import captions, operations
from rooms.captions import Captions, Recognise
from rooms.models import Caption, Room
from speech.recogniser import Recogniser, Text
from speech.segments import Utterance
from tests.audio.callers import until
from tests.rooms.client import Client
from tests.speech.clips import CLIPS
from tests.speech.errors import word_errors, words

pytestmark = pytest.mark.django_db(transaction=True)

PAUSE = 100  # ticks


@pytest.fixture(autouse=True)
def quick_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(captions, "LOOK_SECONDS", 0.02)


@pytest.fixture
def room(host: User) -> Room:
    return transcribed(host)


def transcribed(host: User) -> Room:
    return operations.create_room(host=host, title="Bees in the city", transcription=True)


@asynccontextmanager
async def writing(recognise: Recognise | None, most_rooms: int = 4) -> AsyncIterator[None]:
    """The captions process, as long as the block lasts."""
    task = asyncio.create_task(Captions(recognise, most_rooms).run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def opened(engine: FakeEngine, room: Room) -> None:
    """The room is at the engine, and its voices are listened to."""
    await engine.open_room(room.public_id)
    await until(lambda: bool(engine.rooms[room.public_id].taps), "the voices are listened to")


def say(engine: FakeEngine, room: Room, said: dict[str, str], start: float | None = None) -> None:
    """Let participants say their clips at the same time, and be silent after that."""
    packets = {who: CLIPS[clip].packets for who, clip in said.items()}
    begin = time.time() if start is None else start
    for tick in range(0, max(map(len, packets.values())) + PAUSE, TICKS):
        stretch = {
            who: list(enumerate(its[tick : tick + TICKS]))
            for who, its in packets.items()
            if its[tick:]
        }
        engine.say(room.public_id, Voices(begin + tick * 0.02, TICKS, stretch))


def echo(utterance: Utterance) -> Text:
    """A recogniser that is quick and always says the same."""
    return Text("Something.", "en")


async def test_two_who_talk_at_once_are_both_written_down_each_under_their_name(
    engine: FakeEngine, room: Room, host: User, speaker: User, recogniser: Recogniser
) -> None:
    async with Client(room, host) as ada, Client(room, speaker) as ben, Client(room) as guest:
        voices = {}
        for client, clip in ((ada, "it_vm-nobox"), (ben, "en_ss-noservice")):
            await client.join()
            voices[client.you["id"]] = clip
        await guest.join()
        async with writing(recogniser.recognise):
            await opened(engine, room)
            say(engine, room, voices)
            lines = [await guest.hears("caption") for _ in voices]
    assert {line["name"] for line in lines} == {"Host", "Speaker"}
    for line in lines:
        said = CLIPS[voices[line["participant"]]].text
        assert word_errors(said, line["text"]) / len(words(said)) <= 0.15


async def test_a_room_beyond_the_limit_is_told_so_until_there_is_a_place(
    engine: FakeEngine, room: Room, host: User
) -> None:
    other = await database_sync_to_async(transcribed)(host)
    async with Client(other) as guest:
        assert (await guest.join())["captioning"] is None
        async with writing(echo, most_rooms=1):
            await opened(engine, room)
            await engine.open_room(other.public_id)
            say(engine, room, {"nobody": "it_ss-noservice"})
            assert (await guest.hears("captioning.changed"))["captioning"] == "busy"
            await database_sync_to_async(operations.end_room)(
                room_id=room.pk, reason=Room.EndReason.HOST
            )
            await opened(engine, other)
            say(engine, other, {"nobody": "it_ss-noservice"})
            assert (await guest.hears("captioning.changed"))["captioning"] == "on"


async def test_without_a_model_rooms_are_told_that_there_are_no_captions(
    engine: FakeEngine, room: Room
) -> None:
    async with Client(room) as guest:
        await guest.join()
        async with writing(None):
            assert (await guest.hears("captioning.changed"))["captioning"] == "unavailable"


async def test_an_engine_without_single_voices_has_no_captions(
    engine: FakeEngine, room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_tap(name: str) -> Iterator[Voices]:
        raise NoTap(name)

    monkeypatch.setattr(engine, "tap", no_tap)
    async with Client(room) as guest:
        await guest.join()
        async with writing(echo):
            assert (await guest.hears("captioning.changed"))["captioning"] == "unavailable"


async def test_what_would_come_too_late_is_left_out(
    engine: FakeEngine, room: Room, host: User, caplog: pytest.LogCaptureFixture
) -> None:
    async with Client(room, host) as ada, Client(room) as guest:
        await ada.join()
        await guest.join()
        who = {ada.you["id"]: "it_ss-noservice"}
        async with writing(echo):
            await opened(engine, room)
            say(engine, room, who, start=time.time() - 60)
            await until(lambda: "is left out: it is 5" in caplog.text, "it is left out")
            say(engine, room, who)
            await guest.hears("caption")
    assert await Caption.objects.acount() == 1


async def test_rooms_without_the_hosts_wish_are_not_listened_to(
    engine: FakeEngine, room: Room, host: User
) -> None:
    silent = await database_sync_to_async(operations.create_room)(host=host, title="Quiet")
    await engine.open_room(silent.public_id)
    async with writing(echo):
        await opened(engine, room)
    assert engine.rooms[silent.public_id].taps == []


async def test_a_restarted_engine_is_listened_to_again(
    engine: FakeEngine, room: Room, host: User
) -> None:
    async with Client(room, host) as ada:
        await ada.join()
        async with writing(echo):
            await opened(engine, room)
            engine.go_away()
            await opened(engine, room)
            say(engine, room, {ada.you["id"]: "it_ss-noservice"})
            assert (await ada.hears("caption"))["text"] == "Something."


async def test_a_line_that_cannot_be_written_stops_nothing(
    engine: FakeEngine, room: Room, host: User, caplog: pytest.LogCaptureFixture
) -> None:
    broken = [RuntimeError("the model broke")]

    def once_broken(utterance: Utterance) -> Text:
        if broken:
            raise broken.pop()
        return Text("Here again.", "en")

    async with Client(room, host) as ada:
        await ada.join()
        async with writing(once_broken):
            await opened(engine, room)
            say(engine, room, {ada.you["id"]: "it_ss-noservice"})
            await until(lambda: "the model broke" in caplog.text, "the first one fails")
            say(engine, room, {ada.you["id"]: "it_ss-noservice"}, start=time.time() + 10)
            assert (await ada.hears("caption"))["text"] == "Here again."
