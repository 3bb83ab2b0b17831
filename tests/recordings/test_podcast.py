"""A host publishes replays as a podcast."""

from datetime import timedelta

import feedparser  # type: ignore[import-untyped]
import pytest
from django.test import Client

from accounts.models import User
from recordings import purge, replays
from recordings.models import Recording
from tests.recordings.conftest import ENDED

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def published(archived: Recording, host: User) -> Recording:
    replays.publish(recording=archived, by=host, in_feed=True)
    return archived


def feed(host: User) -> feedparser.FeedParserDict:
    """As a podcast player reads it; it takes what is not well-formed for an error."""
    answer = Client().get(f"/@{host.handle}/podcast.xml")
    assert answer.headers["Content-Type"] == "application/rss+xml; charset=utf-8"
    parsed = feedparser.parse(answer.content)
    assert not parsed.bozo
    return parsed


def test_it_lists_what_the_host_put_into_it(published: Recording, host: User) -> None:
    parsed = feed(host)
    assert parsed.feed.title == "Spaces by Host"
    assert parsed.feed.itunes_explicit is None  # feedparser's "no"
    assert parsed.feed.image.href.endswith("/static/img/podcast.png")
    (episode,) = parsed.entries
    assert episode.title == published.room.title
    assert episode.guid == published.room.public_id
    (enclosure,) = episode.enclosures
    assert enclosure.type == "audio/mp4"
    mix = published.files.get(kind="m4a")
    assert int(enclosure.length) == mix.size
    path = "/" + enclosure.href.split("/", 3)[3]
    answer = Client().head(path, follow=True)
    assert (answer.status_code, answer["Content-Length"]) == (200, str(mix.size))


def test_people_and_chapters_are_named(published: Recording, host: User, speaker: User) -> None:
    who = published.room.participants.get(user=speaker)
    Recording.objects.update(chapters=[[0.0, 3.0, who.public_id]])
    xml = Client().get("/@host/podcast.xml").content.decode()
    assert 'role="host">Host</podcast:person>' in xml
    assert ">Speaker</podcast:person>" in xml
    address = f"/spaces/{published.room.public_id}/chapters.json"
    assert f'{address}"' in xml
    chapters = Client().get(address).json()
    assert (chapters["version"], chapters["chapters"][0]["title"]) == ("1.2.0", "Speaker")


def test_a_replay_outside_of_the_podcast_is_not_in_it(archived: Recording, host: User) -> None:
    replays.publish(recording=archived, by=host, in_feed=False)
    assert feed(host).entries == []


def test_one_that_is_purged_is_gone_from_it(published: Recording, host: User) -> None:
    purge.purge(recording_id=published.pk, now=ENDED + timedelta(days=31))
    assert feed(host).entries == []


def test_names_cannot_break_it(published: Recording, host: User) -> None:
    User.objects.filter(pk=host.pk).update(display_name='<b>&"</b>')
    host.refresh_from_db()
    assert feed(host).feed.author == '<b>&"</b>'


def test_nobody_has_the_podcast_of_nobody() -> None:
    assert Client().get("/@nobody/podcast.xml").status_code == 404
