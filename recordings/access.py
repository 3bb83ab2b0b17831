"""Whether an address that was given away still holds: asked for each request, and so at once."""

from django.contrib.auth.models import AnonymousUser

from accounts.models import User
from recordings import policy, replays
from recordings.links import Link, Way
from recordings.models import Export, Recording


def still_holds(link: Link) -> bool:
    """Whether who was sent to this file may still have it, in the same way."""
    recording = Recording.objects.select_related("room__host").filter(pk=link.recording).first()
    user = _user(link.user)
    if recording is None or user is None or not recording.is_kept:
        return False
    if link.way == Way.REPLAY:
        return link.name in replays.playable_names(recording, user)
    if link.way == Way.EXPORT:
        # The row goes as soon as nobody may have the file any more.
        return Export.objects.filter(recording=recording, file=link.name).exists()
    return policy.can_listen(user, recording.room)


def _user(pk: int | None) -> User | AnonymousUser | None:
    if pk is None:
        return AnonymousUser()
    return User.objects.filter(pk=pk, is_active=True).first()
