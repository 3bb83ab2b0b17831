"""What goes when the recording goes."""

from rooms.models import Room


def forget_what_happened(*, room: Room) -> None:
    """Delete what was done, written and reacted in a room, within the caller's transaction."""
    room.events.all().delete()
    room.pins.all().delete()
    room.questions.all().delete()
    room.reaction_counts.all().delete()
