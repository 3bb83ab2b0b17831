"""Sound through real Janus gateways: who is heard by whom, what is recorded, what may die."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from av import AudioResampler

from audio.archive import assemble
from audio.janus.connection import Gateway, JanusError
from audio.janus.engine import JanusEngine
from audio.janus.recording import Spool
from audio.protocol import (
    Connected,
    EngineEvent,
    EngineUnavailable,
    Lost,
    RecordingFailed,
    Speaking,
)
from tests.audio import gateways
from tests.audio.callers import PATIENCE, RATE, Caller, holds, until
from tests.audio.conftest import Join, engine_over
from tests.audio.gateways import Janus

ROOM = "room"
ANNA, BRUNO, CARLA = "anna", "bruno", "carla"
A, B = 440.0, 1000.0


class News:
    """What an engine told so far."""

    def __init__(self, engine: JanusEngine) -> None:
        self.events: list[EngineEvent] = []
        self._reader = asyncio.ensure_future(self._read(engine))

    async def _read(self, engine: JanusEngine) -> None:
        async for event in engine.events():
            self.events.append(event)

    async def of(self, event: EngineEvent) -> None:
        """Wait until it was told."""
        await until(lambda: event in self.events, f"{event} is told")


async def hears(caller: Caller, frequency: float) -> None:
    """Wait until somebody hears a tone."""
    await until(lambda: caller.hears(frequency), f"{caller.name} hears {frequency}")


@asynccontextmanager
async def bare(janus: Janus, keep_alive: float = 25.0) -> AsyncIterator[Gateway]:
    """A connection of somebody who knows the API secret and nothing else."""

    async def came() -> None:
        pass

    secret = gateways.API_SECRET
    async with Gateway(janus.url, secret, came, lambda: None, keep_alive=keep_alive) as gateway:
        await gateway.wait_until_up(PATIENCE)
        yield gateway


async def left_over(janus: Janus, plugin: str) -> list[dict[str, Any]]:
    """The rooms or mountpoints there are."""
    async with bare(janus) as gateway:
        handle = await gateway.attach(plugin)
        body = {"request": "list", "admin_key": gateways.ADMIN_KEY}
        found: list[dict[str, Any]] = (await handle.request(body))[0]["list"]
        return found


def recorded(spool: Path, target: Path) -> dict[str | None, np.ndarray]:
    """What the room's recording sounds like, by participant (`None`: the mix)."""
    found = {}
    for file in assemble(spool / ROOM, target):
        with av.open(str(file.path)) as container:
            resampler = AudioResampler(format="s16", layout="mono", rate=RATE)
            frames = [
                part.to_ndarray().reshape(-1)
                for frame in container.decode(audio=0)
                for part in resampler.resample(frame)
            ]
        found[file.participant] = np.concatenate(frames).astype(np.float32) / 32768
    return found


async def test_whoever_is_named_is_heard_by_all_others_and_nobody_else_is(
    over_janus: JanusEngine, join: Join
) -> None:
    await over_janus.open_room(ROOM)
    await over_janus.set_voices(ROOM, frozenset({ANNA, BRUNO}))
    anna = await join(over_janus, ROOM, ANNA, A)
    bruno = await join(over_janus, ROOM, BRUNO, B)
    carla = await join(over_janus, ROOM, CARLA, 2000.0)
    await until(lambda: carla.hears(A) and carla.hears(B), "carla hears both")
    await until(lambda: anna.hears(B) and bruno.hears(A), "they hear each other")
    assert not anna.hears(A)
    assert not any(person.hears(2000.0) for person in (anna, bruno))


async def test_a_muted_voice_is_silent_whatever_it_sends_until_it_is_named_again(
    over_janus: JanusEngine, join: Join
) -> None:
    await over_janus.open_room(ROOM)
    await over_janus.set_voices(ROOM, frozenset({ANNA}))
    anna = await join(over_janus, ROOM, ANNA, A)
    carla = await join(over_janus, ROOM, CARLA)
    await until(lambda: carla.hears(A), "carla hears anna")
    await over_janus.set_voices(ROOM, frozenset())
    await until(lambda: len(carla.heard) > 0 and not carla.hears(A), "anna is silent")
    carla.forget()
    await until(lambda: len(carla.heard) > RATE, "a second goes by")
    assert not holds(carla.heard / 32768, A)
    await over_janus.set_voices(ROOM, frozenset({ANNA}))
    await until(lambda: carla.hears(A), "carla hears anna again")
    assert anna.connected


async def test_a_listener_who_becomes_a_voice_is_told_to_offer_again(
    over_janus: JanusEngine, join: Join
) -> None:
    news = News(over_janus)
    await over_janus.open_room(ROOM)
    anna = await join(over_janus, ROOM, ANNA, A)
    carla = await join(over_janus, ROOM, CARLA)
    await news.of(Connected(ROOM, ANNA))
    await over_janus.set_voices(ROOM, frozenset({ANNA}))
    await news.of(Lost(ROOM, ANNA))
    await until(lambda: anna.closed, "her transport is closed")
    await join(over_janus, ROOM, ANNA, A)
    await until(lambda: carla.hears(A), "carla hears anna")
    assert Lost(ROOM, CARLA) not in news.events


async def test_whoever_is_dropped_neither_hears_nor_is_heard(
    over_janus: JanusEngine, join: Join
) -> None:
    news = News(over_janus)
    await over_janus.open_room(ROOM)
    await over_janus.set_voices(ROOM, frozenset({ANNA}))
    anna = await join(over_janus, ROOM, ANNA, A)
    carla = await join(over_janus, ROOM, CARLA)
    await until(lambda: carla.hears(A), "carla hears anna")
    await over_janus.drop(ROOM, ANNA)
    await over_janus.drop(ROOM, CARLA)
    await until(lambda: anna.closed and carla.closed, "both are hung up on")
    assert not [event for event in news.events if isinstance(event, Lost)]


async def test_whoever_hangs_up_is_lost(over_janus: JanusEngine, join: Join) -> None:
    news = News(over_janus)
    await over_janus.open_room(ROOM)
    await over_janus.set_voices(ROOM, frozenset({ANNA}))
    for name in (ANNA, CARLA):
        caller = await join(over_janus, ROOM, name, A)
        await news.of(Connected(ROOM, name))
        await caller.leave()
        await news.of(Lost(ROOM, name))
    assert (await over_janus.statistics()).participants == 0


async def test_who_speaks_is_told(over_janus: JanusEngine, join: Join) -> None:
    news = News(over_janus)
    await over_janus.open_room(ROOM)
    await over_janus.set_voices(ROOM, frozenset({ANNA, BRUNO}))
    await join(over_janus, ROOM, ANNA, A)
    await join(over_janus, ROOM, BRUNO)
    await news.of(Speaking(ROOM, frozenset({ANNA})))
    await over_janus.set_voices(ROOM, frozenset({BRUNO}))
    await news.of(Speaking(ROOM, frozenset()))
    assert not [
        event
        for event in news.events
        if isinstance(event, Speaking) and BRUNO in event.participants
    ]


async def test_the_mix_and_each_voice_are_recorded_on_one_clock(
    over_janus: JanusEngine, join: Join, spool: Path, tmp_path: Path
) -> None:
    await over_janus.open_room(ROOM)
    await over_janus.set_voices(ROOM, frozenset({ANNA}))
    await join(over_janus, ROOM, ANNA, A)
    await join(over_janus, ROOM, BRUNO, B)
    carla = await join(over_janus, ROOM, CARLA)
    await until(lambda: carla.hears(A, 1.5), "a second and a half of anna")
    await over_janus.set_voices(ROOM, frozenset())
    await until(lambda: not carla.hears(A), "anna is silent")
    await over_janus.close_room(ROOM)
    await until(lambda: carla.closed or not carla.hears(A), "the room is silent")
    sound = await asyncio.to_thread(recorded, spool, tmp_path / "out")
    assert sound.keys() == {None, ANNA}
    assert holds(sound[None], A)
    assert holds(sound[ANNA], A)
    assert not holds(sound[None], B)
    onsets = [
        next(at for at in range(0, len(pcm), 960) if np.abs(pcm[at : at + 960]).max() > 0.1)
        for pcm in sound.values()
    ]
    assert abs(onsets[0] - onsets[1]) < RATE // 2


async def test_an_origin_that_cannot_write_voices_is_told(
    spool: Path, join: Join, janus: dict[str, Janus], tmp_path: Path
) -> None:
    (tmp_path / "no folder").touch()
    elsewhere = Spool(here=spool, there=tmp_path / "no folder")
    async with engine_over(elsewhere, janus["origin"]) as engine:
        news = News(engine)
        await engine.open_room(ROOM)
        await engine.set_voices(ROOM, frozenset({ANNA}))
        await join(engine, ROOM, ANNA, A)
        carla = await join(engine, ROOM, CARLA)
        await hears(carla, A)
    failures = [event for event in news.events if isinstance(event, RecordingFailed)]
    assert [event.room for event in failures] == [ROOM]


async def test_a_closed_room_leaves_nothing_at_the_gateways(
    over_janus: JanusEngine, join: Join, janus: dict[str, Janus]
) -> None:
    await over_janus.open_room(ROOM)
    await over_janus.set_voices(ROOM, frozenset({ANNA}))
    anna = await join(over_janus, ROOM, ANNA, A)
    carla = await join(over_janus, ROOM, CARLA)
    assert len(await left_over(janus["origin"], "audiobridge")) == 1
    assert len(await left_over(janus["edge"], "streaming")) == 1
    await over_janus.close_room(ROOM)
    await until(lambda: anna.closed and carla.closed, "both are hung up on")
    assert await left_over(janus["origin"], "audiobridge") == []
    assert await left_over(janus["edge"], "streaming") == []


async def test_what_a_killed_engine_left_behind_is_cleared_away(
    over_janus: JanusEngine, spool: Path, join: Join, janus: dict[str, Janus]
) -> None:
    await over_janus.open_room(ROOM)
    await join(over_janus, ROOM, CARLA)
    assert await left_over(janus["origin"], "audiobridge")
    assert await left_over(janus["edge"], "streaming")
    async with engine_over(Spool(spool, spool), janus["origin"], janus["edge"]) as next_one:
        await next_one.open_room("another")
        await join(next_one, "another", CARLA)
        (room,) = await left_over(janus["origin"], "audiobridge")
        (mountpoint,) = await left_over(janus["edge"], "streaming")
    assert room["description"] == "spaces:another"
    assert mountpoint["description"].startswith("spaces:another:")


async def test_nobody_gets_into_a_room_past_the_engine(
    over_janus: JanusEngine, join: Join, janus: dict[str, Janus]
) -> None:
    await over_janus.open_room(ROOM)
    await join(over_janus, ROOM, CARLA)
    (room,) = await left_over(janus["origin"], "audiobridge")
    (mountpoint,) = await left_over(janus["edge"], "streaming")
    async with bare(janus["origin"]) as gateway:
        handle = await gateway.attach("audiobridge")
        for body in (
            {"request": "create", "room": 1},
            {"request": "join", "room": room["room"]},
            {"request": "destroy", "room": room["room"]},
            {"request": "unmuteroom", "room": room["room"]},
        ):
            with pytest.raises(JanusError):
                await handle.request(body)
    async with bare(janus["edge"]) as gateway:
        handle = await gateway.attach("streaming")
        for request in ("watch", "destroy"):
            with pytest.raises(JanusError):
                await handle.request({"request": request, "id": mountpoint["id"]})


async def test_signs_of_life_keep_a_session_longer_than_janus_keeps_a_silent_one(
    tmp_path: Path,
) -> None:
    with gateways.running(tmp_path / "janus", "origin", session_timeout=1) as running:
        async with bare(running["origin"], keep_alive=0.2) as kept:
            handle = await kept.attach("streaming")
            async with bare(running["origin"]) as silent:
                lost = await silent.attach("streaming")
                await until(lambda: not lost.attached, "the silent session ends")
                await silent.wait_until_up(PATIENCE)
            assert handle.attached
            assert await handle.request({"request": "list"})


async def test_listeners_go_to_the_least_loaded_edge_and_move_when_it_dies(
    spool: Path, join: Join, tmp_path: Path
) -> None:
    with gateways.running(tmp_path / "janus", "origin", "one", "two") as running:
        one, two = running["one"], running["two"]
        async with engine_over(Spool(spool, spool), running["origin"], one, two) as engine:
            news = News(engine)
            await engine.open_room(ROOM)
            await engine.set_voices(ROOM, frozenset({ANNA}))
            await join(engine, ROOM, ANNA, A)
            listeners = {name: await join(engine, ROOM, name) for name in ("l1", "l2", "l3", "l4")}
            assert [edge.load for edge in engine.edges] == [2, 2]
            for listener in listeners.values():
                await hears(listener, A)
            await asyncio.to_thread(one.kill)
            await until(lambda: sum(isinstance(e, Lost) for e in news.events) == 2, "two are lost")
            lost = [event.participant for event in news.events if isinstance(event, Lost)]
            for name in lost:
                again = await join(engine, ROOM, name)
                await hears(again, A)
            assert [edge.load for edge in engine.edges] == [0, 4]
            await asyncio.to_thread(one.start)
            await until(lambda: engine.edges[0].gateway.up, "the edge is back")
            late = await join(engine, ROOM, "l5")
            await until(lambda: late.hears(A), "the late one hears anna")
            assert [edge.load for edge in engine.edges] == [1, 4]


async def test_a_dead_origin_loses_everybody_and_the_room_goes_on_with_the_next(
    spool: Path, join: Join, tmp_path: Path
) -> None:
    with gateways.running(tmp_path / "janus", "origin") as running:
        origin = running["origin"]
        async with engine_over(Spool(spool, spool), origin) as engine:
            news = News(engine)
            await engine.open_room(ROOM)
            await engine.set_voices(ROOM, frozenset({ANNA}))
            await join(engine, ROOM, ANNA, A)
            carla = await join(engine, ROOM, CARLA)
            await until(lambda: carla.hears(A, 1.0), "carla hears anna")
            await asyncio.to_thread(origin.kill)
            await news.of(Lost(ROOM, ANNA))
            await news.of(Lost(ROOM, CARLA))
            with pytest.raises(EngineUnavailable):
                await join(engine, ROOM, CARLA)
            await asyncio.to_thread(origin.start)
            await engine.open_room(ROOM)
            await until(lambda: engine.edges[0].gateway.up, "its listeners' side is back")
            await join(engine, ROOM, ANNA, A)
            carla = await join(engine, ROOM, CARLA)
            await until(lambda: carla.hears(A, 1.0), "carla hears anna again")
            await engine.close_room(ROOM)
    parts = await asyncio.to_thread(lambda: list((spool / ROOM).glob("*/mix.ogg")))
    assert len(parts) == 2
    (mix, *_) = await asyncio.to_thread(lambda: list(assemble(spool / ROOM, tmp_path / "out")))
    assert mix.gaps
