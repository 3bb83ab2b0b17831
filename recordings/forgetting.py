"""The last of a deleted account: its emptied row, and the Spaces it hosted.

`accounts.closing` emptied it. It stays for as long as a copy is kept in which the person may be
heard, so that the voices in it can still be told apart; then nothing refers to it any more.
"""

import logging
from collections.abc import Iterable

from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from accounts.models import User
from recordings.models import Recording
from rooms.models import Participant, Room
from rooms.visitors import new_visitor

log = logging.getLogger(__name__)


def due_to_be_forgotten() -> Iterable[int]:
    """Deleted accounts that no kept copy and no live room refers to.

    Those who once were moderators stay, emptied: what they decided is signed with their row.
    """
    purged = Recording.objects.filter(room=OuterRef("pk"), state=Recording.State.PURGED)
    kept = Room.objects.filter(~Exists(purged)).filter(
        Q(host=OuterRef("pk")) | Q(participants__user=OuterRef("pk"))
    )
    closed = User.objects.filter(~Exists(kept), closed_at__isnull=False, logentry=None)
    return closed.values_list("pk", flat=True)


@transaction.atomic
def forget(*, user_id: int) -> None:
    """Delete what is left of the account; in Spaces of others the person becomes a guest."""
    person = User.objects.select_for_update().get(pk=user_id)
    Room.objects.filter(host=person).delete()
    for participant in Participant.objects.filter(user=person):
        # The browser's mark goes as well: two guests of one browser cannot be in one room.
        participant.user, participant.visitor = None, new_visitor()
        participant.save(update_fields=["user", "visitor"])
    person.delete()
    log.info("a deleted account is forgotten")
