"""Folders for files in the making, below `VAR_DIR`, which nobody inherits from a killed worker."""

import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from django.conf import settings

from rooms.models import Room

_YOUNG = 60.0
"""Seconds a folder is left alone in any case: its maker may not hold it yet."""


@contextmanager
def draft(room: Room) -> Iterator[Path]:
    """A new folder, gone at the end. As long as this process lives no sweep takes it away."""
    settings.DRAFTS_DIR.mkdir(parents=True, exist_ok=True)
    prefix = f"{room.public_id}."
    with tempfile.TemporaryDirectory(prefix=prefix, dir=settings.DRAFTS_DIR) as name:
        folder = os.open(name, os.O_RDONLY)
        try:
            fcntl.flock(folder, fcntl.LOCK_EX)
            yield Path(name)
        finally:
            os.close(folder)


def sweep() -> None:
    """Delete the folders of processes that are gone: the kernel let go of what they held."""
    with suppress(FileNotFoundError):
        for found in settings.DRAFTS_DIR.iterdir():
            with suppress(FileNotFoundError):
                if time.time() - found.stat().st_mtime > _YOUNG and _is_left(found):
                    shutil.rmtree(found)


def discard(room: Room) -> None:
    """Delete all of a room, held or not."""
    for found in settings.DRAFTS_DIR.glob(f"{room.public_id}.*"):
        shutil.rmtree(found, ignore_errors=True)


def _is_left(folder: Path) -> bool:
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    else:
        return True
    finally:
        os.close(handle)
