"""When the time is over: deleted, once, with a proof; and never before."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest
import time_machine
from django.core.files.storage import FileSystemStorage

from recordings import files, operations, purge
from recordings.models import AppendOnlyError, PurgeRecord, Recording
from recordings.retention import Rule
from recordings.tasks import sweep_retention
from rooms import media
from rooms.models import Pin, Question, ReactionCount, Room, RoomEvent
from tests.recordings.conftest import ENDED, files_in

State = Recording.State


def on_day(day: float) -> datetime:
    return ENDED + timedelta(days=day)


def sweep_on(day: float) -> None:
    with time_machine.travel(on_day(day), tick=False):
        sweep_retention()


def state_of(recording: Recording) -> str:
    return Recording.objects.get(pk=recording.pk).state


def test_nothing_is_deleted_early(archived: Recording, kept_folder: Path) -> None:
    sweep_on(29.999)
    assert state_of(archived) == State.READY
    assert len(files_in(kept_folder)) == archived.files.count()
    assert not PurgeRecord.objects.exists()


def test_on_day_thirty_everything_is_gone(archived: Recording, kept_folder: Path) -> None:
    sweep_on(30)
    assert state_of(archived) == State.PURGED
    assert list(kept_folder.iterdir()) == []
    assert not archived.files.exists()


def test_what_happened_is_deleted_with_the_recording(archived: Recording) -> None:
    archived.room.events.create(kind=RoomEvent.Kind.JOINED)
    archived.room.pins.create(text="Code: BEES20")
    asker = archived.room.participants.create(visitor="asker")
    archived.room.questions.create(participant=asker, text="Do bees sleep?")
    archived.room.reaction_counts.create(minute=ENDED, kind="heart", count=2)
    of_another_room = Room.objects.create(host=archived.room.host, title="Other")
    of_another_room.events.create(kind=RoomEvent.Kind.JOINED)
    sweep_on(29.999)
    assert archived.room.events.exists()
    assert archived.room.questions.exists()
    sweep_on(30)
    for gone in (Pin, Question, ReactionCount):
        assert not gone._default_manager.exists()
    assert [event.room for event in RoomEvent.objects.all()] == [of_another_room]


def test_the_proof_says_what_when_and_under_which_rule(archived: Recording) -> None:
    files_before = list(archived.files.order_by("pk"))
    sweep_on(31)
    proof = PurgeRecord.objects.get()
    assert proof.room_public_id == archived.room.public_id
    assert (proof.rule, proof.days) == (Rule.STANDARD, 30)
    assert (proof.ended_at, proof.expired_at, proof.purged_at) == (ENDED, on_day(30), on_day(31))
    assert proof.files == [
        {"name": file.name, "bytes": file.size, "sha256": file.sha256} for file in files_before
    ]
    assert proof.total_bytes == sum(file.size for file in files_before)


def test_twice_is_once(archived: Recording) -> None:
    sweep_on(30)
    sweep_on(31)
    assert purge.purge(recording_id=archived.pk, now=on_day(32))
    assert PurgeRecord.objects.count() == 1


def test_a_copy_that_was_never_made_is_purged_from_the_spool(
    recording: Recording, spool: Path, kept_folder: Path
) -> None:
    piece = spool / recording.room.public_id / "0001" / "mix.ogg"
    piece.parent.mkdir(parents=True)
    piece.write_bytes(b"OggS")
    sweep_on(30)
    assert files_in(spool) == []
    assert PurgeRecord.objects.get().files == []


def test_other_files_of_the_room_go_with_it(archived: Recording, kept_folder: Path) -> None:
    transcript = kept_folder / archived.room.public_id / "transcript.vtt"
    transcript.write_text("WEBVTT", encoding="utf-8")
    of_another_room = kept_folder / f"{archived.room.public_id}x" / "mix.ogg"
    of_another_room.parent.mkdir()
    of_another_room.write_bytes(b"OggS")
    sweep_on(30)
    assert files_in(kept_folder) == [of_another_room]


# --- flagged -----------------------------------------------------------------------------------


def test_a_copy_flagged_on_day_29_is_kept_until_day_90(
    archived: Recording, kept_folder: Path
) -> None:
    with time_machine.travel(on_day(29), tick=False):
        assert operations.flag(room=archived.room)
    for day in (30, 31, 89):
        sweep_on(day)
    assert state_of(archived) == State.READY
    assert len(files_in(kept_folder)) == archived.files.count()
    sweep_on(90)
    assert state_of(archived) == State.PURGED
    proof = PurgeRecord.objects.get()
    assert (proof.rule, proof.days, proof.expired_at) == (Rule.FLAGGED, 90, on_day(90))


def test_a_flag_taken_back_in_time_changes_nothing(archived: Recording) -> None:
    with time_machine.travel(on_day(5), tick=False):
        operations.flag(room=archived.room)
        operations.unflag(room=archived.room)
    sweep_on(29.9)
    assert state_of(archived) == State.READY
    sweep_on(30)
    assert state_of(archived) == State.PURGED


def test_a_flag_taken_back_on_day_45_leaves_a_day_of_grace(archived: Recording) -> None:
    with time_machine.travel(on_day(29), tick=False):
        operations.flag(room=archived.room)
    with time_machine.travel(on_day(45), tick=False):
        operations.unflag(room=archived.room)
    sweep_on(45.9)
    assert state_of(archived) == State.READY
    sweep_on(46)
    assert state_of(archived) == State.PURGED
    proof = PurgeRecord.objects.get()
    assert (proof.rule, proof.expired_at) == (Rule.STANDARD, on_day(46))


def test_a_flag_raised_again_in_the_grace_keeps_the_copy(archived: Recording) -> None:
    for day, change in ((29, operations.flag), (45, operations.unflag), (45.5, operations.flag)):
        with time_machine.travel(on_day(day), tick=False):
            change(room=archived.room)
    sweep_on(46)
    assert state_of(archived) == State.READY
    sweep_on(90)
    assert state_of(archived) == State.PURGED


def test_a_flag_that_comes_after_the_claim_is_told_so_and_does_not_rewrite_the_rule(
    archived: Recording, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy_is_kept = []

    def flag_meanwhile(room: Room) -> None:
        copy_is_kept.append(operations.flag(room=room))

    monkeypatch.setattr(media, "discard_spool", flag_meanwhile)
    sweep_on(30)
    assert copy_is_kept == [False]
    assert state_of(archived) == State.PURGED
    assert PurgeRecord.objects.get().rule == Rule.STANDARD


# --- crashes and faults ------------------------------------------------------------------------


class Killed(BaseException):
    """The worker dies here: nothing may catch this."""


def die(*_args: object) -> None:
    raise Killed


@pytest.mark.parametrize(
    ("where", "name"), [(files, "delete_below"), (media, "discard_spool"), (purge, "_prove")]
)
def test_a_purge_that_was_cut_off_is_finished_by_the_next_sweep(
    where: object,
    name: str,
    archived: Recording,
    kept_folder: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sizes = [file.size for file in archived.files.all()]
    with monkeypatch.context() as killing:
        killing.setattr(where, name, die)
        with pytest.raises(Killed):
            sweep_on(30)
    assert state_of(archived) == State.PURGING
    assert not PurgeRecord.objects.exists()
    sweep_on(30.01)
    assert state_of(archived) == State.PURGED
    assert files_in(kept_folder) == []
    proof = PurgeRecord.objects.get()
    assert (len(proof.files), proof.total_bytes) == (len(sizes), sum(sizes))


def test_a_crash_between_two_files_loses_none_of_the_proof(
    archived: Recording, kept_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    delete = FileSystemStorage.delete
    deleted: list[str] = []

    def die_at_the_second(self: FileSystemStorage, name: str) -> None:
        if deleted:
            raise Killed
        deleted.append(name)
        delete(self, name)

    with monkeypatch.context() as killing:
        killing.setattr(FileSystemStorage, "delete", die_at_the_second)
        with pytest.raises(Killed):
            sweep_on(30)
    assert len(files_in(kept_folder)) == archived.files.count() - 1
    sweep_on(30.01)
    assert files_in(kept_folder) == []
    assert {file["name"].rpartition("/")[2] for file in PurgeRecord.objects.get().files} > {
        "mix.ogg",
        "mix.m4a",
        "peaks.json",
        "manifest.json",
    }


def test_a_storage_that_errors_proves_nothing_until_it_works(
    archived: Recording, kept_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: FileSystemStorage, name: str) -> None:
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as failing:
        failing.setattr(FileSystemStorage, "delete", refuse)
        sweep_on(30)
    assert state_of(archived) == State.PURGING
    assert not PurgeRecord.objects.exists()
    assert len(files_in(kept_folder)) == archived.files.count()
    sweep_on(30.01)
    assert state_of(archived) == State.PURGED


def test_one_purge_that_fails_does_not_hold_up_the_others(
    archived: Recording, kept_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other_room = Room.objects.create(host=archived.room.host, title="Other", ended_at=ENDED)
    other = Recording.objects.create(room=other_room, state=State.READY)
    discard = media.discard_spool

    def fail_for_one(room: Room) -> None:
        if room == archived.room:
            raise OSError(5, "Input/output error")
        discard(room)

    monkeypatch.setattr(media, "discard_spool", fail_for_one)
    sweep_on(30)
    assert state_of(archived) == State.PURGING
    assert state_of(other) == State.PURGED


def test_a_running_archive_is_not_cut_off(archived: Recording) -> None:
    Recording.objects.update(state=State.ARCHIVING, claimed_at=on_day(30))
    sweep_on(30)
    assert state_of(archived) == State.ARCHIVING
    sweep_on(30.1)
    assert state_of(archived) == State.PURGED


# --- the proof stays ---------------------------------------------------------------------------


@pytest.fixture
def proof(archived: Recording) -> PurgeRecord:
    sweep_on(30)
    return PurgeRecord.objects.get()


def test_a_proof_cannot_be_changed(proof: PurgeRecord) -> None:
    proof.total_bytes = 0
    with pytest.raises(AppendOnlyError):
        proof.save()
    with pytest.raises(AppendOnlyError):
        PurgeRecord.objects.update(total_bytes=0)
    with pytest.raises(AppendOnlyError):
        PurgeRecord.objects.bulk_update([proof], ["total_bytes"])
    proof.refresh_from_db()
    assert proof.total_bytes > 0


def test_a_proof_cannot_be_deleted(proof: PurgeRecord) -> None:
    with pytest.raises(AppendOnlyError):
        proof.delete()
    with pytest.raises(AppendOnlyError):
        PurgeRecord.objects.all().delete()
    assert PurgeRecord.objects.exists()


def test_a_proof_outlives_the_room(proof: PurgeRecord, archived: Recording) -> None:
    archived.room.delete()
    assert PurgeRecord.objects.get() == proof


def test_nobody_can_be_given_the_permission_to_touch_a_proof() -> None:
    assert PurgeRecord._meta.default_permissions == ("view",)
