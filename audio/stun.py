"""STUN binding requests and responses (RFC 8489), as ICE needs them (RFC 8445)."""

import hmac
import socket
import struct
import zlib
from typing import NamedTuple

BINDING_REQUEST = 0x0001
BINDING_SUCCESS = 0x0101

USERNAME = 0x0006
MESSAGE_INTEGRITY = 0x0008
XOR_MAPPED_ADDRESS = 0x0020
PRIORITY = 0x0024
USE_CANDIDATE = 0x0025
FINGERPRINT = 0x8028

_MAGIC_COOKIE = 0x2112A442
_HEADER = struct.Struct("!HHI12s")
_ATTRIBUTE = struct.Struct("!HH")
_FINGERPRINT_XOR = 0x5354554E
_LENGTH = struct.Struct("!H")
_MAPPED = struct.Struct("!xBH")
_SHA1_SIZE = 20
_INTEGRITY_SIZE = _ATTRIBUTE.size + _SHA1_SIZE
_FINGERPRINT_SIZE = _ATTRIBUTE.size + 4
_INTEGRITY_HEAD = _ATTRIBUTE.pack(MESSAGE_INTEGRITY, _SHA1_SIZE)
_FINGERPRINT_HEAD = _ATTRIBUTE.pack(FINGERPRINT, 4)
_TRANSACTION = slice(8, _HEADER.size)


class TcpAddress(NamedTuple):
    """The far end of one TCP connection."""

    host: str
    port: int
    connection: int
    """A number that no other connection has, or will have later from the same host and port."""


Address = tuple[str, int] | TcpAddress
"""An IP address in its usual writing, and a UDP port; or a TCP connection."""


class BadStun(ValueError):
    """The datagram is not a well-formed STUN message."""


class Message(NamedTuple):
    """A parsed STUN message. Attributes after MESSAGE-INTEGRITY are not looked at (14.5)."""

    kind: int
    transaction: bytes
    attributes: dict[int, bytes]
    raw: bytes
    integrity_at: int | None
    """Offset of MESSAGE-INTEGRITY in `raw`, when there is one."""

    @property
    def username(self) -> str:
        """USERNAME, empty when missing or not UTF-8."""
        return self.attributes.get(USERNAME, b"").decode("utf-8", "replace")

    def verify(self, password: str) -> bool:
        """Whether MESSAGE-INTEGRITY was made with this password (RFC 8489, 14.5)."""
        if self.integrity_at is None:
            return False
        expected = _integrity(self.raw[: self.integrity_at], password)
        return hmac.compare_digest(expected, self.attributes[MESSAGE_INTEGRITY])


class KnownCheck:
    """An authentic check, and how to tell its repetitions without reading them anew.

    A client repeats its check every few seconds, and nothing but the transaction differs, and what
    is computed from it. So the rest is compared as bytes; integrity is proved each time.
    """

    def __init__(self, check: Message, source: Address, password: str) -> None:
        self.nominated = USE_CANDIDATE in check.attributes
        self._source = source
        self._password = password
        self._head = check.raw[: _TRANSACTION.start]
        self._body = check.raw[_TRANSACTION.stop : check.integrity_at]

    def repeated_by(self, datagram: bytes, source: Address) -> bytes | None:
        """The transaction, when this is the check again, from the same address, and authentic."""
        body_end = len(datagram) - _INTEGRITY_SIZE - _FINGERPRINT_SIZE
        if (
            source != self._source
            or datagram[_TRANSACTION.stop : body_end] != self._body
            or datagram[: _TRANSACTION.start] != self._head
        ):
            return None
        end = body_end + _INTEGRITY_SIZE
        proof = _INTEGRITY_HEAD + _integrity(datagram[:body_end], self._password)
        if datagram[end:] != _FINGERPRINT_HEAD + _fingerprint(
            datagram[:end]
        ) or not hmac.compare_digest(datagram[body_end:end], proof):
            return None
        return datagram[_TRANSACTION]


def parse(data: bytes) -> Message:
    """Parse a datagram; raises `BadStun` for anything malformed, also a wrong FINGERPRINT."""
    if len(data) < _HEADER.size:
        raise BadStun("shorter than a header")
    kind, length, cookie, transaction = _HEADER.unpack_from(data)
    if kind & 0xC000 or cookie != _MAGIC_COOKIE:
        raise BadStun("not STUN")
    if length % 4 or length != len(data) - _HEADER.size:
        raise BadStun("wrong length")
    attributes: dict[int, bytes] = {}
    integrity_at = None
    at = _HEADER.size
    while at < len(data):
        attribute, size = _ATTRIBUTE.unpack_from(data, at)
        value = data[at + _ATTRIBUTE.size : at + _ATTRIBUTE.size + size]
        if len(value) != size:
            raise BadStun("attribute beyond the end")
        if attribute == FINGERPRINT:
            _check_fingerprint(data, at, value)
        elif integrity_at is None:
            attributes.setdefault(attribute, value)
            if attribute == MESSAGE_INTEGRITY:
                if size != _SHA1_SIZE:
                    raise BadStun("MESSAGE-INTEGRITY of a wrong size")
                integrity_at = at
        at += _ATTRIBUTE.size + size + -size % 4
    return Message(kind, transaction, attributes, data, integrity_at)


def build(
    kind: int, transaction: bytes, attributes: list[tuple[int, bytes]], password: str
) -> bytes:
    """A message with the given attributes, MESSAGE-INTEGRITY and FINGERPRINT."""
    body = b"".join(
        _ATTRIBUTE.pack(attribute, len(value)) + value + bytes(-len(value) % 4)
        for attribute, value in attributes
    )
    # Each of the two covers a header whose length ends with it.
    covered = _HEADER.pack(kind, len(body) + _INTEGRITY_SIZE, _MAGIC_COOKIE, transaction) + body
    digest = hmac.digest(password.encode(), covered, "sha1")
    data = bytearray(covered + _ATTRIBUTE.pack(MESSAGE_INTEGRITY, _SHA1_SIZE) + digest)
    _LENGTH.pack_into(data, 2, len(data) - _HEADER.size + _FINGERPRINT_SIZE)
    data += _ATTRIBUTE.pack(FINGERPRINT, 4) + _fingerprint(data)
    return bytes(data)


def binding_success(transaction: bytes, source: Address, password: str) -> bytes:
    """The answer to a binding request: where it came from, proved with our password."""
    mapped = xor_address(source, transaction)
    return build(BINDING_SUCCESS, transaction, [(XOR_MAPPED_ADDRESS, mapped)], password)


def xor_address(address: Address, transaction: bytes) -> bytes:
    """The value of XOR-MAPPED-ADDRESS (RFC 8489, 14.2)."""
    family, number = (socket.AF_INET6, 2) if ":" in address[0] else (socket.AF_INET, 1)
    host = _masked(socket.inet_pton(family, address[0]), transaction)
    return _MAPPED.pack(number, address[1] ^ (_MAGIC_COOKIE >> 16)) + host


def read_xor_address(value: bytes, transaction: bytes) -> Address:
    """The address inside of an XOR-MAPPED-ADDRESS; raises `BadStun`."""
    if len(value) not in (8, 20):
        raise BadStun("address of a wrong size")
    host = _masked(value[4:], transaction)
    family = socket.AF_INET if len(host) == 4 else socket.AF_INET6
    _, port = _MAPPED.unpack_from(value)
    return socket.inet_ntop(family, host), port ^ (_MAGIC_COOKIE >> 16)


def _masked(host: bytes, transaction: bytes) -> bytes:
    """A packed IP address with the bits turned that RFC 8489, 14.2 wants turned, or back."""
    mask = _MAGIC_COOKIE.to_bytes(4, "big") + transaction
    turned = int.from_bytes(host, "big") ^ int.from_bytes(mask[: len(host)], "big")
    return turned.to_bytes(len(host), "big")


def _integrity(before: bytes, password: str) -> bytes:
    """HMAC-SHA1 over all before the attribute, as if the message ended with the attribute."""
    length = len(before) - _HEADER.size + _INTEGRITY_SIZE
    covered = before[:2] + _LENGTH.pack(length) + before[4:]
    return hmac.digest(password.encode(), covered, "sha1")


def _fingerprint(before: bytes | bytearray) -> bytes:
    return struct.pack("!I", zlib.crc32(before) ^ _FINGERPRINT_XOR)


def _check_fingerprint(data: bytes, at: int, value: bytes) -> None:
    last = at + _FINGERPRINT_SIZE == len(data)
    if not last or value != _fingerprint(data[:at]):
        raise BadStun("wrong FINGERPRINT")
