"""People who really say something: what an engine leaves behind of them in the spool."""

import json
from pathlib import Path

from accounts.models import User
from audio.ogg import OggOpusWriter
from audio.opus import SILENCE
from rooms.models import Room
from tests.recordings.conftest import ENDED
from tests.speech.clips import CLIPS

Said = dict[User | None, list[tuple[float, str]]]
"""For each person (None: the mix) the seconds at which they begin, and the clips they say."""


def leave_speech(spool: Path, room: Room, said: Said, seconds: float) -> None:
    """One part of so many seconds, its mix silent unless it is said what is in it."""
    part = spool / room.public_id / "0001"
    part.mkdir(parents=True)
    lines = []
    everybody: Said = {None: []}
    for user, clips in (everybody | said).items():
        who = room.participants.get(user=user).public_id if user else None
        packets = [SILENCE] * round(seconds * 50)
        for at, name in clips:
            its = CLIPS[name].packets
            packets[round(at * 50) : round(at * 50) + len(its)] = its
        file = part / f"{who or 'mix'}.ogg"
        with file.open("wb") as target:
            writer = OggOpusWriter(target, serial=7)
            for packet in packets[: round(seconds * 50)]:
                writer.add(packet)
            writer.finish()
        start = ENDED.timestamp() - seconds
        lines.append(json.dumps({"file": file.name, "participant": who, "start": start}))
    (part / "index.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
