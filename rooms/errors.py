"""Every way in which a room says no: stable codes, what people read, and which ones hang up."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from accounts.errors import DomainError


class Code(TextChoices):
    """The codes of docs/websocket.md; the label is the sentence for the person."""

    # The message itself
    BAD_JSON = "bad_json", _("The message is not JSON.")
    BAD_MESSAGE = "bad_message", _("The message is not built as the protocol says.")
    UNKNOWN_COMMAND = "unknown_command", _("There is no such command.")
    BAD_ARGUMENT = "bad_argument", _("An argument is missing, unknown or of the wrong type.")
    SLOW_DOWN = "slow_down", _("That was too fast. Please wait a moment.")
    INTERNAL = "internal", _("Something went wrong on our side. Please try again.")

    # What one may do
    JOIN_FIRST = "join_first", _("Join the Space first.")
    ALREADY_HERE = "already_here", _("You are here already, in another tab or device.")
    ACCOUNT_REQUIRED = "account_required", _("This needs an account.")
    NOT_ALLOWED = "not_allowed", _("You cannot do this here.")
    HAND_NOT_ALLOWED = "hand_not_allowed", _("The host chooses who speaks in this Space.")
    NO_RAISED_HAND = "no_raised_hand", _("That hand is not raised any more.")
    NOT_INVITED = "not_invited", _("The invitation is not open any more.")
    NOT_ON_STAGE = "not_on_stage", _("Only people on the stage have a microphone.")
    ALREADY_ON_STAGE = "already_on_stage", _("Already on the stage.")
    UNKNOWN_PARTICIPANT = "unknown_participant", _("This person is not here any more.")
    STAGE_FULL = "stage_full", _("The stage is full. Somebody has to leave it first.")
    STAGE_LOCKED = "stage_locked", _("Only the hosts can turn a microphone on right now.")
    ALREADY_COHOST = "already_cohost", _("Already a co-host.")
    NOT_COHOST = "not_cohost", _("Not a co-host any more.")
    COHOSTS_FULL = "cohosts_full", _("There is no place for another co-host.")
    RECORDING_NOT_ACCEPTED = (
        "recording_not_accepted",
        _("Please accept that your voice is recorded before you open the microphone."),
    )

    # What is written
    BAD_TEXT = "bad_text", _("Please write one line of at most 280 characters.")
    BAD_LINK = "bad_link", _("This is no web address that can be pinned.")
    PINS_FULL = "pins_full", _("There is no place for another pin. Take one down first.")
    UNKNOWN_PIN = "unknown_pin", _("This is not pinned any more.")
    TOO_MANY_QUESTIONS = (
        "too_many_questions",
        _("You have several open questions. Wait for an answer, or withdraw one."),
    )
    UNKNOWN_QUESTION = "unknown_question", _("This question is not open any more.")

    # Sound
    BAD_OFFER = "bad_offer", _("The browser's audio offer cannot be answered.")
    ENGINE_UNAVAILABLE = "engine_unavailable", _("The sound is away for a moment.")

    # Reasons to hang up
    BAD_PROTOCOL = "bad_protocol", _("This page is out of date. Please reload it.")
    TOO_MANY_ERRORS = "too_many_errors", _("Too many messages could not be understood.")
    NO_VISITOR = "no_visitor", _("Please open the page of the Space first.")
    REMOVED = "removed", _("The host removed you from this Space.")
    SUSPENDED = "suspended", _("Your account is suspended.")
    REFUSED = "refused", _("You cannot join this Space.")
    UNKNOWN_ROOM = "unknown_room", _("There is no such Space.")
    ABSENT = "absent", _("You were away for too long. Please join again.")
    LOGGED_OUT = "logged_out", _("You logged out.")
    TAKEN_OVER = "taken_over", _("You joined from another tab or device.")
    ROOM_ENDED = "room_ended", _("This Space has ended.")
    TOO_LARGE = "too_large", _("The message is too large.")
    FLOOD = "flood", _("Too many messages.")

    # Pages only
    NOT_BETA_TESTER = "not_beta_tester", _("Only beta testers can start a Space.")
    TOO_MANY_ROOMS = "too_many_rooms", _("You started many Spaces. Please wait a while.")


CLOSE_CODES = {
    Code.BAD_PROTOCOL: 4400,
    Code.TOO_MANY_ERRORS: 4400,
    Code.NO_VISITOR: 4401,
    Code.REMOVED: 4403,
    Code.SUSPENDED: 4403,
    Code.REFUSED: 4403,
    Code.UNKNOWN_ROOM: 4404,
    Code.ABSENT: 4408,
    Code.LOGGED_OUT: 4408,
    Code.TAKEN_OVER: 4409,
    Code.ROOM_ENDED: 4410,
    Code.TOO_LARGE: 4413,
    Code.FLOOD: 4429,
}
"""The reasons after which the WebSocket is closed, and the close code of each."""

PAGE_CODES = {Code.NOT_BETA_TESTER, Code.TOO_MANY_ROOMS}
"""Codes that pages raise and the WebSocket never sends."""


def refused(code: Code) -> DomainError:
    """The exception that carries `code` and its sentence."""
    return DomainError(code.value, code.label)
