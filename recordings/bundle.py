"""The session's data as one ZIP: what is in it, and how it is written without holding it in memory.

Two of them: everything, for those who ran the Space, and for each participant their own part.
"""

import csv
import hashlib
import io
import json
import zipfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO

from django.template.loader import render_to_string
from django.utils.text import slugify

from recordings import presentation, reading, retention, tables
from recordings.models import Recording, RecordingFile, recordings_storage
from recordings.tables import Row, moment
from recordings.transcripts import FORMS
from rooms.models import Participant

CHUNK = 256 * 1024
_RISKY = ("=", "+", "-", "@", "\t", "\r")
"""What makes a spreadsheet take a cell for a formula."""

Kind = RecordingFile.Kind
_NAMES = {
    Kind.MIX: "audio/everybody.ogg",
    Kind.M4A: "audio/everybody.m4a",
    Kind.PEAKS: "waveform.json",
    Kind.MANIFEST: "manifest-of-the-recording.json",
}


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose data: everybody's (`participant` is None), or one participant's own part."""

    recording: Recording
    participant: Participant | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """One file of the bundle: a name, and the content or the stored file that has it."""

    name: str
    content: bytes | RecordingFile

    @property
    def size(self) -> int:
        """Bytes."""
        return self.content.size if isinstance(self.content, RecordingFile) else len(self.content)


@dataclass(frozen=True, slots=True)
class Listed:
    """One line of the manifest."""

    name: str
    bytes: int
    sha256: str


def write(scope: Scope, target: Path, progress: Callable[[int], None]) -> None:
    """Write the ZIP to a local file; `progress` is told percents. Raises `OSError`."""
    entries = list(contents(scope))
    total, done = sum(entry.size for entry in entries) or 1, 0
    listed = []
    with zipfile.ZipFile(target, "w") as archive:
        for entry in entries:
            listed.append(_add(archive, entry))
            done += entry.size
            progress(100 * done // total)
        manifest = json.dumps(_manifest(scope, listed), indent=1, ensure_ascii=False)
        _add(archive, Entry("manifest.json", manifest.encode()))


def contents(scope: Scope) -> Iterator[Entry]:
    """Everything but the manifest, which lists it."""
    context = {"scope": scope, "room": scope.recording.room}
    yield Entry("README.txt", render_to_string("recordings/export/README.txt", context).encode())
    yield from _sound(scope)
    yield from _transcript(scope)
    for name, rows in tables.of(scope.recording, scope.participant):
        yield from table(name, list(rows))


def table(name: str, rows: list[Row]) -> Iterator[Entry]:
    """The same rows for programs and for spreadsheets; nothing where there are none."""
    if not rows:
        return
    yield Entry(f"{name}.json", json.dumps(rows, indent=1, ensure_ascii=False).encode())
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]))
    writer.writeheader()
    writer.writerows({key: _cell(value) for key, value in row.items()} for row in rows)
    # The mark at the beginning tells spreadsheets that it is UTF-8.
    yield Entry(f"{name}.csv", text.getvalue().encode("utf-8-sig"))


def _sound(scope: Scope) -> Iterator[Entry]:
    files = scope.recording.files.select_related("participant__user").order_by("pk")
    if scope.participant is not None:
        files = files.filter(participant=scope.participant)
    for file in files:
        if file.kind == Kind.TRACK:
            who = slugify(presentation.speaker_name(file), allow_unicode=True)
            mark = file.participant.public_id[:4] if file.participant else str(file.pk)
            yield Entry(f"audio/{who}-{mark}.ogg", file)
        else:
            yield Entry(_NAMES[Kind(file.kind)], file)


def _transcript(scope: Scope) -> Iterator[Entry]:
    transcript = reading.complete(scope.recording, scope.participant)
    if transcript.lines:
        for suffix, (_media_type, form) in FORMS.items():
            yield Entry(f"transcript/transcript.{suffix}", form(transcript).encode())


def _manifest(scope: Scope, listed: Iterable[Listed]) -> Row:
    recording, room = scope.recording, scope.recording.room
    return {
        "space": room.public_id,
        "title": room.title,
        "started_at": moment(room.created_at),
        "ended_at": moment(room.ended_at),
        "kept_until": moment(retention.kept_until(recording)),
        "participant": scope.participant and scope.participant.public_id,
        "loudness_lufs": recording.loudness,
        "chapters": recording.chapters,
        "gaps": {file.name: file.gaps for file in recording.files.all() if file.gaps},
        "files": [asdict(each) for each in listed],
    }


def _add(archive: zipfile.ZipFile, entry: Entry) -> Listed:
    """Copy one entry in chunks. Sound is compressed already, everything else is text."""
    is_sound = entry.name.startswith("audio/")
    info = zipfile.ZipInfo(entry.name)
    info.compress_type = zipfile.ZIP_STORED if is_sound else zipfile.ZIP_DEFLATED
    info.file_size = entry.size
    digest = hashlib.sha256()
    with _open(entry) as source, archive.open(info, "w") as target:
        while chunk := source.read(CHUNK):
            digest.update(chunk)
            target.write(chunk)
    return Listed(entry.name, info.file_size, digest.hexdigest())


def _open(entry: Entry) -> IO[bytes]:
    if isinstance(entry.content, RecordingFile):
        return recordings_storage().open(entry.content.name)
    return io.BytesIO(entry.content)


def _cell(value: object) -> object:
    if isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False)
    return f"'{value}" if isinstance(value, str) and value.startswith(_RISKY) else value
