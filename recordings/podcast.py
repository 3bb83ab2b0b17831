"""A host's podcast: RSS 2.0 with the tags of Apple Podcasts and of the podcast namespace.

Sources: https://podcastindex.org/namespace/1.0 (transcript, chapters, person, guid), and Apple's
"A Podcaster's Guide to RSS".
"""

import uuid
from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.templatetags.static import static
from django.urls import reverse
from django.utils.feedgenerator import Enclosure, Rss201rev2Feed
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.utils.xmlutils import SimplerXMLGenerator

from accounts.models import User
from accounts.operations import is_suspended
from recordings import replaying, replays
from recordings.models import RecordingFile, Replay
from rooms.models import Participant

_LONGEST = 100
_NAMESPACES = {
    "xmlns:podcast": "https://podcastindex.org/namespace/1.0",
    "xmlns:itunes": "http://www.itunes.com/dtds/podcast-1.0.dtd",
}
_GUIDS = uuid.UUID("ead4c236-bf58-58c6-a2c6-a6b28d128cb6")
"""What podcast:guid is derived from, with the feed's address."""
_SOUND = (
    (RecordingFile.Kind.M4A, "m4a", "audio/mp4"),
    (RecordingFile.Kind.MIX, "ogg", "audio/ogg"),
)
"""The first that there is: more players know AAC."""

Item = dict[str, Any]


class PodcastFeed(Rss201rev2Feed):
    """RSS with what podcast applications ask for."""

    mime_type = "application/rss+xml; charset=utf-8"

    def rss_attributes(self) -> dict[str, str]:
        """The namespaces of the tags."""
        return super().rss_attributes() | _NAMESPACES

    def add_root_elements(self, handler: SimplerXMLGenerator) -> None:
        """What is said of the whole podcast."""
        super().add_root_elements(handler)
        handler.addQuickElement("itunes:author", self.feed["author"])
        handler.addQuickElement("itunes:explicit", "false")
        handler.addQuickElement("itunes:category", None, {"text": "Society & Culture"})
        handler.addQuickElement("itunes:image", None, {"href": self.feed["picture"]})
        handler.addQuickElement("podcast:guid", self.feed["guid"])
        handler.addQuickElement("podcast:locked", "yes")

    def add_item_elements(self, handler: SimplerXMLGenerator, item: Item) -> None:
        """What is said of one episode."""
        super().add_item_elements(handler, item)
        handler.addQuickElement("itunes:duration", str(item["seconds"]))
        for kind, address in item["documents"].items():
            tag = "podcast:chapters" if "chapters" in kind else "podcast:transcript"
            handler.addQuickElement(tag, None, {"url": address, "type": kind})
        for name, role, address in item["people"]:
            attributes = {"role": role, "href": address} if address else {"role": role}
            handler.addQuickElement("podcast:person", name, attributes)


def feed_of(host: User) -> str:
    """The XML, newest first; a podcast without episodes as long as nothing is published."""
    address = _absolute("podcast", host.handle)
    name = host.get_full_name()
    picture = host.picture.url if host.picture else static("img/podcast.png")
    feed = PodcastFeed(
        title=_("Spaces by %(name)s") % {"name": name},
        link=_absolute("profile", host.handle),
        description=host.bio or _("Conversations that %(name)s hosted.") % {"name": name},
        language=get_language(),
        feed_url=address,
        author=name,
        picture=settings.SITE_URL + picture,
        guid=str(uuid.uuid5(_GUIDS, address.split("://", 1)[-1].rstrip("/"))),
    )
    for replay in episodes(host)[:_LONGEST]:
        _add(feed, replay)
    return feed.writeString("utf-8")


def episodes(host: User) -> list[Replay]:
    """Public replays that the host put into the podcast."""
    if is_suspended(host):
        return []
    found = Replay.objects.filter(in_feed=True, recording__room__host=host).select_related(
        "recording__room__host"
    )
    newest_first = found.order_by("-published_at")
    return [each for each in newest_first if each.is_public and each.recording.is_kept]


def _add(feed: PodcastFeed, replay: Replay) -> None:
    room = replay.recording.room
    enclosure = next(_enclosures(replay), None)
    if enclosure is None:
        return  # it is being cut
    documents = {"application/json+chapters": _absolute("replay_chapters", room.public_id)}
    if replay.recording.lines.exists():
        documents["text/vtt"] = _absolute("transcript_file", room.public_id, "vtt")
    feed.add_item(
        title=room.title,
        link=_absolute("room", room.public_id),
        description=_("A Space of %(day)s.") % {"day": f"{room.created_at:%Y-%m-%d}"},
        pubdate=replaying.published_at(replay),
        unique_id=room.public_id,
        unique_id_is_permalink=False,
        enclosures=[enclosure],
        seconds=round(replays.span(replay).seconds),
        documents=documents,
        people=list(_people(replay)),
    )


def _enclosures(replay: Replay) -> Iterator[Enclosure]:
    for kind, suffix, mime_type in _SOUND:
        source = replays.source(replay, kind)
        if source is not None:
            address = _absolute("replay_file", replay.recording.room.public_id, suffix)
            yield Enclosure(address, str(source.size), mime_type)


def _people(replay: Replay) -> Iterator[tuple[str, str, str]]:
    """Name, role and page of each who is heard."""
    tracks = replay.recording.files.filter(kind=RecordingFile.Kind.TRACK, participant__isnull=False)
    for file in tracks.select_related("participant__user").order_by("pk"):
        person = file.participant
        if person is not None:
            role = "host" if person.role == Participant.Role.HOST else "guest"
            known = person.user is not None and person.user.is_active
            page = _absolute("profile", person.user.handle) if known and person.user else ""
            yield person.name, role, page


def _absolute(name: str, *arguments: str) -> str:
    return settings.SITE_URL + reverse(name, args=arguments)
