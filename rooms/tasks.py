"""What the worker does for rooms, every few seconds."""

from celery import shared_task

from rooms import operations


@shared_task(name="rooms.tasks.sweep_rooms")
def sweep_rooms() -> None:
    """Take silent people for gone, and end the Spaces whose host did not come back."""
    operations.drop_absent()
    operations.end_orphaned()
