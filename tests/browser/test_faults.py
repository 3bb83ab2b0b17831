"""Processes are killed and disks are full in the middle of a Space, and the Space goes on."""

import asyncio
import errno
import json
import os
import resource
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import partial
from math import ceil
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import expect

from tests.audio.recordings import tone_packets, write_ogg
from tests.browser.conftest import BringIn, assert_no_tracebacks
from tests.browser.person import Person, until
from tests.browser.service import Service, running_service
from tests.browser.test_a_live_space import (
    HOST,
    SPEAKER,
    bring_on_stage,
    download,
    tones_by_second,
)

_END_A_SPACE = """
from datetime import timedelta
from django.utils import timezone
from recordings import pipeline
later = timezone.now() + timedelta(days=1)
room = Room.objects.create(
    host=User.objects.get(handle="host"), title="Short", public_id="{room}",
    ended_at=timezone.now(), end_reason="host",
)
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

_STATE = """
select state, step, attempts, (select count(*) from recordings_recordingfile as file
                               where file.recording_id = recording.id)
from recordings_recording as recording join rooms_room as room on room.id = recording.room_id
where room.public_id = ?
"""

NO_GAP = 2
"""Seconds: sound that had to be set up anew would be away for longer."""


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service of its own to be ill-treated."""
    with running_service(tmp_path_factory.mktemp("faults")) as service:
        yield service
    assert_no_tracebacks(service)


def var(service: Service) -> Path:
    return Path(service.environment["VAR_DIR"])


def ask(service: Service, query: str, *values: object) -> list[Any]:
    """What the service's database says."""
    with closing(sqlite3.connect(var(service) / "db.sqlite3", timeout=20)) as database:
        return database.execute(query, values).fetchall()


def gaps_of_mix(service: Service, space: str) -> list[list[float]]:
    """The gaps that the recording of an ended Space declares."""
    ((gaps,),) = ask(
        service,
        "select gaps from recordings_recordingfile as file"
        " join recordings_recording as recording on recording.id = file.recording_id"
        " join rooms_room as room on room.id = recording.room_id"
        " where file.kind = 'mix' and room.public_id = ?",
        space.rstrip("/").rpartition("/")[2],
    )
    return list(json.loads(gaps))


def starts_of_parts(service: Service, space: str) -> list[float]:
    """Unix times at which the parts of a live Space's mix began."""
    room = var(service) / "spool" / space.rstrip("/").rpartition("/")[2]
    lines = [index.read_text(encoding="utf-8") for index in sorted(room.glob("*/index.jsonl"))]
    return [json.loads(line.splitlines()[0])["start"] for line in lines]


async def end_the_space(host: Person) -> None:
    await host.press("end")
    await host.press("confirm")


async def see_the_hand(host: Person, listener: Person) -> None:
    """The host counts one raised hand, and the listener can lower it."""
    await expect(host.page.locator("[data-hands-count]")).to_have_text("1")
    await expect(listener.page.locator('[data-action="hand-lower"]:visible')).to_be_visible()


async def test_a_killed_engine_is_back_with_everybody_in_it(
    bring_in: BringIn, service: Service, tone_a: Path, tone_b: Path, tmp_path: Path
) -> None:
    host = await bring_in("host", microphone=tone_a)
    speaker = await bring_in("speaker", microphone=tone_b)
    listener, guest = await bring_in("listener"), await bring_in()
    space = await host.start_a_space("Engine trouble")
    for person in (host, speaker, listener, guest):
        await person.join(space)
    await host.open_microphone()
    await bring_on_stage(speaker, host)
    await listener.press("hand-raise")
    await guest.hears("A", "B")
    await see_the_hand(host, listener)

    everybody = [host, speaker, listener, guest]
    for person, tone in zip(everybody, "BAAB", strict=True):
        await person.listens_for(tone)
    killed_at = time.time()
    service.kill("audio")
    for person in everybody:
        await until(partial(comes_back, person), lambda: "the sound is back")
    await guest.hears("A", "B")
    await host.hears("B")
    await speaker.hears("A")
    await host.sees(SPEAKER, role="speaker", muted="false")
    await see_the_hand(host, listener)
    for person in everybody:
        await person.is_connected("live")

    first, second = starts_of_parts(service, space)
    await end_the_space(host)
    mix = tones_by_second(await download(host, tmp_path))
    ((start, seconds),) = gaps_of_mix(service, space)
    assert 0 <= killed_at - (first + start) <= 1, "so much sound was lost before the kill"
    assert start + seconds == pytest.approx(second - first, abs=0.05)
    assert mix[int(start) - 1] == {"A", "B"}
    assert all(heard == set() for heard in mix[int(start) + 1 : int(start + seconds)])
    assert mix[-2] == {"A", "B"}
    await expect(host.page.locator("main")).to_contain_text("nothing could be recorded")


async def longest_silence(person: Person) -> float:
    """In seconds. A busy machine makes a browser stutter; without the engine it would be longer."""
    return max((end - start for start, end in await person.silences()), default=0.0)


async def comes_back(person: Person) -> bool:
    return bool(await person.silences())


async def test_a_killed_web_process_cuts_nobodys_sound(
    bring_in: BringIn, service: Service, tone_a: Path, tone_b: Path
) -> None:
    host = await bring_in("host", microphone=tone_a)
    speaker = await bring_in("speaker", microphone=tone_b, stubborn=True)
    listener = await bring_in("listener")
    space = await host.start_a_space("Web trouble")
    for person in (host, speaker, listener):
        await person.join(space)
    await host.open_microphone()
    await bring_on_stage(speaker, host)
    await host.act_on(SPEAKER, "mute")
    await listener.press("hand-raise")
    await listener.hears("A")
    await see_the_hand(host, listener)

    await listener.listens_for("A")
    service.kill("web")
    for person in (host, speaker, listener):
        await person.is_connected("reconnecting")
    for person in (host, speaker, listener):
        await person.is_connected("live")
    await see_the_hand(host, listener)
    await host.sees(SPEAKER, role="speaker", muted="true")
    await host.sees(HOST, role="host", muted="false", speaking="true")
    await listener.hears("A")
    assert await longest_silence(listener) < NO_GAP

    await speaker.open_microphone()
    await listener.hears("A", "B")
    await host.act_on(SPEAKER, "mute")
    await listener.hears("A")
    await end_the_space(host)


async def test_a_full_disk_stops_the_recording_alone_until_there_is_room_again(
    bring_in: BringIn, service: Service, tone_a: Path, tmp_path: Path
) -> None:
    host, guest = await bring_in("host", microphone=tone_a), await bring_in()
    space = await host.start_a_space("Disk trouble")
    await host.join(space)
    await guest.join(space)
    await host.open_microphone()
    await guest.hears("A")

    await guest.listens_for("A")
    (mix,) = (var(service) / "spool" / space.rstrip("/").rpartition("/")[2]).glob("*/mix.ogg")
    engine = service.pid("audio")
    limits = resource.prlimit(engine, resource.RLIMIT_FSIZE)
    # No file may grow beyond this: what a full disk is to the engine, without one.
    three_seconds = 12_000
    fullness = mix.stat().st_size + three_seconds
    resource.prlimit(engine, resource.RLIMIT_FSIZE, (fullness, limits[1]))
    failed_at = time.time()
    told = host.page.locator(".toasts", has_text="The recording has stopped.")
    await expect(told).to_be_visible()
    await expect(told.locator("p")).to_have_count(1)
    resource.prlimit(engine, resource.RLIMIT_FSIZE, limits)
    told = host.page.locator(".toasts", has_text="The Space is recorded again.")
    await expect(told).to_be_visible(timeout=15_000)
    resumed_at = time.time()
    await until(partial(has_grown, mix.parent.parent), lambda: "three seconds more are written")
    await guest.hears("A")
    assert await longest_silence(guest) < NO_GAP
    assert service.log("audio").count("Recording to") == 1

    await end_the_space(host)
    kept = tones_by_second(await download(host, tmp_path))
    ((start, seconds),) = gaps_of_mix(service, space)
    assert kept[int(start) - 1] == kept[ceil(start + seconds)] == {"A"}
    assert 0 < seconds < resumed_at - failed_at + 1
    await expect(host.page.locator("main")).to_contain_text("nothing could be recorded")


async def has_grown(room: Path) -> bool:
    """Whether the latest part of a recording holds a few seconds of the mix."""
    mixes = await asyncio.to_thread(lambda: sorted(room.glob("*/mix.ogg")))
    return mixes[-1].stat().st_size > 12_000


@pytest.mark.parametrize("step", ["assemble", "render", "seal"])
async def test_a_worker_killed_in_any_step_is_followed_by_another(
    step: str, service: Service
) -> None:
    room = f"kill{step}"
    part = var(service) / "spool" / room / f"{round(time.time() * 1000):015d}"
    part.mkdir(parents=True)
    write_ogg(part / "mix.ogg", tone_packets(440.0, 2.0))
    line = {"file": "mix.ogg", "participant": None, "start": time.time() - 2}
    (part / "index.jsonl").write_text(json.dumps(line) + "\n", encoding="utf-8")
    service.manage("shell", "--command", _END_A_SPACE.format(room=room, step=step))
    kept = var(service) / "recordings" / room

    with held_up(part / "index.jsonl" if step == "assemble" else mix_below(kept)) as pipe:
        service.manage("shell", "--command", _GO_ON.format(room=room))
        handle = open_when_read(pipe)
        family = children_of(service.pid("worker"))
        assert family, "the clock of the sweeps is one of them"
        service.kill("worker")
        os.close(handle)
    assert ask(service, _STATE, room)[0][:3] == ("archiving", step, 1)
    await until(partial(are_gone, family), lambda: "nothing of the killed worker goes on")

    service.manage("shell", "--command", _GO_ON.format(room=room))
    done = [("ready", "", 1, 4)]
    await until(partial(is_in_state, service, room, done), lambda: f"{ask(service, _STATE, room)}")
    assert not part.exists()
    assert sorted(path.name for path in kept.rglob("*.*")) == [
        "manifest.json",
        "mix.m4a",
        "mix.ogg",
        "peaks.json",
    ]


def children_of(process: int) -> list[int]:
    """The processes it started, in any of its threads."""
    threads = Path(f"/proc/{process}/task").glob("*/children")
    return [int(child) for thread in threads for child in thread.read_text().split()]


def still_there(processes: list[int]) -> list[int]:
    return [process for process in processes if Path(f"/proc/{process}").exists()]


async def are_gone(processes: list[int]) -> bool:
    return not still_there(processes)


async def is_in_state(service: Service, room: str, expected: list[Any]) -> bool:
    return ask(service, _STATE, room) == expected


def mix_below(kept: Path) -> Path:
    """The mix that the recording refers to: the one that was stored last."""
    return max(kept.rglob("mix.ogg"), key=lambda path: path.stat().st_mtime_ns)


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
    """The end for writing, as soon as somebody holds the other; within 20 s."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        try:
            return os.open(pipe, os.O_WRONLY | os.O_NONBLOCK)
        except OSError as error:
            if error.errno != errno.ENXIO:  # "nobody reads"
                raise
    raise TimeoutError("nobody reads the pipe")
