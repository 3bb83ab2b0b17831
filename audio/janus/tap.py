"""The mix of every room, as the origin forwards it to this process, for the recording."""

import asyncio
import secrets
import time
from dataclasses import dataclass

from pylibsrtp import Error, Policy, Session

from audio import rtp
from audio.janus.forward import Destination, Lock
from audio.opus import FRAME, packet_samples
from audio.recorder import RoomRecorder

TICK = 0.02
"""Seconds, as everywhere in a recording."""

_PAYLOAD_TYPE = 100
_ASTRAY = 25  # ticks a stream may be away from the clock before it is put right


def tick_now() -> int:
    """The number of the present tick."""
    return int(time.monotonic() / TICK)


@dataclass(slots=True)
class _Stream:
    """One forwarded mix."""

    session: Session
    recorder: RoomRecorder
    first_timestamp: int | None = None
    first_tick: int = 0

    def take(self, packet: rtp.RtpPacket) -> None:
        """Give the packet to the recorder at the tick its timestamp says."""
        if packet_samples(packet.payload) == 0:
            return
        now = tick_now()
        if self.first_timestamp is None:
            self.first_timestamp, self.first_tick = packet.timestamp, now
        elapsed = (packet.timestamp - self.first_timestamp) & 0xFFFFFFFF
        tick = self.first_tick + elapsed // FRAME
        if abs(tick - now) > _ASTRAY:
            self.first_timestamp, self.first_tick, tick = packet.timestamp, now, now
        self.recorder.mix(tick, packet.payload)


class Tap(asyncio.DatagramProtocol):
    """One UDP port for the mixes of all rooms, told apart by SSRC and each under its own key."""

    def __init__(self) -> None:
        self._streams: dict[int, _Stream] = {}

    def open(self, recorder: RoomRecorder, host: str, port: int) -> Destination:
        """Record what is sent there from now on; `host` and `port` as the origin sees them."""
        ssrc, lock = secrets.randbits(32), Lock()
        policy = Policy(
            key=lock.key,
            ssrc_type=Policy.SSRC_ANY_INBOUND,
            srtp_profile=Policy.SRTP_PROFILE_AES128_CM_SHA1_80,
        )
        self._streams[ssrc] = _Stream(Session(policy), recorder)
        return Destination(host, port, _PAYLOAD_TYPE, ssrc, lock)

    def close(self, destination: Destination) -> None:
        """No more of this one."""
        self._streams.pop(destination.ssrc, None)

    def datagram_received(self, data: bytes, addr: object) -> None:
        """RTP from the origin; what is not authentic or not known is dropped."""
        try:
            stream = self._streams[rtp.parse(data).ssrc]
            stream.take(rtp.parse(stream.session.unprotect(data)))
        except (KeyError, rtp.BadRtp, Error, ValueError):
            return
