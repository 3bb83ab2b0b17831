"""What the page offers for download, and to whom."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.http import HttpRequest
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext as _

from recordings import exports, policy
from recordings.models import Export, Recording
from rooms.models import Participant, Room
from rooms.operations import participant_of
from rooms.visitors import visitor_of_request

EVERYTHING, OWN = "everything", "own"


@dataclass(frozen=True, slots=True)
class Offer:
    """One download: not asked for yet (`export` is None), on its way, or there."""

    scope: str
    label: str
    explanation: str
    participant: Participant | None
    """Whose part; None for everything."""
    export: Export | None

    @property
    def is_being_made(self) -> bool:
        """Whether it is worth looking again."""
        return self.export is not None and self.export.state in (
            Export.State.WAITING,
            Export.State.BUILDING,
        )

    @property
    def until(self) -> datetime | None:
        """When it is deleted."""
        ready_at = self.export and self.export.ready_at
        return ready_at + exports.KEPT_FOR if ready_at else None


def offers(room: Room, request: HttpRequest) -> list[Offer]:
    """What whoever asks may download of an ended room whose copy is kept."""
    recording = Recording.objects.filter(room=room).first()
    return list(_offers(room, request)) if recording and recording.is_kept else []


def offer(room: Room, request: HttpRequest, scope: str) -> Offer | None:
    """The one of this scope, if they may have it; whether there is a copy is asked later."""
    return next((each for each in _offers(room, request) if each.scope == scope), None)


def may_have(export: Export, request: HttpRequest) -> bool:
    """Whether whoever asks may download this one."""
    room = export.recording.room
    if export.kind != Export.Kind.BUNDLE:
        return False  # what is cut is heard through its replay
    if export.participant is None:
        return policy.can_export(request.user, room, _who(room, request))
    return _who(room, request) == export.participant


def file_name(export: Export) -> str:
    """The name of the download: day, title, and whose part it is."""
    room = export.recording.room
    whose = export.participant.name if export.participant else ""
    slugs = (slugify(part, allow_unicode=True) for part in (room.title, whose))
    return "-".join([f"{room.created_at:%Y-%m-%d}", *(slug for slug in slugs if slug)]) + ".zip"


def _offers(room: Room, request: HttpRequest) -> Iterator[Offer]:
    participant = _who(room, request)
    if policy.can_export(request.user, room, participant):
        yield Offer(
            EVERYTHING,
            _("Download everything"),
            _("All sound, the transcript, who was there and what happened, in one file."),
            None,
            _current(room, None),
        )
    if participant is not None:
        yield Offer(
            OWN,
            _("Download your part"),
            _("Your voice, your words, and what you did in this Space, in one file."),
            participant,
            _current(room, participant),
        )


def _current(room: Room, participant: Participant | None) -> Export | None:
    export = Export.objects.filter(
        recording__room=room, kind=Export.Kind.BUNDLE, participant=participant
    ).first()
    if export is None or export.state != Export.State.READY:
        return export
    export.recording.room = room
    return export if exports.is_there(export, timezone.now()) else None


def _who(room: Room, request: HttpRequest) -> Participant | None:
    """Their own account's participant, or the guest of this browser; never another account's."""
    user = request.user if request.user.is_authenticated else None
    person = participant_of(room=room, user=user, visitor=visitor_of_request(request))
    return person if person and person.user in (user, None) else None
