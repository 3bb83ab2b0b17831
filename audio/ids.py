"""Names of rooms and participants, as the engine accepts them.

They become folders and files of the recording, so nothing but this alphabet may pass.
"""

import re
from collections.abc import Iterable

from audio.protocol import EngineError

MIX = "mix"
"""The name of the mix among the files of a recording, so nobody else's."""

_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


class BadId(EngineError):
    """A room or participant name outside of `[A-Za-z0-9_-]{1,64}`, or the word `mix`."""

    code = "bad_id"


def check_id(value: object) -> str:
    """Return `value` when it is an acceptable name, raise `BadId` otherwise."""
    if not isinstance(value, str) or _ID.fullmatch(value) is None or value == MIX:
        raise BadId("a name is 1 to 64 letters, digits, '-' or '_', and not 'mix'")
    return value


def check_ids(values: Iterable[object]) -> frozenset[str]:
    """All of them as a set; raises `BadId` as `check_id` does."""
    return frozenset(check_id(value) for value in values)
