"""Taking part without a microphone, and reading what is said, in real browsers."""

import asyncio
import re

from playwright.async_api import Locator, expect

from tests.browser.axe import faults
from tests.browser.conftest import BringIn
from tests.browser.firefox import FirefoxPerson
from tests.browser.person import Person
from tests.browser.service import Service

SPEAK = """
from datetime import timedelta
from django.utils import timezone
from rooms import operations
from rooms.models import Participant
host = Participant.objects.get(room__public_id={room!r}, role="host")
now = timezone.now()
for text in {lines!r}:
    assert operations.publish_caption(
        room_public_id={room!r}, participant_public_id=host.public_id, text=text,
        started_at=now - timedelta(seconds=2), ended_at=now,
    )
"""
HOST = "Marco Bianchi"


async def start(host: Person, title: str, *, transcription: bool = False) -> str:
    """Start a Space and join it; returns its address."""
    await host.page.goto("/spaces/new/")
    await host.page.fill("[name=title]", title)
    await host.page.locator("[name=transcription]").set_checked(transcription)
    await host.page.press("[name=title]", "Enter")
    await host.page.wait_for_url(re.compile(r"/spaces/[A-Za-z0-9]{12}/"))
    space = host.page.url
    await host.join(space)
    return space


def say(service: Service, space: str, *lines: str) -> None:
    """Publish captions of the host from a process of its own."""
    room = space.rstrip("/").rsplit("/", 1)[1]
    service.manage("shell", "--command", SPEAK.format(room=room, lines=lines))


def questions(person: Person) -> Locator:
    return person.page.locator(".question__text")


async def ask(person: Person, text: str) -> None:
    await person.page.fill("#ask-text", text)
    await person.page.press("#ask-text", "Enter")
    await expect(person.page.get_by_text(text)).to_be_visible()


# --- reactions -----------------------------------------------------------------------------


async def test_a_reaction_rises_on_every_page_and_is_counted_for_the_host(
    bring_in: BringIn,
) -> None:
    host, guest = await bring_in("host"), await bring_in()
    space = await start(host, "Reactions")
    await guest.join(space)
    await guest.press("react")
    await guest.page.get_by_role("button", name="Dark skin tone", exact=True).click()
    await guest.page.get_by_role("button", name="Applause").click()
    flying = [person.page.locator(".reaction-flying") for person in (host, guest)]
    await asyncio.gather(*(expect(each.first).to_have_text("👏🏿") for each in flying))
    await asyncio.gather(*(expect(each).to_have_count(0) for each in flying))
    await guest.page.reload()
    await guest.press("join")
    await guest.press("react")
    await expect(guest.page.get_by_role("button", name="Applause")).to_have_text("👏🏿")
    await host.press("react")
    await host.press("sums")
    await expect(host.page.locator("[data-sums] li")).to_have_text(["👏1"])


async def test_for_who_wants_no_motion_reactions_stand_still(bring_in: BringIn) -> None:
    host = await bring_in("host", reduced_motion="reduce")
    await start(host, "No motion")
    await host.press("react")
    await host.page.get_by_role("button", name="Heart").click()
    await expect(host.page.locator(".reaction-still")).to_have_text("❤️ 1")
    assert await host.page.evaluate("document.getAnimations().length") == 0


async def test_a_storm_of_reactions_is_a_handful_of_elements(bring_in: BringIn) -> None:
    host = await bring_in("host")
    await start(host, "A storm")
    most = await host.page.evaluate(
        """async () => {
            const [address] = performance.getEntriesByType("resource")
                .map((entry) => entry.name).filter((name) => /room\\/reactions[^/]*js$/.test(name));
            const { Reactions } = await import(address);
            const reactions = new Reactions(() => Promise.resolve());
            for (let round = 0; round < 20; round++) reactions.show({"😂": 3000, "❤️": 500});
            return document.querySelector("[data-air]").childElementCount;
        }"""
    )
    assert 2 <= most <= 14


# --- pins ----------------------------------------------------------------------------------


async def test_the_host_pins_a_link_and_a_note_for_all(bring_in: BringIn) -> None:
    host, guest = await bring_in("host"), await bring_in()
    space = await start(host, "Pins")
    await guest.join(space)
    for text in ("https://example.org/bees", "<img src=x onerror=alert(1)>"):
        await host.press("pin")
        await host.page.fill("#pin-text", text)
        await host.page.press("#pin-text", "Enter")
        await expect(host.page.locator('[data-sheet="pin"]')).to_be_hidden()
    link = guest.page.locator("a.pin__what")
    await expect(link).to_contain_text("example.org")
    await expect(link).to_have_attribute("href", "https://example.org/bees")
    await expect(link).to_have_attribute("rel", "noopener noreferrer nofollow")
    await expect(link).to_have_attribute("target", "_blank")
    await expect(guest.page.locator("p.pin__what")).to_have_text("<img src=x onerror=alert(1)>")
    await expect(guest.page.locator('[data-action="unpin"]:visible')).to_have_count(0)
    await host.press("unpin")
    await expect(guest.page.locator(".pin")).to_have_count(1)
    await host.press("pin")
    await host.page.fill("#pin-text", "https://bank.example@evil.example/")
    await host.page.press("#pin-text", "Enter")
    await expect(host.page.locator(".toast--error")).to_contain_text("no web address")
    assert host.errors == guest.errors == []


# --- questions -----------------------------------------------------------------------------


async def test_votes_bring_a_question_up_and_the_host_answers_it(bring_in: BringIn) -> None:
    host, listener, guest = (
        await bring_in("host"),
        await bring_in("listener"),
        await bring_in(),
    )
    space = await start(host, "Questions")
    await listener.join(space)
    await guest.join(space)
    for person in (host, listener, guest):
        await person.press("questions")
    await ask(listener, "Do bees sleep?")
    await ask(listener, "Is honey vegan?")
    await expect(questions(guest)).to_have_text(["Do bees sleep?", "Is honey vegan?"])
    await expect(guest.page.locator("#ask-text")).to_have_count(0)
    await expect(guest.page.locator('[data-action="question-vote"]').first).to_be_disabled()

    vote = host.page.locator(".question", has_text="vegan").locator('[aria-pressed="false"]')
    await vote.focus()
    await host.page.keyboard.press("Enter")
    for person in (host, listener, guest):
        await expect(questions(person)).to_have_text(["Is honey vegan?", "Do bees sleep?"])
    focused = host.page.locator(".question__vote:focus")
    await expect(focused).to_have_attribute("aria-pressed", "true")

    await host.press("question-answer")
    await expect(listener.page.locator(".toast")).to_contain_text("marked as answered")
    await expect(questions(guest)).to_have_text(["Do bees sleep?", "Is honey vegan?"])
    await host.press("question-dismiss")
    await expect(questions(listener)).to_have_text(["Is honey vegan?"])
    assert host.errors == listener.errors == guest.errors == []


async def test_the_host_hears_of_a_question_that_the_asker_then_withdraws(
    bring_in: BringIn,
) -> None:
    host, listener = await bring_in("host"), await bring_in("listener")
    space = await start(host, "Withdrawn")
    await listener.join(space)
    await listener.press("questions")
    await ask(listener, "Never mind")
    await expect(host.page.locator("[data-announcer]")).to_contain_text("New question from")
    await expect(host.page.locator("[data-questions-count]")).to_have_text("1")
    await host.press("questions")
    await expect(questions(host)).to_have_text(["Never mind"])
    await listener.press("question-withdraw")
    await expect(questions(listener)).to_have_count(0)
    await expect(questions(host)).to_have_count(0)


# --- captions ------------------------------------------------------------------------------


async def test_what_is_said_is_read_with_names_and_scrolled_back(
    bring_in: BringIn, service: Service
) -> None:
    host, guest = await bring_in("host"), await bring_in()
    space = await start(host, "Captions", transcription=True)
    await guest.join(space)
    await asyncio.to_thread(say, service, space, "Bees dance.", "<b>They hum.</b>")
    lines = guest.page.locator(".caption")
    await expect(lines).to_have_text([f"{HOST} Bees dance.", "<b>They hum.</b>"])

    await asyncio.to_thread(say, service, space, *(f"Line {number}." for number in range(20)))
    await expect(lines).to_have_count(22)
    await expect(lines.last).to_be_in_viewport()
    log = guest.page.get_by_role("log", name="Captions")
    await log.focus()
    await guest.page.keyboard.press("Home")
    await expect(lines.first).to_be_in_viewport()
    await asyncio.to_thread(say, service, space, "The last word.")
    await expect(lines.last).to_have_text("The last word.")
    await expect(lines.first).to_be_in_viewport()
    await guest.press("captions-latest")
    await expect(lines.last).to_be_in_viewport()


async def test_a_lost_connection_neither_doubles_nor_loses_a_line(
    bring_in: BringIn, service: Service
) -> None:
    host, guest = await bring_in("host"), await bring_in()
    space = await start(host, "Offline for a moment", transcription=True)
    await guest.join(space)
    await asyncio.to_thread(say, service, space, "Bees dance.", "They hum.")
    lines = guest.page.locator(".caption")
    await expect(lines).to_have_count(2)
    await guest.page.context.set_offline(True)
    await guest.is_connected("reconnecting")
    await asyncio.to_thread(say, service, space, "They sleep.")
    await guest.page.context.set_offline(False)
    await guest.is_connected("live")
    await expect(lines).to_have_text([f"{HOST} Bees dance.", "They hum.", "They sleep."])


async def test_what_one_chose_for_captions_is_remembered(
    bring_in: BringIn, service: Service
) -> None:
    host = await bring_in("host")
    space = await start(host, "Choices", transcription=True)
    log = host.page.locator("[data-caption-lines]")
    await expect(log).to_have_attribute("aria-live", "off")
    await host.press("caption-settings")
    await host.page.get_by_label("Very large").check()
    await host.page.get_by_label("Have a screen reader say each line").check()
    await host.page.keyboard.press("Escape")
    await host.press("captions")
    await expect(host.page.locator("[data-captions]")).to_be_hidden()

    await host.page.reload()
    await host.join(space)
    await expect(host.page.locator("[data-captions]")).to_be_hidden()
    await host.press("captions")
    await expect(host.page.locator("[data-captions]")).to_have_attribute("data-size", "huge")
    await expect(log).to_have_attribute("aria-live", "polite")


# --- everybody -----------------------------------------------------------------------------


async def test_axe_finds_nothing(bring_in: BringIn, service: Service) -> None:
    host = await bring_in("host", reduced_motion="reduce")
    listener = await bring_in("listener")
    space = await start(host, "Accessible", transcription=True)
    await listener.join(space)
    await listener.press("questions")
    await ask(listener, "Do bees sleep?")
    await asyncio.to_thread(say, service, space, *(f"Line {number}." for number in range(20)))
    await expect(host.page.locator(".caption").last).to_have_text("Line 19.")
    await host.press("pin")
    await is_accessible(host, "pin")
    await host.page.fill("#pin-text", "https://example.org/bees")
    await host.page.press("#pin-text", "Enter")
    await expect(host.page.locator(".pin")).to_have_count(1)
    await host.press("react")
    await host.page.get_by_role("button", name="Heart").click()
    await is_accessible(host, "the room")
    for action in ("questions", "caption-settings", "sums"):
        await host.press(action)
        await is_accessible(host, action)
        await host.page.keyboard.press("Escape")


async def is_accessible(person: Person, where: str) -> None:
    """Axe finds nothing, in either theme, and nothing is wider than the page."""
    assert await faults(person.page) == [], where


async def test_somebody_with_firefox_reacts_asks_and_reads(
    bring_in: BringIn, service: Service, fox: FirefoxPerson
) -> None:
    host = await bring_in("host")
    space = await start(host, "Firefox takes part", transcription=True)
    await asyncio.to_thread(fox.log_in, service.url, "listener")
    await asyncio.to_thread(fox.join, space)
    await asyncio.to_thread(fox.press, "react")
    await asyncio.to_thread(fox.press, "reaction-send")
    await expect(host.page.locator(".reaction-flying").first).to_have_text("❤️")
    await asyncio.to_thread(fox.press, "react")
    await asyncio.to_thread(fox.press, "questions")
    await asyncio.to_thread(fox.write, "#ask-text", "Do bees sleep?")
    await host.press("questions")
    await expect(questions(host)).to_have_text(["Do bees sleep?"])
    await asyncio.to_thread(say, service, space, "Bees dance.")
    await asyncio.to_thread(fox.reads, ".caption", f"{HOST} Bees dance.")
