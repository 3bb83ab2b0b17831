"""SRTP and SRTCP with AES-GCM (RFC 7714) over the `cryptography` package.

libsrtp does the same, but keeps 5 KiB for each direction of each participant, and its binding
makes a packet at a time. Here a listener costs one cipher (3 KiB), and `audio.fanout` uses that
cipher for whole batches. What comes from pure listeners is a report every few seconds, so the
ciphers for receiving are made when they are first needed.
"""

import struct
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import ECB

from audio.srtp import BadSrtp, Keys

TAG_SIZE = 16
IV_SIZE = 12
HEADER_SIZE = 12
"""Of an RTP packet without CSRCs or extension."""

_KEY_SIZE = 16
_RTP_KEY, _RTP_SALT, _RTCP_KEY, _RTCP_SALT = 0, 2, 3, 5  # labels of RFC 3711, 4.3.2
_RTCP_HEADER_SIZE = 8
_ENCRYPTED = 0x80000000
_WINDOW = 1024  # packets; replays older than this are refused for being old
_WINDOW_MASK = (1 << _WINDOW) - 1
_MAX_SOURCES = 8  # a browser that starts its microphone anew brings another SSRC now and then


@dataclass(frozen=True, slots=True)
class SessionKeys:
    """What is derived from a master key and its salt for one direction."""

    rtp: bytes
    rtp_salt: bytes
    rtcp: bytes
    rtcp_salt: bytes


def derive(master: bytes) -> SessionKeys:
    """The session keys of a master key followed by its salt (RFC 3711, 4.3; RFC 7714, 11)."""
    salt = master[_KEY_SIZE:].ljust(14, b"\0")
    labels = (_RTP_KEY, _RTP_SALT, _RTCP_KEY, _RTCP_SALT)
    counters = b"".join(
        salt[:7] + bytes([salt[7] ^ label]) + salt[8:] + bytes(2) for label in labels
    )
    # Counter mode, one block for each key: no key is longer than a block.
    cipher = Cipher(AES(master[:_KEY_SIZE]), ECB())  # noqa: S305
    stream = cipher.encryptor().update(counters)
    return SessionKeys(stream[:16], stream[16:28], stream[32:48], stream[48:60])


def nonce(salt: bytes, ssrc: int, index: int) -> bytes:
    """The initialization vector of a packet (RFC 7714, 8.1 and 9.1)."""
    value = (ssrc << 48) | index
    return (int.from_bytes(salt, "big") ^ value).to_bytes(IV_SIZE, "big")


class ReplayWindow:
    """Which packets of a source have come already (RFC 3711, 3.3.2). Counts packet indexes."""

    def __init__(self) -> None:
        self._highest = -1
        self._seen = 0

    def estimate(self, sequence: int) -> int:
        """The index of a packet with this sequence number (RFC 3711, 3.3.1)."""
        if self._highest < 0:
            return sequence
        step = (sequence - self._highest + 2**15) % 2**16 - 2**15
        return max(self._highest + step, sequence)

    def is_new(self, index: int) -> bool:
        """Whether this index is neither known nor too old to tell."""
        age = self._highest - index
        return age < 0 or (age < _WINDOW and not self._seen >> age & 1)

    def add(self, index: int) -> None:
        """An authentic packet had this index."""
        ahead = index - self._highest
        if ahead > 0:
            self._seen = 1 if ahead >= _WINDOW else (self._seen << ahead | 1) & _WINDOW_MASK
            self._highest = index
        else:
            self._seen |= 1 << -ahead


class GcmSession:
    """The `SrtpSession` of a participant with AEAD_AES_128_GCM."""

    def __init__(self, keys: Keys) -> None:
        self._receiving_master = keys.receiving
        self._receiving: SessionKeys | None = None
        self.sending = derive(keys.sending)
        self.cipher = AESGCM(self.sending.rtp)
        """For what is sent."""
        self._rtcp_index = 0
        self._decipher: AESGCM | None = None
        self._sources: dict[int, ReplayWindow] = {}
        self._rtcp_window = ReplayWindow()

    def protect(self, packet: bytes, index: int) -> bytes:
        """See `SrtpSession.protect`."""
        header = packet[:HEADER_SIZE]
        iv = nonce(self.sending.rtp_salt, int.from_bytes(header[8:], "big"), index)
        return header + self.cipher.encrypt(iv, packet[HEADER_SIZE:], header)

    def protect_rtcp(self, packet: bytes) -> bytes:
        """See `SrtpSession.protect_rtcp`."""
        self._rtcp_index += 1
        header = packet[:_RTCP_HEADER_SIZE]
        trailer = struct.pack("!I", _ENCRYPTED | self._rtcp_index)
        iv = nonce(self.sending.rtcp_salt, int.from_bytes(header[4:], "big"), self._rtcp_index)
        sealed = AESGCM(self.sending.rtcp).encrypt(iv, packet[_RTCP_HEADER_SIZE:], header + trailer)
        return header + sealed + trailer

    def unprotect(self, packet: bytes) -> bytes:
        """See `SrtpSession.unprotect`."""
        size = _rtp_header_size(packet)
        ssrc = int.from_bytes(packet[8:12], "big")
        window = self._sources.get(ssrc) or ReplayWindow()
        index = window.estimate(int.from_bytes(packet[2:4], "big"))
        if not window.is_new(index):
            raise BadSrtp("seen before, or too old to tell")
        keys = self._receiving_keys()
        if self._decipher is None:
            self._decipher = AESGCM(keys.rtp)
        plain = _open(
            self._decipher, nonce(keys.rtp_salt, ssrc, index), packet[size:], packet[:size]
        )
        window.add(index)
        self._remember(ssrc, window)
        return packet[:size] + plain

    def unprotect_rtcp(self, packet: bytes) -> bytes:
        """See `SrtpSession.unprotect_rtcp`."""
        if len(packet) < _RTCP_HEADER_SIZE + TAG_SIZE + 4:
            raise BadSrtp("too short")
        header, sealed, trailer = (
            packet[:_RTCP_HEADER_SIZE],
            packet[_RTCP_HEADER_SIZE:-4],
            packet[-4:],
        )
        (word,) = struct.unpack("!I", trailer)
        if not word & _ENCRYPTED:
            raise BadSrtp("reports in the clear are not taken")
        index = word & ~_ENCRYPTED
        if not self._rtcp_window.is_new(index):
            raise BadSrtp("seen before, or too old to tell")
        keys = self._receiving_keys()
        iv = nonce(keys.rtcp_salt, int.from_bytes(header[4:], "big"), index)
        plain = _open(AESGCM(keys.rtcp), iv, sealed, header + trailer)
        self._rtcp_window.add(index)
        return header + plain

    def _receiving_keys(self) -> SessionKeys:
        if self._receiving is None:
            self._receiving = derive(self._receiving_master)
        return self._receiving

    def _remember(self, ssrc: int, window: ReplayWindow) -> None:
        if ssrc in self._sources:
            return
        if len(self._sources) >= _MAX_SOURCES:
            raise BadSrtp("too many sources")
        self._sources[ssrc] = window


def _rtp_header_size(packet: bytes) -> int:
    """With CSRCs and extension; raises `BadSrtp`."""
    size = HEADER_SIZE
    if len(packet) >= size:
        size += 4 * (packet[0] & 0x0F)
        if packet[0] & 0x10:
            size += 4 + 4 * int.from_bytes(packet[size + 2 : size + 4], "big")
    if len(packet) < size + TAG_SIZE:
        raise BadSrtp("too short")
    return size


def _open(cipher: AESGCM, iv: bytes, sealed: bytes, header: bytes) -> bytes:
    try:
        return cipher.decrypt(iv, sealed, header)
    except InvalidTag as error:
        raise BadSrtp("not authentic") from error
