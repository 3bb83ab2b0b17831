"""Celery's broker of files, whose files appear whole or not at all.

kombu's own creates a file and writes into it afterwards: a worker that looks in between reads
nothing, ends with a JSONDecodeError, and the message is lost. Here each file is written under
another name and then linked to its own, which is atomic (POSIX `link`).
"""

import os
from contextlib import suppress
from pathlib import Path
from time import monotonic
from typing import Any
from uuid import uuid4

from kombu.exceptions import OperationalError
from kombu.transport import TRANSPORT_ALIASES, filesystem
from kombu.utils.json import dumps

SCHEME = "files"  # as in CELERY_BROKER_URL


class Channel(filesystem.Channel):
    """Puts messages, and the tables of who takes them, into the folder in one step."""

    def _put(self, queue: str, message: Any, **_: Any) -> None:  # type: ignore[override]
        name = f"{round(monotonic() * 1000)}_{uuid4()}.{queue}.msg"  # sorted, the oldest is first
        _write_at_once(Path(self.data_folder_out) / name, dumps(message))

    def _queue_bind(self, exchange: str, *binding: Any) -> None:
        with suppress(FileExistsError):
            _write_at_once(self.control_folder / f"{exchange}.exchange", "[]")
        super()._queue_bind(exchange, *binding)


class Transport(filesystem.Transport):
    """What `files://` in the broker's address stands for."""

    Channel = Channel


def _write_at_once(path: Path, text: str) -> None:
    """Raise FileExistsError when it is there already, OperationalError when the disk is full."""
    draft = path.with_name(f".{uuid4()}.draft")
    try:
        draft.write_text(text, encoding="utf-8")
        os.link(draft, path)
    except FileExistsError:
        raise
    except OSError as error:
        raise OperationalError(f"No message could be written: {error}") from error
    finally:
        draft.unlink(missing_ok=True)


def register() -> None:
    """Make `files://` known to Celery."""
    TRANSPORT_ALIASES[SCHEME] = f"{__name__}:{Transport.__name__}"
