"""What was corrected before every correction was kept is kept, and survives the way back."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from django.apps.registry import Apps
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from accounts.models import User
from recordings.models import Recording, TranscriptLine

BEFORE, AFTER = "0005_discrepancies", "0006_corrections"
WHEN = datetime(2026, 5, 1, 12, tzinfo=UTC)


def migrate(name: str) -> Apps:
    """Bring the tables of recordings there; returns the models as they are then."""
    executor = MigrationExecutor(connection)
    target = [("recordings", name)]
    executor.migrate(target)
    return MigrationExecutor(connection).loader.project_state(target).apps


@pytest.fixture
def long_ago(transactional_db: None) -> Iterator[Apps]:
    """The models before; afterwards the tables are as they should be."""
    executor = MigrationExecutor(connection)
    newest = [key for key in executor.loader.graph.leaf_nodes() if key[0] == "recordings"]
    yield migrate(BEFORE)
    MigrationExecutor(connection).migrate(newest)


def test_the_last_correction_of_each_line_becomes_its_first(
    recording: Recording, host: User, long_ago: Apps
) -> None:
    lines = long_ago.get_model("recordings", "TranscriptLine").objects
    common = {"recording_id": recording.pk, "seconds": 1.0, "language": "en"}
    lines.create(start=0, text="As it was.", **common)
    by_host = {"corrected_by_id": host.pk, "corrected_at": WHEN}
    lines.create(start=1, text="The be.", corrected_text="The bee.", **by_host, **common)
    lines.create(start=2, text="Taken back.", **by_host, **common)

    migrate(AFTER)
    untouched, corrected, taken_back = TranscriptLine.objects.all()
    assert not untouched.corrections.exists()
    for line, before, after in (
        (corrected, "The be.", "The bee."),
        (taken_back, "Taken back.", "Taken back."),
    ):
        kept = line.corrections.get()
        assert (kept.before, kept.after) == (before, after)
        assert (kept.made_by, kept.made_at) == (host, WHEN)
    assert str(corrected) == "The bee."

    later = datetime(2026, 5, 2, 12, tzinfo=UTC)
    untouched.corrections.create(before="As it was.", after="As it is.", made_at=later)
    back = migrate(BEFORE).get_model("recordings", "TranscriptLine").objects
    rows: list[dict[str, object]] = list(back.values())  # type: ignore[arg-type]  # older columns
    columns = ("text", "corrected_text", "corrected_by_id", "corrected_at")
    assert [tuple(row[column] for column in columns) for row in rows] == [
        ("As it was.", "", None, later),
        ("The be.", "The bee.", host.pk, WHEN),
        ("Taken back.", "", host.pk, WHEN),
    ]
