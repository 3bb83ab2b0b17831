"""Opus (RFC 6716) through libopus: mono, 48 kHz, float samples.

The library is the one inside the PyAV wheel, where there is one, and else the system's. PyAV
itself offers neither loss concealment nor FEC decoding, and does not join packets.
"""

import ctypes
import ctypes.util
import importlib.util
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

SAMPLE_RATE = 48_000
FRAME = 960
"""Samples in the 20 ms frame everything here works with."""
SILENCE = b"\xf8\xff\xfe"
"""20 ms of digital silence, mono, fullband CELT: understood the same by every decoder."""

Pcm = NDArray[np.float32]
"""Samples from -1 to 1."""

_MAX_PACKET = 1275
_MAX_FRAME = 390  # bytes of one encoded frame: three of them fit into a datagram
_MAX_FRAMES = 3
_MAX_SAMPLES = 5760  # 120 ms, the longest packet there is
_EXPECTED_LOSS = 10  # per cent; with 5 there are few copies at 32 kbit/s, with 25 poor originals
_COPIES = 4_000  # bits per second
_OPUS_OK = 0
_APPLICATION_VOIP = 2048
_SET_BITRATE, _SET_INBAND_FEC, _SET_PACKET_LOSS = 4002, 4012, 4014
_SET_COMPLEXITY = 4010
_SET_SIGNAL, _SIGNAL_VOICE, _SIGNAL_MUSIC = 4024, 3001, 3002
_RESET_STATE, _GET_LOOKAHEAD = 4028, 4027
# Samples in one frame, by the configuration number in the first byte (RFC 6716, 3.1).
_FRAME_SIZES = [480, 960, 1920, 2880] * 3 + [480, 960] * 2 + [120, 240, 480, 960] * 4


class OpusError(RuntimeError):
    """libopus refused; the message is its own."""


def _find_library() -> str:
    spec = importlib.util.find_spec("av")
    if spec is not None and spec.origin is not None:
        package = Path(spec.origin).parent
        for folder in (package.parent / "av.libs", package / ".dylibs"):
            for found in sorted(folder.glob("libopus[-.]*")):
                return str(found)
    system = ctypes.util.find_library("opus")
    if system is None:
        raise OpusError("libopus was found neither beside PyAV nor on the system")
    return system


def _load() -> ctypes.CDLL:
    lib = ctypes.CDLL(_find_library())
    pointer, c_int, c_int32 = ctypes.c_void_p, ctypes.c_int, ctypes.c_int32
    lib.opus_strerror.argtypes, lib.opus_strerror.restype = [c_int], ctypes.c_char_p
    lib.opus_encoder_create.argtypes = [c_int32, c_int, c_int, ctypes.POINTER(c_int)]
    lib.opus_encoder_create.restype = pointer
    lib.opus_encoder_destroy.argtypes, lib.opus_encoder_destroy.restype = [pointer], None
    # The control calls are variadic: only the fixed arguments are declared here.
    lib.opus_encoder_ctl.argtypes = [pointer, c_int]
    lib.opus_encode_float.argtypes = [pointer, pointer, c_int, pointer, c_int32]
    lib.opus_encode_float.restype = c_int32
    lib.opus_decoder_create.argtypes = [c_int32, c_int, ctypes.POINTER(c_int)]
    lib.opus_decoder_create.restype = pointer
    lib.opus_decoder_destroy.argtypes, lib.opus_decoder_destroy.restype = [pointer], None
    lib.opus_decoder_ctl.argtypes = [pointer, c_int]
    lib.opus_decode_float.argtypes = [pointer, ctypes.c_char_p, c_int32, pointer, c_int, c_int]
    lib.opus_repacketizer_create.argtypes, lib.opus_repacketizer_create.restype = [], pointer
    lib.opus_repacketizer_destroy.argtypes = [pointer]
    lib.opus_repacketizer_destroy.restype = None
    lib.opus_repacketizer_init.argtypes, lib.opus_repacketizer_init.restype = [pointer], pointer
    lib.opus_repacketizer_cat.argtypes = [pointer, ctypes.c_char_p, c_int32]
    lib.opus_repacketizer_out.argtypes = [pointer, pointer, c_int32]
    lib.opus_repacketizer_out.restype = c_int32
    return lib


_lib = _load()


def _check(result: int) -> int:
    if result < _OPUS_OK:
        raise OpusError(_lib.opus_strerror(result).decode())
    return result


def packet_samples(packet: bytes) -> int:
    """Samples at 48 kHz that a packet lasts (RFC 6716, 3.1 and 3.2); 0 when malformed."""
    if not packet:
        return 0
    code = packet[0] & 0x03
    if code == 3 and len(packet) < 2:
        return 0
    frames = packet[1] & 0x3F if code == 3 else (1, 2, 2)[code]
    samples = frames * _FRAME_SIZES[packet[0] >> 3]
    return samples if samples <= _MAX_SAMPLES else 0


def frame_samples(packet: bytes) -> int:
    """Samples at 48 kHz of each frame in a packet (RFC 6716, 3.1)."""
    return _FRAME_SIZES[packet[0] >> 3]


def lost_packet(previous: bytes) -> bytes:
    """A packet of one empty 20 ms frame, in the manner of `previous`.

    A decoder conceals it as a lost one (RFC 6716, 3.2.1 and 4.4), so the clock stays right.
    """
    config = previous[0] >> 3 if previous else 31
    for base, step in ((28, 3), (24, 3), (20, 3), (16, 3), (14, 1), (12, 1), (8, 1), (4, 1)):
        if config >= base:
            return bytes([(base + step) << 3])
    return bytes([1 << 3])


class Encoder:
    """One outgoing stream. Holds state from frame to frame, so one per stream.

    `bitrate` is in bits per second; `complexity`, from 0 to 10, is what the search for the best
    coding may cost: at 32 kbit/s 0 takes 90 us a frame and goes without the highest frequencies,
    5 takes 140, 8 takes 190. As `speech` it is coded by a model of one voice below 8 kHz (SILK);
    otherwise, unless protected, by CELT alone, which takes 30 us at 0 and suits a mix of many.
    A stream that is `protected` holds copies for the case of loss.
    """

    def __init__(
        self, bitrate: int = 32_000, complexity: int = 5, *, protected: bool = False
    ) -> None:
        self._bitrate = bitrate
        self._complexity = complexity
        self._protected = protected
        self._speech = True
        error = ctypes.c_int()
        self._state = _lib.opus_encoder_create(
            SAMPLE_RATE, 1, _APPLICATION_VOIP, ctypes.byref(error)
        )
        _check(error.value)
        self._samples = np.zeros(FRAME, dtype=np.float32)
        self._samples_at = self._samples.ctypes.data  # asking costs more than copying
        self._buffer = ctypes.create_string_buffer(_MAX_FRAME)
        self._control(_SET_COMPLEXITY, complexity)
        self._control(_SET_SIGNAL, _SIGNAL_VOICE)
        self._control(_SET_INBAND_FEC, 1)
        self._protect()

    @property
    def complexity(self) -> int:
        """From 0 to 10; it may change from frame to frame."""
        return self._complexity

    @complexity.setter
    def complexity(self, value: int) -> None:
        if value != self._complexity:
            self._control(_SET_COMPLEXITY, value)
            self._complexity = value

    @property
    def speech(self) -> bool:
        """Whether to code it as one voice; it may change from frame to frame."""
        return self._speech

    @speech.setter
    def speech(self, value: bool) -> None:
        if value != self._speech:
            self._control(_SET_SIGNAL, _SIGNAL_VOICE if value else _SIGNAL_MUSIC)
            self._speech = value

    @property
    def protected(self) -> bool:
        """Whether packets hold a copy of the one before; it may change from frame to frame.

        The copies come on top of `bitrate`, so that they take nothing from the sound.
        """
        return self._protected

    @protected.setter
    def protected(self, value: bool) -> None:
        if value != self._protected:
            self._protected = value
            self._protect()

    @property
    def lookahead(self) -> int:
        """Samples the decoded sound comes late: the pre-skip of a file (RFC 7845, 4.2)."""
        samples = ctypes.c_int32()
        _check(_lib.opus_encoder_ctl(self._state, _GET_LOOKAHEAD, ctypes.byref(samples)))
        return samples.value

    def encode(self, pcm: Pcm) -> bytes:
        """One packet for 960 samples."""
        if len(pcm) != FRAME:
            raise ValueError(f"a frame has {FRAME} samples, not {len(pcm)}")
        self._samples[:] = pcm
        size = _check(
            _lib.opus_encode_float(self._state, self._samples_at, FRAME, self._buffer, _MAX_FRAME)
        )
        return self._buffer.raw[:size]

    def reset(self) -> None:
        """Forget the past, so that the next packet leans on nothing that came before it."""
        _check(_lib.opus_encoder_ctl(self._state, _RESET_STATE))

    def _protect(self) -> None:
        self._control(_SET_PACKET_LOSS, _EXPECTED_LOSS if self._protected else 0)
        self._control(_SET_BITRATE, self._bitrate + (_COPIES if self._protected else 0))

    def _control(self, request: int, value: int) -> None:
        _check(_lib.opus_encoder_ctl(self._state, request, ctypes.c_int32(value)))

    def __del__(self) -> None:
        if getattr(self, "_state", None):
            _lib.opus_encoder_destroy(self._state)


class Repacketizer:
    """Puts several frames into one packet without coding them anew (RFC 6716, 3.2)."""

    def __init__(self) -> None:
        self._state = _lib.opus_repacketizer_create()
        self._buffer = ctypes.create_string_buffer(_MAX_FRAMES * _MAX_PACKET + 16)

    def join(self, packets: list[bytes]) -> list[tuple[int, bytes]]:
        """At most three packets in as few as possible, each with the number of its first frame.

        Only frames of one mode and bandwidth fit together; where the encoder changes these,
        another packet begins. Raises `OpusError` for what is no packet.
        """
        joined: list[tuple[int, bytes]] = []
        first = 0
        while first < len(packets):
            taken = self._take(packets[first:])
            size = _check(_lib.opus_repacketizer_out(self._state, self._buffer, len(self._buffer)))
            joined.append((first, self._buffer.raw[:size]))
            first += taken
        return joined

    def _take(self, packets: list[bytes]) -> int:
        """Begin a packet; returns how many of these went into it."""
        _lib.opus_repacketizer_init(self._state)
        for number, packet in enumerate(packets):
            result = _lib.opus_repacketizer_cat(self._state, packet, len(packet))
            if result != _OPUS_OK:
                if number == 0:
                    _check(result)
                return number
        return len(packets)

    def __del__(self) -> None:
        if getattr(self, "_state", None):
            _lib.opus_repacketizer_destroy(self._state)


class Decoder:
    """One incoming stream, mono whatever its packets hold; one per stream.

    `sample_rate` is that of the samples it gives: 8, 12, 16, 24 or 48 kHz (RFC 6716, 2.1.1).
    """

    def __init__(self, sample_rate: int = SAMPLE_RATE) -> None:
        error = ctypes.c_int()
        self._state = _lib.opus_decoder_create(sample_rate, 1, ctypes.byref(error))
        _check(error.value)
        self._buffer = np.zeros(_MAX_SAMPLES, dtype=np.float32)
        self._buffer_at = self._buffer.ctypes.data

    def decode(self, packet: bytes) -> Pcm:
        """The packet's samples; raises `OpusError` when it is malformed."""
        return self._decode(packet, _MAX_SAMPLES, fec=False)

    def conceal(self, samples: int = FRAME) -> Pcm:
        """Go on plausibly where a packet is missing, fading out over a few calls."""
        return self._decode(None, samples, fec=False)

    def recover(self, following: bytes, samples: int = FRAME) -> Pcm:
        """The missing packet, from the copy inside of the one after it, else concealment.

        `samples` that are missing, a multiple of 2.5 ms.
        """
        return self._decode(following, samples, fec=True)

    def reset(self) -> None:
        """Forget the past: the next packet is decoded as the first of its stream."""
        _check(_lib.opus_decoder_ctl(self._state, _RESET_STATE))

    def _decode(self, packet: bytes | None, samples: int, *, fec: bool) -> Pcm:
        size = 0 if packet is None else len(packet)
        decoded = _check(
            _lib.opus_decode_float(self._state, packet, size, self._buffer_at, samples, int(fec))
        )
        return self._buffer[:decoded].copy()

    def __del__(self) -> None:
        if getattr(self, "_state", None):
            _lib.opus_decoder_destroy(self._state)
