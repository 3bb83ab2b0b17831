"""Somebody makes an account."""

import re

import pytest
from django.core import mail
from django.core.cache import cache
from django.test import Client

from accounts.models import User

pytestmark = pytest.mark.django_db

ADA = {
    "email": "Ada@Example.org",
    "username": "Ada_L",
    "display_name": "Ada Lovelace",
    "password1": "analytical engine",
}


def sign_up(client: Client, **answers: str) -> str:
    """Send the form with Ada's answers but for those given; return the page that follows."""
    response = client.post("/accounts/signup/", ADA | answers, follow=True)
    return response.content.decode()


def code_in_mail() -> str:
    """The code of the latest mail, from its subject."""
    return mail.outbox[-1].subject.split()[0]


def test_with_the_code_from_the_mail_ada_is_in(client: Client) -> None:
    page = sign_up(client)
    assert "Confirm your e-mail address" in page
    assert mail.outbox[-1].to == ["ada@example.org"]

    response = client.post("/accounts/confirm-email/", {"code": code_in_mail()})

    ada = User.objects.get(handle="ada_l")
    assert (ada.display_name, ada.email) == ("Ada Lovelace", "ada@example.org")
    assert response["Location"] == "/"
    assert client.session["_auth_user_id"] == str(ada.pk)


def test_without_the_code_nobody_is_in(client: Client) -> None:
    sign_up(client)
    assert "_auth_user_id" not in client.session
    page = client.post("/accounts/confirm-email/", {"code": "WRONG1"}).content.decode()
    assert "This is not the code we sent" in page
    assert "_auth_user_id" not in client.session


def test_after_three_wrong_codes_the_right_one_is_worth_nothing(client: Client) -> None:
    sign_up(client)
    right = code_in_mail()
    for _ in range(3):
        client.post("/accounts/confirm-email/", {"code": "WRONG1"})
    client.post("/accounts/confirm-email/", {"code": right})
    assert "_auth_user_id" not in client.session


def test_a_new_code_replaces_the_old_one(client: Client) -> None:
    sign_up(client)
    old = code_in_mail()
    cache.clear()  # as if some time had passed
    client.post("/accounts/confirm-email/", {"action": "resend"})
    client.post("/accounts/confirm-email/", {"code": old})
    assert "_auth_user_id" not in client.session
    client.post("/accounts/confirm-email/", {"code": code_in_mail()})
    assert "_auth_user_id" in client.session


def test_a_new_code_right_after_the_first_is_too_soon(client: Client) -> None:
    sign_up(client)
    response = client.post("/accounts/confirm-email/", {"action": "resend"})
    assert response.status_code == 429
    assert "That was a bit often" in response.content.decode()
    assert len(mail.outbox) == 1
    client.post("/accounts/confirm-email/", {"code": code_in_mail()})
    assert "_auth_user_id" in client.session


@pytest.mark.parametrize("handle", ["a", "a" * 31, "with space", "dot.ted", "ünïcode", "at@sign"])
def test_a_malformed_handle_is_explained(client: Client, handle: str) -> None:
    page = sign_up(client, username=handle)
    assert re.search("Use 2 to 30 lower-case letters|at most 30 characters", page)
    assert not User.objects.exists()


@pytest.mark.parametrize("handle", ["admin", "Spaces", "BETA", "moderator"])
def test_a_reserved_handle_is_refused(client: Client, handle: str) -> None:
    assert "This handle is reserved" in sign_up(client, username=handle)
    assert not User.objects.exists()


def test_a_taken_handle_is_refused_in_any_case(client: Client, blocked: User) -> None:
    assert "Somebody has this handle already" in sign_up(client, username="Blocked")
    assert not User.objects.filter(email="ada@example.org").exists()


def test_a_taken_address_is_not_given_away(client: Client, outsider: User) -> None:
    page = sign_up(client, email=outsider.email)
    assert "Confirm your e-mail address" in page
    assert mail.outbox[-1].to == [outsider.email]
    assert "already" in mail.outbox[-1].subject
    assert User.objects.count() == 1


@pytest.mark.parametrize(
    ("password", "reason"),
    [("short", "too short"), ("password", "too common"), ("82736451920", "entirely numeric")],
)
def test_a_weak_password_is_refused(client: Client, password: str, reason: str) -> None:
    assert reason in sign_up(client, password1=password)
    assert not User.objects.exists()


@pytest.mark.parametrize("name", ["", "   ", "...", "\u202eevil", "a\x07b", "x" * 51])
def test_a_name_that_nobody_can_read_is_refused(client: Client, name: str) -> None:
    page = sign_up(client, display_name=name)
    assert 'aria-invalid="true"' in page
    assert not User.objects.exists()


def test_a_name_may_have_accents_emoji_and_other_scripts(client: Client) -> None:
    sign_up(client, display_name="Žofie 李 👩‍🎤")
    assert User.objects.get().display_name == "Žofie 李 👩‍🎤"


def test_a_mail_server_that_is_down_is_said_on_the_page(
    client: Client, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(*args: object, **kwargs: object) -> None:
        raise ConnectionRefusedError("no mail server")

    monkeypatch.setattr("django.core.mail.backends.locmem.EmailBackend.send_messages", refuse)
    assert "We could not send the e-mail" in sign_up(client)
    assert "was not sent: no mail server" in caplog.text
    assert "Traceback" not in caplog.text


def test_too_many_sign_ups_from_one_address_are_slowed_down(client: Client) -> None:
    for number in range(20):
        client.post("/accounts/signup/", ADA | {"username": f"ada_{number}", "password1": "x"})
    assert client.post("/accounts/signup/", ADA).status_code == 429
