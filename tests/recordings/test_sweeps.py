"""Work is found again, whatever became of its message; what was left lying about goes."""

import os
import time
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings
from django.db import transaction
from kombu.exceptions import OperationalError as BrokerAway

from accounts.models import User
from recordings import drafts
from recordings.models import Recording
from recordings.tasks import advance_recording, sweep_recordings
from rooms.models import Room
from rooms.operations import end_room
from tests.recordings.conftest import Speak


@pytest.fixture(autouse=True)
def drafts_folder(settings: LazySettings, tmp_path: Path) -> Path:
    """Where files are put together, for this test alone."""
    settings.DRAFTS_DIR = tmp_path / "drafts"
    return tmp_path / "drafts"


def test_the_end_of_a_room_asks_for_its_archive(
    host: User, django_capture_on_commit_callbacks: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[int] = []
    monkeypatch.setattr("recordings.receivers.send_recording", sent.append)
    room = Room.objects.create(host=host, title="Short")
    with django_capture_on_commit_callbacks(execute=True):
        end_room(room_id=room.pk, reason=Room.EndReason.MODERATOR)
    assert sent == [Recording.objects.get(room=room).pk]


def test_a_room_whose_end_went_unnoticed_is_found_by_the_sweep(room: Room) -> None:
    sweep_recordings()
    sweep_recordings()
    assert Recording.objects.get().room == room


def test_a_row_made_while_the_room_was_live_is_due_at_its_end(room: Room) -> None:
    Recording.objects.create(room=room)
    sweep_recordings()
    assert Recording.objects.get().due_at is not None


def test_a_live_room_is_left_alone_by_the_sweep(host: User) -> None:
    room = Room.objects.create(host=host, title="Live")
    Recording.objects.create(room=room)
    sweep_recordings()
    assert Recording.objects.get().due_at is None


def test_each_step_asks_for_the_next_one(
    recording: Recording, can_archive: Path, speak: Speak, monkeypatch: pytest.MonkeyPatch
) -> None:
    speak(recording.room, {None: 1.0})
    sent: list[int] = []
    monkeypatch.setattr("recordings.tasks.send_recording", sent.append)
    sweep_recordings()
    while sent:
        advance_recording(sent.pop())
    recording.refresh_from_db()
    assert recording.state == Recording.State.READY


def test_the_work_goes_on_without_a_broker(
    recording: Recording, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_args: object, **_options: object) -> None:
        raise BrokerAway("connection refused")

    monkeypatch.setattr(advance_recording, "apply_async", refuse)
    with transaction.atomic():
        sweep_recordings()
    recording.refresh_from_db()
    assert recording.state == Recording.State.RECORDING


def make_old(folder: Path) -> None:
    an_hour_ago = time.time() - 3600
    os.utime(folder, (an_hour_ago, an_hour_ago))


def test_the_draft_of_a_dead_worker_is_swept(recording: Recording, drafts_folder: Path) -> None:
    left = drafts_folder / f"{recording.room.public_id}.left"
    left.mkdir(parents=True)
    (left / "mix.m4a").write_bytes(b"half")
    sweep_recordings()
    assert left.exists(), "its maker may just have made it"
    make_old(left)
    sweep_recordings()
    assert not left.exists()


def test_the_draft_of_a_living_worker_is_not(recording: Recording) -> None:
    with drafts.draft(recording.room) as folder:
        make_old(folder)
        sweep_recordings()
        assert folder.exists()
    assert not folder.exists()


def test_drafts_of_a_room_go_with_its_copy(
    recording: Recording, room: Room, drafts_folder: Path
) -> None:
    left = drafts_folder / f"{room.public_id}.left"
    of_another = drafts_folder / f"{room.public_id}x.left"
    for folder in (left, of_another):
        folder.mkdir(parents=True)
        (folder / "mix.m4a").write_bytes(b"half")
    drafts.discard(room)
    assert not left.exists()
    assert of_another.exists()
