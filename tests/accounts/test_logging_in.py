"""People log in and out."""

from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from django.contrib.sessions.models import Session
from django.core import mail
from django.test import Client
from django.utils import timezone

from accounts.models import User
from accounts.tasks import sweep_sessions
from tests.conftest import person


def log_in(client: Client, login: str, password: str = "pw") -> str:  # noqa: S107
    """Send the form; return the page that follows."""
    data = {"login": login, "password": password}
    return client.post("/accounts/login/", data, follow=True).content.decode()


def is_in(client: Client, user: User) -> bool:
    return client.session.get("_auth_user_id") == str(user.pk)


@pytest.mark.parametrize(
    "login", ["listener", "LISTENER", "listener@example.org", "Listener@Example.ORG"]
)
def test_handle_and_address_both_open_the_door(client: Client, listener: User, login: str) -> None:
    page = log_in(client, login)
    assert is_in(client, listener)
    assert "Welcome, Listener!" in page


@pytest.mark.parametrize(
    ("login", "message"),
    [
        ("listener", "This handle and password do not fit together"),
        ("listener@example.org", "This e-mail address and password do not fit together"),
        ("nobody", "This handle and password do not fit together"),
    ],
)
def test_a_wrong_password_says_no_more_than_that(
    client: Client, listener: User, login: str, message: str
) -> None:
    assert message in log_in(client, login, "wrong")
    assert not is_in(client, listener)


def test_after_five_failures_even_the_right_password_must_wait(
    client: Client, listener: User
) -> None:
    for _ in range(5):
        log_in(client, "listener", "wrong")
    assert "Too many attempts failed" in log_in(client, "listener")
    assert not is_in(client, listener)


def test_a_closed_account_is_told_so(client: Client, db: None) -> None:
    closed = person("closed", is_active=False)
    page = log_in(client, "closed")
    assert "This account is closed" in page
    assert not is_in(client, closed)


def test_without_a_verified_address_a_code_is_asked_for_first(
    client: Client, listener: User
) -> None:
    EmailAddress.objects.filter(user=listener).update(verified=False)
    page = log_in(client, "listener")
    assert "Confirm your e-mail address" in page
    assert not is_in(client, listener)
    client.post("/accounts/confirm-email/", {"code": mail.outbox[-1].subject.split()[0]})
    assert is_in(client, listener)


def test_after_logging_in_people_are_where_they_wanted_to_go(
    client: Client, listener: User
) -> None:
    data = {"login": "listener", "password": "pw", "next": "/settings/profile/"}
    assert client.post("/accounts/login/", data)["Location"] == "/settings/profile/"


def test_no_link_can_lead_from_logging_in_to_another_site(client: Client, listener: User) -> None:
    data = {"login": "listener", "password": "pw", "next": "https://evil.example/"}
    assert client.post("/accounts/login/", data)["Location"] == "/"


def test_logging_out_needs_a_post(client: Client, listener: User) -> None:
    client.force_login(listener, backend="django.contrib.auth.backends.ModelBackend")
    assert "Log out?" in client.get("/accounts/logout/").content.decode()
    assert is_in(client, listener)
    assert client.post("/accounts/logout/")["Location"] == "/"
    assert not is_in(client, listener)


def test_what_has_expired_is_deleted_and_who_is_in_stays_in(
    client: Client, listener: User, outsider: User
) -> None:
    log_in(client, "outsider")
    Session.objects.update(expire_date=timezone.now() - timedelta(seconds=1))
    today = Client()
    log_in(today, "listener")
    sweep_sessions()
    assert [session.get_decoded()["_auth_user_id"] for session in Session.objects.all()] == [
        str(listener.pk)
    ]
    assert is_in(today, listener)
    in_two_weeks = Session.objects.get().expire_date - timezone.now()
    assert in_two_weeks <= timedelta(weeks=2)
