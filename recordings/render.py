"""What a replay needs besides the recorded sound: the same loudness, AAC, waveforms, chapters."""

import json
from base64 import b64encode
from functools import partial
from pathlib import Path

from recordings import drafts, files
from recordings.claims import Work
from recordings.models import RecordingFile
from rooms import media

Kind = RecordingFile.Kind

_LEAST_GAIN_DB = 0.1
_MEASURED, _ENCODED = 0.25, 0.8
"""How much of this step is done after listening to the mix, and after making the AAC."""


def render(work: Work) -> None:
    """Make the mix as loud as replays are, and add its AAC, the waveforms and the chapters.

    All is written at once, so a recording that has its waveforms has everything.
    """
    rows = list(work.recording.files.select_related("participant").order_by("pk"))
    mix = next((row for row in rows if row.kind == Kind.MIX), None)
    if mix is None or any(row.kind == Kind.PEAKS for row in rows):
        return
    with drafts.draft(work.recording.room) as folder:
        with files.opened(mix.name) as sound:
            heard = media.measure(sound, mix.seconds, partial(_tell, work, 0.0, _MEASURED))
        made = [_encode(work, mix, heard.gain_db, folder)]
        tracks = [row for row in rows if row.kind == Kind.TRACK]
        levels = _levels_of_speakers(work, tracks)
        made.append(_draw(work, mix, heard.levels, levels, folder))
        if abs(heard.clean_gain_db) >= _LEAST_GAIN_DB:
            _set_gain(work, mix, heard.clean_gain_db, folder)
    with work.writing():
        mix.save(update_fields=["file", "size", "sha256"])
        RecordingFile.objects.bulk_create(made)
        chapters = media.find_turns(levels, mix.seconds)
        work.held().update(
            loudness=heard.loudness,
            chapters=[[turn.start, turn.seconds, turn.speaker] for turn in chapters],
        )


def _encode(work: Work, mix: RecordingFile, gain_db: float, folder: Path) -> RecordingFile:
    target = folder / "mix.m4a"
    tell = partial(_tell, work, _MEASURED, _ENCODED)
    with files.opened(mix.name) as sound:
        media.encode_m4a(sound, target, gain_db, mix.seconds, tell)
    return _store(work, target, Kind.M4A, seconds=mix.seconds, gaps=mix.gaps)


def _levels_of_speakers(work: Work, tracks: list[RecordingFile]) -> dict[str, bytes]:
    """The levels of each track, by the public id of its speaker."""
    levels: dict[str, bytes] = {}
    for number, track in enumerate(tracks, start=1):
        who = track.participant.public_id if track.participant else Path(track.name).stem
        with files.opened(track.name) as sound:
            levels[who] = media.speaker_levels(sound)
        work.tell(_ENCODED + (1 - _ENCODED) * number / len(tracks))
    return levels


def _draw(
    work: Work, mix: RecordingFile, levels: bytes, speakers: dict[str, bytes], folder: Path
) -> RecordingFile:
    """The waveforms, as JSON: one byte for each interval, in base64 (`audio/rendering.py`)."""
    target = folder / "peaks.json"
    lanes = [
        {"participant": speaker, "levels": b64encode(own).decode()}
        for speaker, own in speakers.items()
    ]
    drawn = {
        "version": 1,
        "seconds": mix.seconds,
        "interval": media.MIX_INTERVAL,
        "levels": b64encode(levels).decode(),
        "speaker_interval": media.SPEAKER_INTERVAL,
        "speakers": lanes,
    }
    target.write_text(json.dumps(drawn, separators=(",", ":")), encoding="ascii")
    return _store(work, target, Kind.PEAKS, seconds=mix.seconds)


def _set_gain(work: Work, mix: RecordingFile, gain_db: float, folder: Path) -> None:
    """Replace the stored mix by one that players turn up, with the same packets; not saved yet."""
    target = folder / "mix.ogg"
    with files.opened(mix.name) as sound, target.open("wb") as louder:
        media.write_with_gain(sound, louder, gain_db)
    name, mix.size, mix.sha256 = files.store(target, f"{work.folder}/mix.ogg")
    mix.file.name = name


def _store(
    work: Work, source: Path, kind: Kind, *, seconds: float, gaps: list[list[float]] | None = None
) -> RecordingFile:
    """Store a file that was made and describe it, not saved yet."""
    name, size, sha256 = files.store(source, f"{work.folder}/{source.name}")
    return RecordingFile(
        recording=work.recording,
        kind=kind,
        file=name,
        size=size,
        sha256=sha256,
        seconds=seconds,
        gaps=gaps or [],
    )


def _tell(work: Work, first: float, last: float, done: float) -> None:
    work.tell(first + (last - first) * done)
