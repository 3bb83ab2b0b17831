"""From the engine's pieces to a copy that is kept."""

import hashlib
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core.files.storage import FileSystemStorage
from django.db import OperationalError, transaction
from django.utils import timezone
from kombu.exceptions import OperationalError as BrokerAway

from accounts.models import User
from recordings import archive, files, operations
from recordings.models import Recording, RecordingFile
from recordings.tasks import archive_recording, sweep_recordings
from rooms import media
from rooms.models import Room
from rooms.operations import end_room
from tests.recordings.conftest import ENDED, Speak, files_in

State = Recording.State


def run(recording: Recording) -> Recording:
    archive.archive(recording_id=recording.pk)
    recording.refresh_from_db()
    return recording


def test_the_copy_has_the_mix_and_a_file_for_each_speaker(
    archived: Recording, host: User, speaker: User, kept_folder: Path
) -> None:
    assert archived.state == State.READY
    mix = archived.files.get(kind=RecordingFile.Kind.MIX)
    assert mix.seconds == pytest.approx(3.0, abs=0.05)
    assert mix.participant is None
    tracks = archived.files.filter(kind=RecordingFile.Kind.TRACK)
    assert tracks.count() == 2
    assert tracks.get(participant__user=host).seconds == pytest.approx(2.0, abs=0.05)
    assert tracks.get(participant__user=speaker).seconds == pytest.approx(1.0, abs=0.05)
    for file in archived.files.all():
        content = (kept_folder / file.name).read_bytes()
        assert (len(content), hashlib.sha256(content).hexdigest()) == (file.size, file.sha256)
        assert content.startswith(b"OggS")


def test_the_engine_is_asked_to_finish_the_files_first(
    archived: Recording, engine: list[Room]
) -> None:
    assert engine == [archived.room]


def test_the_pieces_are_gone_once_the_copy_is_safe(archived: Recording, spool: Path) -> None:
    assert files_in(spool) == []
    assert archived.claimed_at is None


def test_the_address_of_a_file_cannot_be_guessed(archived: Recording) -> None:
    room, secret, _ = archived.files.get(kind="mix").name.split("/")
    assert room == archived.room.public_id
    assert len(secret) >= 20


def test_archiving_twice_is_archiving_once(archived: Recording, kept_folder: Path) -> None:
    before = files_in(kept_folder)
    run(archived)
    assert archived.state == State.READY
    assert archived.attempts == 1
    assert files_in(kept_folder) == before


def test_a_room_without_sound_is_ready_and_has_no_files(
    recording: Recording, engine: list[Room], spool: Path, kept_folder: Path
) -> None:
    run(recording)
    assert recording.state == State.READY
    assert not recording.files.exists()


def test_silence_has_its_true_length(
    recording: Recording, engine: list[Room], speak: Speak, kept_folder: Path
) -> None:
    speak(recording.room, {None: 2.0})
    run(recording)
    assert recording.files.get().seconds == pytest.approx(2.0, abs=0.05)


def test_a_recording_that_lasts_to_the_end_has_no_gap(archived: Recording) -> None:
    assert [file.gaps for file in archived.files.all()] == [[], [], []]


def test_an_end_that_was_not_recorded_is_declared(
    recording: Recording, engine: list[Room], speak: Speak, kept_folder: Path, host: User
) -> None:
    speak(recording.room, {None: 3.0, host: 2.0})
    Room.objects.update(ended_at=ENDED + timedelta(minutes=8))
    run(recording)
    mix = recording.files.get(kind=RecordingFile.Kind.MIX)
    ((start, seconds),) = mix.gaps
    assert start == pytest.approx(3.0, abs=0.05)
    assert seconds == pytest.approx(480.0, abs=0.05)
    assert recording.files.get(kind=RecordingFile.Kind.TRACK).gaps == []


def test_an_engine_that_is_away_is_waited_for_without_end(
    recording: Recording, spool: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(room: Room) -> None:
        raise media.EngineUnavailable

    monkeypatch.setattr(media, "close_room", away)
    with time_machine.travel(ENDED, tick=False) as clock:
        for _ in range(archive.MAX_ATTEMPTS + 2):
            run(recording)
            assert recording.state == State.ARCHIVING
            assert recording.due_at
            assert recording.due_at > timezone.now()
            clock.move_to(recording.due_at)


def test_nothing_is_tried_again_before_its_time(
    recording: Recording, spool: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = []

    def away(room: Room) -> None:
        calls.append(room)
        raise media.EngineUnavailable

    monkeypatch.setattr(media, "close_room", away)
    with time_machine.travel(ENDED, tick=False):
        run(recording)
        run(recording)
    assert len(calls) == 1


class FullDisk(FileSystemStorage):
    """Writes half of a file, then finds no space left."""

    def _save(self, name: str, content: Any) -> str:
        path = Path(self.path(name))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.read()[:20])
        raise OSError(28, "No space left on device")


@pytest.fixture
def full_disk(kept_folder: Path, monkeypatch: pytest.MonkeyPatch) -> FullDisk:
    disk = FullDisk(location=kept_folder)
    monkeypatch.setattr(files, "recordings_storage", lambda: disk)
    return disk


def test_a_full_disk_leaves_the_pieces_and_no_half_file(
    recording: Recording,
    engine: list[Room],
    speak: Speak,
    spool: Path,
    full_disk: FullDisk,
    kept_folder: Path,
) -> None:
    speak(recording.room, {None: 1.0})
    run(recording)
    assert recording.state == State.ARCHIVING
    assert "No space left on device" in recording.error
    assert not recording.files.exists()
    assert files_in(kept_folder) == []
    assert len(files_in(spool)) == 2


def test_the_delays_grow_until_the_last_attempt_says_why_it_failed(
    recording: Recording, engine: list[Room], speak: Speak, full_disk: FullDisk
) -> None:
    speak(recording.room, {None: 1.0})
    delays = []
    with time_machine.travel(ENDED, tick=False) as clock:
        while run(recording).state == State.ARCHIVING:
            assert recording.due_at
            delays.append(recording.due_at - timezone.now())
            clock.move_to(recording.due_at)
    assert len(delays) == archive.MAX_ATTEMPTS - 1
    assert delays == sorted(delays)
    assert delays[1] == 2 * delays[0]
    assert recording.state == State.FAILED
    assert "No space left on device" in recording.error


def test_a_failed_archive_can_be_tried_again(
    recording: Recording, engine: list[Room], speak: Speak, kept_folder: Path
) -> None:
    speak(recording.room, {None: 1.0})
    Recording.objects.update(state=State.FAILED, attempts=archive.MAX_ATTEMPTS, error="Full.")
    run(recording)
    assert recording.state == State.FAILED
    operations.retry(recording=recording)
    run(recording)
    assert (recording.state, recording.error) == (State.READY, "")


def test_a_copy_that_arrives_incomplete_is_not_called_ready(
    recording: Recording,
    engine: list[Room],
    speak: Speak,
    kept_folder: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    speak(recording.room, {None: 1.0})
    monkeypatch.setattr(FileSystemStorage, "size", lambda self, name: 3)
    run(recording)
    assert recording.state == State.ARCHIVING
    assert not recording.files.exists()


class Killed(BaseException):
    """The worker dies here: nothing may catch this."""


def die(*_args: object) -> None:
    raise Killed


@pytest.mark.parametrize("step", ["close_room", "assemble", "discard_spool"])
def test_a_worker_that_dies_in_any_step_is_followed_by_another(
    step: str,
    recording: Recording,
    engine: list[Room],
    speak: Speak,
    spool: Path,
    kept_folder: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    speak(recording.room, {None: 1.0})
    with time_machine.travel(ENDED, tick=False) as clock:
        with monkeypatch.context() as killing:
            killing.setattr(media, step, die)
            with pytest.raises(Killed):
                archive.archive(recording_id=recording.pk)
        run(recording)
        assert files_in(spool), "somebody else took over while the claim was fresh"
        clock.shift(archive.CLAIM_LASTS + timedelta(seconds=1))
        run_sweep()
    recording.refresh_from_db()
    assert recording.state == State.READY
    assert recording.files.count() == 1
    assert files_in(spool) == []
    assert len(files_in(kept_folder)) == 1


def run_sweep() -> None:
    """The sweep, and what its messages ask for."""
    due = list(archive.due(timezone.now()))
    sweep_recordings()
    for recording_id in due:
        archive_recording(recording_id)


def test_files_of_a_worker_that_died_are_tidied_away(
    recording: Recording, engine: list[Room], speak: Speak, kept_folder: Path
) -> None:
    left = kept_folder / recording.room.public_id / "half-done" / "mix.ogg"
    left.parent.mkdir(parents=True)
    left.write_bytes(b"OggS")
    speak(recording.room, {None: 1.0})
    run(recording)
    assert not left.parent.exists()
    assert len(files_in(kept_folder)) == 1


def test_a_worker_that_was_given_up_does_not_publish_a_second_copy(
    recording: Recording,
    engine: list[Room],
    speak: Speak,
    kept_folder: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    speak(recording.room, {None: 1.0})
    keep = archive._keep

    def slow(*args: Any) -> RecordingFile:
        Recording.objects.update(claimed_at=timezone.now() + timedelta(hours=1))
        return keep(*args)

    monkeypatch.setattr(archive, "_keep", slow)
    run(recording)
    assert recording.state == State.ARCHIVING
    assert not recording.files.exists()
    assert files_in(kept_folder) == []


def test_a_recording_that_kills_every_worker_is_given_up(
    recording: Recording, engine: list[Room], spool: Path
) -> None:
    long_ago = timezone.now() - archive.CLAIM_LASTS
    Recording.objects.update(
        state=State.ARCHIVING, attempts=archive.MAX_ATTEMPTS, claimed_at=long_ago
    )
    run(recording)
    assert recording.state == State.FAILED
    assert recording.error


def test_files_stay_when_the_database_does_not_say_whether_it_committed(
    recording: Recording,
    engine: list[Room],
    speak: Speak,
    kept_folder: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    speak(recording.room, {None: 1.0})
    publish = archive._publish

    def connection_lost(*args: Any) -> None:
        publish(*args)
        raise OperationalError("connection lost")

    monkeypatch.setattr(archive, "_publish", connection_lost)
    run(recording)
    assert recording.state == State.READY
    assert len(files_in(kept_folder)) == 1


def test_the_end_of_a_room_asks_for_its_archive(
    host: User, django_capture_on_commit_callbacks: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[int] = []
    monkeypatch.setattr("recordings.receivers.send_archive", sent.append)
    room = Room.objects.create(host=host, title="Short")
    with django_capture_on_commit_callbacks(execute=True):
        end_room(room_id=room.pk, reason=Room.EndReason.MODERATOR)
    assert sent == [Recording.objects.get(room=room).pk]


def test_a_room_whose_end_went_unnoticed_is_found_by_the_sweep(room: Room) -> None:
    sweep_recordings()
    sweep_recordings()
    assert Recording.objects.get().room == room


def test_a_live_room_is_left_alone_by_the_sweep(host: User) -> None:
    Room.objects.create(host=host, title="Live")
    sweep_recordings()
    assert not Recording.objects.exists()


def test_the_work_goes_on_without_a_broker(
    recording: Recording, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:

    def refuse(*_args: object, **_options: object) -> None:
        raise BrokerAway("connection refused")

    monkeypatch.setattr(archive_recording, "apply_async", refuse)
    with transaction.atomic():
        sweep_recordings()
    recording.refresh_from_db()
    assert recording.state == State.RECORDING
