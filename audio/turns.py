"""Who had the floor when: the chapters of a conversation, from the levels of its speakers. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from audio.rendering import SPEAKER_INTERVAL

SHORTEST_TURN = 5.0
"""Seconds: what is shorter is an interjection and interrupts nobody."""

_SMOOTHING = 7  # levels (3 s) around a moment that decide who talks in it
_QUIETEST = 55  # -50 dBFS: nobody who talks is quieter
_BELOW_OWN_PEAKS = 80  # 20 dB below a voice's own loud moments is no longer speech
_SHARE = 0.2  # of the moments around must be speech


@dataclass(frozen=True, slots=True)
class Turn:
    """One speaker's turn, which lasts until the next one begins."""

    start: float
    """Seconds after the start of the recording."""
    seconds: float
    speaker: str


def find_turns(levels: Mapping[str, bytes], seconds: float) -> list[Turn]:
    """The turns in a recording of `seconds`, by the levels of each speaker (`speaker_levels`).

    They follow each other without a break, and the first begins where somebody first talks.
    """
    speakers = sorted(levels)
    length = max((len(own) for own in levels.values()), default=0)
    if length == 0:
        return []
    activity = np.stack([_activity(levels[speaker], length) for speaker in speakers])
    loudest = np.where(activity.max(axis=0) >= _SHARE, activity.argmax(axis=0), -1)
    starts = _without_interjections(
        [(who, len(list(run))) for who, run in groupby(loudest.tolist())]
    )
    ends = [*(start for start, _ in starts), seconds][1:]
    return [
        Turn(round(start, 1), round(end - start, 1), speakers[who])
        for (start, who), end in zip(starts, ends, strict=True)
    ]


def _activity(own: bytes, length: int) -> NDArray[np.float64]:
    """For each level, the share of those around it in which this voice talks."""
    levels = np.frombuffer(own, dtype=np.uint8).astype(np.int16)
    heard = levels[levels > _QUIETEST]
    usual = int(np.percentile(heard, 95)) if len(heard) else 0
    speech = np.zeros(length)
    speech[: len(levels)] = levels > max(_QUIETEST, usual - _BELOW_OWN_PEAKS)
    return np.convolve(speech, np.full(_SMOOTHING, 1 / _SMOOTHING), mode="same")


def _without_interjections(runs: list[tuple[int, int]]) -> list[tuple[float, int]]:
    """Start and speaker of each turn; pauses (-1) and what is short belong to the turn before."""
    turns: list[tuple[float, int]] = []
    at = 0
    for who, length in runs:
        is_turn = who >= 0 and length * SPEAKER_INTERVAL >= SHORTEST_TURN
        if is_turn and (not turns or turns[-1][1] != who):
            turns.append((at * SPEAKER_INTERVAL, who))
        at += length
    return turns
