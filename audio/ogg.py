"""Ogg/Opus files (RFC 3533, RFC 7845): writing page by page, reading back what is whole."""

import shutil
import struct
import zlib
from collections.abc import Iterator
from typing import BinaryIO

from audio.opus import packet_samples

PRE_SKIP = 312
"""Samples at the start a player drops: the encoder's lookahead (RFC 7845, 4.2)."""

_PAGE = struct.Struct("<4sBBqIIIB")
_CRC_AT = 22
_FIRST, _LAST = 2, 4
_MAX_SEGMENTS = 255
_PACKETS_PER_PAGE = 50
_SEARCH = 65_536  # bytes
_VENDOR = b"Spaces"
_HEAD = struct.Struct("<8sBBHIhB")
_GAIN_STEPS_DB = 256  # RFC 7845, 5.1: signed, with eight bits behind the point
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
        self._write_page([_head(0.0)], _FIRST, 0)
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
        self._sequence += 1
        self._file.write(_with_checksum(header + lacing + b"".join(packets)))


def write_with_gain(source: BinaryIO, target: BinaryIO, gain_db: float) -> None:
    """Copy a file of `OggOpusWriter` and let players turn it up by `gain_db` (RFC 7845, 5.1).

    The packets stay as they are. Raises `ValueError` for another kind of file.
    """
    first = source.read(_PAGE.size + 1 + _HEAD.size)
    if first[-_HEAD.size :] != _head(0.0):
        raise ValueError("not a file of ours")
    page = first[: -_HEAD.size] + _head(gain_db)
    target.write(_with_checksum(page))
    shutil.copyfileobj(source, target)


def read_packets(file: BinaryIO) -> Iterator[bytes]:
    """The audio packets of an Ogg/Opus file that are whole, one after the other."""
    return (packet for _, packet in read_timed(file))


def read_timed(file: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """The audio packets of an Ogg/Opus file, each with the sample at which it begins.

    Damaged pages are passed over; the packets after them keep their places. Nothing is raised for
    a bad tail (that is what a crash leaves behind), nor for a file that is no Ogg at all: it
    yields nothing. Memory use is one page and what of a damaged file is searched for the next.
    """
    for granule, packets in _read_pages(file):
        if granule == 0:  # headers
            continue
        position = granule - sum(packet_samples(packet) for packet in packets)
        for packet in packets:
            if samples := packet_samples(packet):
                yield position, packet
                position += samples


def _read_pages(file: BinaryIO) -> Iterator[tuple[int, list[bytes]]]:
    """Granule position and packets of every whole page."""
    while True:
        start = file.tell()
        header = file.read(_PAGE.size)
        if len(header) < _PAGE.size:
            return
        capture, version, _, granule, _, _, crc, segments = _PAGE.unpack(header)
        lacing = file.read(segments)
        body = file.read(sum(lacing))
        page = header[:_CRC_AT] + bytes(4) + header[_CRC_AT + 4 :] + lacing + body
        if capture == b"OggS" and version == 0 and checksum(page) == crc:
            yield granule, _split(lacing, body)
        elif not _seek_page(file, start + 1):
            return


def _split(lacing: bytes, body: bytes) -> list[bytes]:
    """The packets of a page; our writer lets none go on in the next."""
    packets, start, end = [], 0, 0
    for size in lacing:
        end += size
        if size < _MAX_SEGMENTS:
            packets.append(body[start:end])
            start = end
    return packets


def _seek_page(file: BinaryIO, start: int) -> bool:
    """Go to the next place from `start` on that looks like a page; whether there is one."""
    file.seek(start)
    while chunk := file.read(_SEARCH):
        if (found := chunk.find(b"OggS")) >= 0:
            file.seek(start + found)
            return True
        # A mark may be cut in two by the end of what was read.
        start += max(len(chunk) - 3, 1)
        file.seek(start)
    return False


def _head(gain_db: float) -> bytes:
    """The identification header (RFC 7845, 5.1): mono, 48 kHz."""
    gain = round(gain_db * _GAIN_STEPS_DB)
    return _HEAD.pack(b"OpusHead", 1, 1, PRE_SKIP, 48_000, gain, 0)


def _with_checksum(page: bytes) -> bytes:
    """A page whose checksum is right, whatever it was."""
    blank = page[:_CRC_AT] + bytes(4) + page[_CRC_AT + 4 :]
    return page[:_CRC_AT] + checksum(blank).to_bytes(4, "little") + page[_CRC_AT + 4 :]
