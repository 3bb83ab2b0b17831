"""What the engine's tests share: an engine, and people who call it."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from audio.embedded import EmbeddedEngine
from audio.janus.engine import Gateways, JanusEngine
from audio.janus.recording import Spool
from audio.protocol import AudioEngine
from tests.audio import gateways
from tests.audio.callers import Caller, until
from tests.audio.gateways import Janus
from tests.audio.port import Port

Join = Callable[..., Awaitable[Caller]]


@pytest.fixture
def port() -> Port:
    """A port that nobody has come to yet."""
    return Port()


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


@pytest.fixture(scope="session")
def janus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Janus]]:
    """Two gateways for all tests that leave them as they are: `origin` and `edge`."""
    with gateways.running(tmp_path_factory.mktemp("janus"), "origin", "edge") as running:
        yield running


def engine_over(spool: Spool, origin: Janus, *edges: Janus) -> JanusEngine:
    """An engine over these gateways, to be used as `async with`."""
    secrets = (gateways.API_SECRET, gateways.ADMIN_KEY, gateways.ROOM_SECRET)
    urls = Gateways(origin.url, tuple(edge.url for edge in edges), *secrets)
    return JanusEngine(urls, spool, host="127.0.0.1", port=0)


@pytest.fixture
async def over_janus(spool: Path, janus: dict[str, Janus]) -> AsyncIterator[JanusEngine]:
    """An engine over the two gateways."""
    async with engine_over(Spool(spool, spool), janus["origin"], janus["edge"]) as engine:
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
