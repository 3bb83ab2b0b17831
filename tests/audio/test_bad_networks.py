"""A voice over scripted networks: whatever they do, it stays near, whole and without clicks."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from audio.opus import FRAME, Decoder, Pcm
from tests.audio.callers import tone
from tests.audio.scripted import MS, RATE, Heard, Network, clip, encode, harshest, listen

CLIP = Path(__file__).parent.parent / "data" / "en_demo-abouttotry.wav"

CLICK = 0.05
"""The chord peaks at 0.45 and bends by 0.004; its onset bends by 0.02 without any network."""

NETWORKS = {
    "perfect": Network(),
    "2 % lost": Network(loss=0.02),
    "5 % lost": Network(loss=0.05),
    "10 % lost": Network(loss=0.10),
    "bursts": Network(loss=0.05, burst=4),
    "10 ms of jitter": Network(jitter_ms=10),
    "80 ms of jitter": Network(jitter_ms=80),
    "overtaking and doubles": Network(reordered=0.05, duplicated=0.05),
    "everything": Network(0.05, 2, 60, 0.02, 0.02, 200),
}


@pytest.fixture(scope="module")
def chord() -> list[bytes]:
    """Twenty seconds with nothing above 1.1 kHz in it: whatever is heard there is a click."""
    return encode(np.sum([tone(f, 20 * RATE, level=0.15) for f in (220, 440, 1100)], axis=0))


@pytest.fixture(scope="module")
def speech() -> Pcm:
    return clip(CLIP)


def over(network: Network, packets: list[bytes]) -> Heard:
    return listen(packets, network.carry(len(packets)), len(packets))


@pytest.mark.parametrize("network", NETWORKS.values(), ids=NETWORKS)
def test_the_delay_follows_the_network_and_is_never_long(
    network: Network, chord: list[bytes]
) -> None:
    heard = over(network, chord)
    assert np.percentile(heard.delays, 95) <= network.jitter_ms * MS + 60 * MS + 2 * FRAME
    assert np.median(heard.delays[-500:]) <= (network.jitter_ms + 45) * MS + FRAME
    assert max(heard.depths) <= 200 * MS


@pytest.mark.parametrize("network", NETWORKS.values(), ids=NETWORKS)
def test_nothing_the_network_does_makes_a_click(network: Network, chord: list[bytes]) -> None:
    assert harshest(over(network, chord).pcm) < CLICK


def test_a_click_is_found_by_what_looks_for_it(chord: list[bytes]) -> None:
    pcm = over(Network(), chord).pcm
    pcm[500 * FRAME + 30 : 501 * FRAME] = 0
    assert harshest(pcm) > 2 * CLICK


def test_the_delay_is_nothing_on_a_perfect_network(chord: list[bytes]) -> None:
    assert max(over(Network(), chord).delays) == 0


def test_after_a_stall_the_delay_is_soon_what_it_was(chord: list[bytes]) -> None:
    """Thirty packets come at once; for 5 s the delay is kept, in case they do so again."""
    arrivals = [(max(n, 280 if n >= 250 else 0) * FRAME, n) for n in range(len(chord))]
    heard = listen(chord, arrivals, len(chord))
    assert max(heard.delays) > 300 * MS
    assert max(heard.delays[280 + 250 + 75 :]) <= 60 * MS
    assert harshest(heard.pcm) < CLICK


@pytest.mark.parametrize("drift_ppm", [-200, 200])
def test_a_clock_that_drifts_for_ten_minutes_fills_and_starves_nothing(
    drift_ppm: int, chord: list[bytes]
) -> None:
    packets = [bytes(packet) for _ in range(30) for packet in chord]
    network = Network(jitter_ms=20, drift_ppm=drift_ppm)
    heard = over(network, packets)
    minute = 60 * 50
    assert max(heard.depths) <= 100 * MS
    assert np.mean(heard.depths[-minute:]) < np.mean(heard.depths[:minute]) + FRAME
    assert np.count_nonzero([len(packet) == 1 for packet in heard.track]) < 60
    assert harshest(heard.pcm) < CLICK


def test_every_other_packet_lost_is_still_speech(speech: Pcm) -> None:
    """With the copy of it in the next packet each lost one is restored."""
    packets = encode(speech)
    arrivals = [(n * FRAME, n) for n in range(len(packets)) if n % 2 or n < 10]
    heard = listen(packets, arrivals, len(packets))
    clean = over(Network(), packets)
    assert envelope_error(clean.pcm[:-FRAME], heard.pcm[FRAME:]) < 0.1


def test_what_is_lost_is_restored_rather_than_guessed(
    speech: Pcm, monkeypatch: pytest.MonkeyPatch
) -> None:
    packets = encode(speech)
    clean = over(Network(), packets).pcm[:-FRAME]
    restored = over(Network(loss=0.1), packets).pcm[FRAME:]
    monkeypatch.setattr(Decoder, "recover", lambda decoder, _, samples: decoder.conceal(samples))
    guessed = over(Network(loss=0.1), packets).pcm[FRAME:]
    assert envelope_error(clean, restored) < 0.6 * envelope_error(clean, guessed)


def test_jitter_and_loss_together_lose_little(speech: Pcm) -> None:
    packets = encode(speech)
    heard = over(dataclasses.replace(NETWORKS["everything"], burst=1), packets)
    made_up = sum(len(packet) == 1 for packet in heard.track)
    assert made_up < 0.12 * len(packets)


def envelope_error(expected: Pcm, heard: Pcm) -> float:
    """How much the power over time of the one differs from the other's; 0 is the same."""
    count = min(len(expected), len(heard)) // FRAME
    first, second = (
        np.sqrt(np.square(pcm[: count * FRAME].reshape(count, FRAME)).mean(axis=1))
        for pcm in (expected, heard)
    )
    return float(np.abs(first - second).sum() / first.sum())
