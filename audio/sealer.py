"""Encrypts packets in batches and sends them: the part of the fan-out that costs.

It knows nothing of numbering. Each row says all that belongs to one packet, so the work can be
done in the engine's process or in another (`audio.fanout_worker`), and be moved at any time.
"""

from collections.abc import Callable

import numpy as np
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from numpy.typing import NDArray

from audio.batch import CAPACITY, SOCKADDR_SIZE, Batch
from audio.gcm import HEADER_SIZE, IV_SIZE, TAG_SIZE

ROW = np.dtype(
    [
        ("slot", np.uint32),
        ("payload", np.uint32),  # which of the payloads
        ("header", np.uint8, HEADER_SIZE),
        ("iv", np.uint8, IV_SIZE),
        ("name", np.uint8, SOCKADDR_SIZE),
    ]
)
"""One packet."""


class Sealer:
    """Keeps the ciphers of slots, and the memory a batch needs."""

    def __init__(self, send_batch: Callable[[Batch, int], None]) -> None:
        self._send_batch = send_batch
        self._ciphers: dict[int, AESGCM] = {}
        self._batch = Batch()
        self._ivs = np.zeros((CAPACITY, IV_SIZE), dtype=np.uint8)
        # Views handed to the cipher again and again: making them costs as much as encrypting.
        self._iv_views = _rows(self._ivs)
        self._header_views = [row[:HEADER_SIZE] for row in _rows(self._batch.data)]
        self._sealed_views = [row[HEADER_SIZE:] for row in _rows(self._batch.data)]

    def learn(self, slot: int, cipher: AESGCM) -> None:
        """What is sent for this slot is encrypted with this cipher."""
        self._ciphers[slot] = cipher

    def forget(self, slot: int) -> None:
        """Nothing more is sent for this slot."""
        self._ciphers.pop(slot, None)

    def send(self, rows: NDArray[np.void], payloads: list[bytes]) -> None:
        """Encrypt and send at most `CAPACITY` rows of the dtype `ROW`."""
        count = len(rows)
        numbers = rows["payload"]
        sizes = np.array([len(payload) for payload in payloads], dtype=np.uintp)[numbers]
        self._ivs[:count] = rows["iv"]
        self._batch.data[:count, :HEADER_SIZE] = rows["header"]
        self._batch.names[:count] = rows["name"]
        self._batch.sizes[:count] = sizes + np.uintp(HEADER_SIZE + TAG_SIZE)
        ciphers = self._ciphers
        for slot, number, iv, header, sealed in zip(
            rows["slot"].tolist(),
            numbers.tolist(),
            self._iv_views,
            self._header_views,
            self._sealed_views,
            strict=False,
        ):
            payload = payloads[number]
            ciphers[slot].encrypt_into(iv, payload, header, sealed[: len(payload) + TAG_SIZE])
        self._send_batch(self._batch, count)


def _rows(array: NDArray[np.uint8]) -> list[memoryview]:
    """A view of each row."""
    width = array.shape[1]
    flat = array.reshape(-1).data
    return [flat[at : at + width] for at in range(0, array.size, width)]
