"""A tap gives each voice by itself: of those who may be heard, on the clock of the recording."""

import asyncio
import json
from collections.abc import Sequence
from contextlib import aclosing
from pathlib import Path

import pytest

from audio.embedded import EmbeddedEngine
from audio.ogg import read_packets
from audio.opus import FRAME, SILENCE, Encoder
from audio.protocol import UnknownRoom, Voices
from audio.tap import TICKS, Tap, TapReader
from tests.audio.callers import speech_like, until
from tests.audio.conftest import Join

ROOM, ANNA, BRUNO = "room", "anna", "bruno"


def packets(count: int) -> list[bytes]:
    encoder, pcm = Encoder(), speech_like(count)
    return [encoder.encode(pcm[at : at + FRAME]) for at in range(0, len(pcm), FRAME)]


def voices(start: float) -> Voices:
    return Voices(start, TICKS, {})


def test_packets_are_handed_over_with_the_tick_they_began_in() -> None:
    got: list[Voices | None] = []
    tap = Tap(got.append, lambda tick: 1000.0 + tick * 0.02)
    first, second, third = packets(3)
    for tick in range(100, 100 + TICKS):
        if tick == 101:
            tap.voice(ANNA, tick, [first, second])
        if tick == 105:
            tap.voice(BRUNO, tick, [third])
        tap.tick(tick)
    (stretch,) = got
    assert stretch == Voices(1002.0, TICKS, {ANNA: [(1, first), (1, second)], BRUNO: [(5, third)]})


def test_silence_is_handed_over_too_so_that_the_reader_knows_the_time() -> None:
    got: list[Voices | None] = []
    tap = Tap(got.append, float)
    for tick in range(2 * TICKS):
        tap.tick(tick)
    assert got == [Voices(0.0, TICKS, {}), Voices(float(TICKS), TICKS, {})]


async def test_a_reader_who_is_too_slow_misses_what_comes_last() -> None:
    reader = TapReader()
    for number in range(80):
        reader.put(voices(float(number)))
    reader.put(None)
    starts = [each.start async for each in reader]
    assert starts == [float(number) for number in range(50)]


async def test_a_tap_gives_whom_the_mix_holds_and_what_the_recording_keeps(
    embedded: EmbeddedEngine, spool: Path, join: Join
) -> None:
    await embedded.open_room(ROOM)
    await embedded.set_voices(ROOM, frozenset({ANNA}))
    heard: list[Voices] = []
    reading = asyncio.create_task(read(embedded, heard))
    await until(lambda: bool(heard), "the tap runs")
    await join(embedded, ROOM, BRUNO, 880.0)
    await join(embedded, ROOM, ANNA, 440.0)
    await until(lambda: len(tapped(heard, ANNA)) > 50, "the tap gives Anna")
    await embedded.close_room(ROOM)
    await asyncio.wait_for(reading, 5)
    assert tapped(heard, BRUNO) == []
    (part,) = (spool / ROOM).iterdir()
    with (part / f"{ANNA}.ogg").open("rb") as file:
        kept = [packet for packet in read_packets(file) if packet != SILENCE]
    assert tapped(heard, ANNA) == kept
    index = [json.loads(line) for line in (part / "index.jsonl").read_text().splitlines()]
    (begin,) = (line["start"] for line in index if line["participant"] == ANNA)
    assert abs(first_heard(heard, ANNA) - begin) < 0.002


async def test_nobody_waits_for_a_reader_that_has_gone(embedded: EmbeddedEngine) -> None:
    await embedded.open_room(ROOM)
    tap = embedded.tap(ROOM)
    await anext(tap)
    await tap.aclose()
    await embedded.close_room(ROOM)
    with pytest.raises(UnknownRoom):
        await anext(embedded.tap(ROOM))


async def read(engine: EmbeddedEngine, heard: list[Voices]) -> None:
    async with aclosing(engine.tap(ROOM)) as tap:
        async for each in tap:
            heard.append(each)  # noqa: PERF401  whoever waits sees it grow


def first_heard(heard: Sequence[Voices], who: str) -> float:
    """The Unix time at which somebody's first packet began."""
    stretch = next(each for each in heard if who in each.packets)
    return stretch.start + stretch.packets[who][0][0] * 0.02


def tapped(heard: Sequence[Voices], who: str) -> list[bytes]:
    return [packet for each in heard for _, packet in each.packets.get(who, [])]
