"""`make archive`: what it costs to archive a long Space in which everybody talks.

Two hours with ten speakers, every microphone open without a pause: the most there can be. The
spool is filled with real speech, encoded once and repeated; then the steps of the pipeline do
their work, with a database and a storage of their own. More than 120 s of CPU, or 64 MiB more
memory, is a failure.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from unittest.mock import patch

_VAR = tempfile.TemporaryDirectory(prefix="spaces-archive-")
os.environ["VAR_DIR"] = _VAR.name
os.environ["DJANGO_SETTINGS_MODULE"] = "spaces_site.settings"

import django  # noqa: E402

django.setup()

from django.conf import settings  # noqa: E402
from django.core.management import call_command  # noqa: E402

from accounts.models import User  # noqa: E402
from audio.ogg import OggOpusWriter  # noqa: E402
from audio.opus import FRAME, SAMPLE_RATE  # noqa: E402
from bench.crowd import speech  # noqa: E402
from recordings import pipeline  # noqa: E402
from recordings.models import Recording  # noqa: E402
from rooms import media  # noqa: E402
from rooms.models import Room  # noqa: E402

_PROC = Path("/proc/self")
_ENDED = datetime(2026, 1, 1, 12, tzinfo=UTC)
_ALLOWED_SECONDS, _ALLOWED_MIB = 120.0, 64.0


def _make_room(speakers: int, seconds: int) -> Room:
    host = User.objects.create(handle="host", email="host@example.org")
    room = Room.objects.create(host=host, title="Long", ended_at=_ENDED)
    Room.objects.update(created_at=_ENDED - timedelta(seconds=seconds))
    for number in range(speakers):
        room.participants.create(visitor=f"{number:032x}", role="speaker")
    return room


def _fill_spool(room: Room, seconds: int) -> None:
    """One part with the mix and each speaker, as the engine writes it."""
    start = _ENDED.timestamp() - seconds
    part = settings.AUDIO_SPOOL / room.public_id / f"{round(start * 1000):015d}"
    part.mkdir(parents=True)
    speakers = [participant.public_id for participant in room.participants.all()]
    packets = speech()
    with (part / "index.jsonl").open("w", encoding="utf-8") as index:
        for who in (None, *speakers):
            name = f"{who or 'mix'}.ogg"
            line = {"file": name, "participant": who, "start": start}
            index.write(json.dumps(line) + "\n")
            with (part / name).open("wb") as file:
                writer = OggOpusWriter(file, serial=1)
                for at in range(seconds * SAMPLE_RATE // FRAME):
                    writer.add(packets[at % len(packets)])
                writer.finish()


def _archive(recording: Recording) -> bool:
    """Do every step and print what it cost; whether that is within the limits."""
    _forget_peak()
    before, began = _peak_mib(), time.process_time()
    print(f"{'step':10}{'CPU, s':>8}{'peak, MiB':>11}")
    go_on = True
    while go_on:
        step, at = recording.step, time.process_time()
        go_on = pipeline.advance(recording_id=recording.pk)
        recording.refresh_from_db()
        print(f"{step:10}{time.process_time() - at:8.1f}{_peak_mib():11.0f}", flush=True)
    seconds, grown = time.process_time() - began, _peak_mib() - before
    kept = sum(file.size for file in recording.files.all()) / 2**20
    print(f"{'all':10}{seconds:8.1f}   memory grew by {grown:.0f} MiB")
    print(f"{recording.files.count()} files of {kept:.0f} MiB, {recording.state}")
    is_ready = recording.state == Recording.State.READY
    return is_ready and seconds <= _ALLOWED_SECONDS and grown <= _ALLOWED_MIB


def _peak_mib() -> float:
    """The most memory since `_forget_peak`, as Linux counts it."""
    (line,) = (line for line in _PROC.joinpath("status").read_text().splitlines() if "HWM" in line)
    return int(line.split()[1]) / 1024


def _forget_peak() -> None:
    _PROC.joinpath("clear_refs").write_text("5")


def main() -> None:
    """Fill a spool, archive it, print, and fail beyond the limits."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--minutes", type=int, default=120)
    parser.add_argument("--speakers", type=int, default=10)
    arguments = parser.parse_args()
    call_command("migrate", verbosity=0)
    room = _make_room(arguments.speakers, arguments.minutes * 60)
    _fill_spool(room, arguments.minutes * 60)
    recording = Recording.objects.create(room=room, due_at=_ENDED)
    with patch.object(media, "close_room"):  # no engine is there to be asked
        is_within = _archive(recording)
    _VAR.cleanup()
    sys.exit(0 if is_within else 1)


if __name__ == "__main__":
    main()
