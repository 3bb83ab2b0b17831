"""The same sound to many: RTP and SRTP for whole batches of listeners.

Each connected participant has a slot: a place in arrays that hold what its next packet needs.
Packets are queued room by room and go out together at the end of a tick, so that a tick costs
the same few array operations whether there is one room or a hundred. For AES-GCM only the call
that encrypts is made packet by packet; headers, initialization vectors (RFC 7714, 8.1) and
addresses are written by numpy, and one system call sends up to 1,024 datagrams.

Participants whose browser knows only AES-CM, and those reached otherwise than by UDP, keep their
slots for the numbering, but their packets are made and sent one by one.
"""

import logging
import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from audio.batch import CAPACITY, Batch
from audio.fanout_worker import FanoutWorker
from audio.gcm import GcmSession, nonce
from audio.rtp import SentCounters
from audio.sealer import HEADER, ROW, Rows, Sealer
from audio.srtp import SrtpSession

MAX_PAYLOAD = 1200
"""Bytes of Opus in one packet; more would not fit the smallest paths there are."""

Slots = NDArray[np.intp]
"""Indexes of participants."""

_FIRST_SIZE = 64

logger = logging.getLogger(__name__)
_SLOT = np.dtype(
    [
        ("row", ROW),  # without what changes from packet to packet
        ("first", np.uint64),  # packet index (RFC 3711, 3.3.1)
        ("index", np.uint64),  # of the next packet
        ("octets", np.uint64),
        ("place", np.uint32),  # in what is being flushed
        ("alone", np.bool_),  # rather than in a batch
    ]
)


@dataclass(frozen=True, slots=True)
class _Queued:
    payload: bytes
    timestamp: int
    slots: Slots


@dataclass(slots=True, eq=False)
class _Destination:
    """What the arrays do not hold."""

    srtp: SrtpSession
    send: Callable[[bytes], None]


class Fanout:
    """Numbers, protects and sends. Belongs to one thread."""

    def __init__(
        self, send_batch: Callable[[Batch, int], None], workers: Iterable[FanoutWorker] = ()
    ) -> None:
        self._sealer = Sealer(send_batch)
        self._workers = list(workers)
        self._queue: list[_Queued] = []
        self._free: list[int] = []
        self._destinations: list[_Destination | None] = []
        self._state = np.zeros(0, dtype=_SLOT)
        self._bytes = _as_bytes(self._state)

    def add(
        self, *, ssrc: int, payload_type: int, srtp: SrtpSession, send: Callable[[bytes], None]
    ) -> int:
        """A slot for somebody whose keys are known; `send` is for what goes out alone."""
        slot = self._free.pop() if self._free else self._grow()
        self._destinations[slot] = _Destination(srtp, send)
        self._state[slot] = np.zeros((), dtype=_SLOT)
        self._state["alone"][slot] = True
        # Random, but in the lower half, so that it cannot wrap too early (RFC 3711, 3.3.1).
        self._state["first"][slot] = self._state["index"][slot] = secrets.randbits(15)
        row = self._state["row"]
        row["slot"][slot], row["ssrc"][slot], row["start"][slot] = slot, ssrc, (0x80, payload_type)
        if isinstance(srtp, GcmSession):
            self._learn(slot, srtp)
            iv = nonce(srtp.sending.rtp_salt, ssrc, 0)
            row["iv_start"][slot] = np.frombuffer(iv[:4], dtype=np.uint8)
            row["iv_end"][slot] = int.from_bytes(iv[4:], "big")
        return slot

    def aim(self, slot: int, name: bytes | None) -> None:
        """Where to: a `batch.sockaddr`, or `None` for what cannot be sent in a batch."""
        destination = self._destinations[slot]
        can_be = destination is not None and isinstance(destination.srtp, GcmSession)
        self._state["alone"][slot] = name is None or not can_be
        if name is not None:
            self._state["row"]["name"][slot] = np.frombuffer(name, dtype=np.uint8)

    def remove(self, slot: int) -> None:
        """Free a slot; what is queued for it still goes out."""
        if self._queue:
            self.flush()
        self._destinations[slot] = None
        self._sealer.forget(slot)
        self._ask_workers(lambda worker: worker.forget(slot))
        self._free.append(slot)

    def queue(self, payload: bytes, timestamp: int, slots: Slots) -> None:
        """Send this Opus packet (at most `MAX_PAYLOAD` bytes) to all of these with `flush`."""
        if len(slots):
            self._queue.append(_Queued(payload, timestamp, slots))

    def flush(self) -> None:
        """Send what was queued."""
        queue, self._queue = self._queue, []
        for part in self._apart(queue):
            self._send(part)

    def _apart(self, queue: list[_Queued]) -> Iterable[list[_Queued]]:
        """Cut the queue into pieces of at most `CAPACITY` datagrams, in none of which anybody is
        twice: a second packet for somebody needs a number of its own."""
        while queue:
            slots = np.concatenate([queued.slots for queued in queue])
            places = np.arange(len(slots), dtype=np.uint32)
            self._state["place"][slots] = places
            first, queue = (
                (queue, []) if (self._state["place"][slots] == places).all() else _first(queue)
            )
            yield from _parts(first)

    def sent(self, slot: int) -> SentCounters:
        """What a sender report says of this participant's packets."""
        state = self._state[slot]
        return SentCounters(int(state["index"] - state["first"]), int(state["octets"]))

    def next_index(self, slot: int) -> int:
        """The packet index (RFC 3711, 3.3.1) of what is sent next."""
        return int(self._state["index"][slot])

    def _send(self, part: list[_Queued]) -> None:
        slots = part[0].slots if len(part) == 1 else np.concatenate([each.slots for each in part])
        packets = self._bytes.take(slots, axis=0)
        state = packets.view(_SLOT)[:, 0]
        row, index, octets = state["row"], state["index"], state["octets"]
        row["sequence"] = index  # its lower half
        row["iv_end"] ^= index
        payloads = [queued.payload for queued in part]
        number = np.repeat(np.arange(len(part)), [len(queued.slots) for queued in part])
        row["payload"] = number
        row["timestamp"] = np.array([queued.timestamp & 0xFFFFFFFF for queued in part])[number]
        octets += np.array([len(payload) for payload in payloads], dtype=np.uint64)[number]
        self._state["index"][slots] = index + np.uint64(1)
        self._state["octets"][slots] = octets
        if state["alone"].any():
            self._send_alone(state[state["alone"]], payloads)
            packets = packets[~state["alone"]]
        self._seal(packets[:, : ROW.itemsize], payloads)

    def _seal(self, rows: Rows, payloads: list[bytes]) -> None:
        """Each worker gets the rows of its slots; without workers they are all ours."""
        if not len(rows):
            return
        shares = len(self._workers)
        for number, worker in enumerate(list(self._workers)):
            mine = rows[rows.view(ROW)[:, 0]["slot"] % shares == number]
            try:
                worker.send(mine, payloads)
            except OSError as error:
                self._give_up(worker, error)
                self._sealer.send(mine, payloads)
        if not shares:
            self._sealer.send(rows, payloads)

    def close(self) -> None:
        """End the workers."""
        for worker in self._workers:
            worker.close()
        self._workers.clear()

    def _learn(self, slot: int, srtp: GcmSession) -> None:
        """The key is for whoever will send: ourselves as well, should a worker die."""
        self._sealer.learn(slot, srtp.cipher)
        self._ask_workers(lambda worker: worker.learn(slot, srtp.sending.rtp))

    def _ask_workers(self, ask: Callable[[FanoutWorker], None]) -> None:
        for worker in list(self._workers):
            try:
                ask(worker)
            except OSError as error:
                self._give_up(worker, error)

    def _give_up(self, worker: FanoutWorker, error: OSError) -> None:
        """The others take over its listeners, and without others we do."""
        logger.error("A fan-out worker is gone: %s", error)
        self._workers.remove(worker)
        worker.close()

    def _send_alone(self, packets: NDArray[np.void], payloads: list[bytes]) -> None:
        for packet in packets:
            row = packet["row"]
            destination = self._destinations[row["slot"]]
            if destination is not None:
                header = row.tobytes()[HEADER]
                plain = header + payloads[row["payload"]]
                destination.send(destination.srtp.protect(plain, int(packet["index"])))

    def _grow(self) -> int:
        """Room for twice as many; returns one of the new slots."""
        old = len(self._state)
        state = np.zeros(max(_FIRST_SIZE, 2 * old), dtype=_SLOT)
        state[:old] = self._state
        self._state, self._bytes = state, _as_bytes(state)
        new = len(state) - old
        self._destinations += [None] * new
        self._free += range(len(state) - 1, old, -1)
        return old


def _as_bytes(state: NDArray[np.void]) -> NDArray[np.uint8]:
    """The same memory, for each slot a row of bytes, which numpy copies many times faster."""
    return state.view(np.uint8).reshape(len(state), _SLOT.itemsize)


def _first(queue: list[_Queued]) -> tuple[list[_Queued], list[_Queued]]:
    """Those with the first packet for everybody in them, and those that have to come later."""
    first: list[_Queued] = []
    later: list[_Queued] = []
    seen: set[int] = set()
    for queued in queue:
        slots = queued.slots.tolist()
        (first if seen.isdisjoint(slots) else later).append(queued)
        seen.update(slots)
    return first, later


def _parts(queue: Iterable[_Queued]) -> Iterable[list[_Queued]]:
    """Cut the queue into pieces of at most `CAPACITY` datagrams."""
    part: list[_Queued] = []
    room = CAPACITY
    for queued in queue:
        slots = queued.slots
        while len(slots):
            part.append(_Queued(queued.payload, queued.timestamp, slots[:room]))
            taken = len(part[-1].slots)
            slots, room = slots[taken:], room - taken
            if not room:
                yield part
                part, room = [], CAPACITY
    if part:
        yield part
