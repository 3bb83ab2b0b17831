"""Where the sound of a room is sent on to: RTP in SRTP, from the origin to an edge or to us."""

import base64
import secrets
from dataclasses import dataclass, field

SUITE = 80
"""Bits of the authentication tag: AES_CM_128_HMAC_SHA1_80 (RFC 4568, 6.2.1)."""

_KEY_AND_SALT = 30


@dataclass(frozen=True, slots=True)
class Lock:
    """The key of one stream of RTP; a new one for each, so that none can be injected or read."""

    key: bytes = field(default_factory=lambda: secrets.token_bytes(_KEY_AND_SALT))

    @property
    def encoded(self) -> str:
        """Key and salt as in SDES."""
        return base64.b64encode(self.key).decode()


@dataclass(frozen=True, slots=True)
class Destination:
    """Where a stream of RTP goes, and how it is marked."""

    host: str
    port: int
    payload_type: int
    ssrc: int
    lock: Lock
