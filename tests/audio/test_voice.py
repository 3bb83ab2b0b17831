"""One voice, from packets to levelled sound: whatever a client sends and the network does."""

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from audio.opus import FRAME, Encoder, packet_samples
from audio.voice import Voice
from tests.audio.callers import RATE, holds, loudness, speech_like, tone
from tests.audio.recordings import tone_packets

A = 440.0


def encoded(frame_ms: int, layout: str, seconds: float = 2.0) -> list[bytes]:
    """A tone as another encoder writes it."""
    codec = av.CodecContext.create("libopus", "w")
    assert isinstance(codec, av.AudioCodecContext)
    codec.sample_rate, codec.layout, codec.format = RATE, layout, "flt"
    codec.options = {"frame_duration": str(frame_ms)}
    codec.open()
    channels = len(codec.layout.channels)
    pcm = np.repeat(tone(A, int(seconds * RATE)), channels).reshape(1, -1)
    size = codec.frame_size * channels
    packets: list[bytes] = []
    for at in range(0, pcm.shape[1] - size + 1, size):
        frame = av.AudioFrame.from_ndarray(pcm[:, at : at + size], format="flt", layout=layout)
        frame.sample_rate = RATE
        packets += [bytes(packet) for packet in codec.encode(frame)]
    return packets


def hear(
    packets: list[bytes], ticks: int, *, lost: frozenset[int] = frozenset(), burst: int = 1
) -> tuple[NDArray[np.float32], list[bytes], Voice]:
    """Receive each packet when its time has come; returns the sound and the track.

    The network delivers at every `burst`-th tick only.
    """
    voice, sounds, track = Voice(), [], []
    timestamp, waiting = 0, list(enumerate(packets))
    for tick in range(ticks):
        while (
            tick % burst == burst - 1
            and waiting
            and timestamp + packet_samples(waiting[0][1]) <= (tick + 1) * FRAME
        ):
            number, packet = waiting.pop(0)
            timestamp += packet_samples(packet)
            if number not in lost:
                voice.receive(1, timestamp, packet, tick * FRAME)
        sound = voice.tick(tick * FRAME)
        sounds.append(sound.pcm)
        track += sound.packets
    return np.concatenate(sounds), track, voice


@pytest.mark.parametrize("layout", ["mono", "stereo"])
@pytest.mark.parametrize("frame_ms", [10, 20, 40, 60])
def test_any_frame_length_mono_or_stereo_is_heard_and_kept(frame_ms: int, layout: str) -> None:
    packets = encoded(frame_ms, layout)
    pcm, track, _ = hear(packets, ticks=100)
    middle = pcm[RATE // 2 : RATE * 3 // 2]
    assert loudness(middle, A) > 0.15
    assert track == packets[: len(track)]
    assert sum(map(packet_samples, track)) >= 90 * FRAME


def test_every_tick_gives_exactly_one_frame() -> None:
    for frame_ms in (10, 60):
        pcm, _, _ = hear(encoded(frame_ms, "mono"), ticks=50)
        assert len(pcm) == 50 * FRAME


def test_a_lost_packet_is_concealed_and_keeps_its_place_in_the_track() -> None:
    packets = tone_packets(A, 2)
    pcm, track, _ = hear(packets, ticks=100, lost=frozenset({40, 60, 80}))
    assert all(holds(pcm[at : at + RATE // 10], A) for at in range(RATE // 2, RATE, RATE // 10))
    # The first miss is waited for: from then on there is time to restore the others.
    assert [number for number, packet in enumerate(track) if len(packet) == 1] == [40, 41, 61, 81]
    assert track[42] == packets[41]
    assert sum(map(packet_samples, track)) == 100 * FRAME


def test_a_lost_packet_is_restored_when_the_one_after_it_is_there() -> None:
    pcm = speech_like(100)
    encoder = Encoder(protected=True)
    packets = [encoder.encode(pcm[at : at + FRAME]) for at in range(0, len(pcm), FRAME)]
    lost = frozenset(range(22, 95, 8))  # the first of two that come together
    whole, _, _ = hear(packets, ticks=100, burst=2)
    broken, _, _ = hear(packets, ticks=100, burst=2, lost=lost)
    # Having missed some, the voice keeps one frame of delay more from then on.
    expected, restored = whole[RATE:-FRAME], broken[RATE + FRAME :]
    assert np.square(expected - restored).sum() < 0.02 * np.square(expected).sum()


def test_loss_makes_no_click() -> None:
    whole, _, _ = hear(tone_packets(A, 2), ticks=100)
    broken, _, _ = hear(tone_packets(A, 2), ticks=100, lost=frozenset(range(20, 100, 10)))
    largest_step = np.abs(np.diff(whole[RATE // 4 :])).max()
    assert np.abs(np.diff(broken[RATE // 4 :])).max() < 4 * largest_step


def test_a_client_that_stops_becomes_silence_and_the_track_pauses() -> None:
    pcm, track, voice = hear(tone_packets(A, 1), ticks=200)
    assert not pcm[2 * RATE :].any()
    assert len(track) < 60
    assert not voice.activity.audible


def test_a_broken_packet_counts_as_lost() -> None:
    packets = tone_packets(A, 2)
    packets[50] = b"\xff\x03\xff"
    pcm, track, _ = hear(packets, ticks=100)
    assert holds(pcm[RATE : RATE * 3 // 2], A)
    assert len(track) >= 99


def test_another_stream_of_the_same_client_is_followed() -> None:
    voice = Voice()
    for ssrc, start in ((1, 10**6), (2, 10**6 - RATE // 2), (3, 3 * 10**9)):
        packets = tone_packets(A, 1)
        sounds = []
        for tick, packet in enumerate(packets):
            voice.receive(ssrc, start + tick * FRAME, packet, tick * FRAME)
            sounds.append(voice.tick(tick * FRAME).pcm)
        assert holds(np.concatenate(sounds)[RATE // 10 : RATE // 5], A)
