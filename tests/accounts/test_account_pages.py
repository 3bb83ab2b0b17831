"""Every account page is ours: one frame, one heading, a language, a label for each input."""

from collections.abc import Callable
from html.parser import HTMLParser

import pytest
from allauth.account.models import EmailAddress
from django.test import Client

from accounts.models import User

Browser = Callable[[User], Client]


class Outline(HTMLParser):
    """Counts what a screen reader moves by, and which inputs have a label."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.lang = self.title = ""
        self.inputs: set[str] = set()
        self.labels: set[str] = set()
        self.inline: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        values = {name: value or "" for name, value in attrs}
        self.inline += [name for name in values if name == "style" or name.startswith("on")]
        if tag == "html":
            self.lang = values.get("lang", "")
        if tag == "label":
            self.labels.add(values.get("for", ""))
        if tag in {"input", "select", "textarea"} and values.get("type") != "hidden":
            self.inputs.add(values.get("id", ""))
        if tag == "script" and "src" not in values:
            self.inline.append("script")


def check(client: Client, address: str) -> None:
    """Fetch the page and judge its outline."""
    response = client.get(address)
    assert response.status_code == 200
    outline = Outline(response.content.decode())
    assert outline.lang == "en"
    assert outline.tags.count("h1") == 1
    assert outline.tags.count("main") == 1
    assert outline.tags.count("title") >= 1
    assert outline.inputs <= outline.labels
    assert not outline.inline


@pytest.mark.parametrize(
    "address",
    [
        "/accounts/login/",
        "/accounts/signup/",
        "/accounts/inactive/",
        "/accounts/password/reset/",
        "/accounts/password/reset/done/",
        "/beta/",
        "/@listener/",
    ],
)
def test_pages_for_everybody(client: Client, listener: User, address: str) -> None:
    check(client, address)


@pytest.mark.parametrize(
    "address",
    [
        "/accounts/logout/",
        "/accounts/email/",
        "/accounts/password/change/",
        "/accounts/reauthenticate/",
        "/settings/profile/",
        "/beta/",
        "/@listener/",
        "/@host/",
    ],
)
def test_pages_for_people_with_an_account(
    browser_of: Browser, listener: User, host: User, address: str
) -> None:
    check(browser_of(listener), address)


def test_somebody_without_a_password_chooses_one(browser_of: Browser, listener: User) -> None:
    listener.set_unusable_password()
    listener.save()
    check(browser_of(listener), "/accounts/password/set/")


def test_the_pages_that_ask_for_a_code(client: Client, listener: User) -> None:
    client.post("/accounts/password/reset/", {"email": listener.email})
    check(client, "/accounts/password/reset/confirm/")
    EmailAddress.objects.filter(user=listener).update(verified=False)
    client.post("/accounts/login/", {"login": "listener", "password": "pw"})
    check(client, "/accounts/confirm-email/")


def test_a_closed_sign_up_says_so(
    client: Client, db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = "accounts.adapter.AccountAdapter.is_open_for_signup"
    monkeypatch.setattr(closed, lambda adapter, request: False)
    check(client, "/accounts/signup/")
    assert "No new accounts right now" in client.get("/accounts/signup/").content.decode()


def test_pages_that_need_a_running_errand_lead_back_to_its_start(client: Client, db: None) -> None:
    for address in (
        "/accounts/confirm-email/",
        "/accounts/password/reset/confirm/",
        "/accounts/password/reset/complete/",
        "/accounts/login/code/confirm/",
    ):
        assert client.get(address).status_code == 302
