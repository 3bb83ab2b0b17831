"""Files in the private storage: written once under a name nobody can guess, and deleted whole."""

import hashlib
import secrets
from collections.abc import Collection, Iterator
from pathlib import Path

from django.core.files import File

from recordings.models import recordings_storage
from rooms.models import Room


class IncompleteCopy(OSError):
    """The storage holds another number of bytes than it was given."""


def new_folder(room: Room) -> str:
    """A folder for one attempt; everything of a room is below its public id."""
    return f"{room.public_id}/{secrets.token_urlsafe(16)}"


def store(source: Path, name: str) -> tuple[str, int, str]:
    """Copy a local file into the storage in chunks.

    Returns its name there, its bytes and its SHA-256 in hexadecimal. Raises `OSError`.
    """
    storage = recordings_storage()
    size = source.stat().st_size
    with source.open("rb") as content:
        sha256 = hashlib.file_digest(content, "sha256").hexdigest()
        content.seek(0)
        kept_as = storage.save(name, File(content))
    if storage.size(kept_as) != size:
        raise IncompleteCopy(f"{kept_as}: {storage.size(kept_as)} of {size} bytes")
    return kept_as, size, sha256


def delete_below(folder: str, keep: Collection[str] = ()) -> None:
    """Delete every file below `folder` but those named in `keep`, then the folders left empty.

    What is already gone is fine. Raises whatever the storage raises.
    """
    storage = recordings_storage()
    for name in list(_below(folder)):
        if not any(kept == name or kept.startswith(f"{name}/") for kept in keep):
            storage.delete(name)


def _below(folder: str) -> Iterator[str]:
    """Files and folders, the deepest first, `folder` last."""
    try:
        folders, files = recordings_storage().listdir(folder)
    except FileNotFoundError:
        return
    for inner in folders:
        yield from _below(f"{folder}/{inner}")
    yield from (f"{folder}/{file}" for file in files)
    # Deleting an empty folder is a matter of disks; object storages know no folders and shrug.
    yield folder
