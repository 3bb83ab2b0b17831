"""Pages come in the language of the profile, else in the browser's."""

from collections.abc import Callable

import pytest
from django.core import mail
from django.test import Client
from django.utils import translation

from accounts import letters
from accounts.models import BetaApplication, User

Browser = Callable[[User], Client]


def language_of(client: Client, **headers: str) -> str:
    """What the page says about itself."""
    page = client.get("/beta/", headers=headers).content.decode()
    return page.split('<html lang="')[1][:2]


def test_visitors_get_what_their_browser_asks_for(client: Client, db: None) -> None:
    assert language_of(client) == "en"
    assert language_of(client, **{"Accept-Language": "it-IT,it;q=0.9"}) == "it"
    assert language_of(client, **{"Accept-Language": "tlh"}) == "en"


def test_the_language_of_the_profile_wins(browser_of: Browser, listener: User) -> None:
    client = browser_of(listener)
    assert language_of(client, **{"Accept-Language": "it"}) == "it"
    listener.language = "en"
    listener.save()
    assert language_of(client, **{"Accept-Language": "it"}) == "en"


def test_the_switch_is_kept_in_the_profile(browser_of: Browser, listener: User) -> None:
    client = browser_of(listener)
    response = client.post("/settings/language/", {"language": "it", "next": "/beta/"})
    assert response["Location"] == "/beta/"
    listener.refresh_from_db()
    assert listener.language == "it"
    assert language_of(client) == "it"


def test_the_switch_works_for_visitors(client: Client, db: None) -> None:
    client.post("/settings/language/", {"language": "it"})
    assert language_of(client) == "it"


def test_a_language_that_we_do_not_speak_changes_nothing(
    browser_of: Browser, listener: User
) -> None:
    client = browser_of(listener)
    client.post("/settings/language/", {"language": "tlh"})
    listener.refresh_from_db()
    assert listener.language == ""
    assert client.get("/settings/language/").status_code == 405


def test_one_persons_language_does_not_stay_for_the_next(
    browser_of: Browser, listener: User
) -> None:
    listener.language = "it"
    listener.save()
    assert language_of(browser_of(listener)) == "it"
    assert language_of(Client()) == "en"


def test_letters_come_in_the_language_of_the_application(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    languages: list[str | None] = []

    def render(template: str, context: dict[str, object]) -> str:
        languages.append(translation.get_language())
        return "text"

    monkeypatch.setattr("accounts.letters.render_to_string", render)
    with translation.override("en"):
        letters.send_receipt(BetaApplication(pk=1, email="n@example.org", language="it"))
        assert translation.get_language() == "en"
    assert set(languages) == {"it"}
    assert mail.outbox[-1].to == ["n@example.org"]
