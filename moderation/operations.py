"""What happens to reports: filed, upheld, dismissed. A report flags its room while it counts."""

from dataclasses import dataclass
from datetime import timedelta

from django.contrib.admin.models import CHANGE, LogEntry
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

import accounts.operations
import recordings.operations
import rooms.operations
from accounts.errors import DomainError
from accounts.models import User
from moderation import policy
from moderation.models import Report
from rooms.models import Participant, Room

REPORTS_PER_HOUR = 10

State = Report.State


@dataclass(frozen=True, slots=True)
class Filed:
    """What became of a report."""

    report: Report
    is_new: bool
    """False: the same person had said the same before, and it is still open."""
    copy_is_kept: bool
    """False: the sound is deleted already, or the deletion had begun."""


@transaction.atomic
def report(
    *,
    room: Room,
    participant: Participant | None,
    about: Participant | None,
    reason: str,
    text: str,
) -> Filed:
    """File a report of `participant` about `room`, or about one person in it, and flag the room.

    Raises `DomainError`: `not_there`, `cannot_be_reported`, `too_many_reports`.
    """
    room = Room.objects.select_for_update().get(pk=room.pk)
    if participant is None or not policy.can_report(participant, room):
        raise DomainError("not_there", _("Only people who were in this Space can report it."))
    if not policy.can_be_reported_by(about, participant):
        raise DomainError("cannot_be_reported", _("Choose somebody else in this Space."))
    copy_is_kept = recordings.operations.flag(room=room)
    same = Report.objects.filter(
        reporter=participant, room=room, about=about, reason=reason, state=State.OPEN
    ).first()
    if same:
        return Filed(same, is_new=False, copy_is_kept=copy_is_kept)
    _limit(participant)
    filed = Report.objects.create(
        room=room, reporter=participant, about=about, reason=reason, text=text
    )
    return Filed(filed, is_new=True, copy_is_kept=copy_is_kept)


def uphold(*, report: Report, by: User) -> None:
    """The report is right: the room stays flagged. Raises `DomainError`, see `_decide`."""
    _decide(report, State.UPHELD, by, gettext("Upheld."))


def dismiss(*, report: Report, by: User) -> None:
    """The report is not right: the room is flagged only if another report says so.

    Raises `DomainError`, see `_decide`.
    """
    _decide(report, State.DISMISSED, by, gettext("Dismissed."))


@transaction.atomic
def suspend_person(*, report: Report, by: User, days: int | None) -> None:
    """Suspend whom the report is about; that puts them out of every live room as well.

    `days`: whole days from now, or None until lifted. Raises `DomainError`: `no_account` where
    there is nobody to suspend, `cannot_decide`, and what `accounts.operations.suspend` raises.
    """
    _require_uninvolved(report, by)
    person = policy.person_concerned(report)
    if person is None:
        raise DomainError("no_account", _("A guest has no account that could be suspended."))
    ends_at = timezone.now() + timedelta(days=days) if days else None
    accounts.operations.suspend(
        user=person, by=by, reason=report.get_reason_display(), ends_at=ends_at
    )
    _log(report, by, gettext("Suspended %(person)s.") % {"person": person})


@transaction.atomic
def end_space(*, report: Report, by: User) -> None:
    """End the room while it is live. Raises `DomainError`: `room_ended`, `cannot_decide`."""
    _require_uninvolved(report, by)
    reason = Room.EndReason.MODERATOR
    if not rooms.operations.end_room(room_id=report.room_id, reason=reason):
        raise DomainError("room_ended", _("This Space has ended already."))
    _log(report, by, gettext("Ended the Space."))


@transaction.atomic
def _decide(report: Report, state: Report.State, by: User, message: str) -> None:
    """Raises `DomainError`: `cannot_decide` in one's own matter, `already_decided`."""
    room = Room.objects.select_for_update().get(pk=report.room_id)
    _require_uninvolved(report, by)
    decided = Report.objects.filter(pk=report.pk, state=State.OPEN).update(
        state=state, decided_at=timezone.now(), decided_by=by
    )
    if not decided:
        raise DomainError("already_decided", _("This report was decided already."))
    _log(report, by, message)
    if room.reports.filter(state__in=(State.OPEN, State.UPHELD)).exists():
        recordings.operations.flag(room=room)
    else:
        recordings.operations.unflag(room=room)


def _require_uninvolved(report: Report, by: User) -> None:
    if not policy.can_decide(by, report):
        raise DomainError("cannot_decide", _("Somebody else has to decide this report."))


def _log(report: Report, by: User, message: str) -> None:
    """Into the admin's history of the report."""
    LogEntry.objects.log_actions(
        by.pk, Report.objects.filter(pk=report.pk), CHANGE, message, single_object=True
    )


def _limit(participant: Participant) -> None:
    an_hour_ago = timezone.now() - timedelta(hours=1)
    recent = participant.reports_made.filter(created_at__gt=an_hour_ago)
    if recent.count() >= REPORTS_PER_HOUR:
        raise DomainError(
            "too_many_reports", _("You have sent many reports. Please try again in an hour.")
        )
