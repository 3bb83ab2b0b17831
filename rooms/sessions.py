"""Whether the login that a WebSocket was opened with still holds."""

from collections.abc import Collection

from django.contrib.sessions.models import Session
from django.utils import timezone


def ended_sessions(keys: Collection[str]) -> set[str]:
    """Which of these sessions are over: logged out, replaced by another, or too old."""
    going_on = Session.objects.filter(pk__in=keys, expire_date__gt=timezone.now())
    return set(keys) - set(going_on.values_list("pk", flat=True))
