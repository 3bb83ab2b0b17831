"""Moderators keep people out for a time."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import AnonymousUser
from django.test import Client
from django.utils import timezone

from accounts import operations
from accounts.errors import DomainError
from accounts.models import Suspension, User
from accounts.signals import person_suspended
from tests.conftest import person

Browser = Callable[[User], Client]
pytestmark = pytest.mark.django_db(transaction=True)
LIST = "/admin/accounts/suspension/"
TOMORROW = timedelta(days=1)


@pytest.fixture
def heard() -> Iterator[list[int]]:
    """Ids of the people whose suspension was announced."""
    ids: list[int] = []

    def hear(sender: object, user_id: int, **_: object) -> None:
        ids.append(user_id)

    person_suspended.connect(hear)
    yield ids
    person_suspended.disconnect(hear)


def suspend(client: Client, user: User, reason: str = "Shouting", ends_at: str = "") -> str:
    """Fill in the admin's form; return the page that follows."""
    day, _, hour = ends_at.partition(" ")
    data = {"user": user.pk, "reason": reason, "ends_at_0": day, "ends_at_1": hour}
    return client.post(f"{LIST}add/", data, follow=True).content.decode()


def test_a_moderator_suspends_until_lifted(
    browser_of: Browser, moderator: User, listener: User, heard: list[int]
) -> None:
    client = browser_of(moderator)
    assert "was added successfully" in suspend(client, listener)
    suspension = Suspension.objects.get()
    assert (suspension.imposed_by, suspension.ends_at) == (moderator, None)
    assert operations.is_suspended(listener)
    assert heard == [listener.pk]
    assert LogEntry.objects.get().change_message == "Suspended: Shouting"

    data = {"action": "lift_selected", "_selected_action": [suspension.pk]}
    page = client.post(LIST, data, follow=True).content.decode()
    assert "1 suspension lifted." in page
    assert not operations.is_suspended(listener)
    assert LogEntry.objects.filter(change_message="Lifted.").count() == 1
    page = client.post(LIST, data, follow=True).content.decode()
    assert "0 suspensions lifted." in page


def test_while_typing_a_name_the_form_offers_people(
    browser_of: Browser, moderator: User, listener: User
) -> None:
    where = {"app_label": "accounts", "model_name": "suspension", "field_name": "user"}
    found = browser_of(moderator).get("/admin/autocomplete/", where | {"term": "Listen"}).json()
    assert [person["text"] for person in found["results"]] == ["@listener"]


def test_a_suspension_ends_by_itself(moderator: User, listener: User) -> None:
    operations.suspend(
        user=listener, by=moderator, reason="Shouting", ends_at=timezone.now() + TOMORROW
    )
    assert operations.is_suspended(listener)
    listener.suspensions.update(ends_at=timezone.now())
    assert not operations.is_suspended(listener)


def test_one_that_begins_later_does_not_count_yet(listener: User) -> None:
    Suspension.objects.create(user=listener, reason="Later", starts_at=timezone.now() + TOMORROW)
    assert not operations.is_suspended(listener)


def test_visitors_are_never_suspended(suspended: User) -> None:
    assert operations.is_suspended(suspended)
    assert not operations.is_suspended(AnonymousUser())


def test_lifting_ends_all_that_run(moderator: User, suspended: User) -> None:
    operations.suspend(user=suspended, by=moderator, reason="Again", ends_at=None)
    assert operations.lift(user=suspended, by=moderator) == 2
    assert not operations.is_suspended(suspended)
    assert operations.lift(user=suspended, by=moderator) == 0


def test_nobody_suspends_themselves(browser_of: Browser, moderator: User) -> None:
    assert "You cannot suspend yourself." in suspend(browser_of(moderator), moderator)
    assert not Suspension.objects.exists()


def test_a_moderator_cannot_suspend_a_superuser(browser_of: Browser, moderator: User) -> None:
    root = User.objects.create_superuser("root", "root@example.org", "pw")
    page = suspend(browser_of(moderator), root)
    assert "Only a superuser may suspend a superuser." in page
    assert not Suspension.objects.exists()


def test_an_end_in_the_past_is_refused(
    browser_of: Browser, moderator: User, listener: User, heard: list[int]
) -> None:
    page = suspend(browser_of(moderator), listener, ends_at="2020-01-01 12:00")
    assert "The end must lie in the future." in page
    with pytest.raises(DomainError, match="ends_in_the_past"):
        operations.suspend(user=listener, by=moderator, reason="x", ends_at=timezone.now())
    assert not Suspension.objects.exists()
    assert not heard


@pytest.mark.parametrize("reason", ["", "x" * 501])
def test_a_reason_is_needed(
    browser_of: Browser, moderator: User, listener: User, reason: str
) -> None:
    assert "errorlist" in suspend(browser_of(moderator), listener, reason=reason)
    assert not Suspension.objects.exists()


def test_a_suspension_is_not_edited_afterwards(
    browser_of: Browser, moderator: User, suspended: User, listener: User
) -> None:
    suspension = Suspension.objects.get()
    data = {"user": listener.pk, "reason": "Changed"}
    browser_of(moderator).post(f"{LIST}{suspension.pk}/change/", data)
    suspension.refresh_from_db()
    assert (suspension.user, suspension.reason) == (suspended, "Abuse")


def test_people_without_the_permission_suspend_nobody(
    client: Client, browser_of: Browser, outsider: User, listener: User
) -> None:
    staff = person("staff", is_staff=True)
    for browser in (client, browser_of(outsider), browser_of(staff)):
        suspend(browser, listener)
    assert not Suspension.objects.exists()
