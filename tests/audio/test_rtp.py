"""Packets and reports: what is written is read, and no bytes do harm."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audio import rtcp, rtp
from audio.rtp import BadRtp


@given(st.integers(0, 127), st.integers(0, 2**16 - 1), st.integers(0, 2**32 - 1), st.binary())
def test_a_packet_is_read_as_it_was_written(
    kind: int, sequence: int, timestamp: int, payload: bytes
) -> None:
    packet = rtp.parse(rtp.build(kind, sequence, timestamp, 7, payload))
    assert packet == rtp.RtpPacket(kind, sequence, timestamp, 7, payload)


def test_sources_extension_and_padding_are_no_sound() -> None:
    header = bytes([0x80 | 0x20 | 0x10 | 2, 111]) + bytes(10)
    extension = b"\xbe\xde\0\1" + bytes(4)
    packet = rtp.parse(header + bytes(8) + extension + b"sound" + b"\0\0\3")
    assert packet.payload == b"sound"


@pytest.mark.parametrize("bad", [b"", bytes(12), b"\x90" + bytes(11), b"\xa0" + bytes(11)])
def test_what_is_too_short_for_what_it_says_is_refused(bad: bytes) -> None:
    with pytest.raises(BadRtp):
        rtp.parse(bad)


@given(st.binary(max_size=100), st.integers(0, 255))
def test_no_bytes_raise_anything_but_bad_rtp(data: bytes, first: int) -> None:
    for packet in (data, bytes([first]) + data):
        with contextlib.suppress(BadRtp):
            assert len(rtp.parse(packet).payload) <= len(packet)


@given(st.binary(max_size=100), st.integers(0, 31), st.integers(199, 208), st.integers(0, 12))
def test_no_report_raises_anything_but_bad_rtp(
    body: bytes, count: int, kind: int, words: int
) -> None:
    header = bytes([0x80 | count, kind, 0, words])
    for packet in (body, header + body, header + body[: 4 * words]):
        parts: list[rtcp.Part] = []
        with contextlib.suppress(BadRtp):
            parts = rtcp.parse(packet)
        for part in parts:
            for read in (rtcp.report_blocks, rtcp.sender_time, rtcp.sources):
                with contextlib.suppress(BadRtp):
                    read(part)
