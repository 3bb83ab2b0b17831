"""RTP packets (RFC 3550, RFC 7587)."""

import struct
from dataclasses import dataclass

CLOCK_RATE = 48_000
"""Opus always counts in 48 kHz (RFC 7587, 4.1)."""

_HEADER = struct.Struct("!BBHII")


class BadRtp(ValueError):
    """Not a well-formed RTP or RTCP packet."""


@dataclass(frozen=True, slots=True)
class RtpPacket:
    """What the engine reads of an RTP packet; `timestamp` is in 1/48000 s, modulo 2^32."""

    payload_type: int
    sequence: int
    timestamp: int
    ssrc: int
    payload: bytes


def is_rtcp(datagram: bytes) -> bool:
    """Tell RTCP from RTP on the same port (RFC 5761, 4)."""
    return len(datagram) > 1 and 192 <= datagram[1] <= 223


def parse(packet: bytes) -> RtpPacket:
    """Read an RTP packet, skipping CSRCs, extension and padding; raises `BadRtp`."""
    if len(packet) < _HEADER.size:
        raise BadRtp("shorter than a header")
    first, second, sequence, timestamp, ssrc = _HEADER.unpack_from(packet)
    if first >> 6 != 2:
        raise BadRtp("not version 2")
    start = _HEADER.size + 4 * (first & 0x0F)
    if first & 0x10:
        words = int.from_bytes(packet[start + 2 : start + 4], "big")
        start += 4 + 4 * words
    end = len(packet) - (packet[-1] if first & 0x20 else 0)
    if start > end or (first & 0x20 and end == len(packet)):
        raise BadRtp("header or padding beyond the end")
    return RtpPacket(second & 0x7F, sequence, timestamp, ssrc, packet[start:end])


def build(payload_type: int, sequence: int, timestamp: int, ssrc: int, payload: bytes) -> bytes:
    """An RTP packet without CSRCs, extension or padding; the numbers wrap by themselves."""
    return (
        _HEADER.pack(
            0x80, payload_type, sequence & 0xFFFF, timestamp & 0xFFFFFFFF, ssrc & 0xFFFFFFFF
        )
        + payload
    )


@dataclass(slots=True)
class SentCounters:
    """What a sender report says of the packets sent so far."""

    packets: int = 0
    octets: int = 0
