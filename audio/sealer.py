"""Encrypts packets in batches and sends them: the part of the fan-out that costs.

It knows nothing of numbering. Each row says all that belongs to one packet, so the work can be
done in the engine's process or in another (`audio.fanout_worker`), and be moved at any time.
"""

from collections.abc import Callable
from itertools import islice

import numpy as np
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from numpy.typing import NDArray

from audio.batch import CAPACITY, SOCKADDR_SIZE, Batch
from audio.gcm import HEADER_SIZE, IV_SIZE, TAG_SIZE

ROW = np.dtype(
    [
        ("slot", np.uint32),
        ("payload", np.uint32),  # which of the payloads; they come in this order
        ("start", np.uint8, 2),
        ("sequence", ">u2"),
        ("timestamp", ">u4"),
        ("ssrc", ">u4"),
        ("iv_start", np.uint8, 4),
        ("iv_end", ">u8"),  # where the packet's index goes in
        ("name", np.uint8, SOCKADDR_SIZE),
    ]
)
"""One packet: who it is for, its RTP header, its initialization vector, its address."""

Rows = NDArray[np.uint8]
"""Packets, each the bytes of a `ROW`: numpy copies bytes many times faster than records."""

HEADER = slice(8, 8 + HEADER_SIZE)
"""Where the RTP header is in a row's bytes; the rest follows."""

_IV = slice(HEADER.stop, HEADER.stop + IV_SIZE)
_NAME = slice(_IV.stop, _IV.stop + SOCKADDR_SIZE)


class Sealer:
    """Keeps the ciphers of slots, and the memory a batch needs."""

    def __init__(self, send_batch: Callable[[Batch, int], None]) -> None:
        self._send_batch = send_batch
        self._ciphers: dict[int, AESGCM] = {}
        self._batch = Batch()
        self._headers = self._batch.data[:, :HEADER_SIZE]
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

    def send(self, rows: Rows, payloads: list[bytes]) -> None:
        """Encrypt and send at most `CAPACITY` packets."""
        count = len(rows)
        self._headers[:count] = rows[:, HEADER]
        self._ivs[:count] = rows[:, _IV]
        self._batch.names[:count] = rows[:, _NAME]
        fields = rows.view(ROW)[:, 0]
        numbers = fields["payload"]
        sizes = np.array([HEADER_SIZE + len(payload) + TAG_SIZE for payload in payloads])
        self._batch.sizes[:count] = sizes[numbers]
        packets = zip(
            map(self._ciphers.__getitem__, fields["slot"].tolist()),
            self._iv_views,
            self._header_views,
            self._sealed_views,
            strict=False,
        )
        shares = np.bincount(numbers, minlength=len(payloads)).tolist()
        for payload, share in zip(payloads, shares, strict=True):
            size = len(payload) + TAG_SIZE
            for cipher, iv, header, sealed in islice(packets, share):
                cipher.encrypt_into(iv, payload, header, sealed[:size])
        self._send_batch(self._batch, count)


def _rows(array: NDArray[np.uint8]) -> list[memoryview]:
    """A view of each row."""
    width = array.shape[1]
    flat = array.reshape(-1).data
    return [flat[at : at + width] for at in range(0, array.size, width)]
