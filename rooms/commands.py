"""Every command of the protocol: its arguments, and the operation that carries it out."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from rooms import operations
from rooms.errors import Code
from rooms.messages import BadMessage, Command, is_text


@dataclass(frozen=True, slots=True)
class Spec:
    """One row of the table. Arguments are strings that are not empty."""

    operation: Callable[..., Mapping[str, object] | None] | None = None
    """Called with `participant_id` and the arguments; None where the connection itself acts.

    What it returns is the data of the reply.
    """
    arguments: Mapping[str, str] = field(default_factory=dict)
    """Name on the wire -> keyword of the operation; all of these are required."""
    optional: Mapping[str, str] = field(default_factory=dict)
    """The same for those that may be left out."""
    is_written: bool = False
    """Whether it is about what is written, and not about people."""


def written(operation: Callable[..., Mapping[str, object] | None], *arguments: str) -> Spec:
    """The row of a command about what is written."""
    return Spec(operation, {name: name for name in arguments}, is_written=True)


_TARGET = {"participant": "target"}

COMMANDS: dict[str, Spec] = {
    "join": Spec(optional={"take_over": "take_over"}),
    "ping": Spec(),
    "leave": Spec(),
    "media.offer": Spec(arguments={"sdp": "offer"}),
    "hand.raise": Spec(operations.raise_hand),
    "hand.lower": Spec(operations.lower_hand),
    "hand.accept": Spec(operations.accept_hand, _TARGET),
    "hand.next": Spec(operations.accept_next_hand),
    "hand.decline": Spec(operations.decline_hand, _TARGET | {"reason": "reason"}),
    "speaker.invite": Spec(operations.invite_to_speak, _TARGET),
    "cohost.invite": Spec(operations.invite_cohost, _TARGET),
    "cohost.dismiss": Spec(operations.dismiss_cohost, _TARGET),
    "invitation.accept": Spec(operations.accept_invitation),
    "invitation.decline": Spec(operations.decline_invitation),
    "recording.accept": Spec(operations.accept_recording),
    "mic.mute": Spec(operations.mute_self),
    "mic.unmute": Spec(operations.unmute_self),
    "stage.leave": Spec(operations.leave_stage),
    "stage.mute": Spec(operations.mute_all),
    "stage.clear": Spec(operations.clear_stage),
    "stage.lock": Spec(operations.lock_stage),
    "stage.unlock": Spec(operations.unlock_stage),
    "participant.mute": Spec(operations.mute, _TARGET),
    "participant.demote": Spec(operations.demote, _TARGET),
    "participant.remove": Spec(operations.remove, _TARGET),
    "reaction.send": Spec(arguments={"emoji": "emoji"}),
    "reactions.read": written(operations.read_reactions),
    "pin.link": written(operations.pin_link, "url"),
    "pin.note": written(operations.pin_note, "text"),
    "pin.remove": written(operations.unpin, "pin"),
    "question.ask": written(operations.ask, "text"),
    "question.vote": written(operations.vote, "question"),
    "question.unvote": written(operations.take_vote_back, "question"),
    "question.withdraw": written(operations.withdraw_question, "question"),
    "question.answer": written(operations.mark_answered, "question"),
    "question.dismiss": written(operations.dismiss_question, "question"),
    "participant.relation": Spec(operations.relation_to, _TARGET),
    "participant.follow": Spec(operations.follow, _TARGET),
    "participant.unfollow": Spec(operations.unfollow, _TARGET),
    "policy.set": Spec(operations.set_speaker_policy, {"policy": "speaker_policy"}),
    "room.hand_over": Spec(operations.offer_host, _TARGET),
    "successor.name": Spec(operations.name_successor, _TARGET),
    "room.end": Spec(operations.end_room_as),
}


def look_up(command: Command) -> tuple[Spec, dict[str, str]]:
    """The row of a command and its arguments by keyword.

    Raises `BadMessage` with `unknown_command`, or `bad_argument` when one is missing, too many
    or no string.
    """
    spec = COMMANDS.get(command.name)
    if spec is None:
        raise BadMessage(Code.UNKNOWN_COMMAND, command.id)
    keywords = {**spec.arguments, **spec.optional}
    if not spec.arguments.keys() <= command.data.keys() <= keywords.keys():
        raise BadMessage(Code.BAD_ARGUMENT, command.id)
    found: dict[str, str] = {}
    for name, value in command.data.items():
        if not is_text(value) or not value:
            raise BadMessage(Code.BAD_ARGUMENT, command.id)
        found[keywords[name]] = value
    return spec, found
