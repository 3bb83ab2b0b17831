"""What the worker does for accounts."""

from celery import shared_task
from django.core.management import call_command


@shared_task
def sweep_sessions() -> None:
    """Delete the sessions that have expired, with the codes that are in them."""
    call_command("clearsessions")
