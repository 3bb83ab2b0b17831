"""Whatever happens in whatever order: never deleted early, never kept late, nothing left over."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import time_machine
from django.conf import LazySettings
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import User
from recordings import comparison, operations
from recordings.models import PurgeRecord, Recording, RecordingFile, recordings_storage
from recordings.tasks import sweep_retention
from rooms.models import Room

pytestmark = pytest.mark.django_db(transaction=True)

START = datetime(2026, 1, 1, 12, tzinfo=UTC)
GRACE = timedelta(hours=24)
DAYS = st.floats(0.1, 40) | st.sampled_from([1.0, 29.0, 30.0, 31.0, 59.0, 60.0, 89.0, 90.0])
AT_ONCE = ["flag", "unflag", "sweep while the storage errs", "stray", "lose", "compare"]
STEPS = st.one_of(
    st.tuples(st.sampled_from(["wait", "report and dismiss after"]), DAYS),
    st.tuples(st.sampled_from(AT_ONCE), st.just(0.0)),
)


class History:
    """One room and its copy, and beside it what is expected of them."""

    def __init__(self, host: User, clock: time_machine.Traveller, err: list[bool]) -> None:
        self._clock = clock
        self._err = err
        self.now = START
        clock.move_to(self.now)
        self.room = Room.objects.create(host=host, title="Any", ended_at=START)
        self.recording = Recording.objects.create(
            room=self.room, state=Recording.State.READY, archived_at=START, due_at=START
        )
        for kind in ("mix", "track"):
            name = recordings_storage().save(
                f"{self.room.public_id}/secret/{kind}.ogg", ContentFile(b"OggS")
            )
            self.recording.files.create(kind=kind, file=name, size=4, sha256="0" * 64, seconds=1)
        self.days = 30
        self.not_before = START

    @property
    def keeps_until(self) -> datetime:
        """By the rules as people read them, not by the code."""
        return max(START + timedelta(days=self.days), self.not_before)

    @property
    def is_gone(self) -> bool:
        """Whether there is a proof."""
        return PurgeRecord.objects.filter(room_public_id=self.room.public_id).exists()

    def wait(self, days: float) -> None:
        self.now += timedelta(days=days)
        self._clock.move_to(self.now)

    def flag(self) -> None:
        if operations.flag(room=self.room):
            self.days = 90

    def unflag(self) -> None:
        was_flagged = Room.objects.get(pk=self.room.pk).flagged_at is not None
        operations.unflag(room=self.room)
        if was_flagged and not self.is_begun:
            self.days = 30
            if self.keeps_until < self.now + GRACE:
                self.not_before = self.now + GRACE

    @property
    def is_begun(self) -> bool:
        """Whether the deletion has begun: then no flag matters any more."""
        return Recording.objects.get(pk=self.recording.pk).state in operations.GONE

    def report_and_dismiss_after(self, days: float) -> None:
        self.flag()
        self.wait(days)
        self.sweep()
        self.unflag()

    def sweep(self) -> None:
        was_begun = self.is_begun
        sweep_retention()
        assert self.is_gone == (was_begun or self.now >= self.keeps_until)

    def sweep_while_the_storage_errs(self) -> None:
        was_gone, self._err[0] = self.is_gone, True
        try:
            sweep_retention()
        finally:
            self._err[0] = False
        assert self.is_gone == was_gone, "no proof before everything is deleted"
        assert not self.is_begun or was_gone or self.now >= self.keeps_until

    def stray(self) -> None:
        recordings_storage().save(f"{self.room.public_id}/stray.ogg", ContentFile(b"OggS"))

    def lose(self) -> None:
        for row in self.recording.files.all()[:1]:
            recordings_storage().delete(row.name)

    def compare(self) -> None:
        comparison.compare(now=self.now + timedelta(days=400))  # nothing is young
        assert self.names_of_files() == self.names_of_rows()

    def names_of_files(self) -> set[str]:
        folder = Path(recordings_storage().location) / self.room.public_id  # type: ignore[attr-defined]
        found = [path for path in folder.rglob("*") if path.is_file()]
        return {str(path.relative_to(folder.parent)) for path in found}

    def names_of_rows(self) -> set[str]:
        return set(
            RecordingFile.objects.filter(recording=self.recording).values_list("file", flat=True)
        )


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(STEPS, max_size=12))
def test_no_history_deletes_early_keeps_late_or_leaves_anything_over(
    host: User,
    settings: LazySettings,
    kept_folder: Path,
    spool: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    steps: list[tuple[str, float]],
) -> None:
    err = [False]
    delete = FileSystemStorage.delete

    def sometimes(storage: FileSystemStorage, name: str) -> None:
        if err[0]:
            raise OSError("the storage does not answer")
        delete(storage, name)

    with monkeypatch.context() as patch, time_machine.travel(START, tick=False) as clock:
        patch.setattr(FileSystemStorage, "delete", sometimes)
        history = History(host, clock, err)
        for step, amount in steps:
            act = getattr(history, step.replace(" ", "_"))
            act(amount) if amount else act()
            history.sweep()  # as it comes every few minutes
        history.compare()
        history.wait(200)
        history.sweep()
        assert history.is_gone
        history.compare()
        assert history.names_of_files() == set()
