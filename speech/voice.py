"""One voice as a stream: sound goes in as it comes, utterances come out."""

from collections.abc import Iterator

import numpy as np

from speech.activity import SAMPLE_RATE, WINDOW, Pcm, VoiceActivity
from speech.segments import Rules, Segmenter, Utterance

_LONG = 2.0  # seconds of nothing: enough to end any utterance
_ASTRAY = 0.1  # seconds that sound may come beside its time, as after a squeezed delay

_EMPTY: Pcm = np.zeros(0, dtype=np.float32)


class VoiceStream:
    """Turns one voice into utterances. Times are seconds on the clock of whoever calls."""

    def __init__(self, rules: Rules | None = None) -> None:
        self._segmenter = Segmenter(rules or Rules())
        self._activity = VoiceActivity()
        self._rest = _EMPTY
        self._origin: float | None = None
        self._heard = 0

    def hear(self, at: float, pcm: Pcm) -> Iterator[tuple[float, Utterance]]:
        """Sound that begins at `at`; yields what is complete, each with its time.

        Where nothing came since the sound before, there was silence.
        """
        yield from self.wait(at)
        self._heard += len(pcm)
        yield from self._take(pcm)

    def wait(self, until: float) -> Iterator[tuple[float, Utterance]]:
        """Nothing was said until then."""
        if self._origin is None:
            self._origin = until
        missing = until - self._now
        if missing < _ASTRAY:
            return
        samples = round(missing * SAMPLE_RATE)
        self._heard += samples
        filled = min(samples, round(_LONG * SAMPLE_RATE))
        yield from self._take(np.zeros(filled, dtype=np.float32))
        if samples > filled:
            self._segmenter.skip(samples - filled)
            self._activity = VoiceActivity()

    def finish(self) -> Iterator[tuple[float, Utterance]]:
        """Nothing more will come."""
        padding = np.zeros(-len(self._rest) % WINDOW, dtype=np.float32)
        yield from self._take(padding)
        yield from self._timed(self._segmenter.finish())

    @property
    def _now(self) -> float:
        return (self._origin or 0.0) + self._heard / SAMPLE_RATE

    def _take(self, pcm: Pcm) -> Iterator[tuple[float, Utterance]]:
        pcm = np.concatenate([self._rest, pcm])
        whole = len(pcm) // WINDOW * WINDOW
        pcm, self._rest = pcm[:whole], pcm[whole:]
        judged = self._activity.judge(pcm) if pcm.any() else [0.0] * (whole // WINDOW)
        for number, probability in enumerate(judged):
            window = pcm[number * WINDOW : (number + 1) * WINDOW]
            yield from self._timed(self._segmenter.add(window, probability))

    def _timed(self, utterances: Iterator[Utterance]) -> Iterator[tuple[float, Utterance]]:
        for utterance in utterances:
            yield (self._origin or 0.0) + utterance.start / SAMPLE_RATE, utterance
