"""Encryption and sending on other cores: processes that share the engine's UDP socket.

The engine numbers every packet itself and hands a worker complete rows, once in a tick. So a
worker has no state but keys, and when it dies the engine goes on with the next packet; no number
is ever used twice, since all are given out in one place.

Messages on a `SOCK_SEQPACKET` pair: `K` with slot and key, `F` with a slot, `S` with rows and
payloads. A worker ends when its engine does: the other end of the pair is closed.
"""

import logging
import signal
import socket
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from audio.batch import Batch
from audio.sealer import ROW, Rows, Sealer

_SLOT = struct.Struct("=cI")
_SEND = struct.Struct("=cII")
_BUFFER = 4 * 1024 * 1024
_MAX_MESSAGE = 1024 * 1024

logger = logging.getLogger(__name__)


class FanoutWorker:
    """The engine's end of one worker."""

    def __init__(self, udp: socket.socket) -> None:
        self._pair, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._pair.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _BUFFER)
        self._pair.setblocking(False)
        descriptors = (udp.fileno(), theirs.fileno())
        self._process = subprocess.Popen(  # noqa: S603  ourselves
            [sys.executable, "-m", "audio.fanout_worker", *map(str, descriptors)],
            pass_fds=descriptors,
            cwd=Path(__file__).parent.parent,
        )
        theirs.close()

    @property
    def pid(self) -> int:
        """Of the process."""
        return self._process.pid

    def learn(self, slot: int, key: bytes) -> None:
        """See `Sealer.learn`; raises `OSError` when the worker is dead or stuck."""
        self._pair.send(_SLOT.pack(b"K", slot) + key)

    def forget(self, slot: int) -> None:
        """See `Sealer.forget`; raises `OSError`."""
        self._pair.send(_SLOT.pack(b"F", slot))

    def send(self, rows: Rows, payloads: list[bytes]) -> None:
        """See `Sealer.send`; raises `OSError`."""
        sizes = np.array([len(payload) for payload in payloads], dtype=np.uint32)
        head = _SEND.pack(b"S", len(rows), len(payloads))
        self._pair.send(b"".join([head, sizes.tobytes(), *payloads, rows.tobytes()]))

    def close(self) -> None:
        """End it; what it has been sent it may still send."""
        self._pair.close()
        try:
            self._process.wait(1)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def run(udp: socket.socket, pair: socket.socket) -> None:
    """The worker's life."""

    def send_batch(batch: Batch, count: int) -> None:
        batch.send(udp, count)

    sealer = Sealer(send_batch)
    handlers: dict[bytes, Callable[[Sealer, bytes], None]] = {
        b"K": _learn,
        b"F": _forget,
        b"S": _send,
    }
    while message := pair.recv(_MAX_MESSAGE):
        handlers[message[:1]](sealer, message)


def _learn(sealer: Sealer, message: bytes) -> None:
    _, slot = _SLOT.unpack_from(message)
    sealer.learn(slot, AESGCM(message[_SLOT.size :]))


def _forget(sealer: Sealer, message: bytes) -> None:
    _, slot = _SLOT.unpack_from(message)
    sealer.forget(slot)


def _send(sealer: Sealer, message: bytes) -> None:
    _, count, number = _SEND.unpack_from(message)
    at = _SEND.size + 4 * number
    payloads = []
    for size in np.frombuffer(message, dtype=np.uint32, count=number, offset=_SEND.size).tolist():
        payloads.append(message[at : at + size])
        at += size
    rows = np.frombuffer(message, dtype=np.uint8, offset=at).reshape(count, ROW.itemsize)
    sealer.send(rows, payloads)


if __name__ == "__main__":
    # Ctrl-C reaches the whole group; a worker's end is when its engine has hung up.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    run(socket.socket(fileno=int(sys.argv[1])), socket.socket(fileno=int(sys.argv[2])))
