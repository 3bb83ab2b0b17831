"""What a moderator sees of Spaces in the admin, and can do there."""

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.test import Client as Browser
from django.urls import reverse

from accounts.models import User
from rooms import operations
from rooms.models import Room
from tests.conftest import person

ROOMS = "/admin/rooms/room/"


@pytest.fixture
def browser(moderator: User) -> Browser:
    browser = Browser()
    browser.force_login(moderator)
    return browser


def end(browser: Browser, *rooms: Room) -> None:
    data = {"action": "end_spaces", "_selected_action": [room.pk for room in rooms]}
    browser.post(ROOMS, data)


def test_a_moderator_reads_rooms_and_people(browser: Browser, room: Room, listener: User) -> None:
    bob = operations.join(room_id=room.pk, user=listener, visitor="secret", connection="tab")
    page = browser.get(reverse("admin:rooms_room_change", args=[room.pk]))
    assert "Listener" in page.content.decode()
    page = browser.get(reverse("admin:rooms_participant_change", args=[bob.pk]))
    assert page.status_code == 200
    assert "secret" not in page.content.decode()


def test_a_moderator_changes_nothing_by_hand(browser: Browser, room: Room) -> None:
    address = reverse("admin:rooms_room_change", args=[room.pk])
    assert browser.post(address, {"title": "Changed"}).status_code == 403
    assert browser.get(f"{ROOMS}add/").status_code == 403
    assert browser.post(f"{ROOMS}{room.pk}/delete/", {"post": "yes"}).status_code == 403
    room.refresh_from_db()
    assert room.title == "Bees in the city"


def test_a_moderator_ends_spaces_and_it_is_logged(
    browser: Browser, room: Room, host: User, moderator: User
) -> None:
    ended = operations.create_room(host=host, title="Over and done")
    operations.end_room(room_id=ended.pk, reason=Room.EndReason.HOST)
    end(browser, room, ended)
    room.refresh_from_db()
    ended.refresh_from_db()
    assert room.end_reason == Room.EndReason.MODERATOR
    assert ended.end_reason == Room.EndReason.HOST
    entry = LogEntry.objects.get(object_id=str(room.pk))
    assert entry.user == moderator
    assert "Ended the Space" in entry.get_change_message()


def test_staff_who_may_only_look_do_not_end_spaces(room: Room) -> None:
    watcher = person("watcher", is_staff=True)
    watcher.user_permissions.add(Permission.objects.get(codename="view_room"))
    browser = Browser()
    browser.force_login(watcher)
    assert browser.get(ROOMS).status_code == 200
    end(browser, room)
    room.refresh_from_db()
    assert room.is_live


def test_nobody_else_ends_spaces_there(room: Room, host: User) -> None:
    browser = Browser()
    browser.force_login(host)
    end(browser, room)
    room.refresh_from_db()
    assert room.is_live
