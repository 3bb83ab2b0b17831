"""Ogg/Opus files (RFC 3533, RFC 7845): writing page by page, reading back what is whole."""

import struct
import zlib
from collections.abc import Iterator
from typing import BinaryIO

from audio.opus import packet_samples

PRE_SKIP = 312
"""Samples at the start a player drops: the encoder's lookahead (RFC 7845, 4.2)."""

_PAGE = struct.Struct("<4sBBqIIIB")
_CRC_AT = 22
_CONTINUED, _FIRST, _LAST = 1, 2, 4
_MAX_SEGMENTS = 255
_PACKETS_PER_PAGE = 50
_VENDOR = b"Spaces"
_HEAD = struct.pack("<8sBBHIhB", b"OpusHead", 1, 1, PRE_SKIP, 48_000, 0, 0)
_TAGS = struct.pack("<8sI", b"OpusTags", len(_VENDOR)) + _VENDOR + struct.pack("<I", 0)
_MIRRORED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


def checksum(page: bytes) -> int:
    """The CRC of RFC 3533, 6: the polynomial of zlib, but with the highest bit first.

    So zlib does it, on bytes with their bits mirrored; a loop in Python would be 100 times slower.
    """
    crc = zlib.crc32(page.translate(_MIRRORED), 0xFFFFFFFF) ^ 0xFFFFFFFF
    return int.from_bytes(crc.to_bytes(4, "little").translate(_MIRRORED), "big")


class OggOpusWriter:
    """Writes one mono Opus stream. What was added is on disk after `flush`."""

    def __init__(self, file: BinaryIO, serial: int) -> None:
        self._file = file
        self._serial = serial
        self._sequence = 0
        self._position = 0
        self._packets: list[bytes] = []
        self._segments = 0
        self._write_page([_HEAD], _FIRST, 0)
        self._write_page([_TAGS], 0, 0)

    @property
    def position(self) -> int:
        """Samples written so far, pre-skip included."""
        return self._position

    def add(self, packet: bytes) -> None:
        """Append a packet; raises `ValueError` for one that is not Opus."""
        samples = packet_samples(packet)
        segments = len(packet) // 255 + 1
        if samples == 0 or segments > _MAX_SEGMENTS:
            raise ValueError("not an Opus packet")
        if self._segments + segments > _MAX_SEGMENTS or len(self._packets) == _PACKETS_PER_PAGE:
            self._end_page(0)
        self._packets.append(packet)
        self._segments += segments
        self._position += samples

    def flush(self) -> None:
        """Hand everything to the operating system, so that it outlives this process."""
        if self._packets:
            self._end_page(0)
        self._file.flush()

    def finish(self) -> None:
        """Mark the end of the stream and flush; the file is the caller's to close."""
        self._end_page(_LAST)
        self._file.flush()

    def _end_page(self, flags: int) -> None:
        self._write_page(self._packets, flags, self._position)
        self._packets = []
        self._segments = 0

    def _write_page(self, packets: list[bytes], flags: int, granule: int) -> None:
        lacing = b"".join(b"\xff" * (len(p) // 255) + bytes([len(p) % 255]) for p in packets)
        header = _PAGE.pack(
            b"OggS", 0, flags, granule, self._serial, self._sequence, 0, len(lacing)
        )
        page = header + lacing + b"".join(packets)
        self._sequence += 1
        crc = checksum(page).to_bytes(4, "little")
        self._file.write(page[:_CRC_AT] + crc + page[_CRC_AT + 4 :])


def read_packets(file: BinaryIO) -> Iterator[bytes]:
    """The audio packets of an Ogg/Opus file, up to the first page that is cut off or damaged.

    Nothing is raised for a bad tail (that is what a crash leaves behind), nor for a file that
    is no Ogg at all: it yields nothing. Memory use is one page.
    """
    headers = 2
    rest = b""
    while (page := _read_page(file)) is not None:
        flags, lacing, body = page
        if not flags & _CONTINUED:
            rest = b""
        at = 0
        for size in lacing:
            rest += body[at : at + size]
            at += size
            if size == 255:
                continue
            if headers:
                headers -= 1
            elif packet_samples(rest):
                yield rest
            rest = b""


def _read_page(file: BinaryIO) -> tuple[int, bytes, bytes] | None:
    """Flags, lacing values and body of the next page; `None` at the end or at damage."""
    header = file.read(_PAGE.size)
    if len(header) < _PAGE.size:
        return None
    capture, version, flags, _, _, _, crc, segments = _PAGE.unpack(header)
    if capture != b"OggS" or version != 0:
        return None
    lacing = file.read(segments)
    body = file.read(sum(lacing))
    if len(lacing) < segments or len(body) < sum(lacing):
        return None
    page = header[:_CRC_AT] + bytes(4) + header[_CRC_AT + 4 :] + lacing + body
    return (flags, lacing, body) if checksum(page) == crc else None
