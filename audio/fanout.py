"""The same sound to many: RTP and SRTP for whole batches of listeners.

Each connected participant has a slot: a place in arrays that hold what its next packet needs.
Packets are queued room by room and go out together at the end of a tick, so that a tick costs
the same few array operations whether there is one room or a hundred. For AES-GCM only the call
that encrypts is made packet by packet; headers, initialization vectors (RFC 7714, 8.1) and
addresses are written by numpy, and one system call sends up to 512 datagrams.

Participants whose browser knows only AES-CM, and those reached otherwise than by UDP, keep their
slots for the numbering, but their packets are made and sent one by one.
"""

import logging
import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from audio.batch import CAPACITY, SOCKADDR_SIZE, Batch
from audio.fanout_worker import FanoutWorker
from audio.gcm import HEADER_SIZE, IV_SIZE, GcmSession
from audio.rtp import SentCounters
from audio.sealer import ROW, Sealer
from audio.srtp import SrtpSession

MAX_PAYLOAD = 1200
"""Bytes of Opus in one packet; more would not fit the smallest paths there are."""

Slots = NDArray[np.intp]
"""Indexes of participants."""

_FIRST_SIZE = 64

logger = logging.getLogger(__name__)
_SLOT = np.dtype(
    [
        ("header", np.uint8, HEADER_SIZE),  # of RTP, without what changes from packet to packet
        ("salt", np.uint8, IV_SIZE),  # already combined with the SSRC
        ("name", np.uint8, SOCKADDR_SIZE),
        ("index", np.uint64),  # of the next packet (RFC 3711, 3.3.1)
        ("packets", np.uint64),
        ("octets", np.uint64),
        ("batched", np.bool_),  # rather than sent alone
        ("queued", np.bool_),
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

    def add(
        self, *, ssrc: int, payload_type: int, srtp: SrtpSession, send: Callable[[bytes], None]
    ) -> int:
        """A slot for somebody whose keys are known; `send` is for what goes out alone."""
        slot = self._free.pop() if self._free else self._grow()
        header = bytes([0x80, payload_type]) + bytes(6) + ssrc.to_bytes(4, "big")
        self._state[slot] = np.zeros((), dtype=_SLOT)
        self._state["header"][slot] = np.frombuffer(header, dtype=np.uint8)
        # Random, but in the lower half, so that it cannot wrap too early (RFC 3711, 3.3.1).
        self._state["index"][slot] = secrets.randbits(15)
        self._destinations[slot] = _Destination(srtp, send)
        if isinstance(srtp, GcmSession):
            self._learn(slot, srtp)
            mask = bytes(2) + ssrc.to_bytes(4, "big") + bytes(6)
            salt = bytes(a ^ b for a, b in zip(srtp.sending.rtp_salt, mask, strict=True))
            self._state["salt"][slot] = np.frombuffer(salt, dtype=np.uint8)
        return slot

    def aim(self, slot: int, name: bytes | None) -> None:
        """Where to: a `batch.sockaddr`, or `None` for what cannot be sent in a batch."""
        destination = self._destinations[slot]
        can_be = destination is not None and isinstance(destination.srtp, GcmSession)
        self._state["batched"][slot] = name is not None and can_be
        if name is not None:
            self._state["name"][slot] = np.frombuffer(name, dtype=np.uint8)

    def remove(self, slot: int) -> None:
        """Free a slot; what is queued for it still goes out."""
        if self._state["queued"][slot]:
            self.flush()
        self._destinations[slot] = None
        self._sealer.forget(slot)
        self._ask_workers(lambda worker: worker.forget(slot))
        self._state["batched"][slot] = False
        self._free.append(slot)

    def queue(self, payload: bytes, timestamp: int, slots: Slots) -> None:
        """Send this Opus packet (at most `MAX_PAYLOAD` bytes) to all of these with `flush`."""
        if not len(slots):
            return
        if self._state["queued"][slots].any():
            self.flush()  # a second packet for somebody: it needs a number of its own
        self._state["queued"][slots] = True
        self._queue.append(_Queued(payload, timestamp, slots))

    def flush(self) -> None:
        """Send what was queued."""
        queue, self._queue = self._queue, []
        for part in _parts(queue):
            self._send(part)

    def sent(self, slot: int) -> SentCounters:
        """What a sender report says of this participant's packets."""
        return SentCounters(int(self._state["packets"][slot]), int(self._state["octets"][slot]))

    def next_index(self, slot: int) -> int:
        """The packet index (RFC 3711, 3.3.1) of what is sent next."""
        return int(self._state["index"][slot])

    def _send(self, part: list[_Queued]) -> None:
        slots = np.concatenate([queued.slots for queued in part])
        counts = [len(queued.slots) for queued in part]
        sizes = np.repeat([len(queued.payload) for queued in part], counts)
        stamps = np.repeat([queued.timestamp & 0xFFFFFFFF for queued in part], counts)
        index = self._state["index"][slots]
        self._state["index"][slots] += np.uint64(1)
        self._state["packets"][slots] += np.uint64(1)
        self._state["octets"][slots] += sizes.astype(np.uint64)
        self._state["queued"][slots] = False
        headers = self._state["header"][slots]
        wide = index.astype(">u8").view(np.uint8).reshape(-1, 8)
        headers[:, 2:4] = wide[:, 6:8]
        headers[:, 4:8] = stamps.astype(">u4").view(np.uint8).reshape(-1, 4)
        rows = np.zeros(len(slots), dtype=ROW)
        rows["slot"], rows["header"], rows["name"] = slots, headers, self._state["name"][slots]
        rows["payload"] = np.repeat(np.arange(len(part)), counts)
        rows["iv"] = self._state["salt"][slots]
        rows["iv"][:, 6:] ^= wide[:, 2:]
        payloads = [queued.payload for queued in part]
        batched = self._state["batched"][slots]
        if not batched.all():
            for i in np.flatnonzero(~batched).tolist():
                packet = headers[i].tobytes() + payloads[rows["payload"][i]]
                self._send_alone(int(slots[i]), packet, int(index[i]))
            rows = rows[batched]
        self._seal(rows, payloads)

    def _seal(self, rows: NDArray[np.void], payloads: list[bytes]) -> None:
        """Each worker gets the rows of its slots; without workers they are all ours."""
        shares = len(self._workers)
        for number, worker in enumerate(list(self._workers)):
            mine = rows["slot"] % shares == number
            try:
                worker.send(rows[mine], payloads)
            except OSError as error:
                self._give_up(worker, error)
                self._sealer.send(rows[mine], payloads)
        if not shares and len(rows):
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

    def _send_alone(self, slot: int, packet: bytes, index: int) -> None:
        destination = self._destinations[slot]
        if destination is not None:
            destination.send(destination.srtp.protect(packet, index))

    def _grow(self) -> int:
        """Room for twice as many; returns one of the new slots."""
        old = len(self._state)
        state = np.zeros(max(_FIRST_SIZE, 2 * old), dtype=_SLOT)
        state[:old] = self._state
        self._state = state
        new = len(state) - old
        self._destinations += [None] * new
        self._free += range(len(state) - 1, old, -1)
        return old


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
