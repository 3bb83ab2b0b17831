"""A live room, and an engine without sound."""

from collections.abc import AsyncIterator
from contextlib import nullcontext

import pytest
from channels import DEFAULT_CHANNEL_LAYER
from channels.layers import channel_layers

from accounts.models import User
from audio.fake import FakeEngine
from rooms import consumers, live, live_board, media, operations, reactions
from rooms.live import LiveRooms
from rooms.models import Room


@pytest.fixture
def room(host: User) -> Room:
    """A live room in which everyone may raise a hand."""
    return operations.create_room(host=host, title="Bees in the city")


@pytest.fixture
def quick_ticks(engine: FakeEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have lost messages made up for within moments."""
    monkeypatch.setattr(live, "TICK_SECONDS", 0.05)


@pytest.fixture
async def live_rooms(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[LiveRooms]:
    """The rooms, and the channel layer, of a web process that starts and ends with the test."""
    layer = channel_layers.make_backend(DEFAULT_CHANNEL_LAYER)
    monkeypatch.setitem(channel_layers.backends, DEFAULT_CHANNEL_LAYER, layer)
    rooms = LiveRooms()
    monkeypatch.setattr(consumers, "live_rooms", rooms)
    yield rooms
    await rooms.close()
    await layer.flush()


@pytest.fixture
async def engine(live_rooms: LiveRooms, monkeypatch: pytest.MonkeyPatch) -> FakeEngine:
    """The engine of a web process, which keeps no pauses.

    Without ticks: what a tick would repair in the end has to work at once.
    """
    fake = FakeEngine()
    monkeypatch.setattr(media, "open_engine", lambda: nullcontext(fake))
    monkeypatch.setattr(media, "RETRY_SECONDS", 0.01)
    monkeypatch.setattr(live, "AUDIENCE_SECONDS", 0.01)
    monkeypatch.setattr(live, "TICK_SECONDS", 3600.0)
    monkeypatch.setattr(live_board, "PAUSE_SECONDS", 0.01)
    monkeypatch.setattr(reactions, "PAUSE_SECONDS", 0.01)
    monkeypatch.setattr(live_board, "CAPTIONS_SECONDS", 3600.0)
    return fake
