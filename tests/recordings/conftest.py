"""A room that was spoken in, and the pieces of sound an engine leaves behind."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.conf import LazySettings

from accounts.models import User
from audio.ogg import OggOpusWriter
from audio.opus import FRAME, SAMPLE_RATE, SILENCE
from recordings import pipeline
from recordings.models import Recording
from rooms import media
from rooms.models import Participant, Room

ENDED = datetime(2026, 1, 1, 12, tzinfo=UTC)


@pytest.fixture
def room(host: User, speaker: User, listener: User) -> Room:
    """Ended at `ENDED`; the host and the speaker spoke, the listener was there."""
    room = Room.objects.create(
        host=host,
        title="What is left to say",
        created_at=ENDED - timedelta(hours=1),
        ended_at=ENDED,
        end_reason=Room.EndReason.HOST,
    )
    roles = Participant.Role
    for user, role in ((host, roles.HOST), (speaker, roles.SPEAKER), (listener, roles.LISTENER)):
        room.participants.create(user=user, visitor=f"{user.pk:032x}", role=role)
    return room


@pytest.fixture
def recording(room: Room) -> Recording:
    """Waits to be archived since the room ended."""
    return Recording.objects.create(room=room, due_at=ENDED)


@pytest.fixture
def spool(settings: LazySettings, tmp_path: Path) -> Path:
    """Where the engine writes, for this test alone."""
    settings.AUDIO_SPOOL = tmp_path / "spool"
    return tmp_path / "spool"


@pytest.fixture
def kept_folder(settings: LazySettings, tmp_path: Path) -> Path:
    """Where recordings are kept, for this test alone."""
    folder = tmp_path / "recordings"
    kept = {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": folder, "base_url": None},
    }
    settings.STORAGES = {**settings.STORAGES, "recordings": kept}
    return folder


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> list[Room]:
    """An engine that closes every room at once; the list says which it was asked to close."""
    closed: list[Room] = []
    monkeypatch.setattr(media, "close_room", closed.append)
    return closed


@pytest.fixture
def can_archive(spool: Path, kept_folder: Path, engine: list[Room]) -> Path:
    """Everything a worker needs; the folder of the kept files."""
    return kept_folder


Speak = Callable[[Room, dict[User | None, float]], None]


@pytest.fixture
def speak(spool: Path) -> Speak:
    """Leave one part in the spool: for each person (None: the mix) so many seconds of sound.

    All begin together, and the longest lasts until the room ends.
    """

    def leave(room: Room, seconds: dict[User | None, float]) -> None:
        part = spool / room.public_id / "0001"
        part.mkdir(parents=True)
        lines, longest = [], max(seconds.values())
        for user, length in seconds.items():
            who = room.participants.get(user=user).public_id if user else None
            name = f"{who or 'mix'}.ogg"
            with (part / name).open("wb") as file:
                writer = OggOpusWriter(file, serial=7)
                for _ in range(round(length * SAMPLE_RATE / FRAME)):
                    writer.add(SILENCE)
                writer.finish()
            start = ENDED.timestamp() - longest
            lines.append(json.dumps({"file": name, "participant": who, "start": start}))
        (part / "index.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")

    return leave


@pytest.fixture
def archived(
    recording: Recording,
    speak: Speak,
    can_archive: Path,
    host: User,
    speaker: User,
) -> Recording:
    """Three seconds of everybody, two of the host, one of the speaker; ready."""
    speak(recording.room, {None: 3.0, host: 2.0, speaker: 1.0})
    return advance(recording)


def advance(recording: Recording) -> Recording:
    """Do all that can be done now, one step after the other, as the worker does."""
    while pipeline.advance(recording_id=recording.pk):
        pass
    recording.refresh_from_db()
    return recording


def files_in(folder: Path) -> list[Path]:
    """Every file below a folder that may be missing."""
    return [path for path in folder.rglob("*") if path.is_file()]
