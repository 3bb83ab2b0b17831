"""What is done with a recording after its room has ended: one step after the other.

Each step is claimed, does something that may be done twice, and passes the row on to the next. A
failure is noted and tried again later; after the last one the recording is `failed`, with the step
and the reason, until somebody asks to `retry` that step. Whatever becomes of messages and workers,
`due` finds the rows where something is to be done. `attempts` counts those that did not succeed,
of all steps together.

From the end of `seal` on the sound can be listened to; nobody has to wait for its transcript.
"""

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import DatabaseError
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.errors import DomainError
from recordings import archive, claims, files, render, seal, transcribe
from recordings.claims import ClaimLost, NotYet, Work
from recordings.models import Recording
from rooms import media

log = logging.getLogger(__name__)

MAX_ATTEMPTS = 8
FIRST_DELAY = timedelta(seconds=30)
LONGEST_DELAY = timedelta(hours=1)
PAUSE = timedelta(seconds=30)

State = Recording.State


@dataclass(frozen=True, slots=True)
class Step:
    """One row of the table: what is done, in which state, and which percent it begins at."""

    name: Recording.Step
    state: Recording.State
    begins_at: int
    run: Callable[[Work], None]


STEPS = (
    Step(Recording.Step.ASSEMBLE, State.ARCHIVING, 0, archive.assemble),
    Step(Recording.Step.RENDER, State.ARCHIVING, 5, render.render),
    Step(Recording.Step.SEAL, State.ARCHIVING, 40, seal.seal),
    Step(Recording.Step.TIDY, State.ARCHIVING, 48, seal.tidy),
    Step(Recording.Step.TRANSCRIBE, State.TRANSCRIBING, 50, transcribe.transcribe),
)


def advance(*, recording_id: int) -> bool:
    """Do the next step of a recording if it is due; whether there is another to be done at once.

    May be called any number of times, at the same time, and after a crash at any point. A failure
    is noted in the row.
    """
    number = _number_of_step(recording_id)
    if number is None:
        return False
    step = STEPS[number]
    recording = claims.claim(recording_id, step.name, step.state)
    if recording is None:
        return False
    work = Work(recording, step.begins_at, _begin_of(number + 1))
    if recording.attempts > MAX_ATTEMPTS:
        _fail(work, "The worker stopped in the middle of every attempt.")
        return False
    return _run(step, work) and _pass_on(work, number + 1)


def due(now: datetime) -> Iterable[int]:
    """Recordings with a step to be done now: waiting, or left behind by a dead worker."""
    return claims.claimable(now).values_list("pk", flat=True)


def retry(*, recording: Recording) -> None:
    """Try the step that failed again, from the first attempt. Raises `DomainError`."""
    step = next((step for step in STEPS if step.name == recording.step), STEPS[0])
    retried = Recording.objects.filter(pk=recording.pk, state=State.FAILED).update(
        state=step.state,
        step=step.name,
        attempts=0,
        due_at=timezone.now(),
        claim="",
        claimed_at=None,
        error="",
    )
    if not retried:
        raise DomainError("not_failed", _("Only a recording that failed can be tried again."))


def _number_of_step(recording_id: int) -> int | None:
    names = [step.name for step in STEPS]
    name = Recording.objects.values_list("step", flat=True).get(pk=recording_id)
    return names.index(Recording.Step(name)) if name in names else None


def _begin_of(number: int) -> int:
    return STEPS[number].begins_at if number < len(STEPS) else 100


def _run(step: Step, work: Work) -> bool:
    recording, room = work.recording, work.recording.room.public_id
    try:
        with work.heartbeat():
            work.tell(0.0)
            step.run(work)
    except ClaimLost:
        log.warning("%s of %s was taken over", step.name, room)
        _discard_attempt(work)
    except media.EngineUnavailable:
        log.warning("%s of %s waits for the audio engine", step.name, room)
        # Not the recording's fault: the attempt does not count.
        _wait(work, PAUSE, attempts=recording.attempts - 1)
    except NotYet:
        _wait(work, PAUSE, attempts=recording.attempts - 1)
    except seal.CopyDamaged as error:
        log.error("the copy of %s is made again: %s", room, error)
        _note_failure(work, str(error), go_on_with=STEPS[0].name)
    except Exception as error:
        log.exception("%s of %s failed", step.name, room)
        if not isinstance(error, DatabaseError):
            # What the database does not answer for may be written all the same.
            _discard_attempt(work)
        _note_failure(work, f"{type(error).__name__}: {error}")
    else:
        return True
    return False


def _discard_attempt(work: Work) -> None:
    """Delete what a broken attempt stored; what the storage keeps all the same, `tidy` finds."""
    try:
        files.delete_below(work.folder, keep=files.listed(work.recording))
    except Exception:
        log.exception("%s is not deleted yet", work.folder)


def _pass_on(work: Work, number: int) -> bool:
    """Let go of the row, with the next step to be done; whether there is one."""
    following = STEPS[number] if number < len(STEPS) else None
    passed_on = work.held().update(
        state=following.state if following else State.READY,
        step=following.name if following else "",
        progress=_begin_of(number),
        attempts=F("attempts") - 1,  # this one did not fail
        error="",
        due_at=timezone.now(),
        claim="",
        claimed_at=None,
    )
    return bool(passed_on and following)


def _note_failure(work: Work, reason: str, go_on_with: str = "") -> None:
    recording = work.recording
    if recording.attempts >= MAX_ATTEMPTS:
        _fail(work, reason)
        return
    if go_on_with:
        work.held().update(step=go_on_with, progress=0)
    delay = min(FIRST_DELAY * 2 ** (recording.attempts - 1), LONGEST_DELAY)
    _wait(work, delay, attempts=recording.attempts, reason=reason)


def _wait(work: Work, delay: timedelta, *, attempts: int, reason: str = "") -> None:
    work.held().update(
        due_at=timezone.now() + delay,
        attempts=attempts,
        claim="",
        claimed_at=None,
        error=reason[:500],
    )


def _fail(work: Work, reason: str) -> None:
    work.held().update(state=State.FAILED, claim="", claimed_at=None, error=reason[:500])
