"""People change a password, or reset one that they forgot."""

from collections.abc import Callable

import pytest
from django.core import mail
from django.test import Client

from accounts.models import User

NEW = "a much better one"


def ask_for_code(client: Client, email: str) -> str:
    """Ask for a reset; return the page that follows."""
    response = client.post("/accounts/password/reset/", {"email": email}, follow=True)
    return response.content.decode()


def test_with_a_code_from_the_mail_a_new_password_is_chosen(client: Client, listener: User) -> None:
    assert "Enter the code" in ask_for_code(client, "Listener@example.org")
    assert mail.outbox[-1].to == [listener.email]
    code = mail.outbox[-1].subject.split()[0]
    page = client.post("/accounts/password/reset/confirm/", {"code": code}, follow=True)
    assert "Choose a new password" in page.content.decode()
    passwords = {"password1": NEW, "password2": NEW}
    page = client.post("/accounts/password/reset/complete/", passwords, follow=True)
    assert "Your password is changed" in page.content.decode()
    listener.refresh_from_db()
    assert listener.check_password(NEW)
    assert "was reset" in mail.outbox[-1].subject


def test_a_wrong_code_opens_nothing(client: Client, listener: User) -> None:
    ask_for_code(client, listener.email)
    page = client.post("/accounts/password/reset/confirm/", {"code": "WRONG1"}).content.decode()
    assert "This is not the code we sent" in page
    passwords = {"password1": NEW, "password2": NEW}
    client.post("/accounts/password/reset/complete/", passwords)
    listener.refresh_from_db()
    assert listener.check_password("pw")


def test_an_unknown_address_looks_the_same_and_gets_a_kind_mail(client: Client, db: None) -> None:
    assert "Enter the code" in ask_for_code(client, "nobody@example.org")
    assert mail.outbox[-1].subject == "There is no account with this address"


def test_a_changed_password_works_at_once_and_is_mailed(
    browser_of: Callable[[User], Client], listener: User
) -> None:
    answers = {"oldpassword": "pw", "password1": NEW, "password2": NEW}
    page = browser_of(listener).post("/accounts/password/change/", answers, follow=True)
    assert "Your password is changed." in page.content.decode()
    listener.refresh_from_db()
    assert listener.check_password(NEW)
    assert mail.outbox[-1].subject == "Your password was changed"


@pytest.mark.parametrize(
    ("answers", "reason"),
    [
        ({"oldpassword": "wrong", "password1": NEW, "password2": NEW}, "not your current password"),
        ({"oldpassword": "pw", "password1": NEW, "password2": "else"}, "same password each time"),
        ({"oldpassword": "pw", "password1": "listener", "password2": "listener"}, "too similar"),
    ],
)
def test_a_password_that_cannot_be_changed_says_why(
    browser_of: Callable[[User], Client], listener: User, answers: dict[str, str], reason: str
) -> None:
    page = browser_of(listener).post("/accounts/password/change/", answers).content.decode()
    assert reason in page
    listener.refresh_from_db()
    assert listener.check_password("pw")


def test_only_people_who_are_logged_in_change_a_password(client: Client, db: None) -> None:
    response = client.get("/accounts/password/change/")
    assert response["Location"] == "/accounts/login/?next=/accounts/password/change/"
