"""Whoever was there can report, and nobody else."""

from datetime import timedelta

import pytest
import time_machine
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from accounts.errors import DomainError
from accounts.models import User
from moderation import operations
from moderation.models import Report
from recordings.models import Recording
from rooms import visitors
from rooms.models import Participant, Room
from rooms.operations import end_room
from tests.moderation.conftest import GUEST, File, is_flagged, person_in


def address(room: Room) -> str:
    return f"/spaces/{room.public_id}/report/"


def refusal_of(
    *, room: Room, participant: Participant | None, about: Participant | None = None
) -> str:
    with pytest.raises(DomainError) as caught:
        operations.report(room=room, participant=participant, about=about, reason="spam", text="")
    return caught.value.code


@pytest.fixture
def guest(client: Client) -> Client:
    """A browser without an account that was in the room."""
    remember(client, GUEST)
    return client


def remember(client: Client, visitor: str) -> None:
    """Put the cookie of the room page into the browser."""
    response = HttpResponse()
    visitors.remember_visitor(response, visitor)
    client.cookies[visitors.COOKIE] = response.cookies[visitors.COOKIE].value


# --- the rules ---------------------------------------------------------------------------------


def test_a_report_flags_the_space(room: Room, listener: User) -> None:
    filed = operations.report(
        room=room,
        participant=person_in(room, listener),
        about=None,
        reason=Report.Reason.ABUSE,
        text="Shouting.",
    )
    assert filed.is_new
    assert filed.copy_is_kept
    assert is_flagged(room)
    assert (filed.report.state, filed.report.text) == (Report.State.OPEN, "Shouting.")


def test_a_report_about_a_person_flags_the_space_too(
    room: Room, speaker: User, file_report: File
) -> None:
    assert file_report(about=speaker).about == person_in(room, speaker)
    assert is_flagged(room)


def test_an_ended_space_can_be_reported(room: Room, file_report: File) -> None:
    end_room(room_id=room.pk, reason=Room.EndReason.HOST)
    file_report()
    assert is_flagged(room)


def test_somebody_removed_can_still_report(room: Room, listener: User, file_report: File) -> None:
    room.participants.filter(user=listener).update(removed_at=timezone.now())
    assert file_report().state == Report.State.OPEN


def test_who_was_not_there_cannot_report(room: Room) -> None:
    assert refusal_of(room=room, participant=None) == "not_there"


def test_who_was_in_another_space_cannot_report(room: Room, host: User, outsider: User) -> None:
    other = Room.objects.create(host=host, title="Other")
    elsewhere = other.participants.create(user=outsider, visitor="f" * 32)
    assert refusal_of(room=room, participant=elsewhere) == "not_there"
    assert not is_flagged(room)


def test_nobody_is_reported_for_another_space(
    room: Room, host: User, outsider: User, listener: User
) -> None:
    other = Room.objects.create(host=host, title="Other")
    elsewhere = other.participants.create(user=outsider, visitor="f" * 32)
    me = person_in(room, listener)
    assert refusal_of(room=room, participant=me, about=elsewhere) == "cannot_be_reported"


def test_nobody_reports_themselves(room: Room, listener: User) -> None:
    me = person_in(room, listener)
    assert refusal_of(room=room, participant=me, about=me) == "cannot_be_reported"
    assert not is_flagged(room)


def test_a_repeat_is_the_same_report(room: Room, speaker: User, file_report: File) -> None:
    assert file_report(about=speaker) == file_report(about=speaker)
    assert Report.objects.count() == 1


def test_another_reason_person_or_reporter_is_another_report(
    room: Room, speaker: User, host: User, file_report: File
) -> None:
    file_report(about=speaker)
    file_report(about=speaker, reason="abuse")
    file_report(about=host)
    file_report()
    file_report(about=speaker, by=host)
    assert Report.objects.count() == 5


def test_the_same_may_be_reported_again_after_it_was_dismissed(
    file_report: File, moderator: User
) -> None:
    first = file_report()
    operations.dismiss(report=first, by=moderator)
    assert file_report() != first


def test_many_reports_of_one_person_are_slowed_down(
    room: Room, listener: User, speaker: User, host: User, file_report: File
) -> None:
    with time_machine.travel(timezone.now(), tick=False) as clock:
        reasons = Report.Reason.values
        pairs = [(about, reason) for about in (speaker, host) for reason in reasons]
        for about, reason in pairs[: operations.REPORTS_PER_HOUR]:
            file_report(about=about, reason=reason)
        about, reason = pairs[operations.REPORTS_PER_HOUR]
        with pytest.raises(DomainError, match="too_many_reports"):
            file_report(about=about, reason=reason)
        clock.shift(timedelta(hours=1, seconds=1))
        file_report(about=about, reason=reason)


@pytest.mark.parametrize("state", [Recording.State.PURGING, Recording.State.PURGED])
def test_a_report_that_comes_too_late_for_the_copy_is_taken_all_the_same(
    state: str, room: Room, listener: User
) -> None:
    end_room(room_id=room.pk, reason=Room.EndReason.HOST)
    Recording.objects.create(room=room, state=state)
    filed = operations.report(
        room=room, participant=person_in(room, listener), about=None, reason="spam", text=""
    )
    assert not filed.copy_is_kept
    assert filed.report.state == Report.State.OPEN


# --- the page ----------------------------------------------------------------------------------


def test_a_listener_reports_on_the_page(client: Client, room: Room, listener: User) -> None:
    client.force_login(listener)
    response = client.post(address(room), {"about": "", "reason": "violence", "text": "Threats"})
    assert response.status_code == 302
    assert response["Location"] == f"/spaces/{room.public_id}/"
    report = Report.objects.get()
    assert report.reporter == person_in(room, listener)
    assert (report.reason, report.text, report.about) == ("violence", "Threats", None)


def test_a_guest_reports_with_the_cookie(guest: Client, room: Room, speaker: User) -> None:
    about = person_in(room, speaker)
    guest.post(address(room), {"about": about.public_id, "reason": "abuse"})
    report = Report.objects.get()
    assert (report.reporter, report.about) == (person_in(room, None), about)


def test_somebody_else_on_the_same_machine_does_not_report_in_anothers_name(
    client: Client, room: Room, listener: User, outsider: User
) -> None:
    visitor = person_in(room, listener).visitor
    remember(client, visitor)
    client.force_login(outsider)
    assert client.post(address(room), {"reason": "spam"}).status_code == 403
    client.logout()
    remember(client, visitor)
    assert client.post(address(room), {"reason": "spam"}).status_code == 302


@pytest.mark.parametrize("logged_in", [True, False])
def test_who_was_not_there_gets_a_friendly_no(
    logged_in: bool, client: Client, room: Room, outsider: User
) -> None:
    if logged_in:
        client.force_login(outsider)
    for response in (client.get(address(room)), client.post(address(room), {"reason": "spam"})):
        assert response.status_code == 403
        assert "You were not in this Space" in response.content.decode()
    assert not Report.objects.exists()


def test_the_page_offers_who_was_on_stage(
    client: Client, room: Room, listener: User, host: User, speaker: User
) -> None:
    client.force_login(listener)
    html = client.get(address(room)).content.decode()
    offered = {one.user for one in room.participants.all() if f'value="{one.public_id}"' in html}
    assert offered == {host, speaker}


def test_the_page_offers_who_was_on_stage_earlier(
    client: Client, room: Room, listener: User, speaker: User
) -> None:
    room.participants.filter(user=speaker).update(
        role=Participant.Role.LISTENER, recording_accepted_at=timezone.now()
    )
    client.force_login(listener)
    html = client.get(address(room)).content.decode()
    assert person_in(room, speaker).public_id in html


def test_somebody_in_the_audience_is_offered_when_named(
    client: Client, room: Room, speaker: User, listener: User
) -> None:
    client.force_login(speaker)
    about = person_in(room, listener).public_id
    html = client.get(f"{address(room)}?about={about}").content.decode()
    assert f'<option value="{about}" selected>' in html
    response = client.post(f"{address(room)}?about={about}", {"about": about, "reason": "abuse"})
    assert response.status_code == 302
    assert Report.objects.get().about == person_in(room, listener)


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"reason": "boredom"},
        {"reason": "spam", "about": "nobody"},
        {"reason": "spam", "text": "x" * 2001},
    ],
)
def test_a_form_that_makes_no_sense_is_shown_again(
    data: dict[str, str], client: Client, room: Room, listener: User
) -> None:
    client.force_login(listener)
    assert client.post(address(room), data).status_code == 422
    assert not Report.objects.exists()


def test_a_repeat_on_the_page_is_answered_kindly(
    client: Client, room: Room, listener: User
) -> None:
    client.force_login(listener)
    for _ in range(2):
        client.post(address(room), {"reason": "spam"})
    html = client.get(f"/spaces/{room.public_id}/recording/").content.decode()
    assert "You have told us this already" in html


def test_a_space_that_does_not_exist_cannot_be_reported(client: Client, listener: User) -> None:
    client.force_login(listener)
    assert client.post("/spaces/nosuchroom00/report/", {"reason": "spam"}).status_code == 404
