"""What rooms are called at a gateway, and the passwords they have there.

Everything follows from one secret, so that an engine that was restarted can still clear away what
the one before it left behind, and so that two installations on one gateway never meet.
"""

import hashlib
import hmac

from audio.janus.connection import Json

_MARK = "spaces:"
_NUMBER_BITS = 52  # whole numbers that every reader of JSON keeps exact


class Names:
    """Numbers and passwords of rooms (AudioBridge) and of mountpoints (Streaming)."""

    def __init__(self, secret: str) -> None:
        self._key = secret.encode()

    def number(self, name: str) -> int:
        """The numeric id of what is called `name`."""
        return int.from_bytes(self._digest("number", name)[:8], "big") >> (64 - _NUMBER_BITS)

    def password(self, purpose: str, name: str) -> str:
        """A password for one purpose (`secret`: to change it, `pin`: to join it)."""
        return self._digest(purpose, name).hex()

    @staticmethod
    def description(name: str) -> str:
        """How something of ours is labelled, for operators and for `name_of`."""
        return _MARK + name

    @staticmethod
    def name_of(description: str) -> str | None:
        """The name behind a label; `None` when it is not one of ours."""
        return description[len(_MARK) :] if description.startswith(_MARK) else None

    def listed(self, data: Json, key: str) -> list[str]:
        """Those of ours in the reply to `list`, which has their numbers under `key`."""
        entries = data.get("list")
        names = []
        for entry in entries if isinstance(entries, list) else []:
            match entry:
                case {"description": str(description)}:
                    name = self.name_of(description)
                    if name is not None and entry.get(key) == self.number(name):
                        names.append(name)
        return names

    def _digest(self, purpose: str, name: str) -> bytes:
        return hmac.digest(self._key, f"{purpose}:{name}".encode(), hashlib.sha256)
