"""What travels is compressed where that is safe, and kept where it never changes."""

import gzip
import re

import pytest
from django.http import FileResponse, HttpResponse
from django.test import Client, RequestFactory

from accounts.models import User
from rooms import operations
from rooms.templatetags.modules import needed
from spaces_site.compression import CompressPages

PACKED = {"accept-encoding": "gzip"}


def test_a_page_travels_compressed(client: Client, db: None) -> None:
    answer = client.get("/", headers=PACKED)
    assert answer["Content-Encoding"] == "gzip"
    assert b"<!doctype html>" in gzip.decompress(answer.content)
    assert "Accept-Encoding" in answer["Vary"]


@pytest.mark.parametrize(
    "answer",
    [HttpResponse(b"x" * 500, content_type="image/webp"), FileResponse(iter([b"x" * 500]))],
    ids=["picture", "stream"],
)
def test_pictures_and_streams_travel_as_they_are(answer: HttpResponse) -> None:
    request = RequestFactory().get("/", headers=PACKED)
    untouched = CompressPages(lambda _request: answer).process_response(request, answer)
    assert "Content-Encoding" not in untouched.headers


def test_the_sentences_of_the_scripts_may_be_kept_for_ever(client: Client, host: User) -> None:
    room = operations.create_room(host=host, title="Bees")
    page = client.get(f"/spaces/{room.public_id}/", headers={"accept-language": "it"})
    (address,) = re.findall(r'src="(/jsi18n/it/[0-9a-f]{12}\.js)"', page.content.decode())
    catalogue = client.get(address, headers={"accept-language": "en"})
    assert "immutable" in catalogue["Cache-Control"]
    assert "Cookie" not in catalogue.get("Vary", ""), "a new cookie would make browsers ask again"
    assert "catalog" in catalogue.content.decode()


def test_all_modules_of_a_room_are_asked_for_at_once(client: Client, host: User) -> None:
    room = operations.create_room(host=host, title="Bees")
    page = client.get(f"/spaces/{room.public_id}/").content.decode()
    hints = re.findall(r'<link rel="modulepreload" href="/static/([^"]+)">', page)
    assert set(hints) == {*needed("js/site.js"), *needed("js/room/main.js")}
    assert "js/room/wire.js" in hints


def test_the_join_button_waits_for_none_of_the_rest(client: Client, host: User) -> None:
    room = operations.create_room(host=host, title="Bees")
    page = client.get(f"/spaces/{room.public_id}/").content.decode()
    at_once = re.sub(r"<template.*?</template>", "", page, flags=re.DOTALL)
    scripts = re.findall(r'<script[^>]* src="/static/([^"]+)"', at_once)
    assert scripts == ["js/room/join.js", "js/site.js"]
    assert needed("js/room/join.js") == ()


def test_where_people_choose_a_space_what_it_needs_is_fetched_ahead(
    client: Client, host: User
) -> None:
    assert 'rel="prefetch"' not in client.get("/").content.decode(), "nothing is live"
    room = operations.create_room(host=host, title="Bees", transcription=True)
    space = client.get(f"/spaces/{room.public_id}/").content.decode()
    link_or_script = r'(?:rel="(?:stylesheet|modulepreload)" href|script[^>]* src)="([^"]+)"'
    needs = re.findall(link_or_script, space)
    home = client.get("/").content.decode()
    comes_along = re.findall(r'(?:rel="(?:prefetch|stylesheet)" href|src)="([^"]+)"', home)
    assert len(needs) > 30
    assert set(needs) - set(comes_along) == {"/static/js/times.js"}, "which js/site.js imports"


def test_the_style_sheets_of_a_page_come_in_one_file_that_may_be_kept_for_ever(
    client: Client, db: None
) -> None:
    page = client.get("/").content.decode()
    addresses = re.findall(r'<link rel="stylesheet" href="([^"]+)">', page)
    assert len(addresses) == 2, "what all pages share, and what is this page's own"
    for address in addresses:
        sheets = client.get(address)
        assert sheets["Content-Type"] == "text/css"
        assert "immutable" in sheets["Cache-Control"]
        assert "{" in sheets.content.decode()


@pytest.mark.parametrize("names", ["nothing", "tokens+..", "tokens+", "+", "Tokens"])
def test_there_are_no_other_style_sheets(client: Client, names: str) -> None:
    assert client.get(f"/styles/0/{names}.css").status_code == 404
