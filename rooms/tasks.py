"""What the worker does for rooms, every few seconds."""

from celery import shared_task

from rooms import operations


@shared_task(name="rooms.tasks.sweep_rooms")
def sweep_rooms() -> None:
    """Take silent people for gone, let successors take over, end Spaces that nobody runs."""
    operations.drop_absent()
    operations.replace_absent_hosts()
    operations.end_orphaned()
