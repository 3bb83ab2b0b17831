"""Processes are killed and disks are full in the middle of a Space, and the Space goes on."""

import asyncio
import json
import os
import resource
import signal
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from math import ceil
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import expect

from tests.browser.conftest import BringIn, assert_no_tracebacks
from tests.browser.firefox import FirefoxPerson
from tests.browser.person import Person, until
from tests.browser.service import Service, running_service
from tests.browser.test_a_live_space import (
    HOST,
    SPEAKER,
    bring_on_stage,
    download,
    tones_by_second,
)

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
    bring_in: BringIn, service: Service, fox: FirefoxPerson, tone_a: Path, tone_b: Path
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

    await asyncio.to_thread(fox.join, space)
    await asyncio.to_thread(fox.notes_its_states)
    await listener.listens_for("A")
    service.kill("web")
    for person in (host, speaker, listener):
        await person.is_connected("reconnecting")
    for person in (host, speaker, listener):
        await person.is_connected("live")
    await asyncio.to_thread(fox.was, "reconnecting", "live")
    await asyncio.to_thread(fox.hears_sound)
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


async def test_firefox_says_that_no_sound_comes_until_it_comes_again(
    bring_in: BringIn, service: Service, fox: FirefoxPerson, tone_a: Path
) -> None:
    host = await bring_in("host", microphone=tone_a)
    space = await host.start_a_space("Standing still")
    await host.join(space)
    await host.open_microphone()
    await asyncio.to_thread(fox.join, space)
    await asyncio.to_thread(fox.hears_sound)
    engine = service.pid("audio")
    os.kill(engine, signal.SIGSTOP)
    try:
        await asyncio.to_thread(fox.is_connected, "reconnecting")
        await asyncio.to_thread(fox.can_read, "No sound right now.")
    finally:
        os.kill(engine, signal.SIGCONT)
    await asyncio.to_thread(fox.is_connected, "live")
    await asyncio.to_thread(fox.hears_sound)
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
    await expect(told).to_be_visible()
    resumed_at = time.time()
    await until(partial(has_grown, mix.parent.parent), lambda: "three seconds more are written")
    await guest.hears("A")
    assert await longest_silence(guest) < NO_GAP
    log = service.log("audio")
    assert 0 < log.count("Recording to") == log.count("The recording goes on")

    await end_the_space(host)
    kept = tones_by_second(await download(host, tmp_path))
    start, seconds = gaps_of_mix(service, space)[0]
    assert kept[int(start) - 1] == kept[ceil(start + seconds)] == {"A"}
    assert 0 < seconds < resumed_at - failed_at + 1
    await expect(host.page.locator("main")).to_contain_text("nothing could be recorded")


async def has_grown(room: Path) -> bool:
    """Whether the latest part of a recording holds a few seconds of the mix."""
    mixes = await asyncio.to_thread(lambda: sorted(room.glob("*/mix.ogg")))
    return mixes[-1].stat().st_size > 12_000
