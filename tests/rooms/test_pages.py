"""The pages: what is live, starting a Space, the Space itself."""

from pathlib import Path

import pytest
from django.conf import LazySettings
from django.test import Client as Browser
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from rooms import operations
from rooms.models import Participant, Room

CHOICES = {"title": "Bees", "speaker_policy": "followed"}


@pytest.fixture
def browser(db: None) -> Browser:
    return Browser()


def test_home_shows_the_live_spaces_with_their_people(
    browser: Browser, room: Room, host: User, listener: User
) -> None:
    ended = operations.create_room(host=host, title="Over and done")
    operations.end_room(room_id=ended.pk, reason=Room.EndReason.HOST)
    for user in (host, listener, None):
        visitor = user.handle if user else "guest"
        operations.join(room_id=room.pk, user=user, visitor=visitor, connection="tab")
    response = browser.get(reverse("home"))
    (shown,) = response.context["rooms"]
    assert (shown.title, shown.people_count) == ("Bees in the city", 3)
    assert b"Over and done" not in response.content


def test_home_does_not_count_who_is_away(browser: Browser, room: Room, listener: User) -> None:
    bob = operations.join(room_id=room.pk, user=listener, visitor="v", connection="tab")
    operations.disconnect(participant_id=bob.pk, connection="tab")
    (shown,) = browser.get(reverse("home")).context["rooms"]
    assert shown.people_count == 0


def test_home_asks_as_many_queries_however_many_are_live(
    browser: Browser, host: User, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(8):
        operations.create_room(host=host, title=f"Space {number}")
    with django_assert_max_num_queries(1):
        browser.get(reverse("home"))


@pytest.mark.parametrize("method", ["get", "post"])
def test_who_is_no_beta_tester_is_led_to_the_beta_page(
    browser: Browser, outsider: User, method: str
) -> None:
    for log_in in (False, True):
        if log_in:
            browser.force_login(outsider)
        response = getattr(browser, method)(reverse("room_new"), CHOICES)
        assert response.status_code == 403
        assert reverse("beta") in response.content.decode()
    assert not Room.objects.exists()


@pytest.mark.parametrize("method", ["get", "post"])
def test_the_suspended_are_told_so(browser: Browser, suspended: User, method: str) -> None:
    browser.force_login(suspended)
    response = getattr(browser, method)(reverse("room_new"), CHOICES)
    assert response.status_code == 403
    assert "suspended" in response.content.decode()
    assert not Room.objects.exists()


def test_a_beta_tester_starts_a_space(browser: Browser, host: User) -> None:
    browser.force_login(host)
    assert browser.get(reverse("room_new")).status_code == 200
    response = browser.post(reverse("room_new"), CHOICES | {"transcription": "on"})
    room = Room.objects.get()
    assert response["Location"] == reverse("room", args=[room.public_id])
    assert (room.host, room.title, room.speaker_policy) == (host, "Bees", "followed")
    assert room.transcription


def test_the_form_says_whether_what_is_said_is_written_down(
    browser: Browser, host: User, settings: LazySettings, tmp_path: Path
) -> None:
    browser.force_login(host)
    settings.SPEECH_MODEL_FOLDER = tmp_path
    assert "this server has no speech model" in browser.get(reverse("room_new")).content.decode()
    for name in ("model.bin", "config.json", "tokenizer.json"):
        (tmp_path / name).touch()
    page = browser.get(reverse("room_new")).content.decode()
    assert "no speech model" not in page
    assert "kept as a transcript" in page


@pytest.mark.parametrize(
    "title",
    ["", "   ", "x" * 71, "two\nlines", "nul\0", "turned \u202e around", "\u200b\u2060", "\u0301"],
)
def test_a_title_is_one_line_of_up_to_seventy_characters(
    browser: Browser, host: User, title: str
) -> None:
    browser.force_login(host)
    response = browser.post(reverse("room_new"), CHOICES | {"title": title})
    assert response.status_code == 200
    assert response.context["form"].errors["title"]
    assert not Room.objects.exists()


@pytest.mark.parametrize("title", ["x" * 70, "  Perché no? \U0001f41d "])
def test_a_good_title_is_kept_without_surrounding_space(
    browser: Browser, host: User, title: str
) -> None:
    browser.force_login(host)
    browser.post(reverse("room_new"), CHOICES | {"title": title})
    assert Room.objects.get().title == title.strip()


def test_an_unknown_speaker_policy_is_refused(browser: Browser, host: User) -> None:
    browser.force_login(host)
    response = browser.post(reverse("room_new"), CHOICES | {"speaker_policy": "nobody"})
    assert response.context["form"].errors["speaker_policy"]


def test_many_spaces_within_an_hour_are_too_many(browser: Browser, host: User) -> None:
    browser.force_login(host)
    for _ in range(10):
        browser.post(reverse("room_new"), CHOICES)
    response = browser.post(reverse("room_new"), CHOICES)
    assert "Please wait a while" in response.content.decode()
    assert Room.objects.count() == 10


def test_a_live_space_sets_the_visitor(browser: Browser, room: Room) -> None:
    address = reverse("room", args=[room.public_id])
    response = browser.get(address)
    assert response.status_code == 200
    assert response.context["websocket_path"] == f"/ws/spaces/{room.public_id}/"
    assert not response.context["is_host"]
    cookie = response.cookies["visitor"]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    again = browser.get(address).cookies["visitor"]
    assert again.value.split(":")[0] == cookie.value.split(":")[0], "the same visitor as before"


def test_a_forged_visitor_is_replaced(browser: Browser, room: Room) -> None:
    browser.cookies["visitor"] = "f" * 32 + ":1:forged"
    cookie = browser.get(reverse("room", args=[room.public_id])).cookies["visitor"]
    assert not cookie.value.startswith("f" * 32)


def test_the_title_is_escaped(browser: Browser, host: User) -> None:
    room = operations.create_room(host=host, title="<script>alert(1)</script>")
    for address in (reverse("home"), reverse("room", args=[room.public_id])):
        assert b"<script>alert" not in browser.get(address).content


def test_the_host_is_known_as_such(browser: Browser, room: Room, host: User) -> None:
    browser.force_login(host)
    assert browser.get(reverse("room", args=[room.public_id])).context["is_host"]


def test_an_ended_space_has_a_page(browser: Browser, room: Room) -> None:
    operations.end_room(room_id=room.pk, reason=Room.EndReason.HOST)
    response = browser.get(reverse("room", args=[room.public_id]))
    assert response.status_code == 200
    assert "rooms/ended.html" in [template.name for template in response.templates]


@pytest.mark.parametrize("public_id", ["000000000000", "x", "a%00b", "é", "x" * 300])
def test_an_unknown_space_has_a_friendly_page(browser: Browser, public_id: str) -> None:
    response = browser.get(f"/spaces/{public_id}/")
    assert response.status_code == 404
    assert "rooms/not_found.html" in [template.name for template in response.templates]


def test_the_blocked_and_the_suspended_are_kept_out(
    browser: Browser, room: Room, blocked: User, suspended: User
) -> None:
    for user, sentence in [(blocked, "cannot join"), (suspended, "suspended")]:
        browser.force_login(user)
        response = browser.get(reverse("room", args=[room.public_id]))
        assert response.status_code == 403
        assert sentence in response.content.decode()


def test_the_removed_are_kept_out_also_when_logged_out(
    browser: Browser, room: Room, listener: User
) -> None:
    address = reverse("room", args=[room.public_id])
    browser.force_login(listener)
    cookie = browser.get(address).cookies["visitor"].value
    visitor = cookie.split(":")[0]
    bob = operations.join(room_id=room.pk, user=listener, visitor=visitor, connection="tab")
    Participant.objects.filter(pk=bob.pk).update(removed_at=timezone.now())
    assert browser.get(address).status_code == 403
    browser.logout()
    assert browser.get(address).status_code == 200, "another browser"
    browser.cookies["visitor"] = cookie
    assert browser.get(address).status_code == 403
