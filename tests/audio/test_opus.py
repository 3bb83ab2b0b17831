"""Opus: what comes out after what went in, also when packets are missing."""

import numpy as np
import pytest

from audio.opus import (
    FRAME,
    SILENCE,
    Decoder,
    Encoder,
    OpusError,
    Repacketizer,
    lost_packet,
    packet_samples,
)
from tests.audio.callers import loudness, speech_like, tone
from tests.audio.scripted import harshest


def packets_of(frequency: float, count: int) -> list[bytes]:
    encoder, pcm = Encoder(), tone(frequency, count * FRAME)
    return [encoder.encode(pcm[i * FRAME : (i + 1) * FRAME]) for i in range(count)]


def test_a_tone_survives() -> None:
    decoder = Decoder()
    heard = np.concatenate([decoder.decode(packet) for packet in packets_of(440, 50)])
    assert loudness(heard[-24_000:], 440) > 0.25
    assert loudness(heard[-24_000:], 1000) < 0.01


def test_a_missing_packet_is_concealed_with_the_same_tone() -> None:
    decoder = Decoder()
    for packet in packets_of(440, 20):
        decoder.decode(packet)
    concealed = decoder.conceal()
    assert len(concealed) == FRAME
    assert loudness(concealed, 440) > 0.15


def test_concealment_fades_to_silence() -> None:
    decoder = Decoder()
    for packet in packets_of(440, 20):
        decoder.decode(packet)
    long_after = [decoder.conceal() for _ in range(50)][-1]
    assert np.abs(long_after).max() < 0.01


def test_the_packet_after_a_lost_one_restores_it_better_than_a_guess() -> None:
    encoder, pcm = Encoder(protected=True), speech_like(60)
    packets = [encoder.encode(pcm[i * FRAME : (i + 1) * FRAME]) for i in range(60)]
    whole, guessing, recovering = Decoder(), Decoder(), Decoder()
    guess_error = recover_error = 0.0
    for i in range(1, 59):
        lost = i % 6 == 5
        truth = whole.decode(packets[i])
        guessed = guessing.conceal() if lost else guessing.decode(packets[i])
        recovered = recovering.recover(packets[i + 1]) if lost else recovering.decode(packets[i])
        if lost:
            guess_error += float(np.square(truth - guessed).sum())
            recover_error += float(np.square(truth - recovered).sum())
    assert recover_error < guess_error / 4


def test_frames_put_into_one_packet_are_the_same_sound() -> None:
    packets = packets_of(440.0, 9)
    repacketizer = Repacketizer()
    joined = [repacketizer.join(packets[at : at + 3]) for at in range(0, 9, 3)]
    assert [[first for first, _ in part] for part in joined] == [[0]] * 3
    one, other = Decoder(), Decoder()
    expected = np.concatenate([one.decode(packet) for packet in packets])
    heard = np.concatenate([other.decode(packet) for part in joined for _, packet in part])
    assert np.array_equal(heard, expected)


def test_frames_of_another_mode_begin_another_packet() -> None:
    spoken = packets_of(440.0, 2)
    joined = Repacketizer().join([spoken[0], SILENCE, SILENCE])
    assert [first for first, _ in joined] == [0, 1]
    assert joined[0][1] == spoken[0]
    assert [packet_samples(packet) for _, packet in joined] == [FRAME, 2 * FRAME]


def test_what_is_no_packet_is_not_joined() -> None:
    with pytest.raises(OpusError):
        Repacketizer().join([b""])


@pytest.mark.parametrize("complexity", [0, 8])
def test_protected_packets_carry_a_copy_of_the_frame_before_them(complexity: int) -> None:
    """At any complexity in use; `recover` would otherwise only guess."""
    assert restored_share(Encoder(complexity=complexity, protected=True)) < 0.7


def test_a_stream_without_losses_carries_no_copies_until_it_is_protected() -> None:
    encoder = Encoder()
    assert restored_share(encoder) > 0.95
    encoder.protected = True
    assert restored_share(encoder) < 0.7


def restored_share(encoder: Encoder) -> float:
    """How far what is restored from the packet after it is from what was lost; a guess is 1."""
    pcm = speech_like(100)
    packets = [encoder.encode(pcm[at : at + FRAME]) for at in range(0, len(pcm), FRAME)]
    restored = guessed = 0.0
    for number in range(40, 60):
        one, other, third = Decoder(), Decoder(), Decoder()
        for packet in packets[:number]:
            for decoder in (one, other, third):
                decoder.decode(packet)
        real = one.decode(packets[number])
        restored += float(np.abs(other.recover(packets[number + 1]) - real).sum())
        guessed += float(np.abs(third.conceal() - real).sum())
    return restored / guessed


def test_a_stream_makes_no_click_where_another_way_of_coding_begins() -> None:
    encoder, decoder, heard = Encoder(), Decoder(), []
    for number, frame in enumerate(tone(440, 100 * FRAME, level=0.1).reshape(-1, FRAME)):
        encoder.speech = number % 20 < 10
        heard.append(decoder.decode(encoder.encode(frame)))
    sound = np.concatenate(heard[10:])
    assert harshest(sound) < 0.002  # the tone bends by 0.0003, a cut by more than 0.05
    pieces = sound.reshape(-1, FRAME)
    assert min(loudness(piece, 440) for piece in pieces) > 0.05


def test_the_ready_made_silence_is_silent() -> None:
    pcm = Decoder().decode(SILENCE)
    assert len(pcm) == FRAME == packet_samples(SILENCE)
    assert np.abs(pcm).max() < 1e-4


@pytest.mark.parametrize(
    ("packet", "samples"),
    [
        (b"", 0),
        (bytes([1 << 3]), 960),  # SILK, 20 ms
        (bytes([3 << 3]), 2880),  # SILK, 60 ms
        (bytes([0 << 3]), 480),  # SILK, 10 ms
        (bytes([31 << 3 | 1]), 1920),  # two frames of 20 ms
        (bytes([31 << 3 | 3, 3]), 2880),  # three frames of 20 ms
        (bytes([31 << 3 | 3]), 0),  # cut off before its count
        (bytes([3 << 3 | 3, 48]), 0),  # longer than 120 ms
    ],
)
def test_the_duration_is_read_from_the_first_bytes(packet: bytes, samples: int) -> None:
    assert packet_samples(packet) == samples


@pytest.mark.parametrize("config", range(32))
def test_the_stand_in_for_a_lost_packet_lasts_20_ms_in_any_mode(config: int) -> None:
    stand_in = lost_packet(bytes([config << 3, 1, 2, 3]))
    assert packet_samples(stand_in) == FRAME
    assert len(Decoder().decode(stand_in)) == FRAME


def test_a_broken_packet_is_refused() -> None:
    with pytest.raises(OpusError):
        Decoder().decode(b"\xff\xff\xff")


def test_a_frame_of_another_size_is_refused() -> None:
    with pytest.raises(ValueError, match="960"):
        Encoder().encode(np.zeros(100, dtype=np.float32))
