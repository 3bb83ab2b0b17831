"""The secret of an installation that was given none: made once, readable by its owner only."""

import os
import tempfile
from contextlib import suppress
from pathlib import Path

from django.core.management.utils import get_random_secret_key


def of_this_machine(folder: Path) -> str:
    """Read the key kept in `folder`, making it first when it is not there yet."""
    file = folder / "secret_key"
    if not file.exists():
        with tempfile.NamedTemporaryFile("w", dir=folder, encoding="utf-8") as draft:
            draft.write(get_random_secret_key())
            draft.flush()
            # A link appears whole or not at all: of processes that start together one wins.
            with suppress(FileExistsError):
                os.link(draft.name, file)
    return file.read_text(encoding="utf-8")
