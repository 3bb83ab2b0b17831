"""Background work on recordings; each task calls idempotent operations."""

import logging

from celery import shared_task
from django.utils import timezone
from kombu.exceptions import OperationalError

from recordings import archive, forgetting, operations, purge

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
    try:
        # Expires before it piles up: the next sweep sends another one.
        archive_recording.apply_async((recording_id,), expires=SWEEP_SECONDS, retry=False)
    except OperationalError:
        log.warning("no broker: recording %s waits for the sweep", recording_id)
