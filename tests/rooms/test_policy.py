"""Who may do what, as one table: the cast across, the actions down. No database."""

from collections.abc import Callable

import pytest
from django.utils import timezone

from accounts.models import User
from rooms import policy
from rooms.errors import Code
from rooms.models import Participant, Question, Room

Role = Participant.Role
Ask = Callable[[str], Code | None]
"""Why somebody of the cast may not do something."""
SpeakerPolicy = Room.SpeakerPolicy

TABLE = """
                 host              cohost            speaker           listener          guest             moderator         removed   suspended  blocked           outsider
create           yes               not_beta_tester   not_beta_tester   not_beta_tester   account_required  not_beta_tester   -         suspended  not_beta_tester   not_beta_tester
join             yes               yes               yes               yes               yes               yes               removed   suspended  refused           yes
act              yes               yes               yes               yes               yes               yes               removed   -          -                 -
raise_everyone   already_on_stage  already_on_stage  already_on_stage  yes               account_required  yes               -         -          -                 -
raise_followed   already_on_stage  already_on_stage  already_on_stage  yes               account_required  hand_not_allowed  -         -          -                 -
raise_invited    already_on_stage  already_on_stage  already_on_stage  hand_not_allowed  account_required  hand_not_allowed  -         -          -                 -
lower_hand       no_raised_hand    no_raised_hand    no_raised_hand    yes               no_raised_hand    no_raised_hand    -         -          -                 -
accept_hand      yes               yes               not_allowed       not_allowed       not_allowed       not_allowed       -         -          -                 -
be_accepted      no_raised_hand    no_raised_hand    no_raised_hand    yes               no_raised_hand    no_raised_hand    -         -          -                 -
invite           yes               yes               not_allowed       not_allowed       not_allowed       not_allowed       -         -          -                 -
be_invited       already_on_stage  already_on_stage  already_on_stage  yes               account_required  yes               -         -          -                 -
answer_invited   not_invited       not_invited       not_invited       yes               not_invited       not_invited       -         -          -                 -
moderate         yes               yes               not_allowed       not_allowed       not_allowed       not_allowed       -         -          -                 -
mute             yes               yes               not_allowed       not_allowed       not_allowed       not_allowed       -         -          -                 -
mute_cohost      yes               not_allowed       not_allowed       not_allowed       not_allowed       not_allowed       -         -          -                 -
be_muted         not_allowed       yes               yes               not_on_stage      not_on_stage      not_on_stage      -         -          -                 -
remove           yes               yes               not_allowed       not_allowed       not_allowed       not_allowed       -         -          -                 -
remove_cohost    yes               not_allowed       not_allowed       not_allowed       not_allowed       not_allowed       -         -          -                 -
be_removed       not_allowed       yes               yes               yes               yes               yes               -         -          -                 -
invite_cohost    yes               not_allowed       not_allowed       not_allowed       not_allowed       not_allowed       -         -          -                 -
be_cohost        not_allowed       already_cohost    yes               yes               account_required  yes               -         -          -                 -
dismiss          yes               not_allowed       not_allowed       not_allowed       not_allowed       not_allowed       -         -          -                 -
be_dismissed     not_allowed       yes               not_cohost        not_cohost        not_cohost        not_cohost        -         -          -                 -
hand_over        yes               not_allowed       not_allowed       not_allowed       not_allowed       not_allowed       -         -          -                 -
succeed          not_allowed       yes               yes               not_on_stage      not_on_stage      not_on_stage      -         -          -                 -
end              yes               not_allowed       not_allowed       not_allowed       not_allowed       not_allowed       -         -          -                 -
use_microphone   yes               yes               yes               not_on_stage      not_on_stage      not_on_stage      -         -          -                 -
unmute           yes               yes               yes               not_on_stage      not_on_stage      not_on_stage      -         -          -                 -
unmute_locked    yes               yes               stage_locked      not_on_stage      not_on_stage      not_on_stage      -         -          -                 -
leave_stage      not_allowed       yes               yes               not_on_stage      not_on_stage      not_on_stage      -         -          -                 -
ask              yes               yes               yes               yes               account_required  yes               -         -          -                 -
vote             yes               yes               yes               yes               account_required  yes               -         -          -                 -
settle_question  yes               yes               not_allowed       not_allowed       not_allowed       not_allowed       -         -          -                 -
withdraw_others  not_allowed       not_allowed       not_allowed       not_allowed       not_allowed       not_allowed       -         -          -                 -
"""  # noqa: E501  a table wants to be wide

AT_THE_DOOR = {
    "host": policy.Person(has_account=True, is_beta_tester=True),
    "guest": policy.Person(has_account=False),
    "removed": policy.Person(has_account=True, was_removed=True),
    "suspended": policy.Person(has_account=True, is_beta_tester=True, is_suspended=True),
    "blocked": policy.Person(has_account=True, is_blocked=True),
}
ANYBODY = policy.Person(has_account=True)


def room(
    speaker_policy: SpeakerPolicy = SpeakerPolicy.EVERYONE, *, stage_locked: bool = False
) -> Room:
    return Room(title="Bees", speaker_policy=speaker_policy, stage_locked=stage_locked)


def participant(who: str) -> Participant:
    """The cast inside: the listener raised a hand and is invited, the others did nothing."""
    person = Participant(user=None if who == "guest" else User(pk=1, handle=who))
    now = timezone.now()
    if who in ("host", "cohost", "speaker"):
        person.role = Role(who)
        person.recording_accepted_at = now
    if who == "listener":
        person.hand_raised_at = now
        person.invited_as = Role.SPEAKER
    if who == "removed":
        person.removed_at = person.left_at = now
    return person


def raising(speaker_policy: SpeakerPolicy) -> Ask:
    """Raising a hand where the host follows the listener alone."""
    return lambda who: policy.why_not_raise_hand(
        participant(who), room(speaker_policy), is_followed=who == "listener"
    )


def unmuting(*, locked: bool) -> Ask:
    return lambda who: policy.why_not_unmute(participant(who), room(stage_locked=locked))


def by(rule: Callable[[Participant, Participant], Code | None], target: str) -> Ask:
    return lambda who: rule(participant(who), participant(target))


def on(rule: Callable[[Participant, Participant], Code | None]) -> Ask:
    return lambda who: rule(participant("host"), participant(who))


def self_only(rule: Callable[[Participant], Code | None]) -> Ask:
    return lambda who: rule(participant(who))


def about_a_question(rule: Callable[[Participant, Question], Code | None]) -> Ask:
    """Of somebody else."""
    return lambda who: rule(participant(who), Question(participant_id=99))


ACTIONS: dict[str, Ask] = {
    "create": lambda who: policy.why_not_create(AT_THE_DOOR.get(who, ANYBODY)),
    "join": lambda who: policy.why_not_join(AT_THE_DOOR.get(who, ANYBODY), room()),
    "act": lambda who: policy.why_not_act(participant(who), room()),
    "raise_everyone": raising(SpeakerPolicy.EVERYONE),
    "raise_followed": raising(SpeakerPolicy.FOLLOWED),
    "raise_invited": raising(SpeakerPolicy.INVITED),
    "lower_hand": self_only(policy.why_not_lower_hand),
    "accept_hand": by(policy.why_not_answer_hand, "listener"),
    "be_accepted": on(policy.why_not_answer_hand),
    "invite": by(policy.why_not_invite, "listener"),
    "be_invited": on(policy.why_not_invite),
    "answer_invited": self_only(policy.why_not_answer_invitation),
    "moderate": self_only(policy.why_not_moderate),
    "mute": by(policy.why_not_quiet, "speaker"),
    "mute_cohost": by(policy.why_not_quiet, "cohost"),
    "be_muted": on(policy.why_not_quiet),
    "remove": by(policy.why_not_remove, "listener"),
    "remove_cohost": by(policy.why_not_remove, "cohost"),
    "be_removed": on(policy.why_not_remove),
    "invite_cohost": by(policy.why_not_invite_cohost, "speaker"),
    "be_cohost": on(policy.why_not_invite_cohost),
    "dismiss": by(policy.why_not_dismiss, "cohost"),
    "be_dismissed": on(policy.why_not_dismiss),
    "hand_over": by(policy.why_not_succeed, "speaker"),
    "succeed": on(policy.why_not_succeed),
    "end": self_only(policy.why_not_end),
    "use_microphone": self_only(policy.why_not_use_microphone),
    "unmute": unmuting(locked=False),
    "unmute_locked": unmuting(locked=True),
    "ask": lambda who: policy.why_not_ask(participant(who), open_questions=2, limit=3),
    "vote": about_a_question(policy.why_not_vote),
    "settle_question": about_a_question(policy.why_not_settle),
    "withdraw_others": about_a_question(policy.why_not_withdraw),
    "leave_stage": self_only(policy.why_not_leave_stage),
}


def cells() -> list[tuple[str, str, str]]:
    """The cells of the table that apply: action, who, expected."""
    cast, *rows = (line.split() for line in TABLE.strip().splitlines())
    return [
        (action, who, expected)
        for action, *row in rows
        for who, expected in zip(cast, row, strict=True)
        if expected != "-"
    ]


@pytest.mark.parametrize(("action", "who", "expected"), cells())
def test_the_table_holds(action: str, who: str, expected: str) -> None:
    assert (ACTIONS[action](who) or "yes") == expected


def test_the_table_asks_every_action() -> None:
    assert {action for action, _, _ in cells()} == ACTIONS.keys()


@pytest.mark.parametrize("ask", [policy.why_not_join, policy.why_not_act])
def test_nobody_gets_into_an_ended_room(ask: Callable[..., Code | None]) -> None:
    ended = Room(title="Bees", ended_at=timezone.now())
    person = ANYBODY if ask is policy.why_not_join else participant("host")
    assert ask(person, ended) is Code.ROOM_ENDED


@pytest.mark.parametrize(
    ("before", "take_over", "expected"),
    [
        ("", "", None),
        ("mine", "", None),
        ("older", "", Code.ALREADY_HERE),
        ("older", "another", Code.ALREADY_HERE),
        ("older", "older", None),
        ("older", policy.ANY_CONNECTION, None),
    ],
)
def test_an_open_connection_is_replaced_only_after_asking(
    before: str, take_over: str, expected: Code | None
) -> None:
    person = participant("listener")
    person.connection = before
    assert policy.why_not_replace(person, connection="mine", take_over=take_over) is expected


def test_who_left_has_to_join_again_before_acting() -> None:
    person = participant("speaker")
    person.left_at = timezone.now()
    assert policy.why_not_act(person, room()) is Code.ABSENT


def test_nobody_speaks_before_accepting_the_recording() -> None:
    person = participant("speaker")
    person.recording_accepted_at = None
    assert policy.why_not_unmute(person, room()) is Code.RECORDING_NOT_ACCEPTED


@pytest.mark.parametrize(("cohosts", "expected"), [(1, None), (2, Code.COHOSTS_FULL)])
def test_there_are_as_many_cohosts_as_the_limit(cohosts: int, expected: Code | None) -> None:
    assert policy.why_not_become_cohost(cohosts=cohosts, limit=2) == expected


@pytest.mark.parametrize(("speakers", "expected"), [(9, None), (10, Code.STAGE_FULL)])
def test_the_stage_holds_as_many_as_the_limit(speakers: int, expected: Code | None) -> None:
    assert policy.why_not_come_up(speakers=speakers, limit=10) == expected


def test_only_an_open_microphone_on_stage_is_heard() -> None:
    person = participant("speaker")
    person.muted = False
    assert policy.is_heard(person)
    now = timezone.now()
    for attribute, value in [
        ("muted", True),
        ("role", Role.LISTENER),
        ("recording_accepted_at", None),
        ("removed_at", now),
        ("left_at", now),
    ]:
        before = getattr(person, attribute)
        setattr(person, attribute, value)
        assert not policy.is_heard(person), attribute
        setattr(person, attribute, before)


def test_the_own_question_is_withdrawn_and_not_voted_for() -> None:
    asker = participant("listener")
    asker.pk = 99
    question = Question(participant_id=99)
    assert policy.why_not_withdraw(asker, question) is None
    assert policy.why_not_vote(asker, question) is Code.NOT_ALLOWED


@pytest.mark.parametrize("state", ["answered", "dismissed", "withdrawn"])
def test_what_is_settled_is_neither_voted_for_nor_withdrawn(state: str) -> None:
    asker = participant("speaker")
    asker.pk = 99
    question = Question(participant_id=99, state=state)
    assert policy.why_not_vote(participant("listener"), question) is Code.UNKNOWN_QUESTION
    assert policy.why_not_withdraw(asker, question) is Code.UNKNOWN_QUESTION


def test_nobody_has_more_open_questions_than_the_limit() -> None:
    asker = participant("listener")
    refusal = policy.why_not_ask(asker, open_questions=3, limit=3)
    assert refusal is Code.TOO_MANY_QUESTIONS
