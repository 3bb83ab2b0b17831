"""Ogg/Opus files: written, read back, and cut off in the middle."""

import io
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from audio.ogg import OggOpusWriter, checksum, read_packets, read_timed, write_with_gain
from audio.opus import FRAME, SILENCE
from tests.audio.callers import RATE
from tests.audio.recordings import decode, tone_packets, tones_in, write_ogg


def file_of(packets: list[bytes]) -> bytes:
    file = io.BytesIO()
    writer = OggOpusWriter(file, serial=1)
    for packet in packets:
        writer.add(packet)
    writer.finish()
    return file.getvalue()


def slow_checksum(data: bytes) -> int:
    """RFC 3533, 6, bit by bit."""
    crc = 0
    for byte in data:
        crc ^= byte << 24
        for _ in range(8):
            crc = (crc << 1) ^ (0x104C11DB7 if crc & 0x80000000 else 0)
    return crc


@given(st.binary(max_size=100))
def test_the_checksum_is_that_of_the_rfc(data: bytes) -> None:
    assert checksum(data) == slow_checksum(data)


@given(st.lists(st.binary(max_size=1200).map(lambda body: SILENCE[:1] + body), max_size=120))
def test_what_was_written_is_read_back(packets: list[bytes]) -> None:
    assert list(read_packets(io.BytesIO(file_of(packets)))) == packets


def test_another_decoder_hears_the_tone_for_as_long_as_it_lasted(tmp_path: Path) -> None:
    path = tmp_path / "tone.ogg"
    write_ogg(path, tone_packets(440, 3))
    pcm = decode(path)
    assert len(pcm) / RATE == pytest.approx(3, abs=0.03)
    assert tones_in(pcm, 0.2, 2.8, 440, 1000) == {440}


def test_a_file_without_its_end_still_plays(tmp_path: Path) -> None:
    path = tmp_path / "tone.ogg"
    write_ogg(path, tone_packets(440, 3), finish=False)
    assert len(decode(path)) / RATE == pytest.approx(3, abs=0.03)


def test_a_truncated_file_is_read_up_to_its_last_whole_page() -> None:
    packets = [SILENCE + bytes([i]) for i in range(200)]
    whole = file_of(packets)
    lengths = []
    for cut in range(0, len(whole), 7):
        read = list(read_packets(io.BytesIO(whole[:cut])))
        assert read == packets[: len(read)]
        lengths.append(len(read))
    assert lengths == sorted(lengths)
    assert lengths[-1] >= 150


@given(st.integers(0, 2000), st.integers(1, 255))
def test_a_damaged_page_is_passed_over_and_all_else_keeps_its_place(
    position: int, change: int
) -> None:
    packets = [SILENCE + bytes([i]) for i in range(200)]
    data = bytearray(file_of(packets))
    data[position % len(data)] ^= change
    read = list(read_timed(io.BytesIO(bytes(data))))
    assert len(read) >= 150
    assert all(packets[at // FRAME] == packet for at, packet in read)


def test_a_gain_changes_how_loud_it_plays_and_no_packet(tmp_path: Path) -> None:
    plain, louder = tmp_path / "plain.ogg", tmp_path / "louder.ogg"
    write_ogg(plain, tone_packets(440, 2))
    with plain.open("rb") as source, louder.open("wb") as target:
        write_with_gain(source, target, 6.0)
    with plain.open("rb") as before, louder.open("rb") as after:
        assert list(read_packets(before)) == list(read_packets(after))
    ratio = np.abs(decode(louder)).max() / np.abs(decode(plain)).max()
    assert 20 * np.log10(ratio) == pytest.approx(6.0, abs=0.05)


def test_a_gain_is_for_files_of_ours() -> None:
    with pytest.raises(ValueError, match="ours"):
        write_with_gain(io.BytesIO(b"ID3" * 100), io.BytesIO(), 3.0)


@given(st.binary(max_size=300))
def test_what_is_no_ogg_yields_nothing(data: bytes) -> None:
    assert list(read_packets(io.BytesIO(data))) == []


@pytest.mark.parametrize("packet", [b"", bytes(70_000)])
def test_what_is_no_opus_is_refused(packet: bytes) -> None:
    with pytest.raises(ValueError, match="Opus"):
        OggOpusWriter(io.BytesIO(), serial=1).add(packet)
