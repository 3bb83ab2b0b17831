"""The player of a replay: lanes, chapters, silence, and words that lead to the sound."""

import json
import time
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import expect

from audio.opus import SILENCE
from tests.audio.recordings import tone_packets, write_ogg
from tests.browser.conftest import BringIn
from tests.browser.person import Person
from tests.browser.service import Service

ROOM = "talkedHere12"
TURNS = [("host", 0, 8), ("speaker", 16, 24)]
"""Who talks from when to when, in seconds; nobody between them."""
SECONDS, MISSING = 24, 10
"""What was recorded, and what of the end was not."""

_HAPPEN = """
import json
from datetime import UTC, datetime
from pathlib import Path
from recordings import pipeline, replays
begin, end = (datetime.fromtimestamp(second, UTC) for second in ({begin}, {end}))
host = User.objects.get(handle="host")
room = Room.objects.create(
    host=host, title="Bees", public_id="{room}", ended_at=end, end_reason="host",
    transcription=True, created_at=begin)
index = Path("{part}") / "index.jsonl"
lines = [json.loads(line) for line in index.read_text().splitlines()]
people = {{}}
for line in lines[1:]:
    user = User.objects.get(handle=line["participant"])
    person = room.participants.create(user=user, visitor=f"{{user.pk:032x}}", left_at=end)
    people[user.handle], line["participant"] = person, person.public_id
index.write_text("".join(json.dumps(line) + chr(10) for line in lines))
recording = Recording.objects.create(room=room, due_at=end)
while pipeline.advance(recording_id=recording.pk):
    pass
recording.lines.all().delete()
for handle, start, end in {turns}:
    for at, text in ((start, "Le api ballano, perché no."), (start + 4, "Bees need flowers.")):
        recording.lines.create(
            participant=people[handle], start=at, seconds=3, language="it", text=text)
replays.publish(recording=recording, by=host, in_feed=False)
"""


def sound_of(*talkers: str) -> list[bytes]:
    """Opus packets: a tone while one of these talks, else silence."""
    packets = [SILENCE] * (SECONDS * 50)
    for who, start, end in TURNS:
        if who in talkers:
            packets[start * 50 : end * 50] = tone_packets(440.0, end - start)
    return packets


@pytest.fixture(scope="module")
def talk(as_it_comes: Service) -> str:
    """The address of a Space in which two talked, one after the other; its replay is public."""
    part = Path(as_it_comes.environment["VAR_DIR"]) / "spool" / ROOM / "0001"
    part.mkdir(parents=True)
    voices = {None: ("host", "speaker"), "host": ("host",), "speaker": ("speaker",)}
    begin = time.time() - SECONDS - MISSING
    end = begin + SECONDS + MISSING
    with (part / "index.jsonl").open("w", encoding="utf-8") as index:
        for who, heard in voices.items():
            name = f"{who or 'mix'}.ogg"
            write_ogg(part / name, sound_of(*heard))
            index.write(json.dumps({"file": name, "participant": who, "start": begin}) + "\n")
    script = _HAPPEN.format(room=ROOM, begin=begin, end=end, part=part, turns=TURNS)
    as_it_comes.manage("shell", "--command", script)
    return f"{as_it_comes.url}/spaces/{ROOM}/"


@pytest_asyncio.fixture(loop_scope="session")
async def guest(bring_in: BringIn, talk: str) -> Person:
    """Somebody without an account, on the page."""
    guest = await bring_in(width=360, permissions=["clipboard-read", "clipboard-write"])
    await guest.page.goto(talk)
    await expect(guest.page.locator("[data-part=play]")).to_be_visible()
    return guest


async def test_each_speaker_has_a_lane_and_a_chapter_to_go_to(guest: Person) -> None:
    legend = guest.page.locator("[data-part=legend] li")
    await expect(legend).to_have_text(["Marco Bianchi", "Ada Olsen"])
    await guest.page.get_by_text("Chapters").click()
    chapters = guest.page.locator("[data-part=chapters] button")
    await expect(chapters).to_have_count(2)
    await chapters.nth(1).click()
    await guest.plays_beyond(15)
    assert guest.errors == []


async def test_the_words_follow_the_sound_and_lead_to_it(guest: Person) -> None:
    words = guest.page.locator("[data-part=words] li")
    await words.nth(2).get_by_role("button").click()
    await guest.plays_beyond(16)
    await expect(words.nth(2)).to_have_attribute("aria-current", "true")
    await expect(words.nth(3)).to_have_attribute("aria-current", "true")
    await expect(words.nth(2)).not_to_have_attribute("aria-current", "true")


async def test_what_could_not_be_recorded_is_told_in_the_words_too(guest: Person) -> None:
    told = guest.page.locator("[data-part=words] li").last
    await expect(told).to_contain_text("to 0:34 nothing could be recorded.")
    await expect(guest.page.locator(".notice")).to_contain_text("The recording stops at")


async def test_words_are_found_without_their_accents(guest: Person) -> None:
    words = guest.page.locator("[data-part=words] li:visible")
    await expect(words).to_have_count(5)
    await guest.page.get_by_label("Search").fill("PERCHE")
    await expect(words).to_have_count(2)
    await expect(guest.page.locator("[data-part=found]")).to_have_text("2 lines")
    await guest.page.get_by_label("Search").fill("ada olsen")
    await expect(words).to_have_count(2)
    await guest.page.get_by_label("Search").fill("honey")
    await expect(words).to_have_count(0)


async def test_silence_is_skipped_for_who_wishes_so(guest: Person) -> None:
    await guest.page.get_by_label("Skip silence").check()
    await guest.page.locator("[data-part=words] button").nth(1).click()
    seen = await guest.page.evaluate(
        """() => new Promise((done) => {
            const audio = document.querySelector("audio");
            const seen = [];
            audio.addEventListener("timeupdate", () => {
                seen.push(audio.currentTime);
                if (audio.currentTime > 16) done(seen);
            });
        })"""
    )
    assert not [second for second in seen if 10 < second < 15]


async def test_a_moment_is_shared_by_its_address(guest: Person, talk: str) -> None:
    await guest.page.evaluate("delete Navigator.prototype.share")  # as on a desktop
    await guest.page.get_by_label("Where you are").fill("12")
    await guest.page.get_by_role("button", name="Share from here").click()
    await expect(guest.page.get_by_text("The link is copied.")).to_be_visible()
    copied = await guest.page.evaluate("navigator.clipboard.readText()")
    assert copied == f"{talk}?t=12"
    await guest.page.goto(copied)
    await expect(guest.page.locator("[data-part=time]")).to_contain_text("0:12")
