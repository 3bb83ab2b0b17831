"""RTP packets and the little RTCP the engine speaks (RFC 3550, RFC 7587)."""

import struct
from dataclasses import dataclass

CLOCK_RATE = 48_000
"""Opus always counts in 48 kHz (RFC 7587, 4.1)."""

_HEADER = struct.Struct("!BBHII")
_RTCP_HEADER = struct.Struct("!BBH")
_SENDER_REPORT, _SOURCE_DESCRIPTION = 200, 202
_NTP_EPOCH = 2_208_988_800


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


def sender_report(
    ssrc: int, wall_clock: float, timestamp: int, sent: SentCounters, cname: str
) -> bytes:
    """A compound packet of a sender report and our CNAME (RFC 3550, 6.4.1 and 6.5).

    `wall_clock` is in Unix seconds and belongs to the same moment as the RTP `timestamp`.
    """
    seconds = int(wall_clock)
    report = _RTCP_HEADER.pack(0x80, _SENDER_REPORT, 6) + struct.pack(
        "!IIIIII",
        ssrc,
        (seconds + _NTP_EPOCH) & 0xFFFFFFFF,
        int((wall_clock - seconds) * 2**32),
        timestamp & 0xFFFFFFFF,
        sent.packets & 0xFFFFFFFF,
        sent.octets & 0xFFFFFFFF,
    )
    name = cname.encode()
    chunk = struct.pack("!IBB", ssrc, 1, len(name)) + name + b"\0"
    chunk += bytes(-len(chunk) % 4)
    return report + _RTCP_HEADER.pack(0x81, _SOURCE_DESCRIPTION, len(chunk) // 4) + chunk


def parse_rtcp(packet: bytes) -> list[tuple[int, bytes]]:
    """The type and body of each part of a compound packet; raises `BadRtp`."""
    parts = []
    at = 0
    while at < len(packet):
        if len(packet) - at < _RTCP_HEADER.size:
            raise BadRtp("RTCP shorter than a header")
        first, kind, words = _RTCP_HEADER.unpack_from(packet, at)
        end = at + _RTCP_HEADER.size + 4 * words
        if first >> 6 != 2 or end > len(packet):
            raise BadRtp("RTCP beyond the end")
        parts.append((kind, packet[at + _RTCP_HEADER.size : end]))
        at = end
    return parts
