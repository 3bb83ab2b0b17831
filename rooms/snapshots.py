"""Reads a room from the database as the wire shows it: the dicts of docs/websocket.md."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TypedDict

from django.conf import settings
from django.db.models import Q
from django.utils import timezone

import accounts.operations
from accounts.models import Block, Follow
from rooms import policy
from rooms.errors import Code
from rooms.models import Participant, Room

SAMPLE = 50
"""How many of the audience are named; the others are counted."""


GONE_FOR = timedelta(minutes=5)
"""For how long the engine is told that somebody is gone; said once is enough."""


class RoomData(TypedDict):
    """The Space itself."""

    id: str
    title: str
    speaker_policy: str
    transcription: bool
    started_at: str
    speaker_limit: int
    cohost_limit: int
    stage_locked: bool
    successor: str | None
    ends_at: str | None
    retention_days: int


class Person(TypedDict):
    """PARTICIPANT: somebody as everybody sees them."""

    id: str
    name: str
    handle: str | None
    picture: str | None
    role: str
    muted: bool
    connected: bool


class You(Person):
    """What only the person sees."""

    hand_raised: bool
    invited: str | None
    recording_accepted: bool
    may_raise_hand: bool
    blocked_on_stage: list[str]
    is_guest: bool


class Hand(Person):
    """A raised hand, as host and co-hosts see it."""

    raised_at: str


class Audience(TypedDict):
    """The connected listeners: all counted, those who came first named."""

    count: int
    sample: list[Person]


@dataclass(frozen=True, slots=True)
class Standing:
    """One person's place in the room."""

    you: You
    user_id: int | None
    connection: str
    closing: Code | None
    """Why the person's connection has to be closed, if so."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A room at one moment. `audience` is None when it was not asked for."""

    end_reason: str
    """Empty while the room is live."""
    room: RoomData
    stage: list[Person]
    hands: list[Hand]
    audience: Audience | None
    voices: frozenset[str]
    """Public ids of those whom the mix may contain."""
    ready: frozenset[str]
    """Public ids of those whom it may soon contain, and who should hear without delay."""
    gone: frozenset[str]
    """Public ids of those who left or were removed in the last minutes: no sound either way."""
    people: dict[str, Standing] = field(default_factory=dict)
    """Those who were asked for, by public id."""


def read(room_id: int, people: Collection[str], *, audience: bool) -> Snapshot:
    """The room now, with the standing of these people (public ids)."""
    room = Room.objects.select_related("successor").get(pk=room_id)
    front = list(
        room.participants.select_related("user").filter(
            Q(role=Participant.Role.HOST)
            | Q(role__in=(Participant.Role.COHOST, Participant.Role.SPEAKER), left_at=None)
            | Q(hand_raised_at__isnull=False, left_at=None)
            | Q(invited_at__isnull=False, left_at=None)
        )
    )
    stage = sorted((person for person in front if person.on_stage), key=_stage_order)
    hands = [(p.hand_raised_at, p.pk, p) for p in front if p.hand_raised_at is not None]
    return Snapshot(
        end_reason=room.end_reason,
        room=_room(room),
        stage=[person_data(person) for person in stage],
        hands=[_hand(person, raised_at) for raised_at, _, person in sorted(hands)],
        audience=_audience(room) if audience else None,
        voices=frozenset(person.public_id for person in stage if policy.is_heard(person)),
        ready=frozenset(p.public_id for p in front if policy.is_ready_to_speak(p)),
        gone=frozenset(
            room.participants.filter(left_at__gt=timezone.now() - GONE_FOR).values_list(
                "public_id", flat=True
            )
        ),
        people=_standings(room, people, stage),
    )


def person_data(person: Participant) -> Person:
    """PARTICIPANT of the protocol."""
    user = person.user
    return Person(
        id=person.public_id,
        name=person.name,
        handle=user.handle if user else None,
        picture=user.picture.url if user and user.picture else None,
        role=person.role,
        muted=person.muted,
        connected=person.connected,
    )


def time_now() -> str:
    """What the server's clock says, on the wire."""
    return wire_time(timezone.now())


def _room(room: Room) -> RoomData:
    return RoomData(
        id=room.public_id,
        title=room.title,
        speaker_policy=room.speaker_policy,
        transcription=room.transcription,
        started_at=wire_time(room.created_at),
        speaker_limit=settings.SPEAKER_LIMIT,
        cohost_limit=settings.COHOST_LIMIT,
        stage_locked=room.stage_locked,
        successor=room.successor.public_id if room.successor else None,
        ends_at=wire_time(room.ends_at) if room.ends_at else None,
        retention_days=settings.RETENTION_DAYS,
    )


def _audience(room: Room) -> Audience:
    listeners = room.participants.here().filter(role=Participant.Role.LISTENER)
    sample = listeners.select_related("user").order_by("joined_at", "pk")[:SAMPLE]
    return Audience(count=listeners.count(), sample=[person_data(person) for person in sample])


def _hand(person: Participant, raised_at: datetime) -> Hand:
    return Hand(**person_data(person), raised_at=wire_time(raised_at))


def _standings(
    room: Room, public_ids: Collection[str], stage: Collection[Participant]
) -> dict[str, Standing]:
    people = list(room.participants.select_related("user").filter(public_id__in=public_ids))
    users = {person.user_id for person in people if person.user_id is not None}
    followed: set[int] = set()
    if room.speaker_policy == Room.SpeakerPolicy.FOLLOWED:
        follows = Follow.objects.filter(follower=room.host_id, followed__in=users)
        followed = set(follows.values_list("followed_id", flat=True))
    blocked = _blocked_on_stage(users, stage)
    suspended = accounts.operations.kept_out(users)
    return {
        person.public_id: Standing(
            you=_you(
                person,
                room,
                is_followed=person.user_id in followed,
                blocked=blocked.get(person.user_id, []),
            ),
            user_id=person.user_id,
            connection=person.connection,
            closing=Code.SUSPENDED
            if person.user_id in suspended
            else policy.why_not_act(person, room),
        )
        for person in people
    }


def _blocked_on_stage(
    users: set[int], stage: Collection[Participant]
) -> Mapping[int | None, list[str]]:
    """Who of the stage each of these people blocked, as public ids by user."""
    if not users:
        return {}
    on_stage = {person.user_id: person.public_id for person in stage}
    blocks = Block.objects.filter(blocker__in=users, blocked__in=on_stage)
    found: dict[int | None, list[str]] = {}
    for blocker, blocked in blocks.order_by("pk").values_list("blocker", "blocked"):
        found.setdefault(blocker, []).append(on_stage[blocked])
    return found


def _you(person: Participant, room: Room, *, is_followed: bool, blocked: list[str]) -> You:
    refusal = policy.why_not_raise_hand(person, room, is_followed=is_followed)
    return You(
        **person_data(person),
        hand_raised=person.hand_raised_at is not None,
        invited=person.invited_as or None,
        recording_accepted=person.recording_accepted_at is not None,
        may_raise_hand=refusal is None,
        blocked_on_stage=blocked,
        is_guest=person.is_guest,
    )


def _stage_order(person: Participant) -> tuple[bool, bool, datetime, int]:
    return (
        not person.is_host,
        not person.leads,
        person.on_stage_since or person.joined_at,
        person.pk,
    )


def wire_time(moment: datetime) -> str:
    """A moment as the protocol writes it: ISO 8601, UTC, milliseconds."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
