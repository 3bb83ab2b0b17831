"""Names of rooms and participants, as the engine accepts them.

They become folders and files of the recording, so nothing but this alphabet may pass.
"""

import re

from audio.protocol import EngineError

_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


class BadId(EngineError):
    """A room or participant name outside of `[A-Za-z0-9_-]{1,64}`."""

    code = "bad_id"


def check_id(value: object) -> str:
    """Return `value` when it is an acceptable name, raise `BadId` otherwise."""
    if not isinstance(value, str) or _ID.fullmatch(value) is None:
        raise BadId("a room or participant is named by 1 to 64 letters, digits, '-' or '_'")
    return value
