"""How long the copy of a room is kept. Pure: no query, no clock, nothing is changed.

The numbers are settings (`RETENTION_DAYS`, `RETENTION_DAYS_FLAGGED`) and are read in `days`.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from recordings.models import Recording
    from rooms.models import Room

GRACE_AFTER_DISMISSAL = timedelta(hours=24)
"""A purge that a dismissed report makes due waits this long, so that a mistake can be mended."""


class RoomIsLive(ValueError):
    """The room has not ended, so its time has not begun."""


class Rule(TextChoices):
    """Why a copy is kept for as long as it is."""

    STANDARD = "standard", _("Standard time after the end")
    FLAGGED = "flagged", _("Longer time for a flagged Space")


def rule(room: Room) -> Rule:
    """The rule the room is under right now: a report that is open or upheld flags it."""
    return Rule.STANDARD if room.flagged_at is None else Rule.FLAGGED


def days(under: Rule) -> int:
    """How many days after the end of a room the rule keeps its copy."""
    if under is Rule.FLAGGED:
        return int(settings.RETENTION_DAYS_FLAGGED)
    return int(settings.RETENTION_DAYS)


def ended_at(room: Room) -> datetime:
    """The moment from which the time runs. Raises `RoomIsLive`."""
    if room.ended_at is None:
        raise RoomIsLive(room.public_id)
    return room.ended_at


def expires_at(room: Room) -> datetime:
    """The moment from which the rule no longer keeps the copy. Raises `RoomIsLive`."""
    return ended_at(room) + timedelta(days=days(rule(room)))


def kept_until(recording: Recording) -> datetime:
    """The moment from which the copy is deleted: `expires_at`, or later after a dismissal.

    Raises `RoomIsLive`.
    """
    expiry = expires_at(recording.room)
    return max(expiry, recording.not_before) if recording.not_before else expiry


def is_due(recording: Recording, now: datetime) -> bool:
    """Whether the copy may and must be deleted at `now`."""
    return recording.room.ended_at is not None and kept_until(recording) <= now
