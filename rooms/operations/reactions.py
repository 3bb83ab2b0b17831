"""How often people reacted, summed per minute."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime

from django.db import transaction
from django.db.models import F

from rooms import policy
from rooms.models import ReactionCount
from rooms.operations.access import acting, lock_room, require
from rooms.snapshots import wire_time


@transaction.atomic
def count_reactions(*, room_id: int, counts: Mapping[tuple[datetime, str], int]) -> None:
    """Add to the sums of a room; the keys of `counts` are the minute and the kind."""
    room = lock_room(pk=room_id)
    for (minute, kind), count in counts.items():
        row, _ = room.reaction_counts.get_or_create(minute=minute, kind=kind)
        room.reaction_counts.filter(pk=row.pk).update(count=F("count") + count)


@transaction.atomic
def read_reactions(*, participant_id: int) -> Mapping[str, object]:
    """The sums of every minute with reactions, as the wire shows them; for the host.

    Returns `minutes`: `minute` and `counts` by kind, the oldest first.
    """
    actor = acting(participant_id)
    require(policy.why_not_moderate(actor))
    minutes: dict[datetime, dict[str, int]] = defaultdict(dict)
    for row in ReactionCount.objects.filter(room=actor.room):
        minutes[row.minute][row.kind] = row.count
    return {
        "minutes": [
            {"minute": wire_time(minute), "counts": counts} for minute, counts in minutes.items()
        ]
    }
