"""What people read about a recording: one context for the page and the fragment."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from math import ceil, floor
from typing import TypedDict

from django.contrib.auth.models import AnonymousUser
from django.utils.formats import date_format
from django.utils.text import slugify
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from accounts.models import User
from recordings import claims, policy, retention
from recordings.models import PurgeRecord, Recording, RecordingFile
from rooms.models import Room

Kind = RecordingFile.Kind

_ORDER = (Kind.MIX, Kind.M4A, Kind.TRACK, Kind.MANIFEST)
_CONTENT_TYPES = {
    Kind.MIX: "audio/ogg; codecs=opus",
    Kind.TRACK: "audio/ogg; codecs=opus",
    Kind.M4A: "audio/mp4",
    Kind.PEAKS: "application/json",
    Kind.MANIFEST: "application/json",
}
_SUFFIXES = {Kind.M4A: ".m4a", Kind.PEAKS: ".json", Kind.MANIFEST: ".json"}


class RecordingContext(TypedDict):
    """Everything `templates/recordings/_recording.html` asks for."""

    room: Room
    recording: Recording | None
    is_host: bool
    is_pending: bool
    kept_until: datetime | None
    days: int
    purge_record: PurgeRecord | None
    mix: RecordingFile | None
    m4a: RecordingFile | None
    downloads: list[RecordingFile]


def recording_context(room: Room, user: User | AnonymousUser) -> RecordingContext:
    """What `user` may know of the recording of `room`; files are for the host alone."""
    recording = Recording.objects.filter(room=room).select_related("room").first()
    is_host = policy.is_host(user, room)
    files: list[RecordingFile] = []
    if is_host and not policy.has_deleted(room) and recording and recording.is_kept:
        listed = recording.files.exclude(kind=Kind.PEAKS).select_related("participant__user")
        files = sorted(listed, key=lambda file: (_ORDER.index(Kind(file.kind)), file.pk))
    return {
        "room": room,
        "recording": recording,
        "is_host": is_host,
        "is_pending": not room.is_live and (recording is None or recording.state in claims.AT_WORK),
        "kept_until": kept_until(room),
        "days": retention.days(retention.rule(room)),
        "purge_record": PurgeRecord.objects.filter(room_public_id=room.public_id).first(),
        "mix": next((file for file in files if file.kind == Kind.MIX), None),
        "m4a": next((file for file in files if file.kind == Kind.M4A), None),
        "downloads": files,
    }


def kept_until(room: Room) -> datetime | None:
    """When the copy of the room goes; None while the room is live."""
    if room.is_live:
        return None
    recording = getattr(room, "recording", None)
    return retention.kept_until(recording) if recording else retention.expires_at(room)


def day(when: datetime | None) -> str:
    """A day as people write it, `-` where there is none yet."""
    return date_format(localtime(when), "DATE_FORMAT") if when else "-"


def moment(when: datetime) -> str:
    """A day and time as people write them."""
    return date_format(localtime(when), "DATETIME_FORMAT")


def speaker_name(file: RecordingFile) -> str:
    """Whose voice a file holds, for people."""
    if file.kind != Kind.TRACK:
        return str(Kind(file.kind).label)
    return file.participant.name if file.participant else _("A speaker")


def file_name(file: RecordingFile) -> str:
    """The name a downloaded file gets: day, title, and who is heard."""
    room = file.recording.room
    who = (
        pgettext("part of a file name", "everybody")
        if file.kind in (Kind.MIX, Kind.M4A)
        else speaker_name(file)
    )
    parts = [f"{room.created_at:%Y-%m-%d}", room.title, who]
    slugs = (slugify(part, allow_unicode=True) for part in parts)
    return "-".join(slug for slug in slugs if slug) + _SUFFIXES.get(Kind(file.kind), ".ogg")


def content_type(kind: str) -> str:
    """The media type of such a file."""
    return _CONTENT_TYPES[Kind(kind)]


def gap_lines(gaps: Iterable[Sequence[float]], seconds: float) -> list[str]:
    """What people read about each gap ([start, length]) in a sound of so many seconds."""
    lines = []
    for start, length in gaps:
        if start >= seconds - 0.1:
            text = _(
                "The recording stops at %(start)s. The last %(length)s of the Space are missing."
            )
        else:
            text = _("From %(start)s to %(end)s nothing could be recorded: there you hear silence.")
        end = clock(ceil(start + length))
        lines.append(text % {"start": clock(floor(start)), "end": end, "length": clock(length)})
    return lines


def clock(seconds: float) -> str:
    """A length as people write it: `1:02:03`, or `4:05` under an hour."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
