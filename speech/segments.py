"""Where utterances begin and end: pure, counts in samples, knows no clock and no model."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from speech.activity import SAMPLE_RATE, WINDOW, Pcm

SPEECH, SILENCE = 0.5, 0.35
"""From the first probability on a voice speaks, below the second it does not; between them it
goes on with what it did."""


@dataclass(frozen=True, slots=True)
class Rules:
    """When an utterance is over; all in seconds."""

    pre_roll: float = 0.3
    """What is kept of the time before the first speech: soft beginnings are not recognised."""
    end_silence: float = 0.6
    soft_cut: float = 7.0
    """From this length on a breath (`breath`) ends it."""
    hard_cut: float = 12.0
    """At this length it ends whatever is being said."""
    breath: float = 0.2
    least: float = 0.25
    """What holds less speech than this is a click or a cough."""


@dataclass(frozen=True, slots=True)
class Utterance:
    """Something said without a pause."""

    start: int
    """The number of its first sample since the voice was first heard."""
    pcm: Pcm

    @property
    def seconds(self) -> float:
        """Its length."""
        return len(self.pcm) / SAMPLE_RATE


@dataclass(slots=True)
class Segmenter:
    """Cuts one voice into utterances, window by window."""

    rules: Rules = field(default_factory=Rules)
    _kept: list[Pcm] = field(default_factory=list)
    _position: int = 0
    _speaking: bool = False
    _open: bool = False
    _speech: int = 0
    _silence: int = 0

    def add(self, window: Pcm, probability: float) -> Iterator[Utterance]:
        """The next `WINDOW` samples and how likely they are speech; yields what is complete."""
        self._kept.append(window)
        self._position += WINDOW
        self._speaking = probability >= (SILENCE if self._speaking else SPEECH)
        if self._speaking:
            self._open = True
            self._speech += WINDOW
            self._silence = 0
        else:
            self._silence += WINDOW
        if not self._open:
            self._keep(self.rules.pre_roll)
        elif self._is_over():
            yield from self.finish()

    def finish(self) -> Iterator[Utterance]:
        """End what is being said now, if anything is."""
        if self._open and self._speech >= self.rules.least * SAMPLE_RATE:
            pcm = np.concatenate(self._kept)
            yield Utterance(self._position - len(pcm), pcm)
        self._open = False
        self._speech = 0
        # A cut between two words must not cost the beginning of the second.
        self._keep(min(self.rules.pre_roll, self._silence / SAMPLE_RATE))

    def skip(self, samples: int) -> None:
        """Nothing came for so long; what is being said must have been finished before."""
        self._kept = []
        self._position += samples

    def _is_over(self) -> bool:
        rules, silence = self.rules, self._silence / SAMPLE_RATE
        length = len(self._kept) * WINDOW / SAMPLE_RATE
        return (
            silence >= rules.end_silence
            or length >= rules.hard_cut
            or (length >= rules.soft_cut and silence >= rules.breath)
        )

    def _keep(self, seconds: float) -> None:
        windows = int(seconds * SAMPLE_RATE) // WINDOW
        self._kept = self._kept[-windows:] if windows else []
