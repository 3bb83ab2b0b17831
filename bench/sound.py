"""`make sound`: what speech sounds like after losses, through our engine and through Janus.

Somebody speaks the human clips of `tests/data` over a network that loses packets on their way to
the engine; somebody else in the room hears them, once without further losses, once with as many.
Janus has its usual six packets of prebuffering: with less it hears less. What is heard is compared
with what was said by PESQ (ITU-T P.862.2, wide band): 4.6 is the same, 3.6 good, 2.6 annoying.

All losses at once, one room each; both engines get the same packets and the same losses. On a busy
machine packets come late and the figures of both say little; those "without a clock" do not depend
on it.
"""

import argparse
import asyncio
import json
import os
import random
import tempfile
import time
import wave
from pathlib import Path

import numpy as np
from pesq import pesq

from audio.dtls import Identity
from audio.limiter import Limiter
from audio.opus import FRAME, SILENCE, Decoder, Encoder, Pcm
from audio.room import BITRATE
from audio.rtp import RtpPacket
from audio.voice import Voice
from bench.client import Client
from bench.crowd import encode, ticks
from bench.servers import host_address, start_embedded, start_janus
from bench.signalling import Embedded, Janus, Signalling

_CLIPS = sorted((Path(__file__).parent.parent / "tests" / "data").glob("*.wav"))
_RESULT = Path(__file__).parent / "results" / "sound.json"
_LOSSES = (0.0, 0.02, 0.05, 0.10)
_FIRST_ROOM, _FIRST_FORWARD_PORT = 9100, 2_000
_BEFORE, _BETWEEN = 50, 25  # frames of silence
_LATE = 0.04
_RATE, _PESQ_RATE = 48_000, 16_000
Scores = dict[str, float]


class Ear:
    """Keeps what arrives, and decodes it on the time line of the RTP timestamps."""

    def __init__(self) -> None:
        self._packets: dict[int, RtpPacket] = {}
        self._last = (0, 0.0)
        self.start = 0
        """The timestamp at which the script began."""
        self.lateness = 0.0
        """Seconds that the script of this room was late at worst: the machine was busy."""

    def hear(self, packet: RtpPacket) -> None:
        """A packet came."""
        self._packets[packet.timestamp] = packet
        self._last = packet.timestamp, time.monotonic()

    def now(self) -> int:
        """The timestamp of this moment; in silence packets are rare."""
        timestamp, at = self._last
        return timestamp + int((time.monotonic() - at) * _RATE)

    def since_start(self, loss: float) -> Pcm:
        """All that was heard, had the network lost a share of what came, too.

        What is lost is restored from the packet after it, as browsers do; what was not sent is
        silence.
        """
        dice = random.Random(2)  # noqa: S311  the same losses for every engine
        decoder, before = Decoder(), 0
        packets = sorted(((stamp - self.start) % 2**32, p) for stamp, p in self._packets.items())
        heard = np.zeros(packets[-1][0] % 2**31 + 60 * _RATE, dtype=np.float32)
        for at, packet in packets:
            if at >= 2**31 or dice.random() < loss:
                continue
            missing = (packet.sequence - before) % 2**16 - 1 if before else 0
            before = packet.sequence
            for back in range(min(missing, at // FRAME), 0, -1):
                place = at - back * FRAME
                restored = decoder.recover(packet.payload) if back == 1 else decoder.conceal()
                heard[place : place + FRAME] = restored
            pcm = decoder.decode(packet.payload)
            heard[at : at + len(pcm)] = pcm
        return heard


async def speak(signalling: Signalling, room: int, loss: float, packets: list[bytes]) -> Ear:
    """Somebody says the packets over a network that loses some; returns what another hears."""
    await signalling.open_room(room)
    speaker, hearer = await signalling.talker(room), await signalling.talker(room)
    ear = Ear()
    hearer.on_audio = ear.hear
    await _talk(speaker, hearer, packets, loss, ear)
    for client in (speaker, hearer):
        client.close()
    await signalling.close_room(room)
    return ear


async def _talk(
    speaker: Client,
    hearer: Client,
    packets: list[bytes],
    loss: float,
    ear: Ear,
) -> None:
    """Send the packets, and silence from the one who hears."""
    dice = random.Random(1)  # noqa: S311  the same losses for every engine
    for number, due in enumerate(ticks()):
        await asyncio.sleep(due - time.monotonic())
        ear.lateness = max(ear.lateness, time.monotonic() - due)
        if number == _BEFORE // 2:
            ear.start = ear.now() - number * FRAME
        if number == len(packets):
            await asyncio.sleep(0.5)
            return
        hearer.play(SILENCE, number * FRAME)
        if number > _BEFORE and dice.random() < loss:
            speaker.lose()
        else:
            speaker.play(packets[number], number * FRAME)
        if number % 100 == 0:
            speaker.check()
            hearer.check()
    raise AssertionError("time ended")


async def listen(signalling: Signalling, clips: list[Pcm]) -> dict[str, Scores]:
    """The scores for each loss, in per cent: of losses on the way in, and on both ways."""
    pauses = [np.zeros(n * FRAME, dtype=np.float32) for n in (_BEFORE, _BETWEEN)]
    said = np.concatenate([pauses[0], *(part for clip in clips for part in (clip, pauses[1]))])
    packets = encode(said)
    ears = await asyncio.gather(
        *(speak(signalling, _FIRST_ROOM + n, loss, packets) for n, loss in enumerate(_LOSSES))
    )
    late = max(ear.lateness for ear in ears)
    if late > _LATE:
        print(f"The machine is busy: packets went out {1000 * late:.0f} ms late. Measure again.")
    both = zip(ears, _LOSSES, strict=True)
    return {
        "way in": _by_loss([_mean_score(ear.since_start(0), clips) for ear in ears]),
        "both ways": _by_loss([_mean_score(ear.since_start(loss), clips) for ear, loss in both]),
    }


def _mean_score(heard: Pcm, clips: list[Pcm]) -> float:
    scores, at = [], _BEFORE * FRAME
    for clip in clips:
        scores.append(_score(clip, heard[at : at + len(clip) + 20 * FRAME]))
        at += len(clip) + _BETWEEN * FRAME
    return float(np.mean(scores))


def without_a_clock(clips: list[Pcm]) -> Scores:
    """The scores of our decoding, limiting and encoding alone, however busy the machine is."""
    return _by_loss([float(np.mean([_through(clip, loss) for clip in clips])) for loss in _LOSSES])


def _through(clip: Pcm, loss: float) -> float:
    dice = random.Random(1)  # noqa: S311
    voice, limiter, encoder, decoder = Voice(), Limiter(), Encoder(BITRATE), Decoder()
    heard = []
    for number, packet in enumerate(encode(clip)):
        if dice.random() >= loss:
            voice.receive(1, number * FRAME, packet, number * FRAME)
        frame = limiter.apply(voice.tick(number * FRAME).pcm)
        heard.append(decoder.decode(encoder.encode(frame)))
    return _score(clip, np.concatenate(heard))


def _by_loss(scores: list[float]) -> Scores:
    return {f"{loss:.0%}": round(score, 2) for loss, score in zip(_LOSSES, scores, strict=True)}


def _score(said: Pcm, heard: Pcm) -> float:
    return float(pesq(_PESQ_RATE, _narrow(said), _narrow(heard), "wb"))


async def run(janus: bool) -> dict[str, Scores]:
    """The scores of the embedded engine, and of Janus."""
    host, clips = host_address(), [_read(path) for path in _CLIPS]
    scores = {"embedded, no clock": without_a_clock(clips)}
    with tempfile.TemporaryDirectory() as folder:
        server, url = await start_embedded(Path(folder), host, workers=0)
        try:
            async with Embedded(url, host, Identity()) as signalling:
                for way, by_loss in (await listen(signalling, clips)).items():
                    scores[f"embedded, {way}"] = by_loss
        finally:
            await server.stop()
        if not janus:
            return scores
        server, url = await start_janus(Path(folder), host)
        try:
            async with Janus(url, host, Identity(), _FIRST_FORWARD_PORT, 6) as gateway:
                for way, by_loss in (await listen(gateway, clips)).items():
                    scores[f"janus, {way}"] = by_loss
        finally:
            await server.stop()
    return scores


def main() -> None:
    """Run, print, save."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--no-janus", action="store_true", help="only our engine")
    scores = asyncio.run(run(not parser.parse_args().no_janus))
    print(
        f"{'PESQ at a loss of':<20}" + "".join(f"{loss:>8}" for loss in next(iter(scores.values())))
    )
    for engine, by_loss in scores.items():
        print(f"{engine:<20}" + "".join(f"{score:>8.2f}" for score in by_loss.values()))
    measured = {"measured": time.strftime("%Y-%m-%d %H:%M:%S"), "load": os.getloadavg()[0]}
    _RESULT.parent.mkdir(exist_ok=True)
    _RESULT.write_text(json.dumps(measured | {"pesq": scores}) + "\n")
    print(json.dumps(measured | {"pesq": scores}))


def _read(path: Path) -> Pcm:
    with wave.open(str(path)) as clip:
        pcm = np.frombuffer(clip.readframes(clip.getnframes()), dtype=np.int16)
    whole = len(pcm) // FRAME * FRAME
    return (pcm[:whole] / 32768).astype(np.float32)


def _narrow(pcm: Pcm) -> Pcm:
    """At the rate of PESQ."""
    spectrum = np.fft.rfft(pcm)[: len(pcm) // 6 + 1]
    narrow: Pcm = (np.fft.irfft(spectrum, len(pcm) // 3) / 3).astype(np.float32)
    return narrow


if __name__ == "__main__":
    main()
