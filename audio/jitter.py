"""The jitter buffer: packets come in as the network pleases and leave in order, in time.

A pure data structure: no clock, no sound. All time is counted in samples at 48 kHz: the RTP
timestamps, and the caller's clock, which says when packets arrive and when sound is needed.

The fastest packets of the last seconds tell how the sender's clock and ours relate; how much
later than those the others come is the delay that is needed. The delay there is adapts to it:
where a packet is missing and the delay is too short, the play position waits (the delay grows
by a frame); where the delay is too long, `take` asks for two packets to be played in the time
of less. The same two moves absorb a sender whose clock runs fast or slow.

While packets are being missed, one frame of delay more is kept: then the packet after a lost one,
which holds a copy of it (FEC), is there before it is too late.
"""

from bisect import bisect_left, insort
from collections import deque
from dataclasses import dataclass
from enum import Enum

from audio.opus import FRAME, frame_samples, packet_samples

MAX_DELAY = 400 * 48
"""The most delay the buffer ever aims at."""

CAPACITY = 48_000
"""The most sound it holds; more than a second is a sender that lost its way."""

_RESYNC = 2 * 48_000
_IDLE_AFTER = 10 * FRAME
_WINDOW = 250  # packets looked back on, 5 s of the usual 20 ms
_IN_TIME = 97  # per cent of the packets; a rarer straggler is concealed instead
_SLACK = FRAME + FRAME // 4  # delay beyond what is needed before any is given up
_SQUEEZE_EVERY = 25  # takes: the sound is not hurried more than that,
_HURRY = ((12 * FRAME, 1), (3 * FRAME, 5))  # unless this much delay is to spare: then every n-th
_LOOK_BACK = 500  # turns, 10 s, for which a miss is remembered
_HOLE = 5 * FRAME  # what is missing and longer than this was never sent, as in a pause


@dataclass(frozen=True, slots=True)
class Packet:
    """An Opus packet with its place in the stream."""

    timestamp: int
    payload: bytes
    samples: int


class Gap(Enum):
    """Why `take` has no packet."""

    LOST = "lost"
    """Something is missing and its turn is over: conceal `Taken.samples`."""
    DRY = "dry"
    """Nothing came in time; the play position waits. Conceal 20 ms."""
    IDLE = "idle"
    """Nothing is being sent, or the buffer is filling: silence."""


@dataclass(frozen=True, slots=True)
class Taken:
    """One step of playing: a packet or a gap, and what may go with it."""

    packet: Packet | Gap
    samples: int = FRAME
    """For a gap: how much sound is to stand in for it."""
    following: bytes | None = None
    """For `Gap.LOST`: the payload right after it, which may hold a copy of it (FEC)."""
    squeeze: bool = False
    """The delay is larger than needed: take one more and blend both into the time of one."""


class _Transits:
    """How long the last packets were on their way, by a clock that starts anywhere.

    They are kept in order, because they are looked at more often than one is added.
    """

    def __init__(self) -> None:
        self._latest: deque[int] = deque()
        self._ordered: list[int] = []

    def __len__(self) -> int:
        return len(self._ordered)

    def add(self, transit: int) -> None:
        """Another packet came."""
        if len(self._latest) == _WINDOW:
            del self._ordered[bisect_left(self._ordered, self._latest.popleft())]
        self._latest.append(transit)
        insort(self._ordered, transit)

    def clear(self) -> None:
        """Forget them all."""
        self._latest.clear()
        self._ordered.clear()

    @property
    def least(self) -> int:
        """Of the fastest; 0 when there is none."""
        return self._ordered[0] if self._ordered else 0

    @property
    def jitter(self) -> int:
        """By how much nearly all were slower than that at most; there must be one."""
        return self._ordered[len(self._ordered) * _IN_TIME // 100] - self._ordered[0]


class JitterBuffer:
    """Holds one stream's packets until their turn."""

    def __init__(self) -> None:
        self.late = 0
        """Packets that came after their turn, twice, or in a flood."""
        self._packets: dict[int, Packet] = {}
        self._position: int | None = None  # timestamp of what plays next; None while idle
        self._waited = 0
        self._highest: int | None = None  # newest timestamp seen, to unwrap 32 bits against
        self._transits = _Transits()
        self._since_squeeze = 0
        self._since_miss = _LOOK_BACK  # turns, of which one is a packet's or a missing one's

    @property
    def depth(self) -> int:
        """Samples from the play position to the end of the newest packet."""
        if not self._packets:
            return 0
        newest = self._packets[max(self._packets)]
        start = min(self._packets) if self._position is None else self._position
        return newest.timestamp + newest.samples - start

    @property
    def idle(self) -> bool:
        """Whether there is nothing to play until another packet comes."""
        return self._position is None and not self._packets

    @property
    def needed(self) -> int:
        """The delay with which nearly all packets of late would have come in time.

        Where some are missed, in time for the packet after a lost one.
        """
        if not self._transits:
            return 0
        reserve = FRAME if self._since_miss < _LOOK_BACK else 0
        return min(self._transits.jitter + reserve, MAX_DELAY)

    def add(self, timestamp: int, payload: bytes, arrival: int) -> None:
        """Put in a packet: its 32-bit RTP timestamp, and when it arrived."""
        samples = packet_samples(payload)
        if samples == 0:
            return
        timestamp = self._unwrap(timestamp)
        self._transits.add(arrival - timestamp)
        too_late = self._position is not None and timestamp < self._position
        if too_late or timestamp in self._packets:
            self.late += 1
            return
        self._packets[timestamp] = Packet(timestamp, payload, samples)
        if self.depth > CAPACITY:
            self._start_over(timestamp)

    def take(self, now: int) -> Taken:
        """The next packet, or why there is none. Call it whenever more sound is needed."""
        position = self._start(now) if self._position is None else self._position
        if position is None:
            return Taken(Gap.IDLE)
        self._since_squeeze += 1
        if position not in self._packets:
            if not self._packets or self._delay(position, now) < self.needed:
                return self._wait()
            missing = min(self._packets) - position
            self._since_miss = 0 if missing <= _HOLE else self._since_miss + 1
            position = self._catch_up(position, now)
        self._waited = 0
        packet = self._packets.pop(position, None)
        if packet is None:
            return self._miss(position)
        self._since_miss += 1
        self._position = position + packet.samples
        return Taken(packet, squeeze=self._squeezes(position, now))

    def reset(self) -> None:
        """Forget everything: another stream begins."""
        self._packets.clear()
        self._transits.clear()
        self._since_miss = _LOOK_BACK
        self._position = self._highest = None
        self._waited = 0

    def _unwrap(self, timestamp: int) -> int:
        """Continue a 32-bit timestamp beyond its wrap; a jump without sense starts anew."""
        if self._highest is not None:
            step = (timestamp - self._highest + 2**31) % 2**32 - 2**31
            if abs(step) <= _RESYNC or (step > 0 and self._position is None):
                unwrapped = self._highest + step
                self._highest = max(self._highest, unwrapped)
                return unwrapped
            self.reset()
        # Far from zero, so that what came before the first packet stays positive.
        self._highest = timestamp + 2**32
        return self._highest

    def _delay(self, position: int, now: int) -> int:
        """How long after the arrival of a fast packet its sound would be played now."""
        return now - position - self._transits.least

    def _start(self, now: int) -> int | None:
        if not self._packets:
            return None
        first = min(self._packets)
        if self._delay(first, now) < self.needed:
            return None
        self._position = first
        self._waited = 0
        return first

    def _wait(self) -> Taken:
        self._waited += FRAME
        if self._waited <= _IDLE_AFTER:
            return Taken(Gap.DRY)
        self._position = None
        self._transits.clear()  # a pause may shift the sender's timestamps
        return Taken(Gap.IDLE)

    def _catch_up(self, position: int, now: int) -> int:
        """What is missing after the wait was lost or never sent: the time waited was its time.

        Not all of it where more delay is needed than there was before the wait.
        """
        first = min(self._packets)
        spare = max(self._delay(position, now) - self.needed, 0)
        return position + min(first - position, self._waited, spare // FRAME * FRAME)

    def _miss(self, position: int) -> Taken:
        """Step over what is missing, all at once where one packet's FEC can restore all of it."""
        first = min(self._packets)
        following = self._packets[first].payload
        missing = first - position
        if missing <= max(FRAME, frame_samples(following)):
            self._position = first
            return Taken(Gap.LOST, missing, following)
        self._position = position + FRAME
        return Taken(Gap.LOST)

    def _squeezes(self, position: int, now: int) -> bool:
        spare = self._delay(position, now) - _SLACK - self.needed
        if spare < 0:
            return False
        every = next((every for much, every in _HURRY if spare > much), _SQUEEZE_EVERY)
        if self._since_squeeze < every:
            return False
        self._since_squeeze = 0
        return True

    def _start_over(self, timestamp: int) -> None:
        """Far too much is queued: only the newest packet counts."""
        newest = self._packets[timestamp]
        self.late += len(self._packets) - 1
        self._packets = {timestamp: newest}
        self._transits.clear()
        self._position = None
