"""Background work on recordings; each task calls idempotent operations."""

import logging

from celery import Task, shared_task
from django.utils import timezone
from kombu.exceptions import OperationalError

from recordings import archive, exports, forgetting, operations, purge
from recordings.models import Export

log = logging.getLogger(__name__)

SWEEP_SECONDS = 30


@shared_task
def archive_recording(recording_id: int) -> None:
    """Make the kept copy of one room."""
    archive.archive(recording_id=recording_id)


@shared_task
def sweep_recordings() -> None:
    """Find archive work that is due and not done, whatever became of its message."""
    now = timezone.now()
    for room_id in operations.rooms_without_recording():
        operations.expect_recording(room_id=room_id)
    for recording_id in archive.due(now):
        send_archive(recording_id)
    for recording_id in archive.due_for_clean_up(now):
        try:
            archive.clean_up(recording_id=recording_id)
        except Exception:
            log.exception("recording %s is not tidied up", recording_id)


@shared_task
def build_export(export_id: int) -> None:
    """Put one download together."""
    exports.build(export_id=export_id)


@shared_task
def sweep_exports() -> None:
    """Find downloads that are to be built, and delete those whose day is over."""
    now = timezone.now()
    for export_id in exports.due(now):
        send_export(export_id)
    for export_id in exports.expired(now):
        try:
            exports.discard(Export.objects.get(pk=export_id))
        except Exception:
            log.exception("export %s is not deleted", export_id)


@shared_task
def sweep_retention() -> None:
    """Delete what was kept long enough, then deleted accounts that nothing refers to any more.

    What fails is tried again by the next sweep.
    """
    now = timezone.now()
    for recording_id in purge.due(now):
        try:
            purge.purge(recording_id=recording_id, now=now)
        except Exception:
            log.exception("the purge of recording %s is not finished", recording_id)
    for user_id in forgetting.due_to_be_forgotten():
        forgetting.forget(user_id=user_id)


def send_archive(recording_id: int) -> None:
    """Ask a worker to archive; without a broker the sweep finds the row all the same."""
    _send(archive_recording, recording_id)


def send_export(export_id: int) -> None:
    """Ask a worker to put a download together; see `send_archive`."""
    _send(build_export, export_id)


def _send(task: "Task[..., None]", row_id: int) -> None:
    try:
        # Expires before it piles up: the next sweep sends another one.
        task.apply_async((row_id,), expires=SWEEP_SECONDS, retry=False)
    except OperationalError:
        log.warning("no broker: %s of %s waits for the sweep", task.name, row_id)
