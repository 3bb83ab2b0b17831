"""`kill -9` for a real worker in the middle of each step, and of the purge; another goes on."""

import errno
import json
import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.audio.recordings import tone_packets, write_ogg
from tests.browser.service import Service, running_service
from tests.speech.clips import CLIPS
from tests.speech.model import FOLDER as MODEL

STRAYS = 5000

_END_A_SPACE = """
from datetime import timedelta
from django.utils import timezone
from recordings import pipeline
later = timezone.now() + timedelta(days=1)
room = Room.objects.create(
    host=User.objects.get(handle="host"), title="Short", public_id="{room}", transcription=True,
    ended_at=timezone.now(), end_reason="host",
)
for number in range({voices}):
    room.participants.create(public_id=f"{room}{{number}}", visitor=f"visitor {{number}}")
recording = Recording.objects.create(room=room, due_at=timezone.now())
while recording.step != "{step}":
    pipeline.advance(recording_id=recording.pk)
    recording.refresh_from_db()
Recording.objects.filter(pk=recording.pk).update(due_at=later)
"""

_GO_ON = """
from django.utils import timezone
from recordings.claims import CLAIM_LASTS
from recordings.tasks import send_recording
now = timezone.now()
recording = Recording.objects.filter(room__public_id="{room}")
recording.update(due_at=now)
recording.exclude(claimed_at=None).update(claimed_at=now - CLAIM_LASTS)
send_recording(recording.get().pk)
"""

_PURGE = """
from datetime import timedelta
from recordings.tasks import sweep_retention
room = Room.objects.get(public_id="{room}")
Room.objects.filter(pk=room.pk).update(ended_at=room.created_at - timedelta(days=31))
sweep_retention.delay()
"""

_STATE = """
select state, step, attempts, (select count(*) from recordings_recordingfile as file
                               where file.recording_id = recording.id)
from recordings_recording as recording join rooms_room as room on room.id = recording.room_id
where room.public_id = ?
"""

_LINES = """
select line.id, text from recordings_transcriptline as line
join recordings_recording as recording on recording.id = line.recording_id
join rooms_room as room on room.id = recording.room_id where room.public_id = ? order by line.id
"""


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service of its own to be ill-treated."""
    folder = tmp_path_factory.mktemp("workers")
    with running_service(folder, settings={"SPEECH_MODEL": str(MODEL)}) as service:
        yield service
    assert "Traceback" not in service.log("worker")


@pytest.mark.parametrize("step", ["assemble", "render", "seal"])
def test_a_worker_killed_while_it_makes_files_is_followed_by_another(
    step: str, service: Service
) -> None:
    room = f"kill{step}"
    part = leave_sound(service, room)
    end_a_space(service, room, before=step)
    kept = kept_of(service, room)

    with held_up(part / "index.jsonl" if step == "assemble" else mix_below(kept)) as pipe:
        service.manage("shell", "--command", _GO_ON.format(room=room))
        handle = open_when_read(pipe)
        family = children_of(service.pid("worker"))
        assert family, "the clock of the sweeps is one of them"
        service.kill("worker")
        os.close(handle)
    assert state_of(service, room)[:3] == ("archiving", step, 1)
    until(lambda: not still_there(family), "nothing of the killed worker goes on")

    service.manage("shell", "--command", _GO_ON.format(room=room))
    until(lambda: state_of(service, room) == ("ready", "", 1, 4), "another worker is done")
    assert not part.exists()
    assert files_of(kept) == ["manifest.json", "mix.m4a", "mix.ogg", "peaks.json"]


def test_a_worker_killed_while_it_tidies_up_leaves_nothing_behind_for_good(
    service: Service,
) -> None:
    part = leave_sound(service, "killtidy")
    end_a_space(service, "killtidy", before="tidy")
    kept = kept_of(service, "killtidy")
    strays = strew(kept / "broken")

    kill_while_deleting(service, strays, _GO_ON.format(room="killtidy"))
    assert state_of(service, "killtidy")[:3] == ("archiving", "tidy", 1)

    service.manage("shell", "--command", _GO_ON.format(room="killtidy"))
    until(lambda: state_of(service, "killtidy") == ("ready", "", 1, 4), "another worker is done")
    assert not part.exists()
    assert files_of(kept) == ["manifest.json", "mix.m4a", "mix.ogg", "peaks.json"]


def test_a_worker_killed_while_it_writes_down_keeps_the_lines_it_had(service: Service) -> None:
    clips = ["en_vm-instructions", "it_ss-noservice"]
    leave_sound(service, "killsay", *(CLIPS[clip].packets for clip in clips))
    end_a_space(service, "killsay", before="transcribe", voices=2)

    service.manage("shell", "--command", _GO_ON.format(room="killsay"))
    until(lambda: bool(ask(service, _LINES, "killsay")), "a line is written")
    service.kill("worker")
    assert state_of(service, "killsay")[:3] == ("transcribing", "transcribe", 1)
    written = ask(service, _LINES, "killsay")

    service.manage("shell", "--command", _GO_ON.format(room="killsay"))
    until(lambda: state_of(service, "killsay")[:3] == ("ready", "", 1), "another worker is done")
    lines = ask(service, _LINES, "killsay")
    assert lines[: len(written)] == written
    texts = " ".join(text for _, text in lines)
    assert (texts.count("voicemail"), texts.count("digitato")) == (1, 1)


def test_a_worker_killed_between_a_file_and_its_row_finishes_the_purge_with_a_full_proof(
    service: Service,
) -> None:
    leave_sound(service, "killpurge")
    end_a_space(service, "killpurge", before="")
    kept = kept_of(service, "killpurge")
    strays = strew(kept / "strays")

    kill_while_deleting(service, strays, _PURGE.format(room="killpurge"))
    assert state_of(service, "killpurge")[0] == "purging"
    assert state_of(service, "killpurge")[3] == 4, "rows whose files are gone"
    assert not list(kept.rglob("mix.ogg"))
    assert ask(service, "select * from recordings_purgerecord") == []

    service.manage("shell", "--command", _PURGE.format(room="killpurge"))
    until(lambda: state_of(service, "killpurge") == ("purged", "", 0, 0), "it is gone")
    assert not kept.exists()
    ((listed,),) = ask(service, "select files from recordings_purgerecord")
    assert sorted(Path(file["name"]).name for file in json.loads(listed)) == [
        "manifest.json",
        "mix.m4a",
        "mix.ogg",
        "peaks.json",
    ]


# --- what they do -----------------------------------------------------------------------------


def leave_sound(service: Service, room: str, *voices: list[bytes]) -> Path:
    """A part in the engine's spool: the mix, and a track for each voice."""
    part = var(service) / "spool" / room / f"{round(time.time() * 1000):015d}"
    part.mkdir(parents=True)
    sounds = {"mix": tone_packets(440.0, 2.0)}
    sounds |= {f"{room}{number}": packets for number, packets in enumerate(voices)}
    lines = []
    for name, packets in sounds.items():
        write_ogg(part / f"{name}.ogg", packets)
        who = None if name == "mix" else name
        line = {"file": f"{name}.ogg", "participant": who, "start": time.time() - 30}
        lines.append(json.dumps(line))
    (part / "index.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return part


def end_a_space(service: Service, room: str, *, before: str, voices: int = 0) -> None:
    """Do everything up to one step, or everything; then nothing goes on by itself."""
    script = _END_A_SPACE.format(room=room, step=before, voices=voices)
    service.manage("shell", "--command", script)


def strew(folder: Path) -> list[Path]:
    """So many files that to delete them takes a while, in the order in which they are found."""
    folder.mkdir(parents=True)
    for number in range(STRAYS):
        (folder / f"{number}.ogg").touch()
    with os.scandir(folder) as found:
        return [Path(entry.path) for entry in found]


def kill_while_deleting(service: Service, strays: list[Path], script: str) -> None:
    """Have a worker begin, and kill it when the first of them is gone, and not yet the last."""
    with ThreadPoolExecutor(1) as thread:  # a shell takes longer to end than the worker to finish
        shell = thread.submit(service.manage, "shell", "--command", script)
        until(lambda: not strays[0].exists(), "the worker deletes")
        service.kill("worker")
        shell.result()
    assert strays[-1].exists(), "the worker was faster"


@contextmanager
def held_up(path: Path) -> Iterator[Path]:
    """Whoever reads this file waits, and can be killed in the middle of the work."""
    content = path.read_bytes()
    path.unlink()
    os.mkfifo(path)
    yield path
    path.unlink()
    path.write_bytes(content)


def open_when_read(pipe: Path) -> int:
    """The end for writing, as soon as somebody holds the other."""
    handles: list[int] = []

    def opened() -> bool:
        try:
            handles.append(os.open(pipe, os.O_WRONLY | os.O_NONBLOCK))
        except OSError as error:
            if error.errno != errno.ENXIO:  # "nobody reads"
                raise
        return bool(handles)

    until(opened, "somebody reads the pipe")
    return handles[0]


def until(condition: Callable[[], bool], what: str) -> None:
    """Wait, 30 s at most."""
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline, what


# --- what there is ----------------------------------------------------------------------------


def var(service: Service) -> Path:
    return Path(service.environment["VAR_DIR"])


def kept_of(service: Service, room: str) -> Path:
    return var(service) / "recordings" / room


def files_of(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*.*"))


def mix_below(kept: Path) -> Path:
    """The mix that the recording refers to: the one that was stored last."""
    return max(kept.rglob("mix.ogg"), key=lambda path: path.stat().st_mtime_ns)


def ask(service: Service, query: str, *values: object) -> list[Any]:
    """What the service's database says."""
    with closing(sqlite3.connect(var(service) / "db.sqlite3", timeout=20)) as database:
        return database.execute(query, values).fetchall()


def state_of(service: Service, room: str) -> tuple[object, ...]:
    """State, step, attempts, and how many files the rows speak of."""
    return tuple(ask(service, _STATE, room)[0])


def children_of(process: int) -> list[int]:
    """The processes it started, in any of its threads."""
    threads = Path(f"/proc/{process}/task").glob("*/children")
    return [int(child) for thread in threads for child in thread.read_text().split()]


def still_there(processes: list[int]) -> list[int]:
    return [process for process in processes if Path(f"/proc/{process}").exists()]
