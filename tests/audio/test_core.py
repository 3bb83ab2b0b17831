"""Ticks of all rooms: several at once are the same sound."""

from pathlib import Path

import pytest

from audio.core import Clock, Core
from audio.opus import FRAME
from audio.rtp import RtpPacket
from tests.audio.recordings import decode, tone_packets, tones_in
from tests.audio.wires import Wire

ROOMS = {"first": 440.0, "second": 1000.0}
TICKS = 60


def record(spool: Path, at_once: int) -> None:
    """Let anna speak in each of the rooms; so many ticks are made together."""
    core = Core(spool=spool, addresses=("192.0.2.1",), port=9, outlet=Wire(), emit=lambda _: None)
    for room in ROOMS:
        core.open_room(room, Clock(0.0, 0.0, 0))
        core.set_voices(room, frozenset({"anna"}))
    packets = {room: tone_packets(frequency, 2) for room, frequency in ROOMS.items()}
    for tick in range(TICKS):
        for room in ROOMS:
            packet = RtpPacket(111, tick, tick * FRAME, 1, packets[room][tick])
            core._rooms[room].receive("anna", packet, tick * FRAME)
        if (tick + 1) % at_once == 0:
            first = tick + 1 - at_once
            core.tick(Clock(first * 0.02, first * 0.02, first), at_once)
    core.close()


@pytest.mark.parametrize("room", ROOMS)
def test_three_ticks_at_once_record_the_same_as_one_after_the_other(
    tmp_path: Path, room: str
) -> None:
    record(tmp_path / "one", at_once=1)
    record(tmp_path / "three", at_once=3)
    for name in ("mix.ogg", "anna.ogg"):
        (one,) = (tmp_path / "one" / room).glob(f"*/{name}")
        (three,) = (tmp_path / "three" / room).glob(f"*/{name}")
        assert tones_in(decode(one), 0.2, 1.1, *ROOMS.values()) == {ROOMS[room]}
        assert decode(three).tobytes() == decode(one).tobytes()
