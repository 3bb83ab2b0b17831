"""Reading the `.mjr` files that Janus writes of single voices."""

import io
import json
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audio import mjr, rtp
from audio.opus import SILENCE

TOC = b"\x78"  # 20 ms, as in every packet here


def voice(number: int) -> bytes:
    """A packet of Opus that is not silence."""
    return TOC + bytes([number])


def head(waited: float = 0.0, codec: str = "opus") -> bytes:
    """The start of a file whose first packet came so many seconds after its making."""
    made = 1_795_353_509_636_106
    info = {"t": "a", "c": codec, "s": made, "u": made + round(waited * 1e6)}
    text = json.dumps(info).encode()
    return b"MJR00002" + struct.pack("!H", len(text)) + text


def entry(number: int, milliseconds: int | None = None, timestamp: int | None = None) -> bytes:
    """The packet of the 20 ms with this number, come when it was due."""
    at = number * 960 if timestamp is None else timestamp
    packet = rtp.build(111, number, at + 0xFFFFFF00, 7, voice(number % 256))
    return (
        b"MEET"
        + struct.pack("!IH", number * 20 if milliseconds is None else milliseconds, len(packet))
        + packet
    )


def read(*parts: bytes) -> list[bytes]:
    return [packet for _, packet in mjr.read_timed(io.BytesIO(b"".join(parts)))]


def test_packets_come_out_as_they_were_sent() -> None:
    assert read(head(), entry(0), entry(1), entry(2)) == [voice(0), voice(1), voice(2)]


def test_what_never_came_is_silence() -> None:
    assert read(head(), entry(0), entry(3)) == [voice(0), SILENCE, SILENCE, voice(3)]


def test_the_wait_for_the_first_packet_is_silence() -> None:
    assert read(head(0.06), entry(0)) == [SILENCE] * 3 + [voice(0)]


def test_packets_that_overtook_each_other_are_put_in_order() -> None:
    assert read(head(), entry(0), entry(2), entry(1)) == [voice(0), voice(1), voice(2)]


def test_a_packet_that_came_twice_is_there_once() -> None:
    assert read(head(), entry(0), entry(1), entry(1), entry(2)) == [voice(0), voice(1), voice(2)]


def test_a_clock_that_jumps_does_not_move_the_sound() -> None:
    jumped = entry(2, timestamp=3_000_000_000)
    assert read(head(), entry(0), entry(1), jumped) == [voice(0), voice(1), voice(2)]


def test_what_a_crash_cut_off_is_left_out() -> None:
    assert read(head(), entry(0), entry(1)[:-1]) == [voice(0)]


@pytest.mark.parametrize("start", [b"", b"MJR00002", b"OggS" * 40, head(codec="vp8")])
def test_a_file_that_is_no_recording_of_opus_yields_nothing(start: bytes) -> None:
    assert read(start, entry(0)) == []


@given(st.binary(max_size=400))
def test_no_bytes_make_the_reader_fail(tail: bytes) -> None:
    assert all(isinstance(packet, bytes) for packet in read(head(), entry(0), tail))
    read(tail)
