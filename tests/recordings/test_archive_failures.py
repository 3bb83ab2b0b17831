"""When a step fails, or its worker dies: nothing is lost, and nothing is ready that is not."""

import random
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core.files import File
from django.core.files.storage import FileSystemStorage
from django.db import OperationalError
from django.utils import timezone

from accounts.models import User
from recordings import archive, claims, files, pipeline, seal
from recordings.models import Recording, RecordingFile
from rooms import media
from rooms.models import Room
from tests.recordings.conftest import ENDED, Speak, advance, files_in

State = Recording.State
Step = Recording.Step


@pytest.fixture
def spoken(recording: Recording, can_archive: Path, speak: Speak, host: User) -> Recording:
    """A second of everybody and of the host waits in the spool."""
    speak(recording.room, {None: 1.0, host: 1.0})
    return recording


def advance_to(step: Step, recording: Recording) -> None:
    """Do everything before this step."""
    while recording.step != step:
        pipeline.advance(recording_id=recording.pk)
        recording.refresh_from_db()


# --- the engine --------------------------------------------------------------------------------


@pytest.fixture
def engine_away(monkeypatch: pytest.MonkeyPatch) -> list[Room]:
    """An engine that answers nobody; the list says who asked."""
    asked: list[Room] = []

    def away(room: Room) -> None:
        asked.append(room)
        raise media.EngineUnavailable

    monkeypatch.setattr(media, "close_room", away)
    return asked


def test_an_engine_that_is_away_is_waited_for_without_end(
    recording: Recording, spool: Path, engine_away: list[Room]
) -> None:
    with time_machine.travel(ENDED, tick=False) as clock:
        for _ in range(pipeline.MAX_ATTEMPTS + 2):
            advance(recording)
            assert recording.state == State.ARCHIVING
            assert recording.due_at
            assert recording.due_at > timezone.now()
            clock.move_to(recording.due_at)


def test_nothing_is_tried_again_before_its_time(
    recording: Recording, spool: Path, engine_away: list[Room]
) -> None:
    with time_machine.travel(ENDED, tick=False):
        advance(recording)
        advance(recording)
    assert len(engine_away) == 1


# --- the disk and the storage ------------------------------------------------------------------


class FullDisk(FileSystemStorage):
    """Writes half of a file, then finds no space left."""

    def _save(self, name: str, content: Any) -> str:
        path = Path(self.path(name))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.read()[:20])
        raise OSError(28, "No space left on device")


def full_disk(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "recordings_storage", lambda: FullDisk(location=folder))


@pytest.mark.parametrize("step", [Step.ASSEMBLE, Step.RENDER, Step.SEAL])
def test_a_full_disk_leaves_the_pieces_and_no_half_file(
    step: Step,
    spoken: Recording,
    spool: Path,
    kept_folder: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    advance_to(step, spoken)
    full_disk(kept_folder, monkeypatch)
    advance(spoken)
    assert (spoken.state, spoken.step, spoken.is_kept) == (State.ARCHIVING, step, False)
    assert "No space left on device" in spoken.error
    assert {str(path.relative_to(kept_folder)) for path in files_in(kept_folder)} == files.listed(
        spoken
    )
    assert len(files_in(spool)) == 3


def test_the_delays_grow_until_the_last_attempt_says_why_it_failed(
    spoken: Recording, kept_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    full_disk(kept_folder, monkeypatch)
    delays = []
    with time_machine.travel(ENDED, tick=False) as clock:
        while advance(spoken).state == State.ARCHIVING:
            assert spoken.due_at
            delays.append(spoken.due_at - timezone.now())
            clock.move_to(spoken.due_at)
    assert len(delays) == pipeline.MAX_ATTEMPTS - 1
    assert delays == sorted(delays)
    assert delays[1] == 2 * delays[0]
    assert (spoken.state, spoken.step) == (State.FAILED, Step.ASSEMBLE)
    assert "No space left on device" in spoken.error


@pytest.mark.parametrize("step", [Step.ASSEMBLE, Step.RENDER, Step.SEAL, Step.TIDY])
def test_the_step_that_failed_is_tried_again_alone(
    step: Step, spoken: Recording, engine: list[Room]
) -> None:
    advance_to(step, spoken)
    asked_before = len(engine)
    Recording.objects.update(state=State.FAILED, attempts=pipeline.MAX_ATTEMPTS, error="Full.")
    advance(spoken)
    assert spoken.state == State.FAILED
    pipeline.retry(recording=spoken)
    spoken.refresh_from_db()
    assert (spoken.step, spoken.attempts) == (step, 0)
    advance(spoken)
    assert (spoken.state, spoken.error) == (State.READY, "")
    assert len(engine) - asked_before == (1 if step == Step.ASSEMBLE else 0)


def test_a_copy_that_arrives_incomplete_is_not_called_ready(
    spoken: Recording, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FileSystemStorage, "size", lambda self, name: 3)
    advance(spoken)
    assert not spoken.is_kept
    assert not spoken.files.exists()


class Moody(FileSystemStorage):
    """A storage of which every second call fails, at random; with the same luck each time."""

    luck = random.Random(4)

    def _fail(self) -> None:
        if self.luck.random() < 0.5:
            raise OSError(5, "Input/output error")

    def save(self, name: str | None, content: Any, max_length: int | None = None) -> str:
        self._fail()
        return super().save(name, content, max_length)

    def open(self, name: str, mode: str = "rb") -> "File[Any]":
        self._fail()
        return super().open(name, mode)

    def size(self, name: str) -> int:
        self._fail()
        return super().size(name)

    def delete(self, name: str) -> None:
        self._fail()
        super().delete(name)


def test_a_storage_that_fails_half_of_its_calls_loses_nothing(
    spoken: Recording, kept_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "recordings_storage", lambda: Moody(location=kept_folder))
    with time_machine.travel(ENDED, tick=False) as clock:
        while advance(spoken).state != State.READY:
            if spoken.state == State.FAILED:
                pipeline.retry(recording=spoken)
            clock.shift(pipeline.LONGEST_DELAY)
    assert sorted(spoken.files.values_list("kind", flat=True)) == [
        "m4a",
        "manifest",
        "mix",
        "peaks",
        "track",
    ]
    monkeypatch.undo()
    for file in spoken.files.all():
        assert files.sha256_of(file.name) == file.sha256
    assert len(files_in(kept_folder)) == 5


# --- damage ------------------------------------------------------------------------------------


def damage(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(content)


def test_a_stored_file_that_changed_is_made_again_from_the_pieces(
    spoken: Recording, kept_folder: Path
) -> None:
    advance_to(Step.SEAL, spoken)
    damage(kept_folder / spoken.files.get(kind="mix").name)
    with time_machine.travel(timezone.now(), tick=False) as clock:
        advance(spoken)
        assert (spoken.step, spoken.is_kept) == (Step.ASSEMBLE, False)
        assert "has changed" in spoken.error
        clock.shift(pipeline.FIRST_DELAY)
        advance(spoken)
    assert spoken.state == State.READY
    for file in spoken.files.all():
        assert files.sha256_of(file.name) == file.sha256
    assert len(files_in(kept_folder)) == spoken.files.count()


def test_a_disk_that_damages_everything_is_given_up_with_the_pieces_in_place(
    spoken: Recording, spool: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "sha256_of", lambda name: "0" * 64)
    with time_machine.travel(timezone.now(), tick=False) as clock:
        while advance(spoken).state == State.ARCHIVING:
            clock.shift(pipeline.LONGEST_DELAY)
    assert (spoken.state, spoken.step) == (State.FAILED, Step.SEAL)
    assert len(files_in(spool)) == 3


def test_a_spool_that_cannot_be_read_is_kept_for_somebody_to_look_at(
    spoken: Recording, spool: Path
) -> None:
    for piece in spool.rglob("*.ogg"):
        piece.write_bytes(b"?" * 1000)
    advance(spoken)
    assert not spoken.is_kept
    assert "UnreadableSpool" in spoken.error
    assert len(files_in(spool)) == 3


# --- workers -----------------------------------------------------------------------------------


class Killed(BaseException):
    """The worker dies here: nothing may catch this."""


def die(*_args: object, **_options: object) -> None:
    raise Killed


@pytest.mark.parametrize(
    ("module", "name"),
    [
        (media, "close_room"),
        (media, "assemble"),
        (files, "store"),
        (media, "measure"),
        (media, "encode_m4a"),
        (media, "speaker_levels"),
        (RecordingFile, "save"),
        (files, "sha256_of"),
        (seal, "_manifest"),
        (media, "discard_spool"),
        (files, "delete_below"),
        (pipeline, "_pass_on"),
    ],
)
def test_a_worker_that_dies_in_any_step_is_followed_by_another(
    module: object,
    name: str,
    spoken: Recording,
    spool: Path,
    kept_folder: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with time_machine.travel(ENDED, tick=False) as clock:
        with monkeypatch.context() as killing:
            killing.setattr(module, name, die)
            with pytest.raises(Killed):
                advance(spoken)
        step = advance(spoken).step
        assert step, "somebody else took over while the claim was fresh"
        assert list(pipeline.due(timezone.now())) == []
        clock.shift(claims.CLAIM_LASTS + timedelta(seconds=1))
        assert list(pipeline.due(timezone.now())) == [spoken.pk]
        advance(spoken)
    assert (spoken.state, spoken.files.count()) == (State.READY, 5)
    assert files_in(spool) == []
    assert len(files_in(kept_folder)) == 5


def test_a_worker_that_was_given_up_does_not_publish_a_second_copy(
    spoken: Recording, kept_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep = archive._keep

    def slow(*args: Any) -> RecordingFile:
        Recording.objects.update(claim="another", claimed_at=timezone.now())
        return keep(*args)

    monkeypatch.setattr(archive, "_keep", slow)
    advance(spoken)
    assert (spoken.state, spoken.claim) == (State.ARCHIVING, "another")
    assert not spoken.files.exists()
    assert files_in(kept_folder) == []


def test_a_recording_that_kills_every_worker_is_given_up(
    recording: Recording, can_archive: Path
) -> None:
    long_ago = timezone.now() - claims.CLAIM_LASTS
    Recording.objects.update(
        state=State.ARCHIVING, attempts=pipeline.MAX_ATTEMPTS, claimed_at=long_ago
    )
    advance(recording)
    assert recording.state == State.FAILED
    assert recording.error


def test_files_stay_when_the_database_does_not_say_whether_it_committed(
    spoken: Recording, kept_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assemble = archive.assemble

    def connection_lost(work: claims.Work) -> None:
        assemble(work)
        raise OperationalError("connection lost")

    steps = (pipeline.Step(Step.ASSEMBLE, State.ARCHIVING, 0, connection_lost),)
    monkeypatch.setattr(pipeline, "STEPS", (*steps, *pipeline.STEPS[1:]))
    advance(spoken)
    assert len(files_in(kept_folder)) == spoken.files.count() == 2


# --- claims ------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_a_claim_is_renewed_while_the_work_takes_long(
    recording: Recording, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(claims, "HEARTBEAT_SECONDS", 0.01)
    claimed = claims.claim(recording.pk, Step.ASSEMBLE, State.ARCHIVING)
    assert claimed
    long_ago = timezone.now() - claims.CLAIM_LASTS
    Recording.objects.update(claimed_at=long_ago)
    with claims.Work(claimed, 0, 15).heartbeat():
        for _ in range(1000):
            recording.refresh_from_db()
            if recording.claimed_at != long_ago:
                break
    assert claims.is_running(recording, timezone.now())


def test_nobody_claims_what_is_claimed(recording: Recording) -> None:
    assert claims.claim(recording.pk, Step.ASSEMBLE, State.ARCHIVING)
    assert claims.claim(recording.pk, Step.ASSEMBLE, State.ARCHIVING) is None


def test_a_lost_claim_is_noticed_when_progress_is_told(recording: Recording) -> None:
    claimed = claims.claim(recording.pk, Step.ASSEMBLE, State.ARCHIVING)
    assert claimed
    work = claims.Work(claimed, 0, 15)
    work.tell(0.5)
    Recording.objects.update(state=State.PURGING)
    with pytest.raises(claims.ClaimLost):
        work.tell(1.0)
    with pytest.raises(claims.ClaimLost), work.writing():
        pytest.fail("the claim is lost")
