"""A report that arrives while its copy is being deleted: one of them comes first, never half."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from django.core.files.base import ContentFile
from django.db import connection
from django.utils import timezone

from accounts.models import User
from moderation import operations
from moderation.models import Report
from recordings import purge
from recordings.models import PurgeRecord, Recording, recordings_storage
from rooms.models import Room

ROUNDS = 10


@pytest.fixture
def expired(host: User, listener: User) -> list[Recording]:
    """Copies whose thirty days are over, each with a listener who may still report."""
    storage = recordings_storage()
    recordings = []
    for number in range(ROUNDS):
        ended_at = timezone.now() - timedelta(days=30)
        room = Room.objects.create(host=host, title=f"Space {number}", ended_at=ended_at)
        room.participants.create(user=listener, visitor="c" * 32)
        recording = Recording.objects.create(room=room, state=Recording.State.READY)
        name = storage.save(f"{room.public_id}/secret/mix.ogg", ContentFile(b"OggS"))
        recording.files.create(kind="mix", file=name, size=4, sha256="0" * 64, seconds=1)
        recordings.append(recording)
    return recordings


@pytest.mark.django_db(transaction=True)
def test_the_report_or_the_purge_comes_first(expired: list[Recording]) -> None:
    storage = recordings_storage()
    start = Barrier(2)

    def delete(recording: Recording) -> bool:
        start.wait(timeout=10)
        try:
            return purge.purge(recording_id=recording.pk, now=timezone.now())
        finally:
            connection.close()

    def report(room: Room) -> operations.Filed:
        start.wait(timeout=10)
        try:
            return operations.report(
                room=room, participant=room.participants.get(), about=None, reason="abuse", text=""
            )
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as threads:
        for recording in expired:
            deleting = threads.submit(delete, recording)
            filed = threads.submit(report, recording.room).result(timeout=30)
            is_deleted = deleting.result(timeout=30)

            recording.refresh_from_db()
            name = f"{recording.room.public_id}/secret/mix.ogg"
            proofs = PurgeRecord.objects.filter(room_public_id=recording.room.public_id)
            assert filed.copy_is_kept is not is_deleted
            assert storage.exists(name) is filed.copy_is_kept
            assert proofs.count() == (1 if is_deleted else 0)
            expected = Recording.State.PURGED if is_deleted else Recording.State.READY
            assert recording.state == expected
            assert recording.files.count() == (0 if is_deleted else 1)
    assert Report.objects.filter(state=Report.State.OPEN).count() == ROUNDS
    assert not Room.objects.filter(flagged_at=None).exists()


@pytest.mark.django_db(transaction=True)
def test_two_sweeps_at_once_write_one_proof(expired: list[Recording]) -> None:
    start = Barrier(2)

    def sweep(recording: Recording) -> bool:
        start.wait(timeout=10)
        try:
            return purge.purge(recording_id=recording.pk, now=timezone.now())
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as threads:
        for recording in expired:
            both = [threads.submit(sweep, recording) for _ in range(2)]
            assert [one.result(timeout=30) for one in both] == [True, True]
    assert PurgeRecord.objects.count() == ROUNDS
    assert set(Recording.objects.values_list("state", flat=True)) == {Recording.State.PURGED}
