"""Who may report, and who may decide. Pure."""

from django.contrib.auth.models import AnonymousUser

from accounts.models import User
from moderation.models import Report
from rooms.models import Participant, Room

MOST_SERIOUS_FIRST = [
    Report.Reason.CHILD_SAFETY,
    Report.Reason.SELF_HARM,
    Report.Reason.VIOLENCE,
    Report.Reason.SEXUAL_CONTENT,
    Report.Reason.PRIVATE_INFORMATION,
    Report.Reason.ABUSE,
    Report.Reason.OTHER,
    Report.Reason.SPAM,
]
"""The order of the moderators' queue."""


def can_report(participant: Participant | None, room: Room) -> bool:
    """Anybody who was there, removed or not, with or without an account."""
    return participant is not None and participant.room_id == room.pk


def can_be_reported_by(about: Participant | None, participant: Participant) -> bool:
    """The room as a whole, or somebody else in the same room."""
    return about is None or (about.room_id == participant.room_id and about != participant)


def can_decide(user: User | AnonymousUser, report: Report) -> bool:
    """A moderator, but nobody in their own matter: as host, reported person or reporter."""
    people = [someone.user_id for someone in (report.about, report.reporter) if someone]
    involved = {report.room.host_id, report.room.started_by_id, *people}
    return user.has_perm("moderation.change_report") and user.pk not in involved


def person_concerned(report: Report) -> User | None:
    """Whom a suspension would hit: the reported person, or the host of a reported room.

    None for a guest, who has no account.
    """
    return report.about.user if report.about else report.room.host
