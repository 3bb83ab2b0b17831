"""Somebody moves to another e-mail address."""

from collections.abc import Callable

from django.core import mail
from django.test import Client

from accounts import operations
from accounts.models import User

Browser = Callable[[User], Client]


def ask_for(client: Client, email: str, password: str = "pw") -> str:  # noqa: S107
    """Ask for a new address, prove to be the owner; return the page that follows."""
    data = {"email": email, "action_add": ""}
    page = client.post("/accounts/email/", data, follow=True).content.decode()
    assert "Is it you?" in page
    proof = {"password": password, "next": "/accounts/email/"}
    return client.post("/accounts/reauthenticate/", proof, follow=True).content.decode()


def test_the_new_address_counts_once_its_code_is_entered(
    browser_of: Browser, listener: User
) -> None:
    client = browser_of(listener)
    assert "Confirm your e-mail address" in ask_for(client, "New@example.org")
    listener.refresh_from_db()
    assert listener.email == "listener@example.org"

    code = mail.outbox[-1].subject.split()[0]
    client.post("/accounts/confirm-email/", {"code": code})

    listener.refresh_from_db()
    assert listener.email == "new@example.org"
    assert mail.outbox[-1].to == ["listener@example.org"]
    assert mail.outbox[-1].subject == "Your e-mail address was changed"


def test_an_address_of_somebody_else_is_not_taken_over(
    browser_of: Browser, listener: User, outsider: User
) -> None:
    client = browser_of(listener)
    ask_for(client, outsider.email)
    assert mail.outbox[-1].to == [outsider.email]
    code = mail.outbox[-1].subject.split()[0]
    page = client.post("/accounts/confirm-email/", {"code": code}).content.decode()
    assert "Somebody has an account with this e-mail address already" in page
    listener.refresh_from_db()
    assert listener.email == "listener@example.org"


def test_what_is_no_address_is_refused(browser_of: Browser, listener: User) -> None:
    data = {"email": "no address", "action_add": ""}
    page = browser_of(listener).post("/accounts/email/", data).content.decode()
    assert "Enter a valid email address" in page
    assert not mail.outbox


def test_with_a_wrong_password_nothing_is_sent(browser_of: Browser, listener: User) -> None:
    page = ask_for(browser_of(listener), "new@example.org", password="wrong")
    assert "This is not your password" in page
    assert not mail.outbox


def test_a_beta_tester_stays_one_under_the_new_address(browser_of: Browser, host: User) -> None:
    client = browser_of(host)
    ask_for(client, "new@example.org")
    client.post("/accounts/confirm-email/", {"code": mail.outbox[-1].subject.split()[0]})
    host.refresh_from_db()
    assert host.email == "new@example.org"
    assert operations.is_beta_tester(host)
