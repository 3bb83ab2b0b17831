"""Storage and rows, compared both ways: nothing is kept without a row, no row speaks of nothing.

Crashes leave such things behind rarely, mistakes with backups sooner. What is found is written down
(`Discrepancy`) and mended. Whatever is being worked on is left to those who work on it, and what is
young is left alone: its row may be about to be written.
"""

import logging
from collections.abc import Iterator
from datetime import datetime, timedelta

from recordings import claims, files
from recordings.models import Discrepancy, Export, Recording, RecordingFile, recordings_storage
from rooms import spool
from rooms.models import Room

log = logging.getLogger(__name__)

YOUNG = timedelta(hours=1)
FEW = 20
"""When more rows than this, and more than half of all, have no file, the storage is not there."""

Kind = Discrepancy.Kind


class StorageIsMissing(OSError):
    """So much is gone that a disk may not be mounted; nothing was touched."""


def compare(*, now: datetime) -> None:
    """Find and mend what does not fit. Raises `StorageIsMissing`, or what the storage raises."""
    # Before the files are listed: what is stored meanwhile then is a file without a row, and young.
    rows = {row.name: row for row in _rows()}
    stored = set(files.names())
    lost = [row for name, row in rows.items() if name not in stored]
    if len(lost) > FEW and 2 * len(lost) > len(rows):
        raise StorageIsMissing(f"{len(lost)} of {len(rows)} files are not there")
    for row in lost:
        _remove_row(row)
    for name in stored - rows.keys():
        _delete_stray(name, now)
    for room in spool.spooled():
        _delete_stray_spool(room, now)


def _rows() -> Iterator[RecordingFile | Export]:
    yield from RecordingFile.objects.exclude(recording__state__in=claims.AT_WORK)
    yield from Export.objects.exclude(file="")


def _remove_row(row: RecordingFile | Export) -> None:
    """Once more, closely: the purge may have been at it."""
    is_there = recordings_storage().exists(row.name)
    if is_there or not type(row).objects.filter(pk=row.pk, file=row.name).delete()[0]:
        return
    log.error("%s is lost: there is a row, but no file", row.name)
    Discrepancy.objects.create(kind=Kind.LOST_FILE, name=row.name, size=row.size, sha256=row.sha256)


def _delete_stray(name: str, now: datetime) -> None:
    storage = recordings_storage()
    try:
        is_young = storage.get_modified_time(name) > now - YOUNG
        size = storage.size(name)
    except FileNotFoundError:
        return  # deleted by whoever made it
    if is_young or _is_at_work(name) or _has_row(name):
        return
    log.warning("%s belongs to nothing and is deleted", name)
    storage.delete(name)
    Discrepancy.objects.create(kind=Kind.STRAY_FILE, name=name, size=size)


def _delete_stray_spool(room: str, now: datetime) -> None:
    """The spool is for live rooms and for those whose recording is still to be made from it."""
    live = Room.objects.filter(public_id=room, ended_at=None)
    needed = Recording.objects.filter(
        room__public_id=room, state__in=(*claims.AT_WORK, Recording.State.FAILED)
    )
    unnoticed = Room.objects.filter(public_id=room, recording=None)
    is_young = spool.written_at(room) > (now - YOUNG).timestamp()
    if is_young or live.exists() or needed.exists() or unnoticed.exists():
        return
    log.warning("the spool of %s is needed by nobody and is deleted", room)
    size = spool.discard(room)
    Discrepancy.objects.create(kind=Kind.STRAY_SPOOL, name=room, size=size)


def _is_at_work(name: str) -> bool:
    room = name.removeprefix("exports/").split("/", 1)[0]
    return Recording.objects.filter(room__public_id=room, state__in=claims.AT_WORK).exists()


def _has_row(name: str) -> bool:
    return (
        RecordingFile.objects.filter(file=name).exists()
        or Export.objects.filter(file=name).exists()
    )
