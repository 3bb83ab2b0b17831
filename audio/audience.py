"""Who hears the shared stream of a room, and in packets of which length.

Each packet costs about the same whatever is in it, so those who only listen get one every 60 ms
with three frames in it. Those who speak, or are about to, get one every 20 ms, because a
conversation cannot wait. The frames are the same ones, so going from one pace to the other
loses nothing: whoever is hurried first gets the frames that still wait for their packet, and
whoever may take it easy again goes over where a packet of three ends.

The listeners are in three groups whose packets end in different ticks. A batch costs less the
more datagrams are in it, so a group is filled up to a batch before the next one is begun; beyond
that they grow evenly, so that no tick sends to more than a third of a crowd. Which group comes
first differs from room to room.
"""

import secrets
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from audio.batch import CAPACITY
from audio.fanout import MAX_PAYLOAD, Slots
from audio.opus import FRAME, Repacketizer

FRAMES = 3
"""In a packet for those who only listen."""


@dataclass(frozen=True, slots=True)
class Frame:
    """20 ms of the shared stream."""

    tick: int
    packet: bytes
    worth_sending: bool


class Group:
    """Slots that get the same packets."""

    def __init__(self) -> None:
        self._members: set[int] = set()
        self._slots: Slots | None = None

    def add(self, slot: int) -> None:
        """Somebody is in."""
        self._members.add(slot)
        self._slots = None

    def discard(self, slot: int) -> bool:
        """Somebody is out; returns whether they were in."""
        if slot not in self._members:
            return False
        self._members.discard(slot)
        self._slots = None
        return True

    @property
    def slots(self) -> Slots:
        """All of them, as an array."""
        if self._slots is None:
            self._slots = np.fromiter(self._members, dtype=np.intp, count=len(self._members))
        return self._slots


class Audience:
    """The connected participants of a room, by their slots in the `Fanout`."""

    def __init__(self, broadcast: Callable[[bytes, int, Slots], None]) -> None:
        self._broadcast = broadcast
        self._repacketizer = Repacketizer()
        self._recent: deque[Frame] = deque(maxlen=FRAMES)
        self._quick = Group()
        self._easy = [Group() for _ in range(FRAMES)]
        self._first = secrets.randbelow(FRAMES)
        self._sizes: Counter[int] = Counter()
        self._number: dict[int, int] = {}  # which of the groups somebody belongs to
        self._waiting: list[set[int]] = [set() for _ in range(FRAMES)]
        self._hurried: frozenset[int] = frozenset()
        self._apart: frozenset[int] = frozenset()

    def join(self, slot: int) -> None:
        """Somebody is connected; the first packet comes with the next tick."""
        number = self._number[slot] = self._choose()
        self._sizes[number] += 1
        self._quick.add(slot)
        self._waiting[number].add(slot)

    def leave(self, slot: int) -> None:
        """Somebody is gone."""
        number = self._number.pop(slot, None)
        if number is None:
            return
        self._sizes[number] -= 1
        self._quick.discard(slot)
        self._easy[number].discard(slot)
        self._waiting[number].discard(slot)
        self._hurried -= {slot}
        self._apart -= {slot}

    def arrange(self, hurried: frozenset[int], apart: frozenset[int]) -> None:
        """From the next frame on, who gets every frame at once, and who gets none at all.

        Whoever is `apart` hears a stream of their own, and is `hurried` as well.
        """
        if hurried != self._hurried:
            for slot in hurried - self._hurried:
                self._hurry(slot)
            for slot in self._hurried - hurried:
                self._waiting[self._number[slot]].add(slot)
            self._hurried = hurried
        if apart != self._apart:
            for slot in apart - self._apart:
                self._quick.discard(slot)
            for slot in self._apart - apart:
                self._quick.add(slot)
            self._apart = apart

    def spare(self, tick: int) -> int:
        """How many ticks `tick` may wait for those after it without anybody hearing it later.

        Who only listens waits for the last frame of a packet anyway. Somebody alone on stage has
        nobody to listen to; two may talk to each other.
        """
        if len(self._hurried) > 1 or any(self._waiting):
            return 0
        ends = [number for number, size in self._sizes.items() if size > 0]
        return min(((number - tick) % FRAMES for number in ends), default=FRAMES - 1)

    def play(self, frame: Frame) -> None:
        """Send what is due with this frame."""
        self._recent.append(frame)
        if frame.worth_sending:
            self._broadcast(frame.packet, frame.tick * FRAME, self._quick.slots)
        number = frame.tick % FRAMES
        self._send_recent(frame.tick - FRAMES, self._easy[number].slots)
        for slot in self._waiting[number]:
            self._quick.discard(slot)
            self._easy[number].add(slot)
        self._waiting[number].clear()

    def _choose(self) -> int:
        """The group for somebody who comes: the first with room in its batch, or the smallest."""
        numbers = [(self._first + offset) % FRAMES for offset in range(FRAMES)]
        return min(numbers, key=lambda number: max(self._sizes[number] + 1, CAPACITY))

    def _hurry(self, slot: int) -> None:
        number = self._number[slot]
        self._waiting[number].discard(slot)
        if self._easy[number].discard(slot):
            self._quick.add(slot)
            if self._recent:
                last = self._recent[-1].tick
                self._send_recent(last - (last - number) % FRAMES, np.array([slot], dtype=np.intp))

    def _send_recent(self, after: int, slots: Slots) -> None:
        """The frames since a tick, from the first to the last of them that is worth sending."""
        if not len(slots):
            return
        frames = [frame for frame in self._recent if frame.tick > after]
        while frames and not frames[0].worth_sending:
            frames.pop(0)
        while frames and not frames[-1].worth_sending:
            frames.pop()
        if not frames:
            return
        packets = [frame.packet for frame in frames]
        consecutive = frames[-1].tick - frames[0].tick == len(frames) - 1
        if consecutive and sum(map(len, packets)) < MAX_PAYLOAD:
            joined = self._repacketizer.join(packets)
        else:
            joined = list(enumerate(packets))
        for first, packet in joined:
            self._broadcast(packet, frames[first].tick * FRAME, slots)
