"""Whatever is answered, browsers are told what they may do with it."""

import pytest
from django.http import HttpResponseBase
from django.test import Client


@pytest.fixture(
    params=["/", "/accounts/login/", "/admin/login/", "/nothing/", "/static/css/base.css"]
)
def answer(request: pytest.FixtureRequest, client: Client, db: None) -> HttpResponseBase:
    """A page, a redirect, an error or a file."""
    return client.get(request.param)


def test_every_answer_forbids_foreign_scripts_and_frames(answer: HttpResponseBase) -> None:
    policy = answer["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert answer["X-Frame-Options"] == "DENY"


def test_no_answer_is_guessed_at_or_tells_where_people_came_from(answer: HttpResponseBase) -> None:
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Referrer-Policy"] == "same-origin"


def test_an_unknown_host_is_refused_under_the_same_policy(client: Client) -> None:
    answer = client.get("/", headers={"host": "evil.example"})
    assert answer.status_code == 400
    assert "default-src 'self'" in answer["Content-Security-Policy"]
