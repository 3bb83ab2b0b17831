"""Scripted networks: what becomes of packets on their way, the same each time, without a clock.

Time is counted in samples at 48 kHz. `Network.carry` says when which packet arrives; `listen`
lets a voice hear it, and keeps what is needed to judge: the sound, its delay, the depth.
"""

import random
import wave
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from audio.opus import FRAME, Encoder, Pcm
from audio.voice import Voice

RATE = 48_000
MS = 48


@dataclass(frozen=True, slots=True)
class Network:
    """One way through a network; shares are from 0 to 1."""

    loss: float = 0.0
    burst: float = 1.0
    """How many packets in a row are lost on average, once one is."""
    jitter_ms: float = 0.0
    """Each packet comes later by up to this."""
    reordered: float = 0.0
    """The share of packets that are overtaken by the next one or two."""
    duplicated: float = 0.0
    drift_ppm: float = 0.0
    """How much faster the sender's clock runs than ours."""
    seed: int = 1

    def carry(self, count: int) -> list[tuple[int, int]]:
        """Arrival and number of the packets, in the order of arrival."""
        dice = random.Random(self.seed)
        arrivals: list[tuple[int, int]] = []
        losing = False
        for number in range(count):
            losing = dice.random() < (1 - 1 / self.burst if losing else self._onset)
            late = dice.uniform(0, self.jitter_ms) * MS
            late += 45 * MS if dice.random() < self.reordered else 0
            again = dice.random() < self.duplicated
            if losing:
                continue
            sent = number * FRAME / (1 + self.drift_ppm / 1e6)
            arrivals.append((int(sent + late), number))
            if again:
                arrivals.append((int(sent + late) + 5 * MS, number))
        return sorted(arrivals)

    @property
    def _onset(self) -> float:
        """The chance that a loss begins, so that in all the share of `loss` is lost."""
        return self.loss / (self.burst * (1 - self.loss))


@dataclass(slots=True)
class Heard:
    """What a voice made of what arrived."""

    pcm: Pcm
    depths: list[int]
    """Samples in the buffer after each tick."""
    delays: list[int]
    """How long after its sending each packet was played, in samples."""
    track: list[bytes]


def listen(packets: list[bytes], arrivals: list[tuple[int, int]], ticks: int) -> Heard:
    """Let a voice hear the packets for some ticks of 20 ms."""
    voice, heard = Voice(), Heard(np.zeros(0, np.float32), [], [], [])
    frames, at = [], 0
    number_of = {id(packet): number for number, packet in enumerate(packets)}
    for tick in range(ticks):
        now = tick * FRAME
        while at < len(arrivals) and arrivals[at][0] <= now:
            arrival, number = arrivals[at]
            voice.receive(1, number * FRAME % 2**32, packets[number], arrival)
            at += 1
        sound = voice.play(now)
        frames.append(sound.pcm)
        heard.track += sound.packets
        heard.depths.append(voice.depth)
        heard.delays += [
            now - number_of[id(packet)] * FRAME
            for packet in sound.packets
            if id(packet) in number_of
        ]
    heard.pcm = np.concatenate(frames)
    return heard


def encode(pcm: Pcm) -> list[bytes]:
    """The packets of a browser that was told of losses: in-band FEC."""
    encoder = Encoder(protected=True)
    return [encoder.encode(pcm[at : at + FRAME]) for at in range(0, len(pcm) - FRAME + 1, FRAME)]


def clip(path: Path) -> Pcm:
    """A mono file of 48 kHz, 16 bits."""
    with wave.open(str(path)) as file:
        samples = np.frombuffer(file.readframes(file.getnframes()), dtype=np.int16)
    return (samples / 32768).astype(np.float32)


def harshest(pcm: NDArray[np.float32]) -> float:
    """The sharpest bend in the sound: the largest second difference between samples.

    Where a smooth sound is cut off, taken up or joined with something else, it is nearly as
    large as the jump; of the sound itself it is small: level * (2 * pi * frequency / rate)^2.
    """
    return float(np.abs(np.diff(pcm, 2)).max())
