"""Background work on recordings; each task calls one idempotent operation."""

from celery import shared_task


@shared_task
def archive_recording(recording_id: int) -> None:
    """Make the kept copy of one room."""


@shared_task
def sweep_recordings() -> None:
    """Find archive work that is due and not done."""


@shared_task
def sweep_retention() -> None:
    """Delete what has been kept long enough."""
