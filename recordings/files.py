"""Files in the private storage: written once under a name nobody can guess, and deleted whole."""

import hashlib
import logging
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import BinaryIO, TypeVar, cast

from django.core.files import File

from recordings.models import Recording, recordings_storage

log = logging.getLogger(__name__)

_CHUNK = 1 << 20
_TRIES = 4
_T = TypeVar("_T")


class IncompleteCopy(OSError):
    """The storage holds another number of bytes than it was given."""


def store(source: Path, name: str) -> tuple[str, int, str]:
    """Copy a local file into the storage in chunks.

    Returns its name there, its bytes and its SHA-256 in hexadecimal. Raises `OSError`.
    """
    return _patiently(lambda: _store(source, name))


def _store(source: Path, name: str) -> tuple[str, int, str]:
    storage = recordings_storage()
    size = source.stat().st_size
    with source.open("rb") as content:
        sha256 = hashlib.file_digest(content, "sha256").hexdigest()
        content.seek(0)
        kept_as = storage.save(name, File(content))
    if storage.size(kept_as) != size:
        raise IncompleteCopy(f"{kept_as}: {storage.size(kept_as)} of {size} bytes")
    return kept_as, size, sha256


@contextmanager
def opened(name: str) -> Iterator[BinaryIO]:
    """A stored file, to read and seek in. Raises `OSError`."""
    with _patiently(lambda: recordings_storage().open(name)) as file:
        yield cast(BinaryIO, file.file)


def sha256_of(name: str) -> str:
    """The SHA-256 in hexadecimal of what the storage holds now. Raises `OSError`."""
    sha256 = hashlib.sha256()
    with opened(name) as content:
        while chunk := content.read(_CHUNK):
            sha256.update(chunk)
    return sha256.hexdigest()


def listed(recording: Recording) -> set[str]:
    """The names of the files that rows refer to."""
    return set(recording.files.values_list("file", flat=True))


def delete_below(folder: str, keep: Collection[str] = ()) -> None:
    """Delete every file below `folder` but those named in `keep`, then the folders left empty.

    What is already gone is fine. Raises whatever the storage raises.
    """
    storage = recordings_storage()
    for name in list(_below(folder)):
        if not any(kept == name or kept.startswith(f"{name}/") for kept in keep):
            _patiently(partial(storage.delete, name))


def _patiently(call: Callable[[], _T]) -> _T:
    """What a storage fails to do now and then is asked of it again before a whole step is."""
    for _ in range(_TRIES - 1):
        try:
            return call()
        except FileNotFoundError:
            raise
        except OSError as error:
            log.warning("The storage says: %s", error)
    return call()


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


def names(folder: str = "") -> Iterator[str]:
    """Every file in the storage, or below one of its folders. Raises what the storage raises."""
    folders, found = recordings_storage().listdir(folder)
    prefix = f"{folder}/" if folder else ""
    yield from (f"{prefix}{name}" for name in found)
    for inner in folders:
        yield from names(f"{prefix}{inner}")
