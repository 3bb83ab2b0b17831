"""Questions in writing, from the first vote to the answer."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.errors import DomainError
from accounts.models import User
from rooms import operations
from rooms.board import TOP, read
from rooms.live_board import question_changes
from rooms.models import Participant, Question, Room
from rooms.operations.questions import MAX_ASKED, MAX_OPEN
from tests.rooms.client import Client

pytestmark = pytest.mark.django_db(transaction=True)


def join(room: Room, user: User) -> Participant:
    return operations.join(room_id=room.pk, user=user, visitor=user.handle, connection="tab")


@pytest.fixture
def ada(room: Room, host: User) -> Participant:
    return join(room, host)


@pytest.fixture
def bob(room: Room, listener: User) -> Participant:
    return join(room, listener)


def ask(who: Participant, text: str = "Do bees sleep?") -> str:
    """Ask, and return the id of the question."""
    operations.ask(participant_id=who.pk, text=text)
    return who.room.questions.get(text=text).public_id


def order(room: Room) -> list[tuple[str, int]]:
    return [(question["text"], question["votes"]) for question in read(room.pk).questions["top"]]


# --- asking and voting ---------------------------------------------------------------------


def test_votes_decide_the_order(
    room: Room, ada: Participant, bob: Participant, speaker: User
) -> None:
    eve = join(room, speaker)
    first, second = ask(bob, "Do bees sleep?"), ask(bob, "Do bees dream?")
    assert order(room) == [("Do bees sleep?", 0), ("Do bees dream?", 0)]
    operations.vote(participant_id=ada.pk, question=second)
    assert order(room) == [("Do bees dream?", 1), ("Do bees sleep?", 0)]
    for voter in (ada, eve):
        operations.vote(participant_id=voter.pk, question=first)
    assert order(room) == [("Do bees sleep?", 2), ("Do bees dream?", 1)]


def test_a_vote_counts_once_and_can_be_taken_back_once(
    room: Room, ada: Participant, bob: Participant
) -> None:
    question = ask(bob)
    for _ in range(2):
        operations.vote(participant_id=ada.pk, question=question)
    assert order(room) == [("Do bees sleep?", 1)]
    for _ in range(2):
        operations.take_vote_back(participant_id=ada.pk, question=question)
    assert order(room) == [("Do bees sleep?", 0)]


def test_a_few_open_questions_are_enough(ada: Participant, bob: Participant) -> None:
    questions = [ask(bob, f"Question {number}") for number in range(MAX_OPEN)]
    with pytest.raises(DomainError, match="too_many_questions"):
        ask(bob, "One more")
    operations.mark_answered(participant_id=ada.pk, question=questions[0])
    ask(bob, "One more")


def test_asking_and_withdrawing_is_no_way_around_the_limit(bob: Participant) -> None:
    for number in range(MAX_ASKED):
        question = ask(bob, f"Question {number}")
        operations.withdraw_question(participant_id=bob.pk, question=question)
    with pytest.raises(DomainError, match="slow_down"):
        ask(bob, "One more")
    Question.objects.update(asked_at=timezone.now() - timedelta(minutes=10))
    ask(bob, "One more")


@pytest.mark.parametrize("text", [" ", "x" * 281, "turn\u202earound"])
def test_a_question_is_one_line_that_people_can_read(bob: Participant, text: str) -> None:
    with pytest.raises(DomainError, match="bad_text"):
        operations.ask(participant_id=bob.pk, text=text)


# --- what becomes of a question ------------------------------------------------------------


def test_what_is_settled_is_kept_and_written_down(
    room: Room, ada: Participant, bob: Participant
) -> None:
    answered, dismissed, withdrawn = (ask(bob, text) for text in ("Why?", "Rude!", "Who?"))
    operations.mark_answered(participant_id=ada.pk, question=answered)
    operations.dismiss_question(participant_id=ada.pk, question=dismissed)
    operations.withdraw_question(participant_id=bob.pk, question=withdrawn)
    assert dict(room.questions.values_list("text", "state")) == {
        "Why?": "answered",
        "Rude!": "dismissed",
        "Who?": "withdrawn",
    }
    assert order(room) == [("Why?", 0)]
    lines = room.events.filter(kind__startswith="question").values_list("kind", "target")
    assert list(lines) == [
        ("question_answered", bob.pk),
        ("question_dismissed", bob.pk),
        ("question_withdrawn", None),
    ]


def test_what_is_out_of_sight_is_out_of_reach(ada: Participant, bob: Participant) -> None:
    question = ask(bob)
    operations.dismiss_question(participant_id=ada.pk, question=question)
    for operation, who in [
        (operations.vote, ada),
        (operations.mark_answered, ada),
        (operations.dismiss_question, ada),
    ]:
        with pytest.raises(DomainError, match="unknown_question"):
            operation(participant_id=who.pk, question=question)


def test_a_question_of_another_space_is_out_of_reach(
    host: User, ada: Participant, bob: Participant
) -> None:
    elsewhere = join(operations.create_room(host=host, title="Wasps"), bob.user or host)
    with pytest.raises(DomainError, match="unknown_question"):
        operations.vote(participant_id=ada.pk, question=ask(elsewhere))


# --- what is told --------------------------------------------------------------------------


@pytest.mark.usefixtures("engine")
async def test_a_question_is_asked_voted_up_and_answered(
    room: Room, host: User, speaker: User, listener: User
) -> None:
    async with (
        Client(room, host) as ada,
        Client(room, speaker) as eve,
        Client(room, listener) as bob,
        Client(room) as guest,
    ):
        for client in (ada, eve, bob, guest):
            await client.join()
        question = (await bob.does("question.ask", text="Do bees sleep?"))["question"]
        assert (question["name"], question["votes"], question["answered"]) == ("Listener", 0, False)
        for client in (ada, guest):
            news = await client.hears("questions.changed", count=1)
            assert [each["text"] for each in news["changed"]] == ["Do bees sleep?"]
        await eve.does("question.vote", question=question["id"])
        votes = {question["id"]: 1}
        assert (await guest.hears("questions.changed", votes=votes))["changed"] == []
        await ada.does("question.answer", question=question["id"])
        (answered,) = (await guest.hears("questions.changed", count=0))["changed"]
        assert answered["answered"]
        await ada.does("question.dismiss", question=question["id"])
        await guest.hears("questions.changed", gone=[question["id"]])


@pytest.mark.usefixtures("engine")
async def test_who_comes_back_finds_their_questions_and_votes(
    room: Room, host: User, listener: User, speaker: User
) -> None:
    async with Client(room, speaker) as eve, Client(room, listener) as bob:
        await eve.join()
        await bob.join()
        theirs = (await eve.does("question.ask", text="Why?"))["question"]["id"]
        await bob.does("question.ask", text="Do bees sleep?")
        await bob.does("question.vote", question=theirs)
        state = await bob.join()
        assert [each["text"] for each in state["your_questions"]["asked"]] == ["Do bees sleep?"]
        assert state["your_questions"]["voted"] == [theirs]
        assert state["questions"]["count"] == 2
        await bob.does("question.unvote", question=theirs)
        assert (await bob.join())["your_questions"]["voted"] == []


@pytest.mark.usefixtures("engine")
async def test_guests_read_along(room: Room, host: User, listener: User) -> None:
    async with Client(room, listener) as bob, Client(room) as guest:
        await bob.join()
        question = (await bob.does("question.ask", text="Do bees sleep?"))["question"]["id"]
        assert (await guest.join())["questions"]["top"][0]["id"] == question
        assert await guest.is_refused("question.ask", text="Me too?") == "account_required"
        assert await guest.is_refused("question.vote", question=question) == "account_required"


@pytest.mark.usefixtures("engine")
async def test_only_the_host_settles_and_only_the_asker_withdraws(
    room: Room, speaker: User, listener: User
) -> None:
    async with Client(room, speaker) as eve, Client(room, listener) as bob:
        await eve.join()
        await bob.join()
        question = (await bob.does("question.ask", text="Do bees sleep?"))["question"]["id"]
        for command in ("question.answer", "question.dismiss", "question.withdraw"):
            assert await eve.is_refused(command, question=question) == "not_allowed"
        assert await bob.is_refused("question.vote", question=question) == "not_allowed"


def test_a_long_list_shows_its_top_and_counts_the_rest(room: Room, ada: Participant) -> None:
    Question.objects.bulk_create(
        Question(room=room, participant=ada, text=f"Question {number}", votes=number)
        for number in range(TOP + 10)
    )
    state = read(room.pk)
    assert state.questions["count"] == TOP + 10
    assert [question["votes"] for question in state.questions["top"]] == list(range(TOP + 9, 9, -1))


def test_only_what_differs_is_told(room: Room, ada: Participant, bob: Participant) -> None:
    stays, goes = ask(bob, "Do bees sleep?"), ask(bob, "Rude!")
    before = read(room.pk).questions
    operations.vote(participant_id=ada.pk, question=stays)
    operations.dismiss_question(participant_id=ada.pk, question=goes)
    ask(ada, "Why?")
    changes = question_changes(before, read(room.pk).questions)
    assert changes["count"] == 2
    assert [question["text"] for question in changes["changed"]] == ["Why?"]
    assert changes["votes"] == {stays: 1}
    assert changes["gone"] == [goes]
