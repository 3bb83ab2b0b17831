"""The recordings Janus makes of single voices: `.mjr` files, as its `record.c` writes them.

"MJR00002", a 16-bit length, JSON: `s` when the file was made, `u` when its first packet came,
both in microseconds; then for each packet "MEET", 32 bits of milliseconds since `u`, a 16-bit
length, and the packet as it was received. All numbers with the highest byte first.
"""

import heapq
import json
import struct
from collections.abc import Iterator
from typing import BinaryIO

from audio.opus import FRAME, SAMPLE_RATE, SILENCE, packet_samples
from audio.rtp import BadRtp, parse

_FILE = struct.Struct("!8sH")
_PACKET = struct.Struct("!4sIH")
_REORDERED = 16  # packets that may stand in the file before an earlier one
_ASTRAY = SAMPLE_RATE  # a stream whose clock jumps by more than a second has begun anew

_Timed = tuple[int, bytes]
"""A packet of Opus, and the sample (after the making of the file) at which it starts."""


def read_timed(file: BinaryIO) -> Iterator[_Timed]:
    """The Opus packets of the file, with silence where none came, from its making to its end.

    Each with the sample at which it begins. What is cut off or is no RTP is left out, and a file
    that is no `.mjr` yields nothing.
    """
    position = 0
    for start, packet in _in_order(_timed(file)):
        if start + FRAME // 2 < position:
            continue  # came twice, or too late
        while start - position >= FRAME:
            yield position, SILENCE
            position += FRAME
        yield position, packet
        position += packet_samples(packet)


def _in_order(packets: Iterator[_Timed]) -> Iterator[_Timed]:
    waiting: list[_Timed] = []
    for packet in packets:
        heapq.heappush(waiting, packet)
        if len(waiting) > _REORDERED:
            yield heapq.heappop(waiting)
    while waiting:
        yield heapq.heappop(waiting)


def _timed(file: BinaryIO) -> Iterator[_Timed]:
    delay = _read_head(file)
    if delay is None:
        return
    base, first = 0, None
    while (entry := _read_entry(file)) is not None:
        milliseconds, data = entry
        try:
            packet = parse(data)
        except BadRtp:
            continue
        if packet_samples(packet.payload) == 0:
            continue
        arrived = delay + milliseconds * SAMPLE_RATE // 1000
        if first is None:
            base, first = arrived, packet.timestamp
        start = base + _signed(packet.timestamp - first)
        if abs(start - arrived) > _ASTRAY:
            base, first, start = arrived, packet.timestamp, arrived
        yield start, packet.payload


def _read_head(file: BinaryIO) -> int | None:
    """How many samples after its making the first packet of the file came."""
    head = file.read(_FILE.size)
    if len(head) < _FILE.size:
        return None
    magic, size = _FILE.unpack(head)
    try:
        info = json.loads(file.read(size))
        if magic != b"MJR00002" or info["c"] != "opus":
            return None
        return max(0, int(info["u"]) - int(info["s"])) * SAMPLE_RATE // 1_000_000
    except (ValueError, KeyError, TypeError):
        return None


def _read_entry(file: BinaryIO) -> tuple[int, bytes] | None:
    head = file.read(_PACKET.size)
    if len(head) < _PACKET.size:
        return None
    magic, milliseconds, size = _PACKET.unpack(head)
    data = file.read(size)
    return (milliseconds, data) if magic == b"MEET" and len(data) == size else None


def _signed(difference: int) -> int:
    """A difference of timestamps, which wrap at 2^32."""
    return (difference + 0x80000000) % 0x100000000 - 0x80000000
