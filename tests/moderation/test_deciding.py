"""What a decision does to the report, the flag and the people."""

import pytest
from django.contrib.admin.models import LogEntry
from pytest_django import DjangoCaptureOnCommitCallbacks

from accounts.errors import DomainError
from accounts.models import Suspension, User
from accounts.operations import is_suspended
from moderation import operations, policy
from moderation.models import Report
from rooms.models import Room
from tests.conftest import person
from tests.moderation.conftest import File, is_flagged, person_in


def history(report: Report) -> list[tuple[User, str]]:
    entries = LogEntry.objects.filter(object_id=str(report.pk), content_type__model="report")
    return [(entry.user, entry.change_message) for entry in entries.order_by("pk")]


def test_an_upheld_report_keeps_the_space_flagged(
    room: Room, moderator: User, file_report: File
) -> None:
    report = file_report()
    operations.uphold(report=report, by=moderator)
    report.refresh_from_db()
    assert (report.state, report.decided_by) == (Report.State.UPHELD, moderator)
    assert report.decided_at is not None
    assert is_flagged(room)
    assert history(report) == [(moderator, "Upheld.")]


def test_a_dismissed_report_takes_the_flag_back(
    room: Room, moderator: User, file_report: File
) -> None:
    report = file_report()
    operations.dismiss(report=report, by=moderator)
    report.refresh_from_db()
    assert report.state == Report.State.DISMISSED
    assert not is_flagged(room)
    assert history(report) == [(moderator, "Dismissed.")]


@pytest.mark.parametrize("other", [Report.State.OPEN, Report.State.UPHELD])
def test_the_flag_stays_while_another_report_counts(
    other: str, room: Room, moderator: User, file_report: File
) -> None:
    kept = file_report(reason="abuse")
    if other == Report.State.UPHELD:
        operations.uphold(report=kept, by=moderator)
    operations.dismiss(report=file_report(), by=moderator)
    assert is_flagged(room)


def test_a_report_is_decided_once(room: Room, moderator: User, file_report: File) -> None:
    report = file_report()
    operations.uphold(report=report, by=moderator)
    with pytest.raises(DomainError, match="already_decided"):
        operations.dismiss(report=report, by=moderator)
    report.refresh_from_db()
    assert report.state == Report.State.UPHELD
    assert is_flagged(room)
    assert len(history(report)) == 1


@pytest.mark.parametrize("decide", [operations.uphold, operations.dismiss])
@pytest.mark.parametrize("who", ["outsider", "listener", "staff"])
def test_who_may_not_moderate_decides_nothing(
    decide: object, who: str, file_report: File, outsider: User, listener: User
) -> None:
    people = {"outsider": outsider, "listener": listener}
    by = people.get(who) or person("staff", is_staff=True)
    report = file_report()
    with pytest.raises(DomainError, match="cannot_decide"):
        decide(report=report, by=by)  # type: ignore[operator]
    report.refresh_from_db()
    assert report.state == Report.State.OPEN


def test_nobody_decides_in_their_own_matter(
    room: Room, moderator: User, speaker: User, file_report: File
) -> None:
    mine = room.participants.create(user=moderator, visitor="d" * 32)
    by_me = file_report(by=moderator)
    about_me = file_report(about=moderator)
    assert not policy.can_decide(moderator, by_me)
    assert not policy.can_decide(moderator, about_me)
    mine.delete()
    assert policy.can_decide(moderator, file_report(about=speaker))
    Room.objects.update(host=moderator)
    assert not policy.can_decide(moderator, Report.objects.get(about=person_in(room, speaker)))


# --- people ------------------------------------------------------------------------------------


def test_a_suspended_person_is_out_of_every_live_space(
    room: Room,
    moderator: User,
    speaker: User,
    file_report: File,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    report = file_report(about=speaker, reason="abuse")
    with django_capture_on_commit_callbacks(execute=True):
        operations.suspend_person(report=report, by=moderator, days=7)
    assert is_suspended(speaker)
    assert person_in(room, speaker).left_at is not None
    suspension = Suspension.objects.get(user=speaker)
    assert suspension.imposed_by == moderator
    assert suspension.reason == "Abuse"
    assert suspension.ends_at is not None
    assert history(report) == [(moderator, "Suspended @speaker.")]


def test_a_suspension_may_have_no_end(moderator: User, speaker: User, file_report: File) -> None:
    operations.suspend_person(report=file_report(about=speaker), by=moderator, days=None)
    assert Suspension.objects.get(user=speaker).ends_at is None


def test_for_a_report_about_the_space_the_host_answers(
    room: Room,
    moderator: User,
    host: User,
    file_report: File,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        operations.suspend_person(report=file_report(), by=moderator, days=1)
    assert is_suspended(host)
    room.refresh_from_db()
    assert not room.is_live


def test_a_guest_cannot_be_suspended(room: Room, moderator: User, listener: User) -> None:
    report = operations.report(
        room=room,
        participant=person_in(room, listener),
        about=person_in(room, None),
        reason="abuse",
        text="",
    ).report
    with pytest.raises(DomainError, match="no_account"):
        operations.suspend_person(report=report, by=moderator, days=1)


def test_a_moderator_ends_a_live_space(room: Room, moderator: User, file_report: File) -> None:
    report = file_report()
    operations.end_space(report=report, by=moderator)
    room.refresh_from_db()
    assert (room.is_live, room.end_reason) == (False, Room.EndReason.MODERATOR)
    assert history(report) == [(moderator, "Ended the Space.")]
    with pytest.raises(DomainError, match="room_ended"):
        operations.end_space(report=report, by=moderator)


def test_who_may_not_moderate_neither_suspends_nor_ends(
    room: Room, outsider: User, speaker: User, file_report: File
) -> None:
    report = file_report(about=speaker)
    with pytest.raises(DomainError, match="cannot_decide"):
        operations.suspend_person(report=report, by=outsider, days=1)
    with pytest.raises(DomainError, match="cannot_decide"):
        operations.end_space(report=report, by=outsider)
    assert not is_suspended(speaker)
    room.refresh_from_db()
    assert room.is_live
