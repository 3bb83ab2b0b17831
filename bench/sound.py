"""`make sound`: what speech sounds like over bad networks, through our engine and through Janus.

Somebody speaks the human clips of `tests/data` over a network that loses and delays packets on
their way to the engine; somebody else in the room hears them, in some scenes over a network that
loses packets, too, and says so by RTCP as browsers do. Janus has its usual six packets of
prebuffering: with less it hears less. What is heard is compared with what was said by PESQ (ITU-T
P.862.2, wide band): 4.6 is the same, 3.6 good, 2.6 annoying.

All scenes at once, one room each; both engines get the same packets over the same network. On a
busy machine packets come late and the figures of both say little; those "without a clock" do not
depend on it.
"""

import argparse
import asyncio
import json
import os
import random
import tempfile
import time
import wave
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from pesq import pesq

from audio.dtls import Identity
from audio.limiter import Limiter
from audio.opus import FRAME, SILENCE, Decoder, Encoder, Pcm
from audio.reports import Reception
from audio.room import BITRATE, COMPLEXITY
from audio.rtp import RtpPacket
from audio.voice import Voice
from bench.client import Client
from bench.crowd import encode, ticks
from bench.servers import host_address, start_embedded, start_janus
from bench.signalling import Embedded, Janus, Signalling
from tests.audio.scripted import Network

_CLIPS = sorted((Path(__file__).parent.parent / "tests" / "data").glob("*.wav"))
_RESULT = Path(__file__).parent / "results" / "sound.json"
_FIRST_ROOM, _FIRST_FORWARD_PORT = 9100, 2_000
_BEFORE, _BETWEEN = 150, 25  # frames of silence
_REPORT_EVERY, _CHECK_EVERY = 125, 100  # frames
_LATE = 0.04
_RATE, _PESQ_RATE = 48_000, 16_000
Scores = dict[str, float]


@dataclass(frozen=True, slots=True)
class Scene:
    """The networks of who speaks and of who hears."""

    way_in: Network = field(default_factory=Network)
    way_out: float = 0.0
    """The share of packets that is lost on the way to who hears."""


_SCENES = {
    "no loss": Scene(),
    "2 % lost on the way in": Scene(Network(loss=0.02)),
    "5 % lost on the way in": Scene(Network(loss=0.05)),
    "5 %, three in a row": Scene(Network(loss=0.05, burst=3)),
    "10 % lost on the way in": Scene(Network(loss=0.10)),
    "2 % lost on both ways": Scene(Network(loss=0.02), 0.02),
    "5 % lost on both ways": Scene(Network(loss=0.05), 0.05),
    "10 % lost on both ways": Scene(Network(loss=0.10), 0.10),
    "40 ms of jitter": Scene(Network(jitter_ms=40)),
    "80 ms, and 2 % lost": Scene(Network(jitter_ms=80, loss=0.02)),
}


class Ear:
    """Keeps what arrives, and decodes it on the time line of the RTP timestamps."""

    def __init__(self, loss: float) -> None:
        self.reception = Reception()
        """What to report of it."""
        self.start = 0
        """The timestamp at which the script began."""
        self.lateness = 0.0
        """Seconds that the script of this room was late at worst: the machine was busy."""
        self._loss = loss
        self._dice = random.Random(2)  # noqa: S311  nobody is to guess it
        self._packets: dict[int, RtpPacket] = {}
        self._last = (0, 0.0)

    def hear(self, packet: RtpPacket) -> None:
        """A packet comes, unless the network loses it."""
        now = time.monotonic()
        self._last = packet.timestamp, now
        if self._dice.random() >= self._loss:
            self._packets[packet.timestamp] = packet
            self.reception.received(packet, now)

    def now(self) -> int:
        """The timestamp of this moment; in silence packets are rare."""
        timestamp, at = self._last
        return timestamp + int((time.monotonic() - at) * _RATE)

    def since_start(self) -> Pcm:
        """All that was heard.

        What is lost is restored from the packet after it, as browsers do; what was not sent is
        silence.
        """
        decoder, before = Decoder(), 0
        packets = sorted(((stamp - self.start) % 2**32, p) for stamp, p in self._packets.items())
        heard = np.zeros(packets[-1][0] % 2**31 + 60 * _RATE, dtype=np.float32)
        for at, packet in packets:
            if at >= 2**31:
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


async def play(signalling: Signalling, room: int, scene: Scene, packets: list[bytes]) -> Ear:
    """Somebody says the packets over a network; returns what somebody else hears."""
    await signalling.open_room(room)
    speaker, hearer = await signalling.talker(room), await signalling.talker(room)
    ear = Ear(scene.way_out)
    hearer.on_audio = ear.hear
    await asyncio.gather(
        _speak(speaker, packets, scene.way_in, ear), _hear(hearer, len(packets), ear)
    )
    for client in (speaker, hearer):
        client.close()
    await signalling.close_room(room)
    return ear


async def _speak(speaker: Client, packets: list[bytes], network: Network, ear: Ear) -> None:
    """Send the packets when the network delivers them."""
    start = time.monotonic()
    for number, (arrival, packet) in enumerate(network.carry(len(packets))):
        due = start + arrival / _RATE
        await asyncio.sleep(due - time.monotonic())
        ear.lateness = max(ear.lateness, time.monotonic() - due)
        speaker.play(packets[packet], packet)
        if number % _CHECK_EVERY == 0:
            speaker.check()


async def _hear(hearer: Client, frames: int, ear: Ear) -> None:
    """Send silence, and reports; note when the script began."""
    for number, due in enumerate(ticks()):
        await asyncio.sleep(due - time.monotonic())
        if number == _BEFORE // 2:
            ear.start = ear.now() - number * FRAME
        if number == frames:
            await asyncio.sleep(0.5)
            return
        hearer.play(SILENCE, number)
        if number % _REPORT_EVERY == 0:
            hearer.report(ear.reception)
        if number % _CHECK_EVERY == 0:
            hearer.check()
    raise AssertionError("time ended")


async def listen(signalling: Signalling, clips: list[Pcm]) -> Scores:
    """The score of each scene."""
    pauses = [np.zeros(n * FRAME, dtype=np.float32) for n in (_BEFORE, _BETWEEN)]
    said = np.concatenate([pauses[0], *(part for clip in clips for part in (clip, pauses[1]))])
    rooms = enumerate(_SCENES.values(), _FIRST_ROOM)
    ears = await asyncio.gather(
        *(play(signalling, room, scene, _say(said, scene)) for room, scene in rooms)
    )
    late = max(ear.lateness for ear in ears)
    if late > _LATE:
        print(f"The machine is busy: packets went out {1000 * late:.0f} ms late. Measure again.")
    return _named([_mean_score(ear.since_start(), clips) for ear in ears])


def _say(pcm: Pcm, scene: Scene) -> list[bytes]:
    """As browsers do: they protect what they send once they are told of losses."""
    return encode(pcm, protected=scene.way_in.loss > 0)


def _mean_score(heard: Pcm, clips: list[Pcm]) -> float:
    scores, at = [], _BEFORE * FRAME
    for clip in clips:
        scores.append(_score(clip, heard[at : at + len(clip) + 20 * FRAME]))
        at += len(clip) + _BETWEEN * FRAME
    return float(np.mean(scores))


def without_a_clock(clips: list[Pcm]) -> Scores:
    """The scores of our decoding, levelling, limiting and encoding alone."""
    return _named(
        [float(np.mean([_through(clip, scene) for clip in clips])) for scene in _SCENES.values()]
    )


def _through(clip: Pcm, scene: Scene) -> float:
    packets, ear = _say(clip, scene), Ear(scene.way_out)
    voice, limiter = Voice(), Limiter()
    encoder = Encoder(BITRATE, COMPLEXITY, protected=scene.way_out > 0)
    arrivals = scene.way_in.carry(len(packets))
    for number in range(len(packets)):
        now = number * FRAME
        while arrivals and arrivals[0][0] <= now:
            arrival, packet = arrivals.pop(0)
            voice.receive(1, packet * FRAME, packets[packet], arrival)
        payload = encoder.encode(limiter.apply(voice.tick(now).pcm))
        ear.hear(RtpPacket(111, number + 1, now, 1, payload))
    return _score(clip, ear.since_start()[: len(clip) + 20 * FRAME])


def _named(scores: list[float]) -> Scores:
    return {name: round(score, 2) for name, score in zip(_SCENES, scores, strict=True)}


def _score(said: Pcm, heard: Pcm) -> float:
    return float(pesq(_PESQ_RATE, _narrow(said), _narrow(heard), "wb"))


async def run(janus: bool) -> dict[str, Scores]:
    """The scores of the embedded engine, and of Janus."""
    host, clips = host_address(), [_read(path) for path in _CLIPS]
    scores = {"no clock": without_a_clock(clips)}
    with tempfile.TemporaryDirectory() as folder:
        server, url = await start_embedded(Path(folder), host, workers=0)
        try:
            async with Embedded(url, host, Identity()) as signalling:
                scores["embedded"] = await listen(signalling, clips)
        finally:
            await server.stop()
        if not janus:
            return scores
        server, url = await start_janus(Path(folder), host)
        try:
            async with Janus(url, host, Identity(), _FIRST_FORWARD_PORT, 6) as gateway:
                scores["janus"] = await listen(gateway, clips)
        finally:
            await server.stop()
    return scores


def main() -> None:
    """Run, print, save."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--no-janus", action="store_true", help="only our engine")
    scores = asyncio.run(run(not parser.parse_args().no_janus))
    print(f"{'PESQ':<26}" + "".join(f"{engine:>10}" for engine in scores))
    for name in _SCENES:
        print(f"{name:<26}" + "".join(f"{by[name]:>10.2f}" for by in scores.values()))
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
