"""What was said in an utterance: Whisper, without padding it to the 30 s it was trained on.

faster-whisper's own `transcribe` encodes 30 s whatever the length, a second of CPU for each
utterance. Encoding the utterance and 2 s of silence takes a quarter of that at the same error
rate; with a second or less the text loops. What looks wrong is tried once more, padded fully.
"""

import zlib
from dataclasses import dataclass
from pathlib import Path

import ctranslate2
import numpy as np
from faster_whisper import WhisperModel
from faster_whisper.tokenizer import Tokenizer

from speech.activity import SAMPLE_RATE, Pcm
from speech.segments import Utterance

LANGUAGES = ("it", "en")
"""What is listened for."""

_TAIL = 2 * SAMPLE_RATE
_FULL = 30 * SAMPLE_RATE
_MAX_RATIO = 2.2  # text that compresses better than this repeats itself
_MIN_SCORE = -1.0  # mean log probability of a token
_NO_SPEECH = 0.6
_TOKENS, _TOKENS_PER_SECOND = 20, 10  # more than anybody can say; a loop ends there


@dataclass(frozen=True, slots=True)
class Text:
    """What was said, and in which language (ISO 639-1)."""

    text: str
    language: str


@dataclass(frozen=True, slots=True)
class _Guess:
    text: str
    score: float
    no_speech: float

    @property
    def is_doubtful(self) -> bool:
        return self.score < _MIN_SCORE or self.repeats_itself

    @property
    def repeats_itself(self) -> bool:
        encoded = self.text.encode()
        return bool(encoded) and len(encoded) / len(zlib.compress(encoded)) > _MAX_RATIO


class Recogniser:
    """A loaded model on one thread of the CPU; takes 0.4 s to load, and 180 MB as `base`.

    `folder` holds `model.bin`, `config.json`, `tokenizer.json` and a vocabulary. `beams` is how
    many readings are weighed against each other. Raises `RuntimeError` or `ValueError` when the
    folder holds no model.
    """

    def __init__(self, folder: Path, *, beams: int) -> None:
        self._whisper = WhisperModel(
            str(folder), device="cpu", compute_type="int8", cpu_threads=1, local_files_only=True
        )
        self._beams = beams

    def recognise(self, utterance: Utterance) -> Text | None:
        """The text of an utterance of 30 s at most; `None` when nothing was said."""
        heard = self._encode(utterance.pcm, min(len(utterance.pcm) + _TAIL, _FULL))
        language = self._language(heard)
        guess = self._read(heard, language, utterance.seconds)
        if guess.is_doubtful:
            heard = self._encode(utterance.pcm, _FULL)
            guess = self._read(heard, language, utterance.seconds)
        silent = guess.no_speech > _NO_SPEECH and guess.score < _MIN_SCORE
        if silent or guess.repeats_itself or not guess.text:
            return None
        return Text(guess.text, language)

    def _encode(self, pcm: Pcm, length: int) -> ctranslate2.StorageView:
        padded = np.zeros(length, dtype=np.float32)
        padded[: min(len(pcm), length)] = pcm[:length]
        features = self._whisper.feature_extractor(padded, padding=False)
        return self._whisper.encode(features)

    def _language(self, heard: ctranslate2.StorageView) -> str:
        if not self._whisper.model.is_multilingual:
            return "en"
        likely = dict(self._whisper.model.detect_language(heard)[0])
        return max(LANGUAGES, key=lambda language: likely.get(f"<|{language}|>", 0.0))

    def _read(self, heard: ctranslate2.StorageView, language: str, seconds: float) -> _Guess:
        whisper = self._whisper
        multilingual = whisper.model.is_multilingual
        tokenizer = Tokenizer(whisper.hf_tokenizer, multilingual, "transcribe", language)
        prompt = [*tokenizer.sot_sequence, tokenizer.no_timestamps]
        result = whisper.model.generate(
            heard,
            [prompt],
            beam_size=self._beams,
            max_length=len(prompt) + _TOKENS + int(_TOKENS_PER_SECOND * seconds),
            return_scores=True,
            return_no_speech_prob=True,
        )[0]
        text = tokenizer.decode(result.sequences_ids[0]).strip()
        return _Guess(text, result.scores[0], result.no_speech_prob)
