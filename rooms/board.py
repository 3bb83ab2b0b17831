"""Reads what is written in a room as the wire shows it: the dicts of docs/websocket.md."""

from dataclasses import dataclass
from typing import TypedDict

from rooms.links import shown_host
from rooms.models import Caption, Pin, Question, QuestionVote, Room
from rooms.snapshots import wire_time

TOP = 50
"""How many questions are shown; the others are counted."""


class PinData(TypedDict):
    """PIN: a link with the host it leads to, or a note; what it is not is null."""

    id: str
    url: str | None
    host: str | None
    text: str | None


class QuestionData(TypedDict):
    """QUESTION: as everybody sees it."""

    id: str
    participant: str
    name: str
    text: str
    votes: int
    answered: bool
    asked_at: str


class Questions(TypedDict):
    """The open ones counted; those with most votes, and after them the answered."""

    count: int
    top: list[QuestionData]


class OwnQuestions(TypedDict):
    """What only the person knows: their own open questions, and the ids of those voted for."""

    asked: list[QuestionData]
    voted: list[str]


class CaptionLine(TypedDict):
    """CAPTION: one line of what somebody said."""

    id: int
    participant: str
    name: str
    text: str
    started_at: str
    ended_at: str


@dataclass(frozen=True, slots=True)
class BoardState:
    """All that is written, at one moment."""

    is_transcribed: bool
    """Whether new captions may come at any time."""
    pins: list[PinData]
    questions: Questions
    captions: list[CaptionLine]
    """The last ones, oldest first."""
    captioning: str
    """`on`, `busy`, `unavailable`, or empty where there is nothing to say of it."""


def read(room_id: int, *, captions_after: int = 0) -> BoardState:
    """What is written now, with the captions whose id is larger than `captions_after`."""
    room = Room.objects.get(pk=room_id)
    lines = Caption.objects.none()
    if room.transcription:
        lines = room.captions.filter(pk__gt=captions_after).select_related("participant__user")
    return BoardState(
        is_transcribed=room.transcription,
        pins=[_pin(pin) for pin in room.pins.filter(unpinned_at=None)],
        questions=_questions(room),
        captions=[_caption(line) for line in lines],
        captioning=room.captioning if room.transcription else "",
    )


def read_own(participant_id: int) -> OwnQuestions:
    """One person's questions and votes, as far as they are still open."""
    is_open = Question.objects.filter(state=Question.State.OPEN)
    asked = is_open.filter(participant=participant_id).select_related("participant__user")
    votes = QuestionVote.objects.filter(participant=participant_id, question__in=is_open)
    return OwnQuestions(
        asked=[question_data(question) for question in asked],
        voted=list(votes.values_list("question__public_id", flat=True)),
    )


def question_data(question: Question) -> QuestionData:
    """QUESTION of the protocol."""
    return QuestionData(
        id=question.public_id,
        participant=question.participant.public_id,
        name=question.participant.name,
        text=question.text,
        votes=question.votes,
        answered=question.state == Question.State.ANSWERED,
        asked_at=wire_time(question.asked_at),
    )


def _questions(room: Room) -> Questions:
    shown = room.questions.filter(state__in=[Question.State.OPEN, Question.State.ANSWERED])
    # In the alphabet, "open" comes after "answered".
    top = shown.select_related("participant__user").order_by("-state", "-votes", "asked_at", "pk")
    return Questions(
        count=room.questions.filter(state=Question.State.OPEN).count(),
        top=[question_data(question) for question in top[:TOP]],
    )


def _pin(pin: Pin) -> PinData:
    return PinData(
        id=pin.public_id,
        url=pin.url or None,
        host=shown_host(pin.url) or None,
        text=pin.text or None,
    )


def _caption(caption: Caption) -> CaptionLine:
    return CaptionLine(
        id=caption.pk,
        participant=caption.participant.public_id,
        name=caption.participant.name,
        text=caption.text,
        started_at=wire_time(caption.started_at),
        ended_at=wire_time(caption.ended_at),
    )
