"""What the engine left on disk, looked at from outside: one folder a room."""

import shutil
from pathlib import Path

from django.conf import settings


def spooled() -> list[str]:
    """Public ids of the rooms, or what else there is, with a folder in the spool."""
    try:
        return [folder.name for folder in settings.AUDIO_SPOOL.iterdir() if folder.is_dir()]
    except FileNotFoundError:
        return []


def written_at(name: str) -> float:
    """Unix time of the last change below a folder of `spooled`; 0 when it is gone."""
    times = [path.stat().st_mtime for path in _all_of(name)]
    return max(times, default=0.0)


def discard(name: str) -> int:
    """Delete a folder of `spooled`; returns how many bytes it held. Raises `OSError`."""
    size = sum(path.stat().st_size for path in _all_of(name) if path.is_file())
    shutil.rmtree(settings.AUDIO_SPOOL / name)
    return size


def _all_of(name: str) -> list[Path]:
    folder: Path = settings.AUDIO_SPOOL / name
    return [folder, *folder.rglob("*")] if folder.exists() else []
