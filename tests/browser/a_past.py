"""A service on which something has happened: Spaces, a replay, a clip, a transcript."""

import json
import time
from pathlib import Path

from tests.audio.recordings import tone_packets, write_ogg
from tests.browser.service import Service

SECONDS = 6.0
REPLAYED = "replayedHere"

_HAPPEN = """
import json
from datetime import timedelta
from django.utils import timezone
from accounts.letters import status_token
from accounts.models import BetaApplication
from recordings import exports, pipeline, replays
from recordings.models import TranscriptLine
host, speaker, outsider, listener = (
    User.objects.get(handle=handle) for handle in ("host", "speaker", "outsider", "listener"))
now = timezone.now()

def space(title, ended=True, **more):
    end = {{"ended_at": now, "end_reason": "host"}} if ended else {{}}
    return Room.objects.create(host=host, title=title, **(end | more))

def somebody(room, user, **more):
    return room.participants.create(user=user, visitor=f"{{user.pk:032x}}", **more)

live = space("Bees in the city: what they need, and who gives it", ended=False)
closed = space("Not for everybody", ended=False)
somebody(closed, outsider, removed_at=now, left_at=now)
over = space("Over")
for user in (host, outsider):
    somebody(over, user, left_at=now)
Recording.objects.create(room=over, due_at=now, state="archiving", claimed_at=now, progress=40)

room = space("What we heard", public_id="{room}", created_at=now - timedelta(seconds={seconds}))
people = [somebody(room, user, role=role, left_at=now)
          for user, role in ((host, "host"), (speaker, "speaker"), (outsider, "listener"))]
recording = Recording.objects.create(room=room, due_at=now)
while pipeline.advance(recording_id=recording.pk):
    pass
recording.refresh_from_db()
Room.objects.filter(pk=room.pk).update(transcription=True)
for at, (person, text) in enumerate(
        [(people[0], "Le api ballano."), (people[1], "They dance, and they hum."),
         (people[0], "A long line about bees that dance, hum and fly from flower to flower.")]):
    line = TranscriptLine.objects.create(recording=recording, participant=person, start=at * 2,
                                         seconds=1.5, language="it" if at == 0 else "en", text=text)
replay = replays.publish(recording=recording, by=host, in_feed=True)
clip = replays.make_clip(replay=replay, by=outsider, title="Listen to this", start=1, seconds=3)
exports.build(export_id=exports.ask(recording=recording).pk)
application = BetaApplication.objects.create(
    email="eva@example.org", name="Eva", kind="person", why="To talk.", language="en")
print(json.dumps({{"live": live.public_id, "closed": closed.public_id, "over": over.public_id,
                   "replayed": room.public_id, "clip": clip.public_id, "line": line.pk,
                   "status": status_token(application)}}))
"""


def let_things_happen(service: Service) -> dict[str, str]:
    """Fill the service; returns the public ids of what is there, by what it is.

    `live`, `closed` (to `outsider`), `over` (its recording is being made ready), `replayed` (with a
    transcript and a download), a `clip` of that, the pk of the `line` said last, and the token of
    the `status` of an application.
    """
    part = Path(service.environment["VAR_DIR"]) / "spool" / REPLAYED / "0001"
    part.mkdir(parents=True)
    write_ogg(part / "mix.ogg", tone_packets(440.0, SECONDS))
    index = {"file": "mix.ogg", "participant": None, "start": time.time() - SECONDS}
    (part / "index.jsonl").write_text(json.dumps(index) + "\n", encoding="utf-8")
    script = _HAPPEN.format(room=REPLAYED, seconds=SECONDS)
    printed = service.manage("shell", "--command", script)
    found: dict[str, str] = json.loads(printed.splitlines()[-1])
    return found
