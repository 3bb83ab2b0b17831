"""A host publishes replays as a podcast."""

import uuid
from datetime import timedelta
from urllib.parse import urlsplit
from xml.etree.ElementTree import Element, fromstring

import feedparser  # type: ignore[import-untyped]
import pytest
from django.test import Client

from accounts.models import User
from recordings import purge, replays
from recordings.models import Recording
from rooms.models import Room
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


def tags(name: str) -> list[Element]:
    """The tags of the podcast namespace with this name."""
    xml = Client().get("/@host/podcast.xml").content
    return list(fromstring(xml).iter(f"{{https://podcastindex.org/namespace/1.0}}{name}"))  # noqa: S314


def path_of(tag: Element) -> str:
    """Where it leads, on this server."""
    return urlsplit(tag.get("url", "")).path


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
    speaker_tag, host_tag = sorted(tags("person"), key=lambda tag: tag.get("role", ""))
    assert (host_tag.text, host_tag.get("role")) == ("Host", "host")
    assert host_tag.get("href", "").endswith("/@host/")
    assert (speaker_tag.text, speaker_tag.get("role")) == ("Speaker", "guest")
    (tag,) = tags("chapters")
    assert tag.get("type") == "application/json+chapters"
    answer = Client().get(path_of(tag))
    assert answer["Content-Type"] == tag.get("type")
    chapters = answer.json()
    assert (chapters["version"], chapters["chapters"][0]["title"]) == ("1.2.0", "Speaker")


def test_what_was_said_comes_with_it_where_it_was_written_down(published: Recording) -> None:
    assert tags("transcript") == []
    Room.objects.update(transcription=True)
    who = published.room.participants.get(user__handle="speaker")
    published.lines.create(participant=who, start=0.5, seconds=1, language="en", text="Hello")
    (tag,) = tags("transcript")
    assert tag.get("type") == "text/vtt"
    answer = Client().get(path_of(tag))
    assert answer["Content-Type"].startswith("text/vtt")
    assert "<v Speaker>Hello" in answer.content.decode()


def test_the_podcast_is_known_by_an_id_that_stays(published: Recording) -> None:
    (guid,) = tags("guid")
    assert uuid.UUID(guid.text).version == 5
    assert [tag.text for tag in tags("guid")] == [guid.text]


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
