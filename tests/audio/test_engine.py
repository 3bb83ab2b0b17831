"""Real peers in a room of the embedded engine: who hears whom."""

from pathlib import Path

import pytest

from audio.embedded import EmbeddedEngine
from tests.audio.callers import Caller, until

A, B = 440.0, 1000.0


async def test_two_speakers_hear_each_other_and_a_listener_hears_both(tmp_path: Path) -> None:
    async with EmbeddedEngine(
        spool=tmp_path, addresses=("127.0.0.1",), host="127.0.0.1", port=0
    ) as engine:
        await engine.open_room("room")
        await engine.set_voices("room", frozenset({"anna", "bruno"}))
        anna, bruno, carla = Caller("anna", A), Caller("bruno", B), Caller("carla")
        for c in (anna, bruno, carla):
            await c.join(engine, "room")
        await until(lambda: anna.connected and bruno.connected and carla.connected, "all connect")
        await until(lambda: carla.hears(A) and carla.hears(B), "carla hears both")
        await until(lambda: anna.hears(B), "anna hears bruno")
        await until(lambda: bruno.hears(A), "bruno hears anna")
        assert not anna.hears(A)
        assert not bruno.hears(B)
        print(await engine.statistics())
        await engine.drop("room", "bruno")
        await until(lambda: bruno.closed, "bruno is cut off")
        for c in (anna, bruno, carla):
            await c.leave()
        await engine.close_room("room")
        print(list(tmp_path.rglob("*")))
