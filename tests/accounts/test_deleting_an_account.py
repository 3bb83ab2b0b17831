"""Somebody deletes their account."""

from collections.abc import Callable

import pytest
from allauth.account.models import EmailAddress
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.mail import EmailMessage
from django.test import Client

from accounts import closing, operations, pictures
from accounts.errors import DomainError
from accounts.models import BetaApplication, Block, Follow, User

pytestmark = pytest.mark.django_db(transaction=True)
PAGE = "/settings/delete/"


@pytest.fixture
def logged_in(listener: User, browser_of: Callable[[User], Client]) -> Client:
    """The listener, who gave the password a moment ago."""
    client = browser_of(listener)
    client.post("/accounts/reauthenticate/", {"password": "pw"})
    return client


def test_by_typing_the_handle_the_account_is_gone(logged_in: Client, listener: User) -> None:
    page = logged_in.post(PAGE, {"handle": "@Listener"}, follow=True).content.decode()
    assert "Your account is deleted." in page
    assert logged_in.get("/settings/profile/").status_code == 302
    assert logged_in.get("/@listener/").status_code == 404
    again = logged_in.post("/accounts/login/", {"login": listener.email, "password": "pw"})
    assert again.status_code == 200


def test_a_slip_deletes_nothing(logged_in: Client, listener: User) -> None:
    page = logged_in.post(PAGE, {"handle": "host"}).content.decode()
    assert "This is not your handle." in page
    listener.refresh_from_db()
    assert listener.closed_at is None


def test_somebody_who_found_the_phone_has_to_know_the_password(
    listener: User, browser_of: Callable[[User], Client]
) -> None:
    answer = browser_of(listener).post(PAGE, {"handle": "listener"})
    assert answer.headers["Location"].startswith("/accounts/reauthenticate/")
    listener.refresh_from_db()
    assert listener.closed_at is None


def test_nothing_of_the_person_is_left(
    host: User, listener: User, photo: Callable[..., SimpleUploadedFile]
) -> None:
    operations.follow(by=listener, person=host)
    operations.follow(by=host, person=listener)
    operations.change_picture(user=host, picture=pictures.square(photo()))
    picture = str(host.picture.name)
    closing.close_account(user=host)
    host.refresh_from_db()
    assert not default_storage.exists(picture)
    assert not Follow.objects.exists()
    assert not EmailAddress.objects.filter(user=host).exists()
    assert not BetaApplication.objects.exists()
    left = (host.email, host.display_name, host.bio, host.language, host.picture.name)
    assert not any("host" in str(value).lower() for value in left)
    assert host.get_full_name() == "Deleted account"
    assert not host.has_usable_password()


def test_blocks_go_in_both_directions(host: User, blocked: User) -> None:
    closing.close_account(user=blocked)
    assert not Block.objects.exists()


def test_the_address_and_the_handle_are_free_again(host: User) -> None:
    closing.close_account(user=host)
    assert User.objects.create_user("host", "host@example.org").handle == "host"


def test_a_letter_says_goodbye_in_their_language(
    listener: User, mailoutbox: list[EmailMessage]
) -> None:
    User.objects.filter(pk=listener.pk).update(language="it")
    closing.close_account(user=listener)
    (letter,) = mailoutbox
    assert (letter.to, letter.subject) == ([listener.email], "Il tuo account è stato eliminato")


def test_twice_is_once(listener: User, mailoutbox: list[EmailMessage]) -> None:
    closing.close_account(user=listener)
    handle = User.objects.get(pk=listener.pk).handle
    closing.close_account(user=listener)
    assert User.objects.get(pk=listener.pk).handle == handle
    assert len(mailoutbox) == 1


def test_what_moderators_decided_stays_signed(moderator: User) -> None:
    with pytest.raises(DomainError) as refusal:
        closing.close_account(user=moderator)
    assert refusal.value.code == "staff"
    moderator.refresh_from_db()
    assert moderator.closed_at is None
