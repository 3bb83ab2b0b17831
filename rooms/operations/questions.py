"""Questions in writing: asked, voted up, answered."""

from collections.abc import Mapping
from datetime import timedelta

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from rooms import events, policy
from rooms.board import question_data
from rooms.errors import Code, refused
from rooms.models import Participant, Question, RoomEvent
from rooms.operations.access import acting, require
from rooms.operations.journal import log
from rooms.operations.lines import one_line

MAX_OPEN = 3
"""How many open questions one person may have."""

MAX_ASKED = 5
"""How many questions one person may ask in ten minutes, those withdrawn included."""

State = Question.State


@transaction.atomic
def ask(*, participant_id: int, text: str) -> Mapping[str, object]:
    """Ask a question; returns `question` as the wire shows it.

    Raises `account_required`, `bad_text`, `too_many_questions` or `slow_down`.
    """
    actor = acting(participant_id)
    asked = actor.questions.all()
    open_questions = asked.filter(state=State.OPEN).count()
    require(policy.why_not_ask(actor, open_questions=open_questions, limit=MAX_OPEN))
    if asked.filter(asked_at__gt=timezone.now() - timedelta(minutes=10)).count() >= MAX_ASKED:
        raise refused(Code.SLOW_DOWN)
    question = actor.room.questions.create(participant=actor, text=one_line(text))
    log(actor.room, RoomEvent.Kind.ASKED, actor=actor, question=question.public_id)
    events.board_changed(actor.room)
    return {"question": question_data(question)}


@transaction.atomic
def vote(*, participant_id: int, question: str) -> None:
    """Say that one wants this answered, too; voting twice is voting once."""
    actor, found = _actor_and_question(participant_id, question)
    require(policy.why_not_vote(actor, found))
    _, is_new = found.votes_cast.get_or_create(participant=actor)
    if is_new:
        _change_votes(found, 1)


@transaction.atomic
def take_vote_back(*, participant_id: int, question: str) -> None:
    """Undo one's vote, if there is one."""
    actor, found = _actor_and_question(participant_id, question)
    require(policy.why_not_vote(actor, found))
    deleted, _ = found.votes_cast.filter(participant=actor).delete()
    if deleted:
        _change_votes(found, -1)


@transaction.atomic
def withdraw_question(*, participant_id: int, question: str) -> None:
    """Take one's own question back; it is out of sight then."""
    actor, found = _actor_and_question(participant_id, question)
    require(policy.why_not_withdraw(actor, found))
    _settle(found, State.WITHDRAWN, actor, RoomEvent.Kind.QUESTION_WITHDRAWN)


@transaction.atomic
def mark_answered(*, participant_id: int, question: str) -> None:
    """The host says that a question was answered; it stays in sight, after the open ones."""
    actor, found = _actor_and_question(participant_id, question)
    require(policy.why_not_settle(actor, found))
    if found.state == State.OPEN:
        _settle(found, State.ANSWERED, actor, RoomEvent.Kind.QUESTION_ANSWERED)


@transaction.atomic
def dismiss_question(*, participant_id: int, question: str) -> None:
    """The host takes a question out of sight; moderators still find it."""
    actor, found = _actor_and_question(participant_id, question)
    require(policy.why_not_settle(actor, found))
    _settle(found, State.DISMISSED, actor, RoomEvent.Kind.QUESTION_DISMISSED)


def _actor_and_question(participant_id: int, public_id: str) -> tuple[Participant, Question]:
    actor = acting(participant_id)
    question = actor.room.questions.select_related("participant").filter(public_id=public_id)
    found = question.first()
    if found is None:
        raise refused(Code.UNKNOWN_QUESTION)
    return actor, found


def _change_votes(question: Question, by: int) -> None:
    Question.objects.filter(pk=question.pk).update(votes=F("votes") + by)
    events.board_changed(question.room)


def _settle(
    question: Question, state: Question.State, actor: Participant, kind: RoomEvent.Kind
) -> None:
    question.state = state
    question.save(update_fields=["state"])
    target = None if question.participant_id == actor.pk else question.participant
    log(actor.room, kind, actor=actor, target=target, question=question.public_id)
    events.board_changed(actor.room)
