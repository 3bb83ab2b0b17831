"""What is written down of everything that happens in a room."""

from rooms.models import Participant, Room, RoomEvent


def log(
    room: Room,
    kind: RoomEvent.Kind,
    *,
    actor: Participant | None = None,
    target: Participant | None = None,
    **data: str,
) -> None:
    """Write one line, in the transaction of what it tells of.

    `actor` did it: None for the service or a moderator. `target` is whom it was done to: None for
    what people do for themselves.
    """
    RoomEvent.objects.create(room=room, kind=kind, actor=actor, target=target, data=data)
