"""What can be done with rooms. Every rule is asked here, whoever calls.

Plain synchronous functions with keyword arguments: they lock the room, ask the policy, change,
and publish after the commit. They raise `accounts.errors.DomainError` with a code of
`rooms.errors.Code`. None of them knows of sound: `rooms.media` makes it follow the database.
"""

from rooms.operations.captions import publish_caption
from rooms.operations.lifecycle import (
    create_room,
    eject_user,
    end_orphaned,
    end_room,
    end_room_as,
    why_not_create,
)
from rooms.operations.lookup import find_room, live_rooms, participant_of
from rooms.operations.presence import (
    disconnect,
    drop_absent,
    join,
    leave,
    touch,
    why_not_join,
)
from rooms.operations.stage import (
    accept_hand,
    accept_invitation,
    accept_recording,
    decline_hand,
    decline_invitation,
    demote,
    invite_to_speak,
    leave_stage,
    lower_hand,
    mute,
    mute_self,
    raise_hand,
    remove,
    unmute_self,
)

__all__ = [
    "accept_hand",
    "accept_invitation",
    "accept_recording",
    "create_room",
    "decline_hand",
    "decline_invitation",
    "demote",
    "disconnect",
    "drop_absent",
    "eject_user",
    "end_orphaned",
    "end_room",
    "end_room_as",
    "find_room",
    "invite_to_speak",
    "join",
    "leave",
    "leave_stage",
    "live_rooms",
    "lower_hand",
    "mute",
    "mute_self",
    "participant_of",
    "publish_caption",
    "raise_hand",
    "remove",
    "touch",
    "unmute_self",
    "why_not_create",
    "why_not_join",
]
