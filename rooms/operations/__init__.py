"""What can be done with rooms. Every rule is asked here, whoever calls.

Plain synchronous functions with keyword arguments: they lock the room, ask the policy, change,
and publish after the commit. They raise `accounts.errors.DomainError` with a code of
`rooms.errors.Code`. None of them knows of sound: `rooms.media` makes it follow the database.
"""

from rooms.operations.captions import note_captioning, publish_caption
from rooms.operations.following import follow, follow_changed, relation_to, unfollow
from rooms.operations.forgetting import forget_what_happened
from rooms.operations.hosting import (
    accept_hand,
    accept_next_hand,
    clear_stage,
    decline_hand,
    demote,
    invite_cohost,
    invite_to_speak,
    lock_stage,
    mute,
    mute_all,
    remove,
    set_speaker_policy,
    unlock_stage,
)
from rooms.operations.lifecycle import (
    create_room,
    eject_user,
    end_orphaned,
    end_room,
    end_room_as,
    why_not_create,
)
from rooms.operations.lookup import find_room, live_rooms, participant_of
from rooms.operations.pins import pin_link, pin_note, unpin
from rooms.operations.presence import disconnect, drop_absent, join, leave, touch, why_not_join
from rooms.operations.questions import (
    ask,
    dismiss_question,
    mark_answered,
    take_vote_back,
    vote,
    withdraw_question,
)
from rooms.operations.reactions import count_reactions, read_reactions
from rooms.operations.stage import (
    accept_invitation,
    accept_recording,
    decline_invitation,
    leave_stage,
    lower_hand,
    mute_self,
    raise_hand,
    unmute_self,
)
from rooms.operations.succession import (
    dismiss_cohost,
    name_successor,
    offer_host,
    put_out_blocked,
    replace_absent_hosts,
)

__all__ = [
    "accept_hand",
    "accept_invitation",
    "accept_next_hand",
    "accept_recording",
    "ask",
    "clear_stage",
    "count_reactions",
    "create_room",
    "decline_hand",
    "decline_invitation",
    "demote",
    "disconnect",
    "dismiss_cohost",
    "dismiss_question",
    "drop_absent",
    "eject_user",
    "end_orphaned",
    "end_room",
    "end_room_as",
    "find_room",
    "follow",
    "follow_changed",
    "forget_what_happened",
    "invite_cohost",
    "invite_to_speak",
    "join",
    "leave",
    "leave_stage",
    "live_rooms",
    "lock_stage",
    "lower_hand",
    "mark_answered",
    "mute",
    "mute_all",
    "mute_self",
    "name_successor",
    "note_captioning",
    "offer_host",
    "participant_of",
    "pin_link",
    "pin_note",
    "publish_caption",
    "put_out_blocked",
    "raise_hand",
    "read_reactions",
    "relation_to",
    "remove",
    "replace_absent_hosts",
    "set_speaker_policy",
    "take_vote_back",
    "touch",
    "unfollow",
    "unlock_stage",
    "unmute_self",
    "unpin",
    "vote",
    "why_not_create",
    "why_not_join",
    "withdraw_question",
]
