"""What a process keeps of its rooms, and how it bears a channel layer that fails."""

import logging

import pytest
from channels.layers import InMemoryChannelLayer, channel_layers
from pytest_django import Settings

from accounts.models import User
from rooms import consumers
from rooms.models import Room
from tests.rooms.client import Client
from tests.rooms.waiting import until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("engine")]


class BrokenLayer(InMemoryChannelLayer):
    """A channel layer whose server is away."""

    async def group_add(self, group: str, channel: str) -> None:
        raise ConnectionError("no channel layer")

    async def group_send(self, group: str, message: dict[str, object]) -> None:
        raise ConnectionError("no channel layer")


@pytest.mark.usefixtures("quick_ticks")
async def test_a_room_that_everybody_left_is_forgotten(
    room: Room, listener: User, settings: Settings
) -> None:
    settings.RESUME_GRACE_SECONDS = 0
    async with Client(room, listener) as bob:
        await bob.join()
        assert len(consumers.live_rooms.names()) == 1
        await bob.does("leave")
        await until(lambda: consumers.live_rooms.names() == set())
    async with Client(room, listener) as bob:
        await bob.join()
        await bob.does("hand.raise")


@pytest.mark.usefixtures("quick_ticks")
async def test_without_the_channel_layer_changes_arrive_a_little_later(
    room: Room,
    host: User,
    listener: User,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setitem(channel_layers.backends, "default", BrokenLayer())
    async with Client(room, host) as ada, Client(room, listener) as bob:
        await ada.join()
        await bob.join()
        await bob.does("hand.raise")
        await ada.hears("hand.raised")
        await ada.does("hand.accept", participant=bob.you["id"])
        await bob.becomes("speaker", why="changed")
    assert {record.levelno for record in caplog.records} == {logging.WARNING}
    assert not any(record.exc_info for record in caplog.records)
