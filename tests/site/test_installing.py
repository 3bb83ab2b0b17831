"""What makes a phone keep Spaces like an app."""

import re

import pytest
from django.contrib.staticfiles import finders
from django.test import Client

from accounts.models import User


@pytest.mark.parametrize(("language", "shortcut"), [("en", "Start a Space"), ("it", "Apri uno")])
def test_the_manifest_speaks_the_language_of_its_address(
    client: Client, language: str, shortcut: str
) -> None:
    answer = client.get(f"/manifest/{language}.webmanifest", headers={"accept-language": "fr"})
    assert answer["Content-Type"] == "application/manifest+json"
    manifest = answer.json()
    assert manifest["lang"] == language
    assert manifest["shortcuts"][0]["name"].startswith(shortcut)


def test_there_is_no_manifest_in_a_language_that_we_do_not_speak(client: Client) -> None:
    assert client.get("/manifest/tlh.webmanifest").status_code == 404
    assert client.get("/offline/tlh/").status_code == 404


def test_the_files_that_are_named_exist(client: Client) -> None:
    icons = [icon["src"] for icon in client.get("/manifest/en.webmanifest").json()["icons"]]
    worker = client.get("/service-worker.js").content.decode()
    kept = re.findall(r'"(/static/[^"]+)"', worker)
    assert icons
    assert kept
    for path in icons + kept:
        assert finders.find(path.removeprefix("/static/")), path


def test_the_offline_page_needs_no_file_that_is_not_kept(client: Client) -> None:
    worker = client.get("/service-worker.js").content.decode()
    page = client.get("/offline/en/").content.decode()
    needed = re.findall(r'(?:stylesheet" href|script type="module" src)="([^"]+)"', page)
    assert needed
    assert [path for path in needed if f'"{path}"' not in worker] == []


def test_the_offline_page_is_the_same_for_everybody(client: Client, db: None, host: User) -> None:
    before = client.get("/offline/en/").content
    client.force_login(host)
    assert client.get("/offline/en/").content == before
