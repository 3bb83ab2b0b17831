"""Secure RTP (RFC 3711, RFC 7714): the profiles, the keys, and one participant's contexts.

What is sent to many at once is protected by `audio.fanout`; here is the rest.
"""

from dataclasses import dataclass
from typing import Protocol

from pylibsrtp import Error, Policy, Session


class BadSrtp(ValueError):
    """The packet is not authentic, was seen before, or is too long."""


@dataclass(frozen=True, slots=True)
class Profile:
    """An SRTP protection profile, by its name in DTLS (RFC 5764, 4.1.2) and its key sizes."""

    name: bytes
    libsrtp: int
    key_size: int
    salt_size: int

    @property
    def exported_size(self) -> int:
        """Bytes of keying material for both directions."""
        return 2 * (self.key_size + self.salt_size)


GCM = Profile(b"SRTP_AEAD_AES_128_GCM", Policy.SRTP_PROFILE_AEAD_AES_128_GCM, 16, 12)
CM = Profile(b"SRTP_AES128_CM_SHA1_80", Policy.SRTP_PROFILE_AES128_CM_SHA1_80, 16, 14)
# By preference: AES-GCM encrypts and authenticates in one pass, half the price of CM with SHA-1.
PROFILES = (GCM, CM)


@dataclass(frozen=True, slots=True)
class Keys:
    """Master key followed by master salt, for what we send and what we receive."""

    profile: Profile
    sending: bytes
    receiving: bytes


def server_keys(profile: Profile, exported: bytes) -> Keys:
    """Cut the keying material that a DTLS server exported (RFC 5764, 4.2)."""
    key, salt = profile.key_size, profile.salt_size
    client = exported[:key] + exported[2 * key : 2 * key + salt]
    server = exported[key : 2 * key] + exported[2 * key + salt : 2 * (key + salt)]
    return Keys(profile, sending=server, receiving=client)


class SrtpSession(Protocol):
    """Protects what goes to one participant and opens what comes from it."""

    def protect(self, packet: bytes, index: int) -> bytes:
        """Encrypt an RTP packet without CSRCs or extension.

        `index` is its packet index (RFC 3711, 3.3.1): how often its sequence numbers have
        wrapped, times 2^16, plus its sequence number. No index may ever be used twice.
        """

    def protect_rtcp(self, packet: bytes) -> bytes:
        """Encrypt a compound RTCP packet."""

    def unprotect(self, packet: bytes) -> bytes:
        """Open an RTP packet; raises `BadSrtp`."""

    def unprotect_rtcp(self, packet: bytes) -> bytes:
        """Open a compound RTCP packet; raises `BadSrtp`."""


class LibSrtpSession:
    """Any profile, through libsrtp."""

    def __init__(self, keys: Keys) -> None:
        self._outbound = _session(keys.profile, keys.sending, Policy.SSRC_ANY_OUTBOUND)
        self._inbound = _session(keys.profile, keys.receiving, Policy.SSRC_ANY_INBOUND)

    def protect(self, packet: bytes, index: int) -> bytes:
        """See `SrtpSession.protect`; libsrtp counts the wraps itself, so indexes must rise by
        less than 2^15 from call to call and begin below 2^16."""
        return bytes(self._outbound.protect(packet))

    def protect_rtcp(self, packet: bytes) -> bytes:
        """See `SrtpSession.protect_rtcp`."""
        return bytes(self._outbound.protect_rtcp(packet))

    def unprotect(self, packet: bytes) -> bytes:
        """See `SrtpSession.unprotect`."""
        try:
            return bytes(self._inbound.unprotect(packet))
        except (Error, ValueError) as error:
            raise BadSrtp(str(error)) from error

    def unprotect_rtcp(self, packet: bytes) -> bytes:
        """See `SrtpSession.unprotect_rtcp`."""
        try:
            return bytes(self._inbound.unprotect_rtcp(packet))
        except (Error, ValueError) as error:
            raise BadSrtp(str(error)) from error


def _session(profile: Profile, key: bytes, ssrc_type: int) -> Session:
    policy = Policy(key=key, ssrc_type=ssrc_type, srtp_profile=profile.libsrtp)
    policy.window_size = 1024
    return Session(policy)
