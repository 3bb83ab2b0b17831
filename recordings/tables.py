"""What happened in a room, as rows for programs and spreadsheets: all of it, or one person's."""

from collections.abc import Iterator
from datetime import datetime

from django.db.models import Q

from recordings.models import Recording
from rooms.models import Participant, Pin, Question, ReactionCount, Room

Row = dict[str, object]


def of(recording: Recording, person: Participant | None) -> Iterator[tuple[str, Iterator[Row]]]:
    """Each table's name and its rows; with a `person` only what is theirs."""
    room = recording.room
    yield "participants", _participants(room, person)
    yield "events", _events(room, person)
    yield "turns", _turns(recording, person)
    yield "questions", _questions(room, person)
    yield "pins", _pins(room, person)
    if person is None:
        yield "reactions", _reactions(room)


def moment(when: datetime | None) -> str | None:
    """ISO 8601, in UTC."""
    return when.isoformat(timespec="milliseconds") if when else None


def _participants(room: Room, person: Participant | None) -> Iterator[Row]:
    people = room.participants.select_related("user").order_by("joined_at", "pk")
    if person is not None:
        people = people.filter(pk=person.pk)
    for each in people.iterator():
        yield {
            "id": each.public_id,
            "name": each.name,
            "handle": each.user.handle if each.user and each.user.is_active else None,
            "role": each.role,
            "joined_at": moment(each.joined_at),
            "left_at": moment(each.left_at),
        }


def _events(room: Room, person: Participant | None) -> Iterator[Row]:
    events = room.events.select_related("actor__user", "target__user")
    if person is not None:
        events = events.filter(Q(actor=person) | Q(target=person))
    for event in events.iterator():
        yield {
            "at": moment(event.at),
            "what": event.kind,
            "who": event.actor and event.actor.name,
            "who_id": event.actor and event.actor.public_id,
            "to": event.target and event.target.name,
            "to_id": event.target and event.target.public_id,
            "details": event.data or None,
        }


def _turns(recording: Recording, person: Participant | None) -> Iterator[Row]:
    """Who had the floor, in seconds on the clock of the sound."""
    names = {each.public_id: each.name for each in recording.room.participants.all()}
    for start, seconds, who in recording.chapters:
        if person is None or who == person.public_id:
            end = round(start + seconds, 3)
            yield {"start": start, "end": end, "who": names.get(who), "who_id": who}


def _questions(room: Room, person: Participant | None) -> Iterator[Row]:
    questions = Question.objects.filter(room=room).select_related("participant__user")
    if person is not None:
        questions = questions.filter(participant=person)
    else:
        # What somebody took back is for them and for moderators.
        questions = questions.exclude(state=Question.State.WITHDRAWN)
    for question in questions.order_by("asked_at", "pk").iterator():
        yield {
            "asked_at": moment(question.asked_at),
            "who": question.participant.name,
            "who_id": question.participant.public_id,
            "question": question.text,
            "votes": question.votes,
            "state": question.state,
        }


def _pins(room: Room, person: Participant | None) -> Iterator[Row]:
    pins = Pin.objects.filter(room=room).select_related("pinned_by__user")
    if person is not None:
        pins = pins.filter(pinned_by=person)
    for pin in pins.iterator():
        yield {
            "pinned_at": moment(pin.pinned_at),
            "unpinned_at": moment(pin.unpinned_at),
            "who": pin.pinned_by and pin.pinned_by.name,
            "link": pin.url or None,
            "note": pin.text or None,
        }


def _reactions(room: Room) -> Iterator[Row]:
    for sum_ in ReactionCount.objects.filter(room=room).iterator():
        yield {"minute": moment(sum_.minute), "reaction": sum_.kind, "count": sum_.count}
