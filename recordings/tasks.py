"""Background work on recordings; each task calls idempotent operations."""

import logging

from celery import Task, shared_task
from django.utils import timezone
from kombu.exceptions import OperationalError

from recordings import comparison, drafts, exports, forgetting, operations, pipeline, purge
from recordings.models import Export

log = logging.getLogger(__name__)

SWEEP_SECONDS = 30


@shared_task
def advance_recording(recording_id: int) -> None:
    """Do the next step of one recording, and ask for the one after it."""
    if pipeline.advance(recording_id=recording_id):
        send_recording(recording_id)


@shared_task
def sweep_recordings() -> None:
    """Find steps that are due and not done, whatever became of their messages and workers."""
    for room_id in operations.rooms_without_recording():
        operations.expect_recording(room_id=room_id)
    for recording_id in pipeline.due(timezone.now()):
        send_recording(recording_id)
    drafts.sweep()


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


@shared_task
def sweep_storage() -> None:
    """Compare storage and rows both ways, and write down what did not fit."""
    comparison.compare(now=timezone.now())


def send_recording(recording_id: int) -> None:
    """Ask a worker for the next step; without a broker the sweep finds the row all the same."""
    _send(advance_recording, recording_id)


def send_export(export_id: int) -> None:
    """Ask a worker to put a download together; see `send_recording`."""
    _send(build_export, export_id)


def _send(task: "Task[..., None]", row_id: int) -> None:
    try:
        # Expires before it piles up: the next sweep sends another one.
        task.apply_async((row_id,), expires=SWEEP_SECONDS, retry=False)
    except OperationalError:
        log.warning("no broker: %s of %s waits for the sweep", task.name, row_id)
