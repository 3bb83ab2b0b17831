"""What every operation starts with: the locked room, and who acts in it on whom."""

from accounts.operations import is_suspended
from rooms import policy
from rooms.errors import Code, refused
from rooms.models import Participant, Room


def require(refusal: Code | None) -> None:
    """Raise the refusal, if there is one."""
    if refusal is not None:
        raise refused(refusal)


def lock_room(**lookup: object) -> Room:
    """The room, locked until the transaction ends. Raises `Room.DoesNotExist`.

    On SQLite there are no row locks: there the transactions themselves are IMMEDIATE. The host is
    not joined: PostgreSQL, when it had to wait and the host has changed meanwhile, would hold the
    new room against the host it joined before, and find no room.
    """
    return Room.objects.select_for_update(of=("self",)).get(**lookup)


def acting(participant_id: int) -> Participant:
    """The participant as of now, in a room that is locked and in which they may act."""
    room = lock_room(participants=participant_id)
    actor = room.participants.select_related("user").get(pk=participant_id)
    require(policy.why_not_act(actor, room))
    if actor.user is not None and is_suspended(actor.user):
        raise refused(Code.SUSPENDED)
    return actor


def target_in(room: Room, public_id: str, *, present: bool = True) -> Participant:
    """Somebody else in the room; `present=False` finds those who left, too."""
    people = room.participants.select_related("user").filter(removed_at=None)
    if present:
        people = people.filter(left_at=None)
    target = people.filter(public_id=public_id).first()
    if target is None:
        raise refused(Code.UNKNOWN_PARTICIPANT)
    return target
