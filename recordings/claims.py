"""Who works on a recording: claimed by a conditional update, renewed by a heartbeat, checked.

A claim is a random name in the row. Whoever wrote it holds it until it is let go, or until it was
not renewed for `CLAIM_LASTS`: then it belongs to a worker that is gone, and anybody may take over.
"""

import logging
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from django.db import DatabaseError, connection, transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from recordings.models import Recording

log = logging.getLogger(__name__)

CLAIM_LASTS = timedelta(seconds=45)
HEARTBEAT_SECONDS = 10.0

State = Recording.State
AT_WORK = (State.RECORDING, State.ARCHIVING, State.TRANSCRIBING)
"""States in which something is still to be done."""


class ClaimLost(Exception):
    """Somebody else took the work over, or the copy is being purged."""


class NotYet(Exception):
    """What a step needs is in use; it is tried again soon, and the attempt does not count."""


class Work:
    """One step of one recording, claimed by this worker."""

    def __init__(self, recording: Recording, first: int, last: int) -> None:
        self.recording = recording
        self._first = first
        self._last = last

    @property
    def folder(self) -> str:
        """In the storage, for what this attempt makes; nobody can guess it."""
        return f"{self.recording.room.public_id}/{self.recording.claim}"

    def held(self) -> QuerySet[Recording]:
        """The row, as long as the claim holds; none when it is lost."""
        return Recording.objects.filter(
            pk=self.recording.pk, claim=self.recording.claim, state__in=AT_WORK
        )

    def tell(self, done: float) -> None:
        """Note how much of this step is done, from 0 to 1. Raises `ClaimLost`."""
        percent = self._first + round((self._last - self._first) * min(done, 1.0))
        if percent <= self.recording.progress:
            return
        if not self.held().update(progress=percent, claimed_at=timezone.now()):
            raise ClaimLost
        self.recording.progress = percent

    @contextmanager
    def writing(self) -> Iterator[None]:
        """A transaction for the result, in which the claim cannot be lost. Raises `ClaimLost`."""
        with transaction.atomic():
            if self.held().select_for_update().first() is None:
                raise ClaimLost
            yield

    @contextmanager
    def heartbeat(self) -> Iterator[None]:
        """Renew the claim meanwhile, however long storage or codec take."""
        over = threading.Event()
        beating = threading.Thread(target=self._beat, args=(over,), name="heartbeat", daemon=True)
        beating.start()
        try:
            yield
        finally:
            over.set()
            beating.join()

    def _beat(self, over: threading.Event) -> None:
        while not over.wait(HEARTBEAT_SECONDS):
            try:
                self.held().update(claimed_at=timezone.now())
            except DatabaseError:
                log.warning("the claim on recording %s was not renewed", self.recording.pk)
            finally:
                connection.close()  # that of this thread


def claimable(now: datetime) -> QuerySet[Recording]:
    """Rows that are due and that nobody works on."""
    # Columns of the row itself only: a joined condition is not checked again under the lock.
    unclaimed = Q(claimed_at=None) | Q(claimed_at__lte=now - CLAIM_LASTS)
    return Recording.objects.filter(unclaimed, state__in=AT_WORK, due_at__lte=now)


def claim(recording_id: int, step: str, state: State) -> Recording | None:
    """Take one step of a recording, which goes into `state`; None when it is not to be had."""
    name, now = secrets.token_hex(16), timezone.now()
    due = claimable(now).filter(pk=recording_id, step=step)
    if not due.update(claim=name, claimed_at=now, state=state, attempts=F("attempts") + 1):
        return None
    return Recording.objects.select_related("room").filter(pk=recording_id, claim=name).first()


def is_running(recording: Recording, now: datetime) -> bool:
    """Whether a worker that still lives is at it."""
    held = recording.claimed_at is not None and recording.claimed_at > now - CLAIM_LASTS
    return recording.state in AT_WORK and held
