"""How long a copy is kept: the rules alone, without a database."""

from datetime import UTC, datetime, timedelta

import pytest
from django.conf import LazySettings

from recordings import retention
from recordings.models import Recording
from rooms.models import Room

ENDED = datetime(2026, 1, 1, 12, tzinfo=UTC)


def on_day(day: int) -> datetime:
    return ENDED + timedelta(days=day)


def recording_of(room: Room, not_before: datetime | None = None) -> Recording:
    return Recording(room=room, not_before=not_before)


@pytest.mark.parametrize(("day", "is_over"), [(29, False), (30, True), (31, True)])
def test_a_copy_is_kept_for_thirty_days(day: int, is_over: bool) -> None:
    room = Room(ended_at=ENDED)
    assert retention.rule(room) is retention.Rule.STANDARD
    assert retention.is_due(recording_of(room), on_day(day)) is is_over


@pytest.mark.parametrize(("day", "is_over"), [(30, False), (89, False), (90, True), (91, True)])
def test_a_flagged_copy_is_kept_for_ninety_days(day: int, is_over: bool) -> None:
    room = Room(ended_at=ENDED, flagged_at=on_day(29))
    assert retention.rule(room) is retention.Rule.FLAGGED
    assert retention.is_due(recording_of(room), on_day(day)) is is_over


def test_the_time_runs_from_the_end_and_not_from_the_flag() -> None:
    assert retention.expires_at(Room(ended_at=ENDED, flagged_at=on_day(29))) == on_day(90)


def test_not_a_second_is_missing_from_the_last_day() -> None:
    recording = recording_of(Room(ended_at=ENDED))
    assert not retention.is_due(recording, on_day(30) - timedelta(microseconds=1))
    assert retention.is_due(recording, on_day(30))


def test_a_grace_puts_the_deletion_off() -> None:
    recording = recording_of(Room(ended_at=ENDED), not_before=on_day(46))
    assert retention.kept_until(recording) == on_day(46)
    assert not retention.is_due(recording, on_day(45))


def test_a_grace_never_shortens_the_time() -> None:
    recording = recording_of(Room(ended_at=ENDED, flagged_at=on_day(46)), not_before=on_day(46))
    assert retention.kept_until(recording) == on_day(90)


def test_the_time_of_a_live_room_has_not_begun() -> None:
    live = Room(ended_at=None)
    with pytest.raises(retention.RoomIsLive):
        retention.expires_at(live)
    assert not retention.is_due(recording_of(live), on_day(1000))


def test_the_days_are_settings(settings: LazySettings) -> None:
    settings.RETENTION_DAYS, settings.RETENTION_DAYS_FLAGGED = 7, 14
    assert retention.expires_at(Room(ended_at=ENDED)) == on_day(7)
    assert retention.expires_at(Room(ended_at=ENDED, flagged_at=ENDED)) == on_day(14)
