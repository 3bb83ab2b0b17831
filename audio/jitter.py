"""The jitter buffer: packets come in as the network pleases and leave in order, in time.

A pure data structure: no clock, no sound. Time is the RTP timestamp, in samples at 48 kHz; the
caller says when each packet arrived, and takes packets out at the speed of its own clock.

The delay adapts. It starts at what the spread of the arrivals asks for. When the buffer runs
dry the play position waits (the delay grows by that much); when over a second it never came
near to dry, `take` asks for one packet to be squeezed out (the delay shrinks). The same two
moves absorb a sender whose clock runs fast or slow.
"""

from collections import deque
from dataclasses import dataclass
from enum import Enum

from audio.opus import FRAME, packet_samples

MAX_DELAY = 400 * 48
"""The most delay the buffer ever aims at, in samples."""

_MIN_DELAY = FRAME
_CAPACITY = 48_000  # a second of sound; more is a sender that lost its way
_RESYNC = 2 * 48_000
_IDLE_AFTER = 10 * FRAME
_SPREAD_WINDOW = 250  # packets looked back on for the spread of arrivals
_SHRINK_WINDOW = 50  # takes after which a delay never needed is given up


@dataclass(frozen=True, slots=True)
class Packet:
    """An Opus packet with its place in the stream."""

    timestamp: int
    payload: bytes
    samples: int


class Gap(Enum):
    """Why `take` has no packet."""

    LOST = "lost"
    """One frame is missing and its turn is over: conceal 20 ms."""
    DRY = "dry"
    """Nothing came in time; the play position waits. Conceal 20 ms."""
    IDLE = "idle"
    """Nothing is being sent, or the buffer is filling: silence."""


@dataclass(frozen=True, slots=True)
class Taken:
    """One step of playing: a packet or a gap, and what may go with it."""

    packet: Packet | Gap
    following: bytes | None = None
    """For `Gap.LOST`: the payload right after it, which may hold a copy of it (FEC)."""
    squeeze: bool = False
    """The delay is larger than needed: take one more and blend both into the time of one."""


class JitterBuffer:
    """Holds one stream's packets until their turn."""

    def __init__(self) -> None:
        self.late = 0
        """Packets that came after their turn, or twice."""
        self._packets: dict[int, Packet] = {}
        self._position: int | None = None  # timestamp of what plays next; None while idle
        self._waited = 0
        self._highest: int | None = None  # newest timestamp seen, to unwrap 32 bits against
        self._transits: deque[int] = deque(maxlen=_SPREAD_WINDOW)
        self._takes = 0
        self._least_depth = _CAPACITY

    @property
    def depth(self) -> int:
        """Samples buffered, from the play position to the end of the newest packet."""
        if not self._packets:
            return 0
        newest = self._packets[max(self._packets)]
        start = min(self._packets) if self._position is None else self._position
        return newest.timestamp + newest.samples - start

    @property
    def target(self) -> int:
        """The delay the arrivals of late ask for, in samples."""
        if not self._transits:
            return _MIN_DELAY
        spread = sorted(self._transits)
        # Nineteen of twenty packets come within this; a rare straggler is concealed instead.
        needed = spread[len(spread) * 19 // 20] - spread[0]
        return max(_MIN_DELAY, min(-(-needed // FRAME) * FRAME, MAX_DELAY))

    def add(self, timestamp: int, payload: bytes, arrival: int) -> None:
        """Put in a packet: its 32-bit RTP timestamp, and when it arrived, in samples."""
        samples = packet_samples(payload)
        if samples == 0:
            return
        timestamp = self._unwrap(timestamp)
        too_old = self._position is not None and timestamp < self._position
        if too_old or timestamp in self._packets:
            self.late += 1
            return
        self._transits.append(arrival - timestamp)
        self._packets[timestamp] = Packet(timestamp, payload, samples)
        if self.depth > _CAPACITY:
            self._skip_to_newest()

    def take(self) -> Taken:
        """The next packet, or why there is none. Call it whenever more sound is needed."""
        position = self._start() if self._position is None else self._position
        if position is None:
            return Taken(Gap.IDLE)
        if not self._packets:
            return self._wait()
        position = self._catch_up(position)
        packet = self._packets.pop(position, None)
        if packet is None:
            return self._miss(position)
        self._position = position + packet.samples
        return Taken(packet, squeeze=self._squeezes())

    def reset(self) -> None:
        """Forget everything: another stream begins."""
        self._packets.clear()
        self._transits.clear()
        self._position = self._highest = None
        self._waited = self._takes = 0
        self._least_depth = _CAPACITY

    def _unwrap(self, timestamp: int) -> int:
        """Continue a 32-bit timestamp beyond its wrap; a jump without sense starts anew."""
        if self._highest is None:
            # Far from zero, so that what came before the first packet stays positive.
            self._highest = timestamp + 2**32
        step = (timestamp - self._highest + 2**31) % 2**32 - 2**31
        if step < -_RESYNC or (step > _RESYNC and self._position is not None):
            self.reset()
            self._highest = timestamp + 2**32
            return self._highest
        self._highest = max(self._highest, self._highest + step)
        return self._highest if step >= 0 else self._highest + step

    def _start(self) -> int | None:
        """Begin to play once the target is buffered, or has had the time to arrive."""
        if not self._packets:
            return None
        if self.depth < self.target and self._waited < self.target:
            self._waited += FRAME
            return None
        self._position = min(self._packets)
        self._waited = 0
        return self._position

    def _wait(self) -> Taken:
        self._waited += FRAME
        if self._waited <= _IDLE_AFTER:
            return Taken(Gap.DRY)
        self._position = None
        self._waited = 0
        self._transits.clear()  # a pause may shift the sender's timestamps
        return Taken(Gap.IDLE)

    def _catch_up(self, position: int) -> int:
        """After waiting: what is still missing was lost or never sent, and its time is over."""
        waited, self._waited = self._waited, 0
        return min(min(self._packets), position + waited) if waited else position

    def _miss(self, position: int) -> Taken:
        first = min(self._packets)
        self._position = min(first, position + FRAME)
        near = first - position <= FRAME
        return Taken(Gap.LOST, following=self._packets[first].payload if near else None)

    def _squeezes(self) -> bool:
        """Once per window: whether even its least depth was more than the target asks for."""
        self._takes += 1
        self._least_depth = min(self._least_depth, self.depth)
        if self._takes < _SHRINK_WINDOW:
            return False
        excess = self._least_depth - self.target
        self._takes, self._least_depth = 0, _CAPACITY
        return excess >= FRAME

    def _skip_to_newest(self) -> None:
        """Far too much is queued: keep what the target asks for and play on from there."""
        newest = max(self._packets)
        keep_from = newest - self.target
        for timestamp in [t for t in self._packets if t < keep_from]:
            del self._packets[timestamp]
            self.late += 1
        self._transits.clear()
        if self._position is not None:
            self._position = min(self._packets)
