"""Links and notes that the host shows to all."""

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from rooms import events, policy
from rooms.errors import Code, refused
from rooms.links import web_address
from rooms.models import Pin, Room, RoomEvent
from rooms.operations.access import acting, require
from rooms.operations.journal import log
from rooms.operations.lines import one_line

MAX_PINS = 5
"""How many are shown at once."""


def pin_link(*, participant_id: int, url: str) -> None:
    """Show a link to all; raises `bad_link` for what is no address of the web."""
    _pin(participant_id, url=web_address(url))


def pin_note(*, participant_id: int, text: str) -> None:
    """Show a line of text to all; raises `bad_text`."""
    _pin(participant_id, text=one_line(text))


@transaction.atomic
def unpin(*, participant_id: int, pin: str) -> None:
    """Take a link or note down, whoever pinned it."""
    actor = acting(participant_id)
    require(policy.why_not_moderate(actor))
    found = _pins_shown(actor.room).filter(public_id=pin)
    if not found.update(unpinned_at=timezone.now()):
        raise refused(Code.UNKNOWN_PIN)
    log(actor.room, RoomEvent.Kind.UNPINNED, actor=actor, pin=pin)
    events.board_changed(actor.room)


@transaction.atomic
def _pin(participant_id: int, *, url: str = "", text: str = "") -> None:
    actor = acting(participant_id)
    require(policy.why_not_moderate(actor))
    if _pins_shown(actor.room).count() >= MAX_PINS:
        raise refused(Code.PINS_FULL)
    pin = actor.room.pins.create(pinned_by=actor, url=url, text=text)
    log(actor.room, RoomEvent.Kind.PINNED, actor=actor, pin=pin.public_id)
    events.board_changed(actor.room)


def _pins_shown(room: Room) -> QuerySet[Pin]:
    return room.pins.filter(unpinned_at=None)
