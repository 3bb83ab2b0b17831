"""Whoever reaches the engine's port takes part: over both families, and on the move."""

import asyncio
from collections.abc import AsyncIterator
from ipaddress import ip_address
from pathlib import Path

import pytest

from audio import stun
from audio.archive import assemble
from audio.embedded import EmbeddedEngine
from audio.protocol import Connected, EngineEvent, Lost
from audio.sockets import reachable_addresses
from tests.audio.callers import until
from tests.audio.phones import Line, Phone

A, B = 440.0, 1000.0
ROOM = "room"


async def keep(events: AsyncIterator[EngineEvent], where: list[EngineEvent]) -> None:
    async for event in events:
        where.append(event)  # noqa: PERF401  each is looked for while more are to come


@pytest.fixture
async def engine(spool: Path) -> AsyncIterator[EmbeddedEngine]:
    """An engine with its port on every address of both families."""
    async with EmbeddedEngine(
        spool=spool, addresses=("127.0.0.1", "::1"), host="::", port=0
    ) as engine:
        await engine.open_room(ROOM)
        await engine.set_voices(ROOM, frozenset({"anna"}))
        yield engine


@pytest.mark.parametrize("server", ["127.0.0.1", "::1"])
async def test_people_of_both_families_share_a_room(engine: EmbeddedEngine, server: str) -> None:
    async with Phone(engine, ROOM, "anna", A) as anna, Phone(engine, ROOM, "carla") as carla:
        await carla.use(await Line.open("127.0.0.1", engine.port))
        await carla.connect()
        line = await Line.open(server, engine.port)
        await anna.use(line)
        mapped = anna.answers[-1].attributes[stun.XOR_MAPPED_ADDRESS]
        assert stun.read_xor_address(mapped, anna.answers[-1].transaction) == line.address
        await anna.connect()
        await until(lambda: carla.hears(A), "carla hears anna")


async def test_whoever_changes_networks_is_still_the_same_participant(
    engine: EmbeddedEngine, spool: Path, tmp_path: Path
) -> None:
    happened: list[EngineEvent] = []
    watching = asyncio.create_task(keep(engine.events(), happened))
    async with Phone(engine, ROOM, "anna", A) as anna, Phone(engine, ROOM, "carla") as carla:
        await carla.use(await Line.open("127.0.0.1", engine.port))
        await carla.connect()
        await anna.use(await Line.open("127.0.0.1", engine.port, host="127.0.0.1"))
        await anna.connect()
        await until(lambda: carla.hears(A), "carla hears anna from the Wi-Fi")
        for server, host in (("127.0.0.1", "127.0.0.2"), ("::1", "::1")):
            await anna.use(await Line.open(server, engine.port, host=host))
            anna.heard.clear()
            carla.heard.clear()
            await until(lambda: carla.hears(A), "carla hears anna from another network")
            await until(lambda: len(anna.heard) > 2, "the room's sound follows anna")
        await engine.close_room(ROOM)
    watching.cancel()
    assert happened.count(Connected(ROOM, "anna")) == 1
    assert not [event for event in happened if isinstance(event, Lost)]
    files = await asyncio.to_thread(lambda: list(assemble(spool / ROOM, tmp_path)))
    (voice,) = [file for file in files if file.participant == "anna"]
    assert voice.gaps == ()


@pytest.mark.parametrize("server", ["127.0.0.1", "::1"])
async def test_where_udp_is_blocked_tcp_on_the_same_port_carries_both_directions(
    engine: EmbeddedEngine, server: str
) -> None:
    await engine.set_voices(ROOM, frozenset({"anna", "bruno"}))
    async with Phone(engine, ROOM, "anna", A) as anna, Phone(engine, ROOM, "bruno", B) as bruno:
        await bruno.use(await Line.open("127.0.0.1", engine.port))
        await bruno.connect()
        line = await Line.open(server, engine.port, tcp=True)
        await anna.use(line)
        mapped = anna.answers[-1].attributes[stun.XOR_MAPPED_ADDRESS]
        assert stun.read_xor_address(mapped, anna.answers[-1].transaction) == line.address
        await anna.connect()
        await until(lambda: bruno.hears(A) and anna.hears(B), "they hear each other")


async def test_a_tcp_connection_ends_with_the_participant(engine: EmbeddedEngine) -> None:
    async with Phone(engine, ROOM, "anna", A) as anna:
        line = await Line.open("127.0.0.1", engine.port, tcp=True)
        await anna.use(line)
        await anna.connect()
        await engine.drop(ROOM, "anna")
        await until(lambda: line.closed, "the engine hangs up")


def test_a_bound_address_is_the_only_candidate() -> None:
    assert reachable_addresses("198.51.100.7") == ("198.51.100.7",)
    assert reachable_addresses("2001:db8::7") == ("2001:db8::7",)


@pytest.mark.parametrize("wildcard", ["0.0.0.0", "::"])  # noqa: S104
def test_behind_a_wildcard_are_the_addresses_of_this_machine(wildcard: str) -> None:
    first, *others = [ip_address(address) for address in reachable_addresses(wildcard)]
    assert str(first) == "127.0.0.1"
    assert not [address for address in others if address.is_link_local]
    if wildcard == "0.0.0.0":  # noqa: S104
        assert {address.version for address in others} <= {4}
