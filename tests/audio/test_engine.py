"""Real peers in a room of the embedded engine: who hears whom, and what is recorded."""

import asyncio
import json
import secrets
import socket
import threading
from pathlib import Path

import pytest

from audio.archive import AssembledFile, assemble
from audio.embedded import EmbeddedEngine
from audio.ids import BadId
from audio.protocol import Connected, Lost, RecordingFailed, Speaking
from tests.audio import offers
from tests.audio.callers import PATIENCE, Caller, until
from tests.audio.conftest import Join
from tests.audio.recordings import decode, tones_in

A, B = 440.0, 1000.0
ROOM = "room"


async def two_speakers(engine: EmbeddedEngine, join: Join) -> tuple[Caller, Caller]:
    await engine.open_room(ROOM)
    await engine.set_voices(ROOM, frozenset({"anna", "bruno"}))
    return await join(engine, ROOM, "anna", A), await join(engine, ROOM, "bruno", B)


async def assembled(spool: Path, target: Path) -> dict[str | None, AssembledFile]:
    files = await asyncio.to_thread(lambda: list(assemble(spool / ROOM, target)))
    return {file.participant: file for file in files}


async def test_speakers_hear_each_other_but_not_themselves(
    embedded: EmbeddedEngine, join: Join
) -> None:
    anna, bruno = await two_speakers(embedded, join)
    await until(lambda: anna.hears(B) and bruno.hears(A), "they hear each other")
    assert not anna.hears(A)
    assert not bruno.hears(B)


async def test_a_listener_hears_everybody(embedded: EmbeddedEngine, join: Join) -> None:
    await two_speakers(embedded, join)
    carla = await join(embedded, ROOM, "carla")
    await until(lambda: carla.hears(A) and carla.hears(B), "carla hears both")


async def test_a_muted_client_that_goes_on_sending_is_not_heard(
    embedded: EmbeddedEngine, join: Join
) -> None:
    anna, _bruno = await two_speakers(embedded, join)
    carla = await join(embedded, ROOM, "carla")
    await until(lambda: carla.hears(B) and anna.hears(B), "bruno is heard")
    await embedded.set_voices(ROOM, frozenset({"anna"}))
    await until(lambda: not carla.hears(B) and not anna.hears(B), "bruno is heard no more")
    await until(lambda: carla.hears(A), "anna is still heard")
    await embedded.set_voices(ROOM, frozenset({"anna", "bruno"}))
    await until(lambda: carla.hears(B), "bruno is heard again")


async def test_nobody_is_heard_before_they_are_allowed(
    embedded: EmbeddedEngine, join: Join
) -> None:
    await embedded.open_room(ROOM)
    await embedded.set_voices(ROOM, frozenset({"bruno"}))
    await join(embedded, ROOM, "anna", A)
    await join(embedded, ROOM, "bruno", B)
    carla = await join(embedded, ROOM, "carla")
    await until(lambda: carla.hears(B), "carla hears bruno")
    assert not carla.hears(A)


async def test_rooms_do_not_hear_each_other(embedded: EmbeddedEngine, join: Join) -> None:
    for room, name, frequency in (("one", "anna", A), ("two", "bruno", B)):
        await embedded.open_room(room)
        await embedded.set_voices(room, frozenset({name}))
        await join(embedded, room, name, frequency)
    carla = await join(embedded, "one", "carla")
    await until(lambda: carla.hears(A), "carla hears anna")
    assert not carla.hears(B)


async def test_whoever_is_dropped_neither_hears_nor_is_heard(
    embedded: EmbeddedEngine, join: Join
) -> None:
    anna, bruno = await two_speakers(embedded, join)
    await until(lambda: anna.hears(B) and bruno.hears(A), "they hear each other")
    await embedded.drop(ROOM, "bruno")
    await until(lambda: bruno.closed, "bruno's client notices")
    await until(lambda: not anna.hears(B), "bruno is heard no more")
    bruno.forget()
    anna.forget()
    await until(lambda: len(anna.heard) > 0, "anna still gets something")
    assert len(bruno.heard) == 0
    assert (await embedded.statistics()).participants == 1


async def test_a_new_offer_replaces_the_old_connection(
    embedded: EmbeddedEngine, join: Join
) -> None:
    anna, bruno = await two_speakers(embedded, join)
    await until(lambda: anna.hears(B), "bruno is heard")
    again = await join(embedded, ROOM, "bruno", B)
    await until(lambda: bruno.closed, "the old connection is closed")
    await until(lambda: again.hears(A), "the new one hears")
    anna.forget()
    await until(lambda: anna.hears(B), "the new one is heard")
    assert (await embedded.statistics()).participants == 2


async def test_events_tell_who_connects_and_who_speaks(
    embedded: EmbeddedEngine, join: Join
) -> None:
    events = embedded.events()
    await embedded.open_room(ROOM)
    await embedded.set_voices(ROOM, frozenset({"anna"}))
    await join(embedded, ROOM, "anna", A)
    async with asyncio.timeout(10):
        assert await anext(events) == Connected(ROOM, "anna")
        assert await anext(events) == Speaking(ROOM, frozenset({"anna"}))
        await embedded.set_voices(ROOM, frozenset())
        assert await anext(events) == Speaking(ROOM, frozenset())


async def test_whoever_never_comes_is_lost(
    embedded: EmbeddedEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("audio.transport.CONSENT_TIMEOUT", 0.1)
    events = embedded.events()
    await embedded.open_room(ROOM)
    await embedded.answer(ROOM, "anna", offers.CHROMIUM)
    async with asyncio.timeout(10):
        assert await anext(events) == Lost(ROOM, "anna")
    assert (await embedded.statistics()).participants == 0


async def test_the_recording_holds_the_mix_and_each_voice_alone(
    embedded: EmbeddedEngine, join: Join, spool: Path, tmp_path: Path
) -> None:
    await two_speakers(embedded, join)
    carla = await join(embedded, ROOM, "carla")
    await until(lambda: carla.hears(A) and carla.hears(B), "both are heard")
    await embedded.set_voices(ROOM, frozenset({"anna"}))
    await until(lambda: not carla.hears(B), "bruno is muted")
    await until(lambda: carla.hears(A, 1.0), "anna goes on for a second")
    await embedded.close_room(ROOM)
    files = await assembled(spool, tmp_path / "out")
    assert set(files) == {None, "anna", "bruno"}
    mix, anna, bruno = (decode(files[name].path) for name in (None, "anna", "bruno"))
    end = len(bruno) / 48_000
    assert tones_in(mix, end - 0.3, end - 0.1, A, B) == {A, B}
    assert tones_in(mix, end + 0.2, end + 0.6, A, B) == {A}
    assert tones_in(anna, end - 0.3, end + 0.6, A, B) == {A}
    assert tones_in(bruno, end - 0.3, end - 0.1, A, B) == {B}


async def test_closing_a_room_hangs_up_and_leaves_complete_files(
    embedded: EmbeddedEngine, join: Join, spool: Path
) -> None:
    anna, _ = await two_speakers(embedded, join)
    await until(lambda: anna.hears(B), "sound flows")
    await embedded.close_room(ROOM)
    (index,) = await asyncio.to_thread(lambda: list(spool.glob("room/*/index.jsonl")))
    for line in index.read_text().splitlines():
        last_page = (index.parent / json.loads(line)["file"]).read_bytes().rpartition(b"OggS")[2]
        assert last_page[1] & 4  # the mark of the end, RFC 3533, 6
    await until(lambda: anna.closed, "anna is hung up on")
    assert (await embedded.statistics()).rooms == 0


async def test_the_engine_closes_its_rooms_when_it_ends(spool: Path, join: Join) -> None:
    address = "127.0.0.1"
    async with EmbeddedEngine(spool=spool, addresses=(address,), host=address, port=0) as engine:
        events = engine.events()
        anna, _ = await two_speakers(engine, join)
        await until(lambda: anna.hears(B), "sound flows")
    assert [type(event) async for event in events][:2] == [Connected, Connected]
    files = await assembled(spool, spool / "out")
    assert set(files) == {None, "anna", "bruno"}


async def test_garbage_from_the_network_disturbs_nobody(
    embedded: EmbeddedEngine, join: Join
) -> None:
    anna, _ = await two_speakers(embedded, join)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        for first in (0, 22, 128, 255):
            for _ in range(250):
                datagram = bytes([first]) + secrets.token_bytes(80)
                stranger.sendto(datagram, ("127.0.0.1", embedded.port))
    await until(lambda: anna.hears(B), "sound flows")
    dropped = (await embedded.statistics()).dropped
    assert dropped["bad_stun"] > 0
    assert dropped["unknown_address"] > 0
    assert dropped["not_media"] > 0


async def test_the_room_goes_on_when_it_cannot_be_recorded(
    embedded: EmbeddedEngine, join: Join, spool: Path
) -> None:
    await asyncio.to_thread(spool.write_text, "a file where the folder should be")
    events = embedded.events()
    anna, _ = await two_speakers(embedded, join)
    await until(lambda: anna.hears(B), "sound flows")
    assert await anext(events) == RecordingFailed(ROOM, "Not a directory")
    await embedded.close_room(ROOM)


@pytest.mark.parametrize("name", ["", "..", "a/b", "a" * 65, "mix", "è", "a\n"])
async def test_a_name_that_could_leave_the_spool_is_refused(
    embedded: EmbeddedEngine, name: str
) -> None:
    with pytest.raises(BadId):
        await embedded.open_room(name)
    await embedded.open_room(ROOM)
    with pytest.raises(BadId):
        await embedded.answer(ROOM, name, offers.CHROMIUM)
    with pytest.raises(BadId):
        await embedded.set_voices(ROOM, frozenset({name}))


async def test_a_caller_that_gives_up_does_no_harm(embedded: EmbeddedEngine) -> None:
    busy = threading.Event()
    embedded._media.call(lambda _core, _clock: busy.wait(PATIENCE))
    opening = asyncio.create_task(embedded.open_room(ROOM))
    await asyncio.sleep(0)  # now it waits for the media thread
    opening.cancel()
    with pytest.raises(asyncio.CancelledError):
        await opening
    busy.set()
    async with asyncio.timeout(PATIENCE):
        assert (await embedded.statistics()).rooms == 0


async def test_the_statistics_tell_of_every_tick_how_late_it_was(embedded: EmbeddedEngine) -> None:
    for _ in range(100):
        lateness = (await embedded.statistics()).lateness
        if sum(lateness.values()) > 3:
            break
        await asyncio.sleep(0.05)
    assert sum(lateness.values()) > 3
    assert list(lateness) == ["1", "2", "5", "10", "20", "50", "more"]


async def test_a_port_in_use_is_refused(embedded: EmbeddedEngine, spool: Path) -> None:
    with pytest.raises(OSError, match=f"port {embedded.port}"):
        EmbeddedEngine(spool=spool, addresses=("127.0.0.1",), host="127.0.0.1", port=embedded.port)
