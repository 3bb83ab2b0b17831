"""RTCP: what each side tells the other of what it sent and of what arrived (RFC 3550, 6)."""

import struct
from dataclasses import dataclass

from audio.rtp import BadRtp, SentCounters

SENDER_REPORT, RECEIVER_REPORT, SOURCE_DESCRIPTION, GOODBYE = 200, 201, 202, 203

_HEADER = struct.Struct("!BBH")
_BLOCK = struct.Struct("!IIIIII")
_NTP_EPOCH = 2_208_988_800
_LARGEST_LOSS = 0x7FFFFF


@dataclass(frozen=True, slots=True)
class Part:
    """One packet of a compound packet."""

    kind: int
    count: int
    """Of the report blocks, chunks or sources in it."""
    body: bytes


@dataclass(frozen=True, slots=True)
class ReportBlock:
    """What somebody received of one source (RFC 3550, 6.4.1)."""

    ssrc: int
    fraction_lost: float
    """From 0 to 1, since the report before."""
    total_lost: int
    highest: int
    """The extended sequence number of the newest packet."""
    jitter: int
    """In units of the RTP timestamp."""
    last_report: int
    """The middle 32 bits of the NTP time in the source's last sender report; 0: none came."""
    delay: int
    """Since that report, in 1/65536 s."""

    def pack(self) -> bytes:
        """As it travels."""
        lost = max(-_LARGEST_LOSS, min(self.total_lost, _LARGEST_LOSS)) & 0xFFFFFF
        return _BLOCK.pack(
            self.ssrc,
            min(int(self.fraction_lost * 256), 255) << 24 | lost,
            self.highest & 0xFFFFFFFF,
            self.jitter & 0xFFFFFFFF,
            self.last_report,
            self.delay & 0xFFFFFFFF,
        )


def ntp_time(wall_clock: float) -> int:
    """The 64 bits of an NTP time stamp, of Unix seconds (RFC 3550, 4)."""
    seconds = int(wall_clock)
    return (seconds + _NTP_EPOCH & 0xFFFFFFFF) << 32 | int((wall_clock - seconds) * 2**32)


def middle(ntp: int) -> int:
    """The 32 bits of an NTP time stamp that reports refer to: 1/65536 s, modulo 2^32."""
    return ntp >> 16 & 0xFFFFFFFF


def parse(packet: bytes) -> list[Part]:
    """The parts of a compound packet; raises `BadRtp`."""
    parts = []
    at = 0
    while at < len(packet):
        if len(packet) - at < _HEADER.size:
            raise BadRtp("RTCP shorter than a header")
        first, kind, words = _HEADER.unpack_from(packet, at)
        end = at + _HEADER.size + 4 * words
        if first >> 6 != 2 or end > len(packet):
            raise BadRtp("RTCP beyond the end")
        parts.append(Part(kind, first & 0x1F, packet[at + _HEADER.size : end]))
        at = end
    return parts


def report_blocks(part: Part) -> list[ReportBlock]:
    """The blocks of a sender's or receiver's report, none of another; raises `BadRtp`."""
    if part.kind not in (SENDER_REPORT, RECEIVER_REPORT):
        return []
    start = 24 if part.kind == SENDER_REPORT else 4
    if len(part.body) < start + part.count * _BLOCK.size:
        raise BadRtp("report blocks beyond the end")
    return [_block(part.body, start + n * _BLOCK.size) for n in range(part.count)]


def sender_time(part: Part) -> tuple[int, int]:
    """The SSRC and the NTP time of a sender report; raises `BadRtp`."""
    if part.kind != SENDER_REPORT or len(part.body) < 24:
        raise BadRtp("not a sender report")
    ssrc, ntp = struct.unpack_from("!IQ", part.body)
    return ssrc, ntp


def sources(part: Part) -> list[int]:
    """The SSRCs that say goodbye (RFC 3550, 6.6), none in another part; raises `BadRtp`."""
    if part.kind != GOODBYE:
        return []
    if len(part.body) < 4 * part.count:
        raise BadRtp("sources beyond the end")
    return list(struct.unpack_from(f"!{part.count}I", part.body))


def sender_report(
    ssrc: int,
    wall_clock: float,
    timestamp: int,
    sent: SentCounters,
    cname: str,
    blocks: tuple[ReportBlock, ...] = (),
) -> bytes:
    """A compound packet of a sender report and our CNAME (RFC 3550, 6.4.1 and 6.5).

    `wall_clock` is in Unix seconds and belongs to the same moment as the RTP `timestamp`; `blocks`
    say what we received.
    """
    body = struct.pack(
        "!IQIII",
        ssrc,
        ntp_time(wall_clock),
        timestamp & 0xFFFFFFFF,
        sent.packets & 0xFFFFFFFF,
        sent.octets & 0xFFFFFFFF,
    ) + b"".join(block.pack() for block in blocks)
    return _part(len(blocks), SENDER_REPORT, body) + _description(ssrc, cname)


def receiver_report(ssrc: int, cname: str, blocks: tuple[ReportBlock, ...]) -> bytes:
    """A compound packet of who sends nothing (RFC 3550, 6.4.2 and 6.5): `blocks` and a CNAME."""
    body = ssrc.to_bytes(4, "big") + b"".join(block.pack() for block in blocks)
    return _part(len(blocks), RECEIVER_REPORT, body) + _description(ssrc, cname)


def goodbye(ssrc: int, cname: str) -> bytes:
    """The end of our stream: a compound packet of an empty report, our CNAME and BYE."""
    return receiver_report(ssrc, cname, ()) + _part(1, GOODBYE, ssrc.to_bytes(4, "big"))


def _description(ssrc: int, cname: str) -> bytes:
    name = cname.encode()
    chunk = struct.pack("!IBB", ssrc, 1, len(name)) + name + b"\0"
    return _part(1, SOURCE_DESCRIPTION, chunk + bytes(-len(chunk) % 4))


def _part(count: int, kind: int, body: bytes) -> bytes:
    return _HEADER.pack(0x80 | count, kind, len(body) // 4) + body


def _block(body: bytes, at: int) -> ReportBlock:
    ssrc, loss, highest, jitter, last_report, delay = _BLOCK.unpack_from(body, at)
    total = (loss & 0xFFFFFF ^ 0x800000) - 0x800000  # 24 bits with a sign
    return ReportBlock(ssrc, (loss >> 24) / 256, total, highest, jitter, last_report, delay)
