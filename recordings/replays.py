"""Replays and clips: what a host lets others hear again, and for how long they may."""

from dataclasses import dataclass
from datetime import timedelta

from django.contrib.auth.models import AnonymousUser
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.errors import DomainError
from accounts.models import Block, User
from accounts.operations import is_suspended, kept_out
from recordings import exports, policy
from recordings.links import Stored
from recordings.models import Clip, Export, Recording, RecordingFile, Replay

LONGEST_CLIP = 60.0
"""Seconds."""
SHORTEST = 1.0
"""Seconds, of a clip and of what a trim leaves."""
CLIPS_PER_HOUR = 20

_CUTS = {
    RecordingFile.Kind.MIX: Export.Kind.REPLAY_OGG,
    RecordingFile.Kind.M4A: Export.Kind.REPLAY_M4A,
}


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch on the clock of the recording, in seconds."""

    start: float
    end: float

    @property
    def seconds(self) -> float:
        """Its length."""
        return self.end - self.start


@transaction.atomic
def publish(*, recording: Recording, by: User, in_feed: bool) -> Replay:
    """Let everybody hear it, in the podcast too or not. Raises `not_allowed`, `not_ready`, `gone`.

    A replay that a moderator withdrew stays withdrawn.
    """
    replay = _of_host(recording, by)
    if replay.withdrawn_at is not None:
        raise DomainError("withdrawn", _("A moderator withdrew this replay."))
    replay.published_at = replay.published_at or timezone.now()
    replay.in_feed = in_feed
    replay.save(update_fields=["published_at", "in_feed"])
    return replay


@transaction.atomic
def unpublish(*, recording: Recording, by: User) -> None:
    """Keep it to oneself again. Raises as `publish`."""
    replay = _of_host(recording, by)
    replay.published_at, replay.in_feed = None, False
    replay.save(update_fields=["published_at", "in_feed"])


@transaction.atomic
def trim(*, recording: Recording, by: User, starts_at: float, ends_at: float | None) -> Replay:
    """Leave the beginning and the end out, in seconds of the recording; None: up to its end.

    Nobody hears the replay until it is cut anew. Raises `bad_trim`, and as `publish`.
    """
    replay = _of_host(recording, by)
    length = _mix(recording).seconds
    end = length if ends_at is None else ends_at
    if not (0 <= starts_at < end <= length + SHORTEST) or end - starts_at < SHORTEST:
        raise DomainError("bad_trim", _("The end must come after the beginning."))
    replay.starts_at = starts_at
    replay.ends_at = ends_at if end < length else None
    replay.save(update_fields=["starts_at", "ends_at"])
    for export in recording.exports.filter(kind__in=_CUTS.values()):
        exports.discard(export)
    if replay.is_trimmed:
        for file in recording.files.filter(kind__in=_CUTS):
            exports.ask(recording=recording, kind=_CUTS[RecordingFile.Kind(file.kind)])
    return replay


@transaction.atomic
def delete(*, recording: Recording, by: User) -> None:
    """Take it away for good, for the host too; the copy for reviews stays its time."""
    replay = _of_host(recording, by)
    replay.published_at, replay.in_feed, replay.deleted_at = None, False, timezone.now()
    replay.save(update_fields=["published_at", "in_feed", "deleted_at"])
    recording.clips.all().delete()
    for export in recording.exports.all():
        exports.discard(export)


def withdraw(*, what: Replay | Clip) -> None:
    """A moderator takes a replay away from everybody but the host, a clip from everybody."""
    what.withdrawn_at = timezone.now()
    what.save(update_fields=["withdrawn_at"])


def restore(*, what: Replay | Clip) -> None:
    """A moderator gives it back, as it was."""
    what.withdrawn_at = None
    what.save(update_fields=["withdrawn_at"])


def readable(recording: Recording, user: User | AnonymousUser) -> Replay | None:
    """The replay, if this person may hear it now; for the host also one that is not public."""
    if not recording.is_kept or not _has_sound(recording):
        return None
    replay = Replay.objects.filter(recording=recording).first() or Replay(recording=recording)
    replay.recording = recording
    host = recording.room.host
    can = policy.can_hear_replay(
        user,
        replay,
        is_blocked=user.is_authenticated
        and Block.objects.filter(blocker=host, blocked=user).exists(),
        host_is_kept_out=is_suspended(host),
    )
    return replay if can else None


def is_being_cut(recording: Recording) -> bool:
    """Whether its trimmed sound is still on its way."""
    on_its_way = (Export.State.WAITING, Export.State.BUILDING)
    return recording.exports.filter(kind__in=_CUTS.values(), state__in=on_its_way).exists()


def span(replay: Replay) -> Span:
    """What the replay covers."""
    end = replay.ends_at
    return Span(replay.starts_at, _mix(replay.recording).seconds if end is None else end)


def source(replay: Replay, kind: RecordingFile.Kind) -> Stored | None:
    """The file to play, as Ogg (`MIX`) or `M4A`; None while it is not cut yet, or never made."""
    if not replay.is_trimmed:
        return replay.recording.files.filter(kind=kind).first()
    cuts = Export.objects.filter(recording=replay.recording, kind=_CUTS[kind])
    return cuts.filter(state=Export.State.READY).first()


def playable_names(recording: Recording, user: User | AnonymousUser) -> set[str]:
    """The files that are the replay for this person now; none where they may not hear it."""
    replay = readable(recording, user)
    found = [source(replay, kind) for kind in _CUTS] if replay else []
    return {file.name for file in found if file is not None}


# --- clips -----------------------------------------------------------------------------------


@transaction.atomic
def make_clip(*, replay: Replay, by: User, title: str, start: float, seconds: float) -> Clip:
    """Cut a clip out of a replay that `by` may hear. Raises `bad_clip`, `too_many_clips`."""
    within = span(replay)
    fits = within.start <= start and start + seconds <= within.end + SHORTEST
    if not (fits and SHORTEST <= seconds <= LONGEST_CLIP):
        raise DomainError("bad_clip", _("A clip is 1 to 60 seconds of the replay."))
    User.objects.select_for_update().get(pk=by.pk)  # two at once are counted one by one
    lately = timezone.now() - timedelta(hours=1)
    if by.clips.filter(created_at__gt=lately).count() >= CLIPS_PER_HOUR:
        raise DomainError("too_many_clips", _("That were many clips. Please wait a while."))
    return Clip.objects.create(
        recording=replay.recording, made_by=by, title=title, start=start, seconds=seconds
    )


def delete_clip(*, clip: Clip, by: User) -> None:
    """For who made it and for the host. Raises `not_allowed`."""
    if by.pk not in (clip.made_by_id, clip.recording.room.host_id):
        raise DomainError("not_allowed", _("Only its maker and the host can delete a clip."))
    clip.delete()


def clips(replay: Replay) -> list[Clip]:
    """Those that everybody may hear: within what the replay covers now, by nobody kept out."""
    within = span(replay)
    found = replay.recording.clips.filter(start__gte=within.start, withdrawn_at=None)
    fitting = [
        clip
        for clip in found.select_related("made_by")
        if clip.start + clip.seconds <= within.end + SHORTEST
    ]
    away = kept_out({clip.made_by_id for clip in fitting})
    return [clip for clip in fitting if clip.made_by_id not in away]


def forget_person(*, user_id: int) -> None:
    """Their clips go, and what they published is no longer public."""
    Clip.objects.filter(made_by=user_id).delete()
    hosted = Q(recording__room__host=user_id)
    Replay.objects.filter(hosted).update(published_at=None, in_feed=False)


def _of_host(recording: Recording, by: User) -> Replay:
    """The host's own replay, to be changed; locked."""
    if not policy.is_host(by, recording.room):
        raise DomainError("not_allowed", _("Only the host can do this."))
    locked = Recording.objects.select_for_update().get(pk=recording.pk)
    if not locked.is_kept:
        raise DomainError("not_ready", _("The recording is not ready yet."))
    replay = Replay.objects.get_or_create(recording=recording)[0]
    if replay.deleted_at is not None:
        raise DomainError("gone", _("You deleted this replay."))
    return replay


def _has_sound(recording: Recording) -> bool:
    return recording.files.filter(kind=RecordingFile.Kind.MIX).exists()


def _mix(recording: Recording) -> RecordingFile:
    return recording.files.get(kind=RecordingFile.Kind.MIX)
