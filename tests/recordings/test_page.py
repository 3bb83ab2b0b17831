"""What people read about a recording on the page of its room."""

from datetime import timedelta

import pytest
import time_machine
from django.test import Client

from accounts.models import User
from recordings import operations, presentation
from recordings.models import Recording
from recordings.tasks import sweep_retention
from rooms.models import Room
from tests.recordings.conftest import ENDED


def page(client: Client, room: Room, **headers: str) -> str:
    response = client.get(f"/spaces/{room.public_id}/recording/", headers=headers)
    assert response.status_code == 200
    return response.content.decode()


def fragment(client: Client, room: Room) -> str:
    return page(client, room, x_fragment="1")


@pytest.fixture
def as_host(client: Client, host: User) -> Client:
    client.force_login(host)
    return client


def test_the_host_plays_and_downloads_everything(as_host: Client, archived: Recording) -> None:
    html = fragment(as_host, archived.room)
    assert html.count("<audio") == 1
    for file in archived.files.exclude(kind="peaks"):
        assert f'href="/recordings/files/{file.pk}/?download=1"' in html
        assert file.sha256 in html
    assert "Speaker" in html
    assert "0:02" in html


def test_the_host_reads_where_nothing_was_recorded(as_host: Client, archived: Recording) -> None:
    archived.files.filter(kind="mix").update(gaps=[[1.2, 0.5], [3.0, 480.0]])
    html = fragment(as_host, archived.room)
    assert "From 0:01 to 0:02 nothing could be recorded: there you hear silence." in html
    assert "The recording stops at 0:03. The last 8:00 of the Space are missing." in html


@pytest.mark.parametrize("who", ["speaker", "guest"])
def test_others_get_no_sound(who: str, client: Client, archived: Recording, speaker: User) -> None:
    if who == "speaker":
        client.force_login(speaker)
    html = fragment(client, archived.room)
    assert "/recordings/files/" not in html
    assert "<audio" not in html
    context = presentation.recording_context(archived.room, speaker)
    assert (context["mix"], context["downloads"]) == (None, [])


def test_everybody_sees_until_when_the_copy_is_kept(client: Client, archived: Recording) -> None:
    assert '<time datetime="2026-01-31T12:00:00+00:00">' in fragment(client, archived.room)


def test_a_flag_moves_the_date_and_is_not_told(client: Client, archived: Recording) -> None:
    operations.flag(room=archived.room)
    html = fragment(client, archived.room)
    assert '<time datetime="2026-04-01T12:00:00+00:00">' in html
    assert "flag" not in html.lower()


def test_after_the_purge_everybody_sees_when_it_was_deleted(
    as_host: Client, archived: Recording
) -> None:
    with time_machine.travel(ENDED + timedelta(days=30, hours=1), tick=False):
        sweep_retention()
    html = fragment(as_host, archived.room)
    assert "was deleted on" in html
    assert '<time datetime="2026-01-31T13:00:00+00:00">' in html
    assert "<audio" not in html


@pytest.mark.parametrize("state", [Recording.State.RECORDING, Recording.State.ARCHIVING])
def test_the_page_asks_again_while_the_copy_is_made(
    state: str, as_host: Client, recording: Recording
) -> None:
    Recording.objects.update(state=state)
    html = fragment(as_host, recording.room)
    assert "data-pending" in html
    assert "being prepared" in html


def test_the_host_sees_what_is_being_done_and_how_far_it_is(
    as_host: Client, recording: Recording
) -> None:
    Recording.objects.update(
        state=Recording.State.ARCHIVING, step=Recording.Step.RENDER, progress=42
    )
    html = fragment(as_host, recording.room)
    assert "Making it equally loud and ready for every phone" in html
    assert '<progress max="100" value="42">' in html
    assert "42 %" in html


def test_the_host_listens_while_the_transcript_is_written(
    as_host: Client, archived: Recording
) -> None:
    Recording.objects.update(
        state=Recording.State.TRANSCRIBING, step=Recording.Step.TRANSCRIBE, progress=60
    )
    html = fragment(as_host, archived.room)
    assert "You can listen already." in html
    assert "<audio" in html
    assert "data-pending" in html


def test_the_sound_stays_when_the_transcript_failed(as_host: Client, archived: Recording) -> None:
    Recording.objects.update(state=Recording.State.FAILED, step=Recording.Step.TRANSCRIBE)
    html = fragment(as_host, archived.room)
    assert "<audio" in html
    assert "not everything that belongs to it could be prepared" in html


def test_the_page_stops_asking_when_the_copy_is_ready(as_host: Client, archived: Recording) -> None:
    assert "data-pending" not in fragment(as_host, archived.room)


def test_the_end_is_pending_before_anything_else_happened(as_host: Client, room: Room) -> None:
    assert "data-pending" in fragment(as_host, room)


def test_the_host_learns_of_a_failure_but_not_its_inner_reason(
    as_host: Client, recording: Recording
) -> None:
    Recording.objects.update(state=Recording.State.FAILED, error="OSError: /srv/spool is full")
    html = fragment(as_host, recording.room)
    assert "could not be prepared" in html
    assert "/srv/spool" not in html


def test_the_host_learns_that_nothing_was_recorded(as_host: Client, recording: Recording) -> None:
    Recording.objects.update(state=Recording.State.READY)
    assert "Nothing was recorded" in fragment(as_host, recording.room)


def test_a_live_room_says_how_long_its_copy_will_be_kept(client: Client, host: User) -> None:
    room = Room.objects.create(host=host, title="Live")
    html = fragment(client, room)
    assert "30 days" in html
    assert "data-pending" not in html


def test_without_scripts_it_is_a_page_of_its_own(client: Client, archived: Recording) -> None:
    html = page(client, archived.room)
    assert "<!doctype html>" in html.lower()
    assert "<!doctype" not in fragment(client, archived.room).lower()


def test_a_room_that_does_not_exist_is_not_found(client: Client, db: None) -> None:
    assert client.get("/spaces/nosuchroom00/recording/").status_code == 404


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0:00"), (59.6, "1:00"), (245, "4:05"), (3600, "1:00:00"), (3723, "1:02:03")],
)
def test_lengths_read_like_a_clock(seconds: float, text: str) -> None:
    assert presentation.clock(seconds) == text
