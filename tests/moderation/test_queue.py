"""The moderators' queue in the admin."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks

from accounts.models import User
from accounts.operations import is_suspended
from moderation import operations
from moderation.models import Report
from recordings.models import Recording, RecordingFile
from rooms.models import Room
from rooms.operations import end_room
from tests.conftest import person
from tests.moderation.conftest import File, person_in

QUEUE = "/admin/moderation/report/"


def page_of(report: Report) -> str:
    return f"{QUEUE}{report.pk}/change/"


def decide(client: Client, report: Report, decision: str, **more: str) -> int:
    url = f"{QUEUE}{report.pk}/decide/"
    return client.post(url, {"decision": decision, **more}).status_code


@pytest.fixture
def desk(client: Client, moderator: User) -> Client:
    """The moderator's browser."""
    client.force_login(moderator)
    return client


def keep_copy(room: Room) -> list[RecordingFile]:
    """End the room; its recording has the mix and a file for the speaker and for the host."""
    end_room(room_id=room.pk, reason=Room.EndReason.HOST)
    recording = Recording.objects.create(
        room=room, state=Recording.State.READY, archived_at=timezone.now()
    )
    speakers = [None, *room.participants.exclude(role="listener").order_by("pk")]
    return [
        recording.files.create(
            kind="track" if speaker else "mix",
            participant=speaker,
            file=f"{room.public_id}/secret/{number}.ogg",
            size=1000,
            sha256=str(number) * 64,
            seconds=60,
        )
        for number, speaker in enumerate(speakers)
    ]


# --- the list ----------------------------------------------------------------------------------


def test_the_most_serious_open_report_is_first(
    desk: Client, moderator: User, file_report: File
) -> None:
    decided = file_report(reason="child_safety")
    operations.uphold(report=decided, by=moderator)
    filed = {
        reason: file_report(reason=reason)
        for reason in ("spam", "violence", "abuse", "self_harm", "child_safety")
    }
    changelist = desk.get(QUEUE).context["cl"]
    expected = ["child_safety", "self_harm", "violence", "abuse", "spam"]
    assert list(changelist.result_list) == [*(filed[reason] for reason in expected), decided]


def test_of_equally_serious_ones_the_newest_is_first(
    desk: Client, speaker: User, file_report: File
) -> None:
    older, newer = file_report(), file_report(about=speaker)
    Report.objects.filter(pk=older.pk).update(created_at=timezone.now() - timedelta(hours=1))
    assert list(desk.get(QUEUE).context["cl"].result_list) == [newer, older]


def test_the_list_says_what_is_needed_to_choose(
    desk: Client, room: Room, speaker: User, file_report: File
) -> None:
    file_report(about=speaker, reason="abuse")
    end_room(room_id=room.pk, reason=Room.EndReason.HOST)
    room.refresh_from_db()
    assert room.ended_at is not None
    html = desk.get(QUEUE).content.decode()
    kept_until = room.ended_at + timedelta(days=90)
    for text in ("Abuse", room.title, "Speaker (@speaker)", "Open", f"{kept_until:%Y}"):
        assert text in html


def test_the_list_asks_the_database_no_more_for_more_reports(
    desk: Client, file_report: File, django_assert_max_num_queries: object
) -> None:
    for reason in Report.Reason.values:
        file_report(reason=reason)
    with django_assert_max_num_queries(10):  # type: ignore[operator]
        desk.get(QUEUE)


def test_many_are_upheld_at_once(desk: Client, room: Room, file_report: File) -> None:
    reports = [file_report(reason=reason) for reason in ("spam", "abuse")]
    chosen = {"action": "uphold_selected", "_selected_action": [one.pk for one in reports]}
    html = desk.post(QUEUE, chosen, follow=True).content.decode()
    assert "2 reports were decided." in html
    assert set(Report.objects.values_list("state", flat=True)) == {Report.State.UPHELD}


def test_many_are_dismissed_at_once(desk: Client, room: Room, file_report: File) -> None:
    reports = [file_report(reason=reason) for reason in ("spam", "abuse")]
    desk.post(
        QUEUE, {"action": "dismiss_selected", "_selected_action": [one.pk for one in reports]}
    )
    assert set(Report.objects.values_list("state", flat=True)) == {Report.State.DISMISSED}
    room.refresh_from_db()
    assert room.flagged_at is None


def test_a_decided_one_among_many_is_named_and_left_alone(
    desk: Client, moderator: User, file_report: File
) -> None:
    decided, still_open = file_report(), file_report(reason="abuse")
    operations.uphold(report=decided, by=moderator)
    chosen = {
        "action": "dismiss_selected",
        "_selected_action": [decided.pk, still_open.pk],
    }
    html = desk.post(QUEUE, chosen, follow=True).content.decode()
    assert "1 report was decided." in html
    assert "decided already" in html
    decided.refresh_from_db()
    assert decided.state == Report.State.UPHELD


# --- one report --------------------------------------------------------------------------------


def test_the_page_plays_the_mix_and_the_reported_person(
    desk: Client, room: Room, speaker: User, file_report: File
) -> None:
    report = file_report(about=speaker)
    mix, of_host, of_speaker = keep_copy(room)
    html = desk.get(page_of(report)).content.decode()
    assert f'src="/recordings/files/{mix.pk}/"' in html
    assert f'src="/recordings/files/{of_speaker.pk}/"' in html
    assert f"/recordings/files/{of_host.pk}/" not in html
    assert "It went too far." in html


def test_the_page_of_a_live_space_says_that_the_sound_comes_later(
    desk: Client, file_report: File
) -> None:
    html = desk.get(page_of(file_report())).content.decode()
    assert "can be heard here after its end" in html
    assert "<audio" not in html


@pytest.mark.parametrize(
    ("state", "text"),
    [
        (Recording.State.ARCHIVING, "being prepared"),
        (Recording.State.FAILED, "could not be prepared"),
        (Recording.State.PURGED, "was deleted"),
    ],
)
def test_the_page_says_why_there_is_no_sound(
    state: str, text: str, desk: Client, room: Room, file_report: File
) -> None:
    report = file_report()
    keep_copy(room)
    Recording.objects.update(state=state, archived_at=None)
    html = desk.get(page_of(report)).content.decode()
    assert text in html
    assert "<audio" not in html


def test_the_page_of_an_ended_space_without_a_recording_row_opens(
    desk: Client, room: Room, file_report: File
) -> None:
    report = file_report()
    end_room(room_id=room.pk, reason=Room.EndReason.HOST)
    assert "being prepared" in desk.get(page_of(report)).content.decode()


def test_the_page_works_under_a_strict_policy_for_content(desk: Client, file_report: File) -> None:
    html = desk.get(page_of(file_report())).content.decode()
    assert " style=" not in html
    assert " onclick=" not in html
    assert "<style" not in html
    for script in html.split("<script")[1:]:
        assert "src=" in script.split(">")[0] or 'type="application/json"' in script.split(">")[0]


def test_what_people_wrote_is_escaped(desk: Client, room: Room, listener: User) -> None:
    Room.objects.update(title="<script>alert(1)</script>")
    report = operations.report(
        room=room,
        participant=person_in(room, listener),
        about=None,
        reason="spam",
        text="<img src=x onerror=alert(1)>",
    ).report
    html = desk.get(page_of(report)).content.decode() + desk.get(QUEUE).content.decode()
    assert "<script>alert" not in html
    assert "<img src=x" not in html


def test_the_buttons_uphold_and_dismiss(desk: Client, file_report: File) -> None:
    upheld, dismissed = file_report(), file_report(reason="abuse")
    assert decide(desk, upheld, "uphold") == 302
    assert decide(desk, dismissed, "dismiss") == 302
    states = dict(Report.objects.values_list("pk", "state"))
    assert states == {upheld.pk: Report.State.UPHELD, dismissed.pk: Report.State.DISMISSED}
    assert "Uphold</button>" not in desk.get(page_of(upheld)).content.decode()


def test_a_button_pressed_too_late_is_answered_with_a_sentence(
    desk: Client, file_report: File
) -> None:
    report = file_report()
    decide(desk, report, "uphold")
    html = desk.post(
        f"{QUEUE}{report.pk}/decide/", {"decision": "dismiss"}, follow=True
    ).content.decode()
    assert "This report was decided already." in html


@pytest.mark.parametrize("more", [{}, {"days": "1000"}])
def test_a_button_that_does_not_exist_does_nothing(
    more: dict[str, str], desk: Client, speaker: User, file_report: File
) -> None:
    report = file_report(about=speaker)
    assert decide(desk, report, "forget") == 400
    assert decide(desk, report, "suspend", **more) == 400
    assert not is_suspended(speaker)


def test_the_reported_person_is_suspended_and_put_out(
    desk: Client,
    room: Room,
    speaker: User,
    file_report: File,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        assert decide(desk, file_report(about=speaker), "suspend", days="7") == 302
    assert is_suspended(speaker)
    assert person_in(room, speaker).left_at is not None


def test_the_live_space_is_ended(desk: Client, room: Room, file_report: File) -> None:
    assert decide(desk, file_report(), "end") == 302
    room.refresh_from_db()
    assert room.end_reason == Room.EndReason.MODERATOR


# --- who may not -------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["guest", "outsider", "staff"])
@pytest.mark.parametrize("decision", ["uphold", "dismiss", "suspend", "end"])
def test_only_moderators_decide(
    who: str, decision: str, client: Client, room: Room, outsider: User, file_report: File
) -> None:
    if who == "outsider":
        client.force_login(outsider)
    if who == "staff":
        client.force_login(person("staff", is_staff=True))
    report = file_report()
    # The admin sends strangers to its login, and tells staff that it is not for them.
    refused = 403 if who == "staff" else 302
    assert decide(client, report, decision, days="7") == refused
    assert client.get(page_of(report)).status_code == refused
    assert client.get(QUEUE).status_code == refused
    report.refresh_from_db()
    room.refresh_from_db()
    assert report.state == Report.State.OPEN
    assert room.is_live
    assert not is_suspended(room.host)


def test_a_decision_is_not_a_link(desk: Client, file_report: File) -> None:
    assert desk.get(f"{QUEUE}{file_report().pk}/decide/").status_code == 405


def test_a_report_is_neither_added_nor_edited_nor_deleted(desk: Client, file_report: File) -> None:
    report = file_report()
    assert desk.get(f"{QUEUE}add/").status_code == 403
    assert desk.post(page_of(report), {"text": "Nothing happened."}).status_code == 403
    assert desk.post(f"{QUEUE}{report.pk}/delete/", {"post": "yes"}).status_code == 403
    report.refresh_from_db()
    assert report.text == "It went too far."
