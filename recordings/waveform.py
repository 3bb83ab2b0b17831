"""The shape of a recording's sound, as the archive wrote it down (kind `peaks`)."""

import json
from base64 import b64decode
from dataclasses import dataclass, field

from recordings.files import opened
from recordings.models import Recording, RecordingFile


@dataclass(frozen=True, slots=True)
class Waveform:
    """Levels as bytes, 255 for full scale and 4 a decibel, one for each interval (seconds)."""

    interval: float = 0.1
    levels: bytes = b""
    speaker_interval: float = 0.2
    speakers: dict[str, bytes] = field(default_factory=dict)
    """By participant's public id."""


def read(recording: Recording) -> Waveform:
    """The waveform; an empty one when there is none."""
    file = recording.files.filter(kind=RecordingFile.Kind.PEAKS).first()
    if file is None:
        return Waveform()
    try:
        with opened(file.name) as stored:
            said = json.load(stored)
    except FileNotFoundError:
        return Waveform()
    return Waveform(
        interval=said["interval"],
        levels=b64decode(said["levels"]),
        speaker_interval=said["speaker_interval"],
        speakers={lane["participant"]: b64decode(lane["levels"]) for lane in said["speakers"]},
    )
