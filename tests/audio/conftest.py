"""What the engine's tests share: an engine, and people who call it."""

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from audio.embedded import EmbeddedEngine
from audio.protocol import AudioEngine
from tests.audio.callers import Caller, until

Join = Callable[..., Awaitable[Caller]]


@pytest.fixture
def spool(tmp_path: Path) -> Path:
    """Where the engine records."""
    return tmp_path / "spool"


@pytest.fixture
async def embedded(spool: Path) -> AsyncIterator[EmbeddedEngine]:
    """A running embedded engine on a free port of the loopback address."""
    address = "127.0.0.1"
    async with EmbeddedEngine(spool=spool, addresses=(address,), host=address, port=0) as engine:
        yield engine


@pytest.fixture
async def join() -> AsyncIterator[Join]:
    """Let somebody join a room: `await join(engine, "room", "anna", 440.0)` plays a tone."""
    callers: list[Caller] = []

    async def join_room(
        engine: AudioEngine, room: str, name: str, frequency: float | None = None
    ) -> Caller:
        caller = Caller(name, frequency)
        callers.append(caller)
        await caller.join(engine, room)
        await until(lambda: caller.connected, f"{name} connects")
        return caller

    yield join_room
    for caller in callers:
        await caller.leave()
