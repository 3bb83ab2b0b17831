"""Everybody has a page of their own, and changes it in the settings."""

from collections.abc import Callable

import pytest
from django.test import Client

from accounts.models import User
from tests.conftest import person

Browser = Callable[[User], Client]
SAVED = {"display_name": "Ada Lovelace", "bio": "I count & compute.", "language": ""}


def test_a_profile_is_open_to_everybody(client: Client, listener: User) -> None:
    listener.bio = "Hears <everything>."
    listener.save()
    page = client.get("/@listener/").content.decode()
    assert "<h1>Listener</h1>" in page
    assert "Hears &lt;everything&gt;." in page
    assert "Log in to follow" in page


def test_a_handle_in_capitals_leads_to_the_profile(client: Client, listener: User) -> None:
    response = client.get("/@LISTENER/")
    assert (response.status_code, response["Location"]) == (301, "/@listener/")


def test_who_does_not_exist_has_no_profile(client: Client, db: None) -> None:
    assert client.get("/@nobody/").status_code == 404


def test_a_closed_account_has_no_profile(client: Client, db: None) -> None:
    person("closed", is_active=False)
    assert client.get("/@closed/").status_code == 404


def test_a_profile_cannot_be_posted_to(client: Client, listener: User) -> None:
    assert client.post("/@listener/").status_code == 405


def test_ones_own_profile_leads_to_the_settings(browser_of: Browser, listener: User) -> None:
    page = browser_of(listener).get("/@listener/").content.decode()
    assert "Edit your profile" in page
    assert "/@listener/block/" not in page


def test_the_settings_are_for_people_who_are_logged_in(client: Client, db: None) -> None:
    response = client.get("/settings/profile/")
    assert response["Location"] == "/accounts/login/?next=/settings/profile/"


def test_name_bio_and_language_are_saved(browser_of: Browser, listener: User) -> None:
    answers = SAVED | {"language": "it"}
    response = browser_of(listener).post("/settings/profile/", answers)
    assert response["Location"] == "/settings/profile/"
    listener.refresh_from_db()
    assert (listener.display_name, listener.bio) == ("Ada Lovelace", "I count & compute.")
    assert listener.language == "it"


@pytest.mark.parametrize(
    "bad",
    [
        {"display_name": ""},
        {"display_name": "\u202etfel"},
        {"display_name": "x" * 51},
        {"bio": "x" * 161},
        {"language": "tlh"},
    ],
)
def test_bad_answers_are_explained_and_change_nothing(
    browser_of: Browser, listener: User, bad: dict[str, str]
) -> None:
    page = browser_of(listener).post("/settings/profile/", SAVED | bad).content.decode()
    assert 'aria-invalid="true"' in page
    assert "<strong>Listener</strong>" in page
    listener.refresh_from_db()
    assert (listener.display_name, listener.bio, listener.language) == ("Listener", "", "")


def test_nothing_else_can_be_slipped_in(browser_of: Browser, listener: User) -> None:
    more = {"is_staff": "on", "is_superuser": "on", "handle": "admin", "email": "x@example.org"}
    browser_of(listener).post("/settings/profile/", SAVED | more)
    listener.refresh_from_db()
    assert listener.handle == "listener"
    assert listener.email == "listener@example.org"
    assert not listener.is_staff
    assert not listener.is_superuser
