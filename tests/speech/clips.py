"""The human clips of `tests/data/speech`, as browsers send them, and what is said in them."""

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from audio.ogg import read_packets
from audio.opus import Decoder
from speech.activity import SAMPLE_RATE, Pcm

FOLDER = Path(__file__).parents[1] / "data" / "speech"


@dataclass(frozen=True, slots=True)
class Clip:
    """Somebody says something."""

    name: str
    language: str
    text: str

    @property
    def packets(self) -> list[bytes]:
        """Opus, 20 ms each."""
        with (FOLDER / f"{self.name}.ogg").open("rb") as file:
            return list(read_packets(file))

    @property
    def pcm(self) -> Pcm:
        """Samples at 16 kHz."""
        return decoded(self.packets)


def decoded(packets: list[bytes]) -> Pcm:
    """Samples at 16 kHz."""
    decoder = Decoder(SAMPLE_RATE)
    return np.concatenate([decoder.decode(packet) for packet in packets])


def _read() -> dict[str, Clip]:
    with (FOLDER / "transcripts.tsv").open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file, delimiter="\t")
        return {row["name"]: Clip(row["name"], row["language"], row["text"]) for row in rows}


CLIPS = _read()
