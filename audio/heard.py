"""Packets turned into samples, for whoever listens to single voices at a lower rate."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

import numpy as np

from audio.ogg import PRE_SKIP, read_packets
from audio.opus import SAMPLE_RATE, Decoder, OpusError, Pcm, packet_samples
from audio.protocol import Voices

_TICK = 0.02
_BLOCK = 50  # packets of a file that are given at once: a second


@dataclass(frozen=True, slots=True)
class Sound:
    """What one participant said without a gap."""

    participant: str
    at: float
    """Unix time of the first sample."""
    pcm: Pcm


@dataclass(frozen=True, slots=True)
class Heard:
    """What all said up to a moment."""

    sounds: list[Sound]
    until: float
    """Unix time; who is not in `sounds` was silent until then."""


class VoiceDecoder:
    """Decodes the stretches of one tap; keeps a decoder for each participant.

    `sample_rate` is one that Opus knows, see `Decoder`.
    """

    def __init__(self, sample_rate: int) -> None:
        self._rate = sample_rate
        self._decoders: dict[str, Decoder] = {}

    def decode(self, voices: Voices) -> Heard:
        """The next stretch."""
        sounds = [
            Sound(participant, voices.start + first * _TICK, pcm)
            for participant, entries in voices.packets.items()
            for first, pcm in self._runs(participant, list(entries))
        ]
        return Heard(sounds, voices.start + voices.ticks * _TICK)

    def _runs(
        self, participant: str, entries: list[tuple[int, bytes]]
    ) -> Iterator[tuple[int, Pcm]]:
        """What follows each other without a gap, with the tick in which it begins."""
        decoder = self._decoders.setdefault(participant, Decoder(self._rate))
        while entries:
            first, end, count = entries[0][0], float(entries[0][0]), 0
            while count < len(entries) and entries[count][0] <= end + 1:
                end += packet_samples(entries[count][1]) / (SAMPLE_RATE * _TICK)
                count += 1
            run, entries = entries[:count], entries[count:]
            yield first, _decode(decoder, [packet for _, packet in run], self._rate)


def read_sound(file: BinaryIO, sample_rate: int) -> Iterator[Pcm]:
    """The samples of an Ogg/Opus file from its beginning, about a second at a time."""
    decoder, skip = Decoder(sample_rate), PRE_SKIP * sample_rate // SAMPLE_RATE
    block: list[bytes] = []
    for packet in read_packets(file):
        block.append(packet)
        if len(block) == _BLOCK:
            pcm, block = _decode(decoder, block, sample_rate), []
            yield pcm[skip:]
            skip = 0
    if block:
        yield _decode(decoder, block, sample_rate)[skip:]


def _decode(decoder: Decoder, packets: list[bytes], sample_rate: int) -> Pcm:
    pieces = []
    for packet in packets:
        try:
            pieces.append(decoder.decode(packet))
        except OpusError:  # its header was sound, its body is not: the same as lost
            pieces.append(decoder.conceal(sample_rate * packet_samples(packet) // SAMPLE_RATE))
    return np.concatenate(pieces)
