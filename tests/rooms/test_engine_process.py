"""The engine in another process: over the control connection, and what the worker asks of it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from channels.db import database_sync_to_async
from pytest_django import Settings

from accounts.models import User
from audio.control import serve
from audio.fake import FakeEngine
from rooms import media
from rooms.models import Room
from tests.rooms.client import Client
from tests.rooms.offers import OFFER
from tests.rooms.waiting import until

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
async def served(settings: Settings) -> AsyncIterator[FakeEngine]:
    """An engine that listens on a control port of its own."""
    fake = FakeEngine()
    async with serve(fake, "127.0.0.1", 0, settings.AUDIO_CONTROL_TOKEN) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        settings.AUDIO_CONTROL_URL = f"ws://127.0.0.1:{port}"
        yield fake


@pytest.mark.usefixtures("live_rooms")
async def test_a_session_over_the_control_connection(
    served: FakeEngine, room: Room, host: User
) -> None:
    async with Client(room, host) as ada:
        await ada.join()
        assert (await ada.does("media.offer", sdp=OFFER))["sdp"].startswith("v=0")
        await ada.does("recording.accept")
        await ada.does("mic.unmute")
        await until(lambda: served.rooms[room.public_id].voices == {ada.you["id"]})
        await ada.does("room.end")
        await until(lambda: served.closed == [room.public_id])


@pytest.mark.usefixtures("live_rooms")
async def test_without_an_engine_people_meet_and_no_sound_is_promised(
    settings: Settings, room: Room, host: User, listener: User, unused_tcp_port: int
) -> None:
    settings.AUDIO_CONTROL_URL = f"ws://127.0.0.1:{unused_tcp_port}"
    async with Client(room, host) as ada, Client(room, listener) as bob:
        await ada.join()
        await bob.join()
        await bob.does("hand.raise")
        await ada.hears("hand.raised")
        assert await bob.is_refused("media.offer", sdp=OFFER) == "engine_unavailable"


async def test_the_worker_closes_a_room(served: FakeEngine, room: Room) -> None:
    await served.open_room(room.public_id)
    await database_sync_to_async(media.close_room)(room)
    await database_sync_to_async(media.close_room)(room)
    assert served.closed == [room.public_id]


def test_the_worker_hears_that_the_engine_is_away(
    room: Room, settings: Settings, unused_tcp_port: int
) -> None:
    settings.AUDIO_CONTROL_URL = f"ws://127.0.0.1:{unused_tcp_port}"
    with pytest.raises(media.EngineUnavailable):
        media.close_room(room)


def test_a_room_without_a_spool_has_no_files(
    room: Room, settings: Settings, tmp_path: Path
) -> None:
    settings.AUDIO_SPOOL = tmp_path
    assert list(media.assemble(room, tmp_path / "target")) == []


def test_the_spool_of_one_room_is_discarded(room: Room, settings: Settings, tmp_path: Path) -> None:
    settings.AUDIO_SPOOL = tmp_path
    mine, other = tmp_path / room.public_id / "part", tmp_path / "other" / "part"
    mine.mkdir(parents=True)
    other.mkdir(parents=True)
    media.discard_spool(room)
    media.discard_spool(room)
    assert [folder.name for folder in tmp_path.iterdir()] == ["other"]
